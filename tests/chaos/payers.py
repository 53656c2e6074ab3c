"""Payers whom the gateway serves badly, and whoever contradicts it in its own name; its ledger, for comparing."""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import requests

from services.cli.demo.town import patiently
from tests.chaos.chance import Chance
from tests.chaos.load import FolkStory
from tests.integration.books import Books
from tests.integration.callbacks import SPOILT, Callback
from tests.integration.crowd import payment_address

# What the gateway does to its callbacks of one payment; the sandbox knows these words.
FAULTS: Final = ("lost", "late:3", "repeat:20", "wrong_amount", "forged", "reversed")
# What payment answers to a callback, and what it is then taken for.
ANSWERS: Final = {"02": "said again", "97": "forgeries refused", "04": "wrong amounts refused", "01": "unknown orders"}
REVERSED, LATE = "reversed", "late:3"
_AGAIN: Final = ("ok", "forged", "ok", "wrong_amount", "ok")
_PAYS_TWICE: Final = 8  # one in so many
_SECONDS: Final = 30


class PayingStory(FolkStory):
    """A dossier whose payer meets a fault of the gateway, and may pay twice; his payment is talked about afterwards."""

    fault = ""
    pays_twice = False

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.answers = Counter[str]()  # what payment said to what it was told

    def be_granted(self) -> None:
        """As any other dossier, but for how its fee is paid."""
        self.accept()
        self.pay()
        self.act("assign", officer=self.officer["id"])
        self.decide(outcome="granted")
        self.await_status("resolved")

    def pay(self) -> None:
        """Pay through all that, until there is a receipt; then everything is said once more, and all that is false."""
        first = Callback(self.town.env, payment_address(self))
        second = payment_address(self) if self.pays_twice else ""
        self._plan(first)
        self.town.pay(first.address)
        if self.fault == LATE:  # the gateway contradicts itself, and says the truth last
            self._say(first, first.failed())
        if self.fault == REVERSED:  # the bank took it back: nothing was paid, though the response code says 00
            patiently(lambda: self._outcome(first) == "failed", f"{self.code} the reversal")
            second = second or payment_address(self)
        if second:
            self.town.pay(second)
        patiently(lambda: self.order()["receipt"], f"{self.code} receipt")
        with ThreadPoolExecutor(len(_AGAIN)) as pool:
            self.answers.update(pool.map(lambda how: self._by_hand(first, how), _AGAIN))
        self._say(first, first.failed())
        for name, (spoil, wanted) in SPOILT.items():
            if (answer := self._say(first, spoil(first))) != wanted:
                raise AssertionError(f"a callback with {name}: the answer was {answer}")

    def _plan(self, said: Callback) -> None:
        if self.fault:
            self._control("plan", {"ipn": self.fault, "txn_ref": said.asked["vnp_TxnRef"]})

    def _by_hand(self, said: Callback, how: str) -> str:
        """Let the gateway call back once more; what payment says to it."""
        return str(self._control(f"transactions/{said.asked['vnp_TxnRef']}/ipn", {"ipn": how})["RspCode"])

    def _control(self, what: str, how: Mapping[str, str]) -> Any:
        answer = requests.post(f"{self.town.env['MOTCUA_GATEWAY_URL']}/sandbox/{what}", json=how, timeout=_SECONDS)
        answer.raise_for_status()
        return answer.json()

    def _say(self, said: Callback, query: str) -> str:
        answer = said.say(query)
        self.answers[answer] += 1
        return answer

    def _outcome(self, said: Callback) -> str:
        attempts: list[dict[str, Any]] = self.order()["attempts"]
        return next((str(one["outcome"]) for one in attempts if one["attempt"] == said.asked["vnp_TxnRef"]), "")


class Payers:
    """The payers of one scenario: each fault meets about as many as the others, and some of each pay twice."""

    def __init__(self, chance: Chance, count: int) -> None:
        self._faults = iter(chance.picks(("", *FAULTS), count))
        self.stories: list[PayingStory] = []

    def begin(self, *arguments: Any) -> PayingStory:
        """The story of one more."""
        story = PayingStory(*arguments)
        story.fault, story.pays_twice = next(self._faults), len(self.stories) % _PAYS_TWICE == 0
        self.stories.append(story)
        return story

    def heard(self, answer: str) -> int:
        """How often payment has answered so."""
        return sum(one.answers[answer] for one in self.stories)


class GatewayLedger:
    """What the gateway itself has written down, read behind its back."""

    def __init__(self, run_dir: Path) -> None:
        self._file = run_dir / "sandbox" / "gateway.sqlite"

    def kept_vnd(self) -> Counter[str]:
        """What was taken under each reference and not given back."""
        taken = "SELECT txn_ref, amount / 100 FROM transactions WHERE status = '00'"
        back = "SELECT t.txn_ref, -r.amount / 100 FROM refunds r JOIN transactions t ON t.number = r.payment"
        kept = Counter[str]()
        for reference, amount in (*self._rows(taken), *self._rows(back)):
            kept[reference] += amount
        return kept

    def tries(self, fault: str) -> int:
        """How often the gateway has called back for the payments that met this fault."""
        ((count,),) = self._rows("SELECT coalesce(sum(ipn_tries), 0) FROM transactions WHERE ipn_fault = ?", fault)
        return int(count)

    def met(self, fault: str) -> int:
        """How many payments met it."""
        ((count,),) = self._rows("SELECT count(*) FROM transactions WHERE ipn_fault = ?", fault)
        return int(count)

    def _rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(f"file:{self._file}?mode=ro", uri=True) as db:
            return list(db.execute(query, values))


def disagreements(env: Mapping[str, str], ledger: GatewayLedger) -> Iterator[str]:
    """Where the gateway has kept other money than our books say."""
    at_gateway, known = ledger.kept_vnd(), set[str]()
    with Books(env) as books:
        for order in books.collection("payment.orders").find({}, {"state": 1}):
            state = order["state"]
            references = [one["reference"] for one in state["attempts"]]
            known.update(references)
            kept = sum(at_gateway[reference] for reference in references)
            ours = _kept_vnd(state)
            if kept != ours:
                yield f"payment.orders {order['_id']}: the gateway has kept {kept} đ, our books say {ours} đ"
    yield from (f"the gateway took money for {one}, which nobody knows" for one in at_gateway.keys() - known)


def _kept_vnd(state: Mapping[str, Any]) -> int:
    """What an order has kept, by our own books, of what came through the gateway."""
    captured = len([one for one in state["attempts"] if one["outcome"] == "captured"])
    given_back = [int(one["amount_vnd"]) for one in state["refunds"] if one["attempt"] and one["refunded_at"]]
    amount: int = state["amount_vnd"]
    return captured * amount - sum(given_back)


def given_back(env: Mapping[str, str]) -> int:
    """How many payments were given back because the fee was paid already."""
    with Books(env) as books:
        orders = books.collection("payment.orders").find({"state.refunds": {"$ne": []}}, {"state.refunds": 1})
        refunds = [one for order in orders for one in order["state"]["refunds"]]
    return sum(one["reason"] == "paid_twice" and bool(one["refunded_at"]) for one in refunds)
