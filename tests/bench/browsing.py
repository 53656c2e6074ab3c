"""People at the doors while something else is measured: pages of the portal and look-ups at registry's, some a second.

Nobody of those who take a dossier through comes by either of them.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import cycle
from typing import Final, Self
from urllib.parse import urlencode

from tests.bench.books import Document
from tests.bench.outcome import NotMeasured
from tests.bench.plan import TENANT
from tests.bench.rig import Rig
from tests.bench.targets import LOOKED_AT
from tests.bench.visitor import Visitor, applicant_claims, officer_claims

PORTAL, REGISTRY = LOOKED_AT
_A_SECOND: Final = 3.0
_LEAST: Final = 0.5  # of so many have to have come
_OFFICER: Final = "bench-1"


@dataclass(frozen=True)
class Glance:
    """One address, who opens it, and what stands in the answer."""

    door: str
    visitor: Visitor
    path: str
    shows: str


class Browsing:
    """One address after the other in a thread of its own; `opened` counts them by door."""

    def __init__(self, glances: Sequence[Glance], a_second: float = _A_SECOND) -> None:
        self._glances, self._a_second = glances, a_second
        self.opened: Counter[str] = Counter()
        self._failure: NotMeasured | None = None
        self._began = self._ended = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._open_all, name="browsing", daemon=True)

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self._ended = time.monotonic()

    def insist(self) -> dict[str, int]:
        """How many were opened by each door, to be asked when they have left. Raises NotMeasured."""
        if self._failure:
            raise self._failure
        due = self._a_second * (self._ended - self._began)
        if self.opened.total() < _LEAST * due:
            raise NotMeasured(f"{self.opened.total()} pages and look-ups came, of {due:.0f}")
        return dict(self.opened)

    def _open_all(self) -> None:
        try:
            for number, glance in enumerate(cycle(self._glances)):
                if self._done.wait(max(0.0, self._began + number / self._a_second - time.monotonic())):
                    return
                _open(glance)
                self.opened[glance.door] += 1
        except NotMeasured as error:
            self._failure = error


def _open(glance: Glance) -> None:
    if glance.shows not in glance.visitor.open(glance.path).text:
        raise NotMeasured(f"{glance.door}, {glance.path}: without {glance.shows}")


@contextmanager
def browsing(rig: Rig, unit: str) -> Iterator[Browsing]:
    """Somebody of the unit, somebody who applied to it, and somebody who looks a record up. Raises NotMeasured."""
    dossier, record = _granted(rig, unit)
    with ExitStack() as opened:
        doors = ("MOTCUA_PORTAL_URL", "MOTCUA_PORTAL_URL", "MOTCUA_REGISTRY_URL")
        officer, applicant, anybody = (opened.enter_context(Visitor(rig.env[door])) for door in doors)
        provider, subject = rig.env["PORTAL_OIDC_ISSUER"], dossier["subject"]
        kind, _, number = subject["owner"].partition(":")
        officer.sign_in(_OFFICER, provider, officer_claims(_OFFICER, unit))
        applicant.sign_in("bench-applicant", provider, applicant_claims(kind, number, subject["applicant"]["name"]))
        yield opened.enter_context(Browsing(_glances(officer, applicant, anybody, dossier["_id"], record["state"])))


def _granted(rig: Rig, unit: str) -> tuple[Document, Document]:
    """A dossier of the unit that was granted, and what stands in the register for it. Raises NotMeasured."""
    for record in rig.books.found("registry.records", {}, most=100):
        wanted = {"_id": record["state"]["dossier_code"], "state.unit": unit}
        if dossiers := rig.books.found("intake.dossiers", wanted, most=1):
            return dossiers[0], record
    raise NotMeasured(f"no dossier of {unit} has been granted that could be looked at")


def _glances(officer: Visitor, applicant: Visitor, anybody: Visitor, code: str, record: Document) -> list[Glance]:
    asked = urlencode({"dataset": record["dataset"], "number": record["number"]})
    return [
        Glance(PORTAL, officer, "/ban-lam-viec?status=any&order=newest", "data-open>"),
        Glance(REGISTRY, anybody, f"/registry/records/verify?{asked}", '"valid"'),
        Glance(PORTAL, applicant, f"/ho-so/{code}", code),
        Glance(PORTAL, officer, f"/ban-lam-viec/{code}", code),
        Glance(REGISTRY, anybody, f"/registry/catalogue/{TENANT}/procedures", '"key"'),
        Glance(PORTAL, applicant, "/ho-so", 'class="code"'),
    ]
