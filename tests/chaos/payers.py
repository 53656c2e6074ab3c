"""Payers whom the gateway serves badly, and whoever contradicts it in its own name."""

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import requests

from services.cli.demo.town import patiently
from tests.chaos.chance import Chance
from tests.chaos.load import FolkStory
from tests.integration.callbacks import SPOILT, Callback
from tests.integration.crowd import payment_address

# What the gateway does to its callbacks of one payment; the sandbox knows these words. One is late enough to come
# after payment has asked, as it does after five seconds here.
FAULTS: Final = ("lost", "late:3", "late:12", "repeat:100", "wrong_amount", "forged", "reversed")
# What it does to payment's calls: to questions about one of which no callback came that could be believed, to refunds.
_HANGING: Final = ("silent", "slow:60", "drip:60")  # payment waits for 15 s, and asks one question after the other
_AT_ONCE: Final = ("error", "cut", "garbage", "forged", "misshapen", "other_ref")
_OF_QUERIES: Final = (*_AT_ONCE, "unknown", "wrong_amount")
LOST: Final = "lost"  # the refund is made, and nothing is said
FAULTS_OF_CALLS: Final = (*_HANGING, LOST, *_OF_QUERIES)
# What payment answers to a callback, and what it is then taken for.
ANSWERS: Final = {"02": "said again", "97": "forgeries refused", "04": "wrong amounts refused", "01": "unknown orders"}
REVERSED, CONTRARY, LATE = "reversed", "late:3", "late:12"
SILENT: Final = frozenset({"lost", "wrong_amount", "forged"})  # the outcome is known by asking only
_AGAIN: Final = ("ok", "forged", "ok", "wrong_amount", "ok")
_PAYS_TWICE: Final = 8  # one in so many
_SECONDS: Final = 30


@dataclass(frozen=True)
class Lot:
    """What one payer meets: the fault of his callback, and those of each question about it, and of each refund."""

    fault: str = ""
    pays_twice: bool = False
    queries: Sequence[str] = ()
    refunds: Sequence[str] = ()


def dealt(chance: Chance, count: int) -> list[Lot]:
    """The lots of so many payers: each fault meets about as many as the others, and some pay twice.

    Half of those of whom the gateway is silent have a question badly answered, or as many as there are faults that
    cost no time; who pays twice has his refund badly answered. The first refund of all is made, and nothing is said.
    """
    faults = chance.picks(("", *FAULTS), count)
    silent = chance.shuffled([number for number, fault in enumerate(faults) if fault in SILENT])
    twice = [number for number, fault in enumerate(faults) if fault != REVERSED][::_PAYS_TWICE]
    of_queries = [*chance.shuffled(_OF_QUERIES), *chance.picks((*_HANGING, *_OF_QUERIES), len(silent) // 2)]
    of_refunds = [LOST, *chance.shuffled(_HANGING), *chance.picks((LOST, *_HANGING, *_AT_ONCE), len(twice))]
    queries = _in_turn(of_queries[: max(len(_OF_QUERIES), len(silent) // 2)], silent)
    refunds = _in_turn(of_refunds[: max(1 + len(_HANGING), len(twice))], twice)
    return [
        Lot(fault, number in refunds, queries.get(number, []), refunds.get(number, []))
        for number, fault in enumerate(faults)
    ]


class PayingStory(FolkStory):
    """A dossier whose payer meets a fault of the gateway, and may pay twice; his payment is talked about afterwards."""

    lot = Lot()

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.answers = Counter[str]()  # what payment said to what it was told
        self.overtaken = 0  # true callbacks about what it had found out by then

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
        second = payment_address(self) if self.lot.pays_twice else ""
        self._plan(first, second)
        self.town.pay(first.address)
        if self.lot.fault == CONTRARY:  # the gateway contradicts itself, and says the truth last
            self._say(first, first.failed())
        if self.lot.fault == REVERSED:  # the bank took it back: nothing was paid, though the response code says 00
            patiently(lambda: self._outcome(first) == "failed", f"{self.code} the reversal")
            second = second or payment_address(self)
        if second:
            self.town.pay(second)
        patiently(lambda: self.order()["receipt"], f"{self.code} receipt")
        self._hear_late(first)
        with ThreadPoolExecutor(len(_AGAIN)) as pool:
            self.answers.update(pool.map(lambda how: self._by_hand(first, how), _AGAIN))
        self._say(first, first.failed())
        for name, (spoil, wanted) in SPOILT.items():
            if (answer := self._say(first, spoil(first))) != wanted:
                raise AssertionError(f"a callback with {name}: the answer was {answer}")

    def _plan(self, first: Callback, second: str) -> None:
        reference = _reference(first)
        if self.lot.fault:
            self._control("plan", {"ipn": self.lot.fault, "txn_ref": reference})
        for fault in self.lot.queries:
            self._control("plan", {"api": fault, "command": "querydr", "txn_ref": reference})
        for one in (reference, _reference(Callback(self.town.env, second)) if second else ""):
            for fault in self.lot.refunds:  # whichever comes second goes back
                self._control("plan", {"api": fault, "command": "refund", "txn_ref": one})

    def _hear_late(self, first: Callback) -> None:
        """What comes after payment has asked: the truth by hand where no callback brings it, or the late callback."""
        if self.lot.fault in SILENT:
            patiently(lambda: self._outcome(first) == "captured", f"{self.code} what asking brings")
            if (answer := self._by_hand(first, "ok")) != "02":
                raise AssertionError(f"a callback about what asking had settled: the answer was {answer}")
            self.overtaken += 1
        if self.lot.fault == LATE:
            known = patiently(lambda: self._called_back(first), f"{self.code} the late callback")
            self.overtaken += known["last_answer"]["RspCode"] == "02"

    def _called_back(self, said: Callback) -> dict[str, Any] | None:
        """The gateway's own word on a payment, once its callback was heard."""
        url = f"{self.town.env['MOTCUA_GATEWAY_URL']}/sandbox/transactions"
        answer = requests.get(url, params={"txn_ref": _reference(said)}, timeout=_SECONDS)
        answer.raise_for_status()
        known: list[dict[str, Any]] = answer.json()
        return next((one for one in known if one["ipn_state"] == "confirmed"), None)

    def _by_hand(self, said: Callback, how: str) -> str:
        """Let the gateway call back once more; what payment says to it."""
        return str(self._control(f"transactions/{_reference(said)}/ipn", {"ipn": how})["RspCode"])

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
        return next((str(one["outcome"]) for one in attempts if one["attempt"] == _reference(said)), "")


class Payers:
    """The payers of one scenario, each with his lot, whoever of them begins first."""

    def __init__(self, chance: Chance, count: int) -> None:
        self._lots = dealt(chance, count)
        self.stories: list[PayingStory] = []

    def begin(self, *arguments: Any) -> PayingStory:
        """The story of one more: the last of his arguments is his name, which ends in his number."""
        story = PayingStory(*arguments)
        story.lot = self._lots[int(str(arguments[-1]).rpartition("-")[2])]
        self.stories.append(story)
        return story

    def heard(self, answer: str) -> int:
        """How often payment has answered so."""
        return sum(one.answers[answer] for one in self.stories)

    def overtaken(self) -> int:
        """How many true callbacks came when asking had settled what they said."""
        return sum(one.overtaken for one in self.stories)


def _reference(said: Callback) -> str:
    return said.asked["vnp_TxnRef"]


def _in_turn(faults: Sequence[str], among: Sequence[int]) -> dict[int, list[str]]:
    """The faults of each of these, dealt to one after the other, and again from the first."""
    return {who: list(faults[place :: len(among)]) for place, who in enumerate(among)}
