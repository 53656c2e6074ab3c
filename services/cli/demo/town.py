"""Everything outside the services that a demonstration needs: stock nameko clients, files, a payer, a mailbox."""

import contextlib
import hashlib
import re
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, Final

import requests
from nameko.exceptions import RemoteError
from nameko.standalone.rpc import ClusterRpcProxy
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from deploy.local.waiting import growing_pauses
from services.chassis import clock
from services.chassis.tokens import Issuer
from services.cli.acting import Context, issuer_of

SYSTEM: Final = {"kind": "system", "id": "demo"}
PATIENCE_SECONDS: Final = 60.0
ANSWER_SECONDS: Final = 15
_HTTP_SECONDS = 30
_WHEN_BUSY = Retry(total=6, status_forcelist=[503], allowed_methods=["PUT"], backoff_factor=0.2)
_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n% "
)


class DemoError(Exception):
    """The story did not go as it must; the message says where."""


class Town:
    """Addresses, and stock RPC clients that ask again, under the same request id, when no answer came."""

    def __init__(self, env: Mapping[str, str], now: Callable[[], datetime] = clock.now) -> None:
        self.env, self._now = env, now
        self._own = threading.local()
        self._all: list[ClusterRpcProxy] = []

    @cached_property
    def issuer(self) -> Issuer:
        """Who speaks for all of them."""
        return issuer_of(self.env, self._now)

    def ask(self, actor: Mapping[str, str], target: str, /, **arguments: Any) -> Any:
        """The answer of `target`, a service.method. Raises RemoteError when it refuses, DemoError at the deadline."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return self._try(actor, target, arguments)
            except RemoteError as error:
                if error.exc_type != "Unavailable" or time.monotonic() > until:
                    raise
            except Exception as error:
                self._forget(actor)
                if time.monotonic() > until:
                    raise DemoError(f"{target}: no answer within {PATIENCE_SECONDS:.0f} s ({error!r})") from error
            time.sleep(0.2)

    def close(self) -> None:
        """Stop every client."""
        for proxy in self._all:
            with contextlib.suppress(Exception):
                proxy.stop()

    def _try(self, actor: Mapping[str, str], target: str, arguments: Mapping[str, Any]) -> Any:
        """Ask once."""
        service, name = target.split(".")
        return getattr(getattr(self._client(actor), service), name)(**arguments)

    def _client(self, actor: Mapping[str, str]) -> Any:
        mine = self._mine()
        key = tuple(sorted(actor.items()))
        if key not in mine:
            config = {"AMQP_URI": self.env["MOTCUA_AMQP_URI"]}
            proxy = ClusterRpcProxy(config, timeout=ANSWER_SECONDS, context_data=Context(self.issuer, actor))
            mine[key] = proxy.start()
            self._all.append(proxy)
        return mine[key]

    def _forget(self, actor: Mapping[str, str]) -> None:
        self._mine().pop(tuple(sorted(actor.items())), None)

    def _mine(self) -> dict[Any, Any]:
        mine: dict[Any, Any] = self._own.__dict__.setdefault("proxies", {})
        return mine

    def upload(self, actor: Mapping[str, str], name: str) -> str:
        """Hand in a small PDF of its own; the id under which `documents` names it."""
        content = _PDF + name.encode() + b"\n"
        ticket = self.ask(
            actor,
            "intake.open_upload",
            filename=f"{name}.pdf",
            content_type="application/pdf",
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            request_id=fresh(),
        )
        self._bring(ticket["url"], content, _WHEN_BUSY)
        return str(ticket["upload_id"])

    def _bring(self, url: str, content: bytes, again: Retry | int) -> None:
        """A file under its ticket, brought again as `again` has it. Raises RequestException."""
        with requests.Session() as session:
            session.mount("http://", HTTPAdapter(max_retries=again))
            session.put(
                url, data=content, headers={"Content-Type": "application/pdf"}, timeout=_HTTP_SECONDS
            ).raise_for_status()

    def pay(self, redirect_url: str) -> None:
        """Be the payer at the gateway: open the page and press «pay»."""
        page = requests.get(redirect_url, timeout=_HTTP_SECONDS)
        token = re.search(r'name="token"[^>]*value="([^"]+)"', page.text)
        if page.status_code != 200 or token is None:
            raise DemoError(f"the gateway shows no pay page (HTTP {page.status_code})")
        answer = requests.post(
            f"{self.env['MOTCUA_GATEWAY_URL']}/paymentv2/pay",
            data={"token": token[1], "outcome": "00"},
            allow_redirects=False,
            timeout=_HTTP_SECONDS,
        )
        if answer.status_code != 302:
            raise DemoError(f"the gateway did not take the payment (HTTP {answer.status_code})")

    def letters(self, address: str) -> list[dict[str, Any]]:
        """What the mailbox got for an address."""
        answer = requests.get(
            f"{self.env['MOTCUA_MAILBOX_URL']}/messages.json",
            params={"to": address, "limit": "200"},
            timeout=_HTTP_SECONDS,
        )
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()["messages"]
        return found


def fresh() -> str:
    """A request id."""
    return str(uuid.uuid4())


def patiently(ask: Callable[[], Any], what: str, *passing: str) -> Any:
    """The first true answer of `ask`; errors whose type is among `passing` mean «not yet»."""
    until = time.monotonic() + PATIENCE_SECONDS
    pauses = growing_pauses(0.1, 1.0)
    last: object = None
    while time.monotonic() < until:
        try:
            last = ask()
            if last:
                return last
        except RemoteError as error:
            if error.exc_type not in passing:
                raise DemoError(f"{what}: {error}") from error
            last = error
        time.sleep(next(pauses))
    raise DemoError(f"{what}: not within {PATIENCE_SECONDS:.0f} s (last: {last})")
