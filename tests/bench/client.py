"""One client: an applicant and an officer of his unit, each with a stock nameko proxy of his own."""

import json
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import requests

from tests.bench.applicants import MOST_CLIENTS, MOST_UNNAMED, Applicant, shares
from tests.bench.asking import ANSWER_SECONDS, ask, http_actor, proxy_of
from tests.bench.ears import ASKED, OPENED, RESOLVED, SETTLED, Ears
from tests.bench.gateway import Gateway
from tests.bench.uploads import Papers
from tests.bench.world import Offer, World

SUBMIT, ACCEPT, START, CALLBACK, DECIDE, WHOLE = (
    "intake.submit",
    "routing.accept",
    "payment.start_payment",
    "payment callback (HTTP)",
    "routing.decide",
    "submit → resolved",
)
_RETURN_URL: Final = "https://dvc.example.gov.vn/thanh-toan/ket-qua"


@dataclass
class Lived:
    """What became of one dossier, as its people saw it. Times are of the wall clock, durations in seconds."""

    intended: float
    code: str = ""
    submitted: float = 0.0
    resolved: float = 0.0
    took: dict[str, float] = field(default_factory=dict)
    failure: str = ""
    again: Counter[str] = field(default_factory=Counter)  # by step, how often it was asked again

    def notes(self, step: str) -> Callable[[], None]:
        """What is called each time this step is asked again."""
        return lambda: self.again.update([step])


class Client:
    """Applies for one procedure, again and again. Used by one thread."""

    def __init__(self, world: World, offer: Offer, number: int, ears: Ears) -> None:
        self._world, self._offer, self._number, self._ears = world, offer, number, ears
        self._applicants = [Applicant(world, offer, number)]
        officer = {"kind": "officer", "id": "cb-001", "unit": offer.unit}
        self._proxy = proxy_of(world, officer) if world.amqp_uri else None
        self._as_officer: Any = self._proxy.start() if self._proxy else None
        self._gateway = Gateway(world.payment_url, world.secret, 10_000_000 + 100_000 * number)
        self._session = requests.Session()
        self._prepared: deque[tuple[Applicant, Papers]] = deque()

    def prepare(self, count: int) -> None:
        """Have the papers of so many dossiers uploaded."""
        rooms = [one.room for one in self._applicants]
        most = max(1, MOST_UNNAMED // max(1, len(self._offer.components)))
        for place, dossiers in enumerate(shares(count, rooms, most)):
            if place == len(self._applicants):
                self._applicants.append(Applicant(self._world, self._offer, self._number + place * MOST_CLIENTS))
            one = self._applicants[place]
            self._prepared.extend((one, papers) for papers in (one.make(dossiers) if dossiers else ()))

    def live(self, intended: float | None) -> Lived:
        """One dossier from its submission to its result; `intended` is when it should have begun."""
        lived = Lived(intended or time.time())
        try:
            self._be_granted(lived, self._submit(lived, partial(self.submit_by_rpc, lived)))
        except Exception as error:  # noqa: BLE001 – counted, by what it says
            lived.failure = f"{type(error).__name__}: {error}"[:200]
        return lived

    def hand_in(self, intended: float | None, door: str) -> Lived:
        """A submission alone, at the door named."""
        lived = Lived(intended or time.time())
        try:
            self._submit(lived, self.submit_by_http if door == "http" else partial(self.submit_by_rpc, lived))
        except Exception as error:  # noqa: BLE001 – as above
            lived.failure = f"{type(error).__name__}: {error}"[:200]
        return lived

    def submit_by_rpc(self, lived: Lived, who: Applicant, request: Mapping[str, Any]) -> Any:
        """Submit as a portal does."""
        return ask(getattr(who.rpc, self._world.service("intake")).submit, lived.notes(SUBMIT), **request)

    def submit_by_http(self, who: Applicant, request: Mapping[str, Any]) -> Any:
        """Submit without the broker."""
        answer = self._session.post(
            f"{self._world.intake_url}/intake/submit",
            data=json.dumps(request).encode(),
            headers={"Content-Type": "application/json", **http_actor(self._world, who.actor)},
            timeout=ANSWER_SECONDS,
        )
        answer.raise_for_status()
        return answer.json()

    def close(self) -> None:
        """Leave."""
        for applicant in self._applicants:
            applicant.close()
        if self._proxy:
            with suppress(Exception):
                self._proxy.stop()
        self._gateway.close()
        self._session.close()

    def _submit(self, lived: Lived, submit: Callable[[Applicant, Mapping[str, Any]], Any]) -> Applicant:
        """How long it took counts from when it should have begun, however late this client was free for it."""
        who, papers = self._prepared.popleft()
        request = {
            "tenant": self._offer.tenant,
            "procedure": self._offer.key,
            "applicant": who.said,
            "form": self._offer.form,
            "documents": who.hand_over(papers),
            "channel": "online",
            "request_id": str(uuid.uuid4()),
        }
        lived.code = submit(who, request)["dossier_code"]
        lived.submitted = time.time()
        lived.took[SUBMIT] = lived.submitted - lived.intended
        return who

    def _be_granted(self, lived: Lived, who: Applicant) -> None:
        heard = self._hear(OPENED, lived)
        self._act(lived, ACCEPT, heard["at"], "accept")
        if self._offer.has_fee:
            heard = self._pay(lived, who)
        self._act(lived, DECIDE, heard["at"] if self._offer.has_fee else time.time(), "decide", outcome="granted")
        lived.resolved = self._hear(RESOLVED, lived)["at"]
        lived.took[WHOLE] = lived.resolved - lived.intended

    def _act(self, lived: Lived, step: str, since: float, verb: str, **arguments: Any) -> None:
        act = getattr(getattr(self._as_officer, self._world.service("routing")), verb)
        ask(act, lived.notes(step), dossier_code=lived.code, request_id=str(uuid.uuid4()), **arguments)
        lived.took[step] = time.time() - since

    def _pay(self, lived: Lived, who: Applicant) -> dict[str, Any]:
        asked = self._hear(ASKED, lived)
        started = ask(
            getattr(who.rpc, self._world.service("payment")).start_payment,
            lived.notes(START),
            order_id=asked["order_id"],
            method="vnpay",
            return_url=_RETURN_URL,
            request_id=str(uuid.uuid4()),
        )
        lived.took[START], began = time.time() - asked["at"], time.time()
        self._gateway.report_paid(started["redirect_url"])
        lived.took[CALLBACK] = time.time() - began
        return self._hear(SETTLED, lived)

    def _hear(self, what: str, lived: Lived) -> dict[str, Any]:
        return self._ears.wait(what, lived.code, self._world.patience)
