"""What the portal asks of the services, each time on behalf of somebody.

By RPC; and where the broker is away, of intake by its HTTP door, which takes the same calls: handing in a dossier does
not need the broker. Who asks again does so with the same `request_id`, so nothing is done twice. What is asked by HTTP
is counted and recorded as a call like any other, under the name that intake's door has for it.
"""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any, Final
from urllib.parse import quote

import requests
from requests.adapters import HTTPAdapter

from services.chassis import codec, metrics, spans
from services.chassis.actor import Actor
from services.chassis.errors import KINDS, Conflict, Defect, Denied, Invalid, NotFound, Refused, Unavailable
from services.chassis.remote import LONGEST_REPLY, Remote
from services.chassis.tokens import Issuer

_HTTP_SECONDS: Final = (3.05, 20)
_BY_TITLE: Final = {kind.title: kind for kind in KINDS.values()}
_BY_STATUS: Final = {kind.status: kind for kind in (Denied, NotFound, Conflict, Refused)}
_OVER: Final = ("intake.upload_over", "This upload cannot go on.", "Lượt tải lên này không gửi tiếp được.")
_FILE_SECONDS: Final = (3.05, 60)
_TUS: Final = {"Tus-Resumable": "1.0.0"}
_UPLOAD_ID: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_TICKET: Final = re.compile(r"[A-Za-z0-9_-]{20,100}", re.ASCII)
_TOO_MANY_OF_ONE: Final = "http.too_many_of_yours"
_AVOIDED_SECONDS: Final = 10.0  # how long a broker that did not answer is not asked where there is another way


class TooManyOfOne(Unavailable):
    """Somebody sends or fetches too many files at once: no fault of intake's, whose door counts it as Denied too."""


class Services:
    """The five services, as one person sees them: `services.ask(actor, "intake.get", dossier_code=…)`."""

    def __init__(self, remote: Remote, issuer: Issuer, intake_url: str) -> None:
        self._remote, self._issuer, self._intake_url = remote, issuer, intake_url.rstrip("/")
        self._http = requests.Session()
        self._http.mount("http", HTTPAdapter(pool_maxsize=16))
        self.tickets = Tickets(self._http, self._intake_url, issuer)
        self._avoid_until = 0.0
        self._turn = threading.Lock()

    def ask(self, actor: Actor | None, target: str, /, **arguments: Any) -> Any:
        """The answer of `target`, a `service.method`; None asks as anybody. Raises the service's ServiceError."""
        service, _, method = target.partition(".")
        if service == "intake" and time.monotonic() < self._avoid_until:
            return self._by_http(actor, method, arguments)
        try:
            return self._remote.acting_as(actor).call(service, method, **arguments)
        except Unavailable as error:
            if service != "intake" or error.said_by:
                raise
        with self._turn:
            self._avoid_until = time.monotonic() + _AVOIDED_SECONDS
        return self._by_http(actor, method, arguments)

    def token(self, actor: Actor) -> str:
        """What a door of the services knows this person by."""
        return self._issuer.fresh(actor)

    def download(self, actor: Actor, dossier_code: str, upload_id: str) -> requests.Response:
        """A paper of a dossier, as it comes. Raises NotFound, Unavailable."""
        address = f"{self._intake_url}/dossiers/{quote(dossier_code, safe='')}/documents/{quote(upload_id, safe='')}"
        with _calling(address, "GET", "send") as trace:
            headers = {**trace, **self._as(actor)}
            return answered(lambda: self._http.get(address, headers=headers, timeout=_HTTP_SECONDS, stream=True))

    def close(self) -> None:
        """Close every connection."""
        self._remote.close()
        self._http.close()

    def _by_http(self, actor: Actor | None, method: str, arguments: dict[str, Any]) -> Any:
        address = f"{self._intake_url}/intake/{method}"
        with _calling(address, "POST", method) as trace:
            body, headers = codec.encode(arguments), {"Content-Type": "application/json", **trace, **self._as(actor)}
            answer = answered(lambda: self._http.post(address, data=body, headers=headers, timeout=_HTTP_SECONDS))
            return codec.decode(answer.content, LONGEST_REPLY)

    def _as(self, actor: Actor | None) -> dict[str, str]:
        return _bearer(self._issuer, actor) if actor else {}


class Tickets:
    """The addresses to which files go, one a ticket; a ticket is known by its upload and its secret.

    Whoever has a ticket may send its file. The door is told of the `actor` all the same: it takes our word for whose
    request this is part of from those only who can say who they act for.
    """

    def __init__(self, http: requests.Session, intake_url: str, issuer: Issuer) -> None:
        self._http, self._intake_url, self._issuer = http, intake_url, issuer

    def put(self, actor: Actor, upload_id: str, ticket: str, content_type: str, content: IO[bytes]) -> None:
        """Send a whole file. Raises Refused for what is not as declared, Unavailable."""
        address = self._address(upload_id, ticket)
        with _calling(address, "PUT", "receive") as trace:
            headers = {"Content-Type": content_type, **trace, **_bearer(self._issuer, actor)}
            answered(lambda: self._http.put(address, data=content, headers=headers, timeout=_FILE_SECONDS))

    def offset(self, actor: Actor, upload_id: str, ticket: str) -> int:
        """How many bytes of it have arrived. Raises Denied, NotFound, Conflict or Refused where no more can be sent."""
        address = self._address(upload_id, ticket)
        with _calling(address, "HEAD", "resume") as trace:
            headers = {**_TUS, **trace, **_bearer(self._issuer, actor)}
            answer = _reached(lambda: self._http.head(address, headers=headers, timeout=_HTTP_SECONDS))
            if answer.ok:
                return _offset(answer)
            kind = _BY_STATUS.get(answer.status_code)  # an answer to HEAD has no body that names the error
            raise kind(*_OVER) if kind else _told(answer)

    def append(self, actor: Actor, upload_id: str, ticket: str, offset: int, part: bytes) -> int:
        """Send the bytes from `offset` on; how many have arrived then. Raises Conflict for another offset, Refused."""
        address = self._address(upload_id, ticket)
        stated = {**_TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        with _calling(address, "PATCH", "resume") as trace:
            headers = {**stated, **trace, **_bearer(self._issuer, actor)}
            answer = answered(lambda: self._http.patch(address, data=part, headers=headers, timeout=_FILE_SECONDS))
            return _offset(answer)

    def _address(self, upload_id: str, ticket: str) -> str:
        if not (_UPLOAD_ID.fullmatch(upload_id) and _TICKET.fullmatch(ticket)):
            raise NotFound("intake.unknown_upload", "There is no such upload.", "Không có lượt tải lên này.")
        return f"{self._intake_url}/uploads/{upload_id}/{ticket}"


@contextmanager
def _calling(address: str, verb: str, method: str) -> Iterator[dict[str, str]]:
    """A request to intake's door is made inside, with these headers, by which it knows whose request this is part of.

    `method` is the door's own name for it; what it raises is what became of it.
    """
    with metrics.called(f"intake.{method}", {TooManyOfOne: Denied.__name__}), spans.requesting(address, verb, method):
        yield spans.carried("traceparent")


def _bearer(issuer: Issuer, actor: Actor) -> dict[str, str]:
    return {"Authorization": f"Bearer {issuer.fresh(actor)}"}


def _offset(answer: requests.Response) -> int:
    return int(answer.headers["Upload-Offset"])


def answered(ask: Callable[[], requests.Response]) -> requests.Response:
    """What a door answers. Raises its error, or Unavailable where it does not answer."""
    answer = _reached(ask)
    if answer.ok:
        return answer
    raise _told(answer)


def _reached(ask: Callable[[], requests.Response]) -> requests.Response:
    try:
        return ask()
    except requests.RequestException as error:
        raise _away() from error


def _told(answer: requests.Response) -> Exception:
    """The error that a door answers, as RPC would raise it."""
    try:
        problem = codec.decode(answer.content, LONGEST_REPLY)
    except Invalid:
        problem = None
    match problem:
        case {"title": str(title), "code": str(code), "detail": str(en), "detail_vi": str(vi)} if title in _BY_TITLE:
            kind = TooManyOfOne if code == _TOO_MANY_OF_ONE else _BY_TITLE[title]
            return kind(code, en, vi, problem.get("errors", []))
    if answer.status_code >= 500:
        return _away()
    return Defect("portal.foreign_answer", "A service answered in a way of its own.", "Dịch vụ trả lời sai dạng.")


def _away() -> Unavailable:
    return Unavailable("intake.unavailable", "intake does not answer.", "Dịch vụ chưa sẵn sàng.")
