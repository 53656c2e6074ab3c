"""Fakes of what notify talks to."""

from collections.abc import Mapping
from datetime import date, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any

from services.chassis.errors import NotFound
from services.chassis.journal import Aggregate, Journal, Stored
from services.notify.domain import Notice, evolve
from services.notify.wording import Case, Dossier
from tests.unit.fakes import FakeCollection, fake_journal
from tests.unit.notify.builders import CASE, DOSSIER, PROCEDURE, UNIT

NOTICE = Aggregate("notify", "notice", Notice, evolve)


class FakeStore:
    """The real journal in memory, and claims as the store keeps them."""

    def __init__(self) -> None:
        self.journal: Journal[Notice] = fake_journal(NOTICE)
        self.claims: dict[tuple[str, int], datetime] = {}

    @property
    def documents(self) -> dict[str, dict[str, Any]]:
        collection: FakeCollection = self.journal.collection
        return collection.documents

    @property
    def notices(self) -> list[Notice]:
        return sorted((self.journal.get(id_).state for id_ in self.documents), key=lambda notice: notice.notice_id)

    def claim(self, id_: str, round_: int, now: datetime, until: datetime) -> bool:
        notice = self.journal.get(id_).state
        free = self.claims.get((id_, round_), now) <= now
        if not free or notice.status != "requested" or notice.round != round_:
            return False
        self.claims[id_, round_] = until
        return True

    def release(self, id_: str, round_: int) -> None:
        self.claims.pop((id_, round_), None)

    def page(
        self, dossier_code: str, audience: str | None, limit: int, _after: str | None
    ) -> tuple[list[Stored[Notice]], str | None]:
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

    def apply(self, published: Mapping[str, Any]) -> None:
        self.published.append(published)

    def unit(self, _tenant: str, _key: str, _day: date) -> Mapping[str, Any]:
        return {**UNIT, "email": self.email}

    def procedure(self, _tenant: str, _key: str, _version: str) -> Mapping[str, Any]:
        return PROCEDURE


class FakeNeighbours:
    """intake and routing, counting how often they are asked."""

    def __init__(self) -> None:
        self.dossiers: dict[str, Dossier] = {DOSSIER.dossier_code: DOSSIER}
        self.asked: list[str] = []

    def dossier(self, dossier_code: str) -> Dossier:
        self.asked.append("intake")
        if dossier_code not in self.dossiers:
            raise NotFound("intake.unknown_dossier", "There is no such dossier.", "Không tìm thấy hồ sơ.")
        return self.dossiers[dossier_code]

    def case(self, _dossier_code: str) -> Case:
        self.asked.append("routing")
        return CASE


class FakeMail:
    """A mail server that takes letters, or raises what the test gives it."""

    def __init__(self) -> None:
        self.sender = Address("Cổng dịch vụ công", addr_spec="khong-tra-loi@motcua.example.vn")
        self.troubles: list[Exception] = []
        self.sent: list[tuple[str, EmailMessage]] = []

    def send(self, message: EmailMessage, address: str) -> None:
        if self.troubles:
            raise self.troubles.pop(0)
        self.sent.append((address, message))
