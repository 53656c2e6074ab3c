"""One client: an applicant and an officer of his unit, each with a stock nameko proxy of his own."""

import json
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count, islice
from typing import Any, Final, TypeVar

import requests
from nameko.exceptions import RemoteError
from nameko.standalone.rpc import ClusterRpcProxy
from stdnum.vn import mst

from tests.bench.ears import ASKED, OPENED, RESOLVED, SETTLED, Ears
from tests.bench.gateway import Gateway
from tests.bench.uploads import Uploads
from tests.bench.world import Offer, World

T = TypeVar("T")
SUBMIT, ACCEPT, START, CALLBACK, DECIDE, WHOLE = (
    "intake.submit",
    "routing.accept",
    "payment.start_payment",
    "payment callback (HTTP)",
    "routing.decide",
    "submit → resolved",
)
_ANSWER_SECONDS: Final = 30
_PASSING: Final = ("Unavailable", "Conflict")  # what our services ask a client to try again after
_TRIES: Final = 5
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


class Client:
    """Applies for one procedure, again and again. Used by one thread."""

    def __init__(self, world: World, offer: Offer, number: int, ears: Ears) -> None:
        self._world, self._offer, self._ears = world, offer, ears
        tax_code = identity(number)
        self._applicant = {**offer.applicant, "tax_code": tax_code}
        self._citizen = {"kind": "organisation", "id": tax_code}
        officer = {"kind": "officer", "id": "cb-001", "unit": offer.unit}
        self._proxies = [self._proxy(self._citizen), self._proxy(officer)]
        self._as_citizen, self._as_officer = (proxy.start() for proxy in self._proxies)
        self._gateway = Gateway(world.payment_url, world.secret, 10_000_000 + 100_000 * number)
        self._session = requests.Session()
        self._prepared: deque[list[dict[str, str]]] = deque()
        self._uploads = Uploads(world, self._citizen["id"], self._upload_ticket)

    def prepare(self, count: int) -> None:
        """Have the papers of so many dossiers uploaded."""
        self._prepared.extend(self._uploads.make(self._offer.components, count))

    def live(self, intended: float | None) -> Lived:
        """One dossier from its submission to its result; `intended` is when it should have begun."""
        lived = Lived(intended or time.time())
        try:
            self._submit(lived, self.submit_by_rpc)
            self._be_granted(lived)
        except Exception as error:  # noqa: BLE001 – counted, by what it says
            lived.failure = f"{type(error).__name__}: {error}"[:200]
        return lived

    def hand_in(self, intended: float | None, door: str) -> Lived:
        """A submission alone, at the door named."""
        lived = Lived(intended or time.time())
        try:
            self._submit(lived, self.submit_by_http if door == "http" else self.submit_by_rpc)
        except Exception as error:  # noqa: BLE001 – as above
            lived.failure = f"{type(error).__name__}: {error}"[:200]
        return lived

    def submit_by_rpc(self, request: Mapping[str, Any]) -> Any:
        """Submit as a portal does."""
        return self._ask(self._as_citizen, "intake", "submit", **request)

    def submit_by_http(self, request: Mapping[str, Any]) -> Any:
        """Submit without the broker."""
        answer = self._session.post(
            f"{self._world.intake_url}/intake/submit",
            data=json.dumps(request).encode(),
            headers={"Content-Type": "application/json", "X-Motcua-Actor": json.dumps(self._citizen)},
            timeout=_ANSWER_SECONDS,
        )
        answer.raise_for_status()
        return answer.json()

    def close(self) -> None:
        """Leave."""
        for proxy in self._proxies:
            with suppress(Exception):
                proxy.stop()
        self._gateway.close()
        self._session.close()

    def _submit(self, lived: Lived, submit: Callable[[Mapping[str, Any]], Any]) -> None:
        """How long it took counts from when it should have begun, however late this client was free for it."""
        request = {
            "tenant": self._offer.tenant,
            "procedure": self._offer.key,
            "applicant": self._applicant,
            "form": self._offer.form,
            "documents": self._prepared.popleft(),
            "channel": "online",
            "request_id": str(uuid.uuid4()),
        }
        lived.code = submit(request)["dossier_code"]
        lived.submitted = time.time()
        lived.took[SUBMIT] = lived.submitted - lived.intended

    def _be_granted(self, lived: Lived) -> None:
        heard = self._hear(OPENED, lived)
        self._act(lived, ACCEPT, heard["at"], "accept")
        if self._offer.has_fee:
            heard = self._pay(lived)
        self._act(lived, DECIDE, heard["at"] if self._offer.has_fee else time.time(), "decide", outcome="granted")
        lived.resolved = self._hear(RESOLVED, lived)["at"]
        lived.took[WHOLE] = lived.resolved - lived.intended

    def _act(self, lived: Lived, step: str, since: float, verb: str, **arguments: Any) -> None:
        self._ask(self._as_officer, "routing", verb, dossier_code=lived.code, request_id=str(uuid.uuid4()), **arguments)
        lived.took[step] = time.time() - since

    def _pay(self, lived: Lived) -> dict[str, Any]:
        asked = self._hear(ASKED, lived)
        started = self._ask(
            self._as_citizen,
            "payment",
            "start_payment",
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

    def _ask(self, proxy: Any, service: str, method: str, /, **arguments: Any) -> Any:
        call = getattr(getattr(proxy, self._world.service(service)), method)
        for again in range(_TRIES):
            try:
                return call(**arguments)
            except RemoteError as error:
                if error.exc_type not in _PASSING or again == _TRIES - 1:
                    raise
                time.sleep(0.1)
        raise AssertionError("unreachable")

    def _upload_ticket(self, **declared: Any) -> Any:
        return self._ask(self._as_citizen, "intake", "open_upload", request_id=str(uuid.uuid4()), **declared)

    def _proxy(self, actor: Mapping[str, str]) -> ClusterRpcProxy:
        config = {"AMQP_URI": self._world.amqp_uri}
        return ClusterRpcProxy(config, timeout=_ANSWER_SECONDS, context_data={"actor": dict(actor)})


def identity(number: int) -> str:
    """The tax code of an organisation that there is not, valid by its check digit; another for each number."""
    stems = (f"990{serial:06d}" for serial in count())
    valid = (code for stem in stems if mst.is_valid(code := f"{stem}{mst.calc_check_digit(stem)}"))
    return next(islice(valid, number, None))
