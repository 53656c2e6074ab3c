"""What goes on while things go wrong: dossiers told by stock clients, and submissions over HTTP at an even rate."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import requests
from nameko.exceptions import RemoteError
from urllib3.util import Retry

from services.chassis import clock
from services.cli.demo import town as demo_town
from services.cli.demo.stories import Told
from services.cli.demo.town import DemoError, Town, fresh, patiently
from tests.bench.applicants import identities
from tests.chaos.diary import Spell, within
from tests.chaos.ending import HOME_SECONDS, LONGEST, await_futures, join
from tests.chaos.tries import Try, noted
from tests.integration.crowd import STATUS_OF, Offer, PatientStory
from tests.integration.http_door import HttpDoor, actor_of

AT_ONCE: Final = 8
OPEN: Final = "accepted"  # the status of a dossier that is told to no end
_NOT_HEARD: Final = "routing.fee_unpaid"
_PAUSE: Final = 1.0
_BUSY: Final = 503
_ABOUT: Final = 1.0  # second: a verb is written down to the tenth of one, a worker's death to the whole one


class GaveUp(Exception):
    """The load did not come as far as the scenario waited for."""


def be_patient(seconds: float) -> None:
    """People wait this long for a step of theirs: longer than any outage that is planned."""
    vars(demo_town)["PATIENCE_SECONDS"] = seconds


class Townsfolk(Town):
    """People who ask again until they are told to go home; how often each had to ask is counted, each try noted."""

    def __init__(self, env: Mapping[str, str], ahead: timedelta = timedelta()) -> None:
        """Their clocks are `ahead` as those of the services are: who signs and who reads live on the same day."""
        super().__init__(env, lambda: clock.now() + ahead)
        self.tries = Counter[int]()
        self.calls: list[Try] = []
        self.over = threading.Event()
        self._mine_now = threading.local()

    def ask(self, actor: Mapping[str, str], target: str, /, **arguments: Any) -> Any:
        """As `Town.ask`."""
        self._mine_now.tries = 0
        try:
            return super().ask(actor, target, **arguments)
        finally:
            self.tries[self._mine_now.tries] += 1

    def upload(self, actor: Mapping[str, str], name: str) -> str:
        """As `Town.upload`, brought again after a moment when the door is closed or busy, and counted each time."""
        self._mine_now.brought, until = 0, time.monotonic() + vars(demo_town)["PATIENCE_SECONDS"]
        while True:
            try:
                found = super().upload(actor, name)
            except requests.RequestException:
                if time.monotonic() > until:
                    raise
                time.sleep(_PAUSE)
            else:
                self.tries[self._mine_now.brought] += 1
                return found

    def _bring(self, url: str, content: bytes, again: Retry | int) -> None:
        """As often as `again` would: then another ticket is needed, as it is at once for one that was used."""
        left = again.total if isinstance(again, Retry) else again
        while True:
            self._mine_now.brought += 1
            try:
                return super()._bring(url, content, 0)
            except requests.RequestException as error:
                if not left or (error.response is not None and error.response.status_code != _BUSY):
                    raise
            left -= 1
            time.sleep(_PAUSE)

    def _try(self, actor: Mapping[str, str], target: str, arguments: Mapping[str, Any]) -> Any:
        if self.over.is_set():
            raise SystemExit  # no error that is borne
        self._mine_now.tries += 1
        lines, line = self._lines(), frozenset(actor.items())
        with noted(self.calls, target, lines.setdefault(line, time.monotonic())):
            try:
                return super()._try(actor, target, arguments)
            finally:
                lines[line] = time.monotonic()

    def _forget(self, actor: Mapping[str, str]) -> None:
        super()._forget(actor)
        self._lines().pop(frozenset(actor.items()), None)

    def _lines(self) -> dict[frozenset[tuple[str, str]], float]:
        """When each line of this thread was made, or last brought an answer."""
        found: dict[frozenset[tuple[str, str]], float] = self._mine_now.__dict__.setdefault("lines", {})
        return found


class FolkStory(PatientStory):
    """A dossier whose letters may come twice, where notify died over them, and whose officer has to wait for news."""

    letters_may_repeat = True

    def act(self, verb: str, *, by: Mapping[str, str] | None = None, **arguments: Any) -> None:
        """As `Story.act`; that a fee was paid is known at payment's door before routing may have heard of it."""
        request = {"dossier_code": self.code, "request_id": fresh(), **arguments}

        def ask() -> Any:
            try:
                return self.town.ask(by or self.officer, f"routing.{verb}", **request)
            except RemoteError as error:
                if error.exc_type != "NotFound" and _NOT_HEARD not in str(error.value):
                    raise
                return None

        patiently(ask, f"{self.code} {verb}")


class LetterlessStory(FolkStory):
    """A dossier whose people do not wait for letters."""

    def _letters(self, _last_word: str) -> Any:
        return ["not waited for"]


class Crowd:
    """Dossiers of mixed procedures and fates, told side by side."""

    def __init__(
        self, town: Townsfolk, plots: Sequence[tuple[Offer, str]], begin: Callable[..., FolkStory] = FolkStory
    ) -> None:
        self.tag, self.size = fresh(), len(plots)
        self._town, self._begin = town, begin
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self.ended: list[Told] = []
        self._running: dict[Future[Told], str] = {
            self._pool.submit(self._tell, offer, f"{self.tag}-{number}", fate): f"dossier {number} ({fate})"
            for number, (offer, fate) in enumerate(plots)
        }

    def await_told(self, share: float, seconds: float = 600) -> None:
        """Until this share of the dossiers has ended. Raises GaveUp."""
        until, wanted = time.monotonic() + seconds, share * self.size
        while sum(one.done() for one in self._running) < wanted:
            if time.monotonic() > until:
                raise GaveUp(f"{share:.0%} of the dossiers had not ended within {seconds:.0f} s")
            time.sleep(0.05)

    def finish(self, seconds: float = LONGEST) -> None:
        """Until all have ended, well or not. Raises Hung."""
        await_futures(self._running, seconds)
        self._pool.shutdown()

    def abandon(self, seconds: float = HOME_SECONDS) -> None:
        """Send everybody home. Raises Hung; who hangs finds later that it is over."""
        self._town.over.set()
        self._pool.shutdown(wait=False, cancel_futures=True)
        await_futures(self._running, seconds)
        self._town.over.clear()

    def wrong(self, kept: Mapping[str, tuple[str, str]]) -> list[str]:
        """What went otherwise than told; `kept` is intake's own books: code → applicant's e-mail and status."""
        own = {code: status for code, (email, status) in kept.items() if f".{self.tag}-" in email}
        told = {one.dossier_code: STATUS_OF.get(one.outcome, OPEN) for one in self.ended}
        broken = self.broken()
        lost = [f"{code} was told and is not kept" for code in told.keys() - own.keys()]
        ghosts = [f"{code} is kept and was never told of" for code in own.keys() - told.keys()] if not broken else []
        ends = [f"{code} is {own[code]}, not {end}" for code, end in told.items() if own.get(code, end) != end]
        return broken + lost + ghosts + ends

    def broken(self) -> list[str]:
        """Whose story broke off."""
        return [f"a dossier broke off: {one.exception()!r}" for one in self._running if one.exception()]

    @property
    def accepted(self) -> int:
        """How many dossiers it has brought in."""
        return len(self.ended)

    def took(self) -> list[float]:
        """How many seconds each dossier took that has ended."""
        return [told.seconds for told in self.ended]

    def _tell(self, offer: Offer, name: str, fate: str) -> Told:
        story = self._begin(self._town, offer.tenant, offer.procedure, name)
        try:
            told = story.tell(fate)
        except SystemExit:
            raise DemoError("sent home") from None
        self.ended.append(told)
        return told


@dataclass
class Handed:
    """One submission over HTTP: what was answered and after how long, each step at its first try."""

    at: float
    code: str = ""
    seconds: float = 0.0
    failure: str = ""
    refusal: str = ""  # the code of the door's own word, where it failed with one
    again_after: str = ""  # what it was told of when to come back
    name: str = ""  # in the address of who handed in
    procedure: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ended(self) -> float:
        """When it was answered, or was not."""
        return self.at + self.seconds


@dataclass
class Submissions:
    """Dossiers handed in at intake's HTTP door at an even rate, whatever became of those before.

    Nobody tries twice, unless the door he was given does so.
    """

    door: HttpDoor
    procedure: Mapping[str, Any]
    rate: float
    gap: float = 0.0  # how many seconds on end it may fail, and for how many after each moment of `harmed_at`
    harmed_at: Callable[[], Iterable[float]] = tuple  # by the clock of `Handed.at`
    at_once: int = 32
    strangers: bool = False  # each is handed in by another organisation
    tag: str = field(default_factory=fresh)
    handed: list[Handed] = field(default_factory=list)
    under_way: list[Handed] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _running: dict[Future[None], str] = field(default_factory=dict)

    def start(self) -> "Submissions":
        """Begin."""
        self._pool = ThreadPoolExecutor(self.at_once)
        self._launcher = threading.Thread(target=self._launch, name="who lets submissions begin", daemon=True)
        self._launcher.start()
        return self

    def finish(self, seconds: float = LONGEST) -> None:
        """Hand in no more, and wait for those under way. Raises Hung."""
        self._stop.set()
        join([self._launcher])
        await_futures(self._running, seconds)
        self._pool.shutdown()

    def abandon(self, seconds: float = HOME_SECONDS) -> None:
        """The same, but who has not begun does not. Raises Hung."""
        self._stop.set()
        join([self._launcher])
        self._pool.shutdown(wait=False, cancel_futures=True)
        await_futures(self._running, seconds)

    def wrong(self, kept: Mapping[str, tuple[str, str]]) -> list[str]:
        """Who was not answered, and who was answered with a code that is not kept, or is somebody else's."""
        own = {code for code, (email, _) in kept.items() if f".{self.tag}-" in email}
        codes = Counter(one.code for one in self.handed if one.code)
        failures = [f"a submission failed: {one.failure}" for one in self._not_forgiven()]
        lost = [f"{code} was answered and is not kept" for code in codes.keys() - own]
        twice = [f"{code} was answered {times} times" for code, times in codes.items() if times > 1]
        ghosts = [f"{code} is kept and was never answered" for code in own - codes.keys()]
        return failures + lost + twice + (ghosts if len(ghosts) > self.failed() else [])  # whose outcome nobody knows

    @property
    def accepted(self) -> int:
        """How many were answered with a code."""
        return sum(bool(one.code) for one in self.handed)

    def taken(self, spells: Sequence[Spell]) -> int:
        """How many came and were answered with a code within one of these."""
        return sum(bool(one.code) and within(spells, one.at, one.ended) for one in list(self.handed))

    def failed(self) -> int:
        """How many were not answered with a code."""
        return sum(bool(one.failure) for one in self.handed)

    def refused(self) -> Counter[str]:
        """How many failed with each code; with the empty one, who was told nothing."""
        return Counter(one.refusal for one in self.handed if one.failure)

    def longest_gap(self) -> float:
        """For how many seconds on end nobody was answered who was not answered in the end."""
        longest, began = 0.0, 0.0
        for one in sorted(self.handed, key=lambda one: one.ended):
            began = (began or one.at) if one.failure else 0.0
            longest = max(longest, one.ended - began if began else 0.0)
        return longest

    def slowest(self) -> float:
        """How long the slowest took, with its papers; or has taken, while it waits for its answer."""
        now, under_way = time.monotonic(), list(self.under_way)
        return max([*(one.seconds for one in list(self.handed)), *(now - one.at for one in under_way)], default=0.0)

    def _not_forgiven(self) -> list[Handed]:
        """Who failed, but those whom something done a moment before explains; nobody is where it lasted too long."""
        failed = [one for one in self.handed if one.failure]
        if not self.gap or self.longest_gap() > self.gap:
            return failed
        spells = [(at - _ABOUT, at + self.gap) for at in self.harmed_at()]
        return [one for one in failed if not any(begun <= one.ended and one.at <= over for begun, over in spells)]

    def _launch(self) -> None:
        number, start, tax_codes = 0, time.monotonic(), identities()
        while not self._stop.wait(max(0.0, start + number / self.rate - time.monotonic())):
            self._running[self._pool.submit(self._hand_in, number, next(tax_codes))] = f"submission {number}"
            number += 1

    def _hand_in(self, number: int, tax_code: str) -> None:
        one = Handed(time.monotonic(), name=f"{self.tag}-{number}")
        self.under_way.append(one)
        try:
            one.procedure = _of(self.procedure, tax_code) if self.strangers else self.procedure
            request = {**self.door.submission(one.procedure, one.name), "request_id": fresh()}
            one.code = self.door.ask(actor_of(request["applicant"]), "submit", **request)["dossier_code"]
        except requests.RequestException as error:
            one.failure, one.refusal = repr(error), _refusal(error)
            one.again_after = "" if error.response is None else error.response.headers.get("Retry-After", "")
        except Exception as error:  # noqa: BLE001 – an answer that is none, too, is an answer that did not come
            one.failure = repr(error)
        one.seconds = time.monotonic() - one.at
        self.handed.append(one)
        self.under_way.remove(one)


def _of(procedure: Mapping[str, Any], tax_code: str) -> dict[str, Any]:
    example = procedure["example"]
    return {**procedure, "example": {**example, "applicant": {**example["applicant"], "tax_code": tax_code}}}


def _refusal(error: requests.RequestException) -> str:
    try:
        return "" if error.response is None else str(error.response.json()["code"])
    except (ValueError, KeyError, TypeError):
        return ""
