"""Payers whom the gateway serves badly, and whoever contradicts it in its own name."""

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import requests

from services.cli.demo.town import patiently
from tests.chaos.chance import Chance
from tests.chaos.load import FolkStory
from tests.integration.callbacks import SPOILT, Callback
from tests.integration.crowd import payment_address

# What the gateway does to its callbacks of one payment; the sandbox knows these words.
FAULTS: Final = ("lost", "late:3", "repeat:100", "wrong_amount", "forged", "reversed")
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
