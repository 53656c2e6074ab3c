"""Fakes of what notify talks to."""

import operator
from collections.abc import Callable, Mapping
from datetime import date, datetime
from email.headerregistry import Address
from types import SimpleNamespace
from typing import Any

from services.chassis.errors import NotFound, Unavailable
from services.chassis.journal import Aggregate, Journal, Stored
from services.notify.domain import Notice, evolve
from services.notify.store import NoticeStore
from services.notify.wording import Case, Dossier
from tests.unit.fakes import FakeCollection
from tests.unit.notify.builders import CASE, DOSSIER, PROCEDURE, UNIT

_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {"$lt": operator.lt, "$lte": operator.le, "$gt": operator.gt}
NOTICE = Aggregate("notify", "notice", Notice, evolve)


class Notices(FakeCollection):
    """The collection in memory, with as much of a guarded update as claims ask for."""

    def update_one(self, wanted: Mapping[str, Any], change: Mapping[str, Any]) -> Any:
        found: Any = self.documents.get(wanted["_id"])
        matched = int(found is not None and _matches(found, wanted))
        for path, value in change["$set"].items() if matched else ():
            *inner, last = path.split(".")
            (found[inner[0]] if inner else found)[last] = value
        return SimpleNamespace(matched_count=matched, modified_count=matched)

    def _update(self, operation: Any) -> int:
        wanted, change = operation._filter, operation._doc  # noqa: SLF001
        return super()._update(operation) if "version" in wanted else int(self.update_one(wanted, change).matched_count)


def _matches(document: Any, wanted: Mapping[str, Any]) -> bool:
    return all(_holds(document, path, test) for path, test in wanted.items())


def _holds(document: Any, path: str, test: Any) -> bool:
    if path == "$nor":
        return not any(_matches(document, one) for one in test)
    value = document
    for part in path.split("."):
        value = (value or {}).get(part)
    if test == {"$exists": False}:
        return value is None
    if not isinstance(test, dict):
        return bool(value == test)
    return value is not None and all(_TESTS[how](value, bound) for how, bound in test.items())


class FakeStore(NoticeStore):
    """The real store over a collection in memory."""

    def __init__(self) -> None:
        super().__init__(Journal(NOTICE, Notices(), lambda _journal, _id: None))

    @property
    def collection(self) -> Notices:
        collection: Notices = self.journal.collection
        return collection

    @property
    def documents(self) -> dict[str, dict[str, Any]]:
        return self.collection.documents

    @property
    def notices(self) -> list[Notice]:
        return sorted((self.journal.get(id_).state for id_ in self.documents), key=lambda notice: notice.notice_id)

    def claimed_until(self, id_: str) -> datetime:
        until: datetime = self.documents[id_]["claim"]["until"]
        return until

    def page(
        self, dossier_code: str, audience: str | None, limit: int, after: str | None
    ) -> tuple[list[Stored[Notice]], str | None]:
        assert after is None
        found = [self.journal.get(id_) for id_ in self.documents]
        wanted = [
            one for one in found if one.state.dossier_code == dossier_code and audience in (None, one.state.audience)
        ]
        return wanted[:limit], None


class FakeCatalogue:
    """One unit, one procedure."""

    def __init__(self) -> None:
        self.published: list[Mapping[str, Any]] = []
        self.email = UNIT["email"]
        self.known: Mapping[str, Any] = PROCEDURE

    def apply(self, published: Mapping[str, Any]) -> None:
        self.published.append(published)

    def unit(self, _tenant: str, _key: str, _day: date) -> Mapping[str, Any]:
        return {**UNIT, "email": self.email}

    def procedure(self, _tenant: str, _key: str, _version: str) -> Mapping[str, Any]:
        return self.known


class FakeUnits:
    """Where dossiers went."""

    def __init__(self) -> None:
        self.now: dict[str, str] = {}

    def note(self, dossier_code: str, unit: str, _transfer: int) -> None:
        self.now[dossier_code] = unit

    def of(self, dossier_code: str) -> str | None:
        return self.now.get(dossier_code)


class FakeNeighbours:
    """intake and routing, counting how often they are asked."""

    def __init__(self) -> None:
        self.dossiers: dict[str, Dossier] = {DOSSIER.dossier_code: DOSSIER}
        self.asked: list[str] = []
        self.said = CASE

    def dossier(self, dossier_code: str) -> Dossier:
        self.asked.append("intake")
        if dossier_code not in self.dossiers:
            raise NotFound("intake.unknown_dossier", "There is no such dossier.", "Không tìm thấy hồ sơ.")
        return self.dossiers[dossier_code]

    def remembered_dossier(self, dossier_code: str) -> Dossier:
        return self.dossier(dossier_code)

    def case(self, _dossier_code: str) -> Case:
        self.asked.append("routing")
        return self.said


class FakeMail:
    """A mail server that takes letters, or raises what the test gives it."""

    def __init__(self) -> None:
        self.sender = Address("Cổng dịch vụ công", addr_spec="khong-tra-loi@motcua.example.vn")
        self.troubles: list[Exception] = []
        self.sent: list[tuple[str, bytes]] = []
        self.is_away = False

    def check_is_there(self) -> None:
        if self.is_away:
            raise Unavailable("notify.mail_unavailable", "No.", "Không.")

    def send(self, letter: bytes, address: str) -> None:
        if self.troubles:
            raise self.troubles.pop(0)
        self.sent.append((address, letter))
