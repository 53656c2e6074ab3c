"""What the tests of registry are made of: a small catalogue, messages of other services, and registry over memory."""

import copy
import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

from services.chassis import cause as causes
from services.chassis import tracing
from services.chassis.actor import Actor
from services.chassis.cause import Cause
from services.chassis.journal import Aggregate, Journal
from services.chassis.subscribe import Received
from services.contracts.envelope import Envelope
from services.contracts.event import Event
from services.registry.catalogue import COUNTRY
from services.registry.catalogue_cases import CatalogueCases
from services.registry.clients import Application, Intake
from services.registry.holders import Holder
from services.registry.issuing_cases import IssuingCases
from services.registry.record_cases import RecordCases
from services.registry.schemas import PublishCatalogue
from services.registry.store import Answers, Numbers, Publications, Records
from services.registry.usecases import RegistryCases
from services.registry.wiring import ISSUANCE, PUBLICATION, RECORD
from tests.unit.registry.memory import MemoryCollection

Step = Callable[[str], None]
TENANT, UNIT, DATASET = "demo", "cuc-vi-du", "giay-phep"
FREE, CHARGED = "gp-khong-phi", "gp-co-phi"
CODE = "000.00.01.G99-260601-0001"
SYSTEM = Actor("system", "portal")
OFFICER = Actor("officer", "cb-001", UNIT)
STRANGER = Actor("officer", "cb-900", "cuc-khac")
CITIZEN = Actor("citizen", "001801000001")
OTHER_CITIZEN = Actor("citizen", "001901000002")
ORGANISATION = Actor("organisation", "9900000016")
HOLDER = Holder("citizen", "Nguyễn Thị Đào Mẫu", "001801000001")
DECIDED_AT = datetime(2026, 6, 1, 3, tzinfo=UTC)
SETTLED_AT = datetime(2026, 6, 2, 3, tzinfo=UTC)
WITHDRAWN_AT = datetime(2026, 6, 1, 2, tzinfo=UTC)
_NAME = {"vi": "Ví dụ", "en": "Example"}


def documents() -> list[dict[str, Any]]:
    """A catalogue of one ministry, in the order in which nothing refers to what comes later."""
    base: dict[str, Any] = {"valid_from": "2026-01-01", "valid_to": None, "name": _NAME}
    own = {**base, "tenant": TENANT}
    code = {"code": "G99", "valid_from": "2026-01-01", "mark": "unsure"}
    hours = {
        "key": "standard",
        "weekdays": [1, 2, 3, 4, 5],
        "windows": [{"opens": "08:00", "closes": "12:00"}, {"opens": "13:30", "closes": "17:30"}],
    }
    calendar = {
        **base,
        "kind": "calendar",
        "key": "vn",
        "valid_to": "2026-12-31",
        "office_hours": [hours],
        "holidays": [{"date": "2026-01-01", "name": _NAME, "mark": "known"}],
        "compensatory_off": [],
        "makeup_workdays": [],
    }
    unit = {
        **own,
        "kind": "unit",
        "key": UNIT,
        "agency_code": "000.00.01.G99",
        "email": "cuc@example.vn",
        "calendar": "vn",
    }
    title = {"name": "title", "type": "text", "label": _NAME, "required": True}
    years = {"name": "years", "type": "number", "label": _NAME, "min": 1, "max": 10}
    dataset = {
        **own,
        "kind": "dataset",
        "key": DATASET,
        "number_pattern": "{seq}/{year}/GP-VĐ",
        "validity_years": 5,
        "fields": [title, years],
    }
    return [
        calendar,
        {**base, "kind": "tenant", "key": TENANT, "agency_codes": [code]},
        unit,
        dataset,
        procedure(FREE),
        procedure(CHARGED, fees=[fee("before_result")]),
    ]


def procedure(key: str, **changes: Any) -> dict[str, Any]:
    """A small procedure."""
    text = {"name": "title", "type": "text", "label": _NAME, "required": True}
    return {
        "kind": "procedure",
        "key": key,
        "tenant": TENANT,
        "valid_from": "2026-01-01",
        "valid_to": None,
        "name": _NAME,
        "unit": UNIT,
        "applicant_kinds": ["citizen"],
        "level": 4,
        "mode": "full",
        "channels": ["online"],
        "legal_basis": [],
        "marks": {"name": "unsure"},
        "form": [text, {"name": "count", "type": "number", "label": _NAME, "min": 1, "max": 10}],
        "components": [{"code": "TP01", "name": _NAME, "need": "required"}],
        "time_limit": {"kind": "working_days", "days": 5},
        "clock": {"on_supplement": "restart", "on_payment": "pause"},
        "fees": [],
        "result": {
            "dataset": DATASET,
            "kind": "licence",
            "name": _NAME,
            "record_fields": {"title": "title", "years": "count"},
        },
        "example": {
            "applicant": {
                "kind": "citizen",
                "name": "Nguyễn Thị Mẫu",
                "id_number": "001801000001",
                "email": "a@example.vn",
                "phone": "0912345678",
                "address": "Hà Nội",
            },
            "form": {"title": "Ví dụ"},
            "documents": [{"component": "TP01"}],
        },
        **changes,
    }


def fee(when_due: str) -> dict[str, Any]:
    """A flat fee item."""
    return {
        "code": "P-1",
        "kind": "charge",
        "basis": "flat",
        "amount_vnd": 100_000,
        "when_due": when_due,
        "valid_from": "2026-01-01",
        "source": "thử",
        "mark": "unsure",
        "name": _NAME,
    }


def announced(document: dict[str, Any]) -> dict[str, Any]:
    """A document as `publish_catalogue` takes it over the wire."""
    stated = {name: document[name] for name in ("kind", "key", "valid_from", "valid_to")}
    return {**stated, "document": copy.deepcopy(document)}


_SERIAL = itertools.count(1)


def request(request_id: str, content: Any = None, actor: Actor = SYSTEM) -> Cause:
    """The cause that a request is."""
    return causes.of_request("registry.test", actor, request_id, content)


def received(source: str, type_: str, data: dict[str, Any], id_: str | None = None) -> Received:
    """An event as its handler gets it; the same id is the same event delivered again."""
    envelope = Envelope(
        id=id_ or f"event-{next(_SERIAL)}",
        source=source,
        type=type_,
        v=1,
        subject=data["dossier_code"],
        time="2026-06-01T00:00:00+00:00",
        sequence=1,
        correlation="c",
        causation="c",
        trace=tracing.new_trace(),
    )
    return Received(Event(type_, data), envelope, causes.of_event(envelope))


def decided(procedure_key: str = FREE, code: str = CODE, outcome: str = "granted", **changes: Any) -> Received:
    """routing's word that the unit decided."""
    data = {
        "dossier_code": code,
        "tenant": TENANT,
        "procedure": procedure_key,
        "procedure_version": "2026-01-01",
        "unit": UNIT,
        "outcome": outcome,
        "decided_at": DECIDED_AT,
        **changes,
    }
    return received("routing", "case_decided", data, f"decided-{code}")


def paid(code: str = CODE, when_due: str = "before_result") -> Received:
    """payment's word that a fee was paid."""
    data = {"dossier_code": code, "when_due": when_due, "paid_at": SETTLED_AT}
    return received("payment", "fee_paid", data, f"paid-{when_due}-{code}")


def withdrawn(code: str = CODE) -> Received:
    """intake's word that the applicant took the dossier back."""
    data = {"dossier_code": code, "withdrawn_at": WITHDRAWN_AT}
    return received("intake", "dossier_withdrawn", data, f"withdrawn-{code}")


def stopped(code: str = CODE, *, granted: bool = True) -> Received:
    """routing's word that the unit stopped, after it had granted or before."""
    data = {"dossier_code": code, "unit": UNIT, "granted": granted, "stopped_at": WITHDRAWN_AT}
    return received("routing", "case_stopped", data, f"stopped-{code}")


class FakeIntake:
    """Knows one applicant and one form for every dossier."""

    def __init__(self, before: Step) -> None:
        self.before = before

    def application(self, _dossier_code: str) -> Application:
        """The applicant and form."""
        self.before("application")
        return Application(HOLDER, {"title": "Tạp chí Mẫu", "count": 2})


class Registry:
    """registry over memory. `step` is told of each operation on a store or another service before it is made."""

    def __init__(self, other: "Registry | None" = None) -> None:
        self.other = other
        self.step: Step = lambda _name: None
        self.collections: dict[str, MemoryCollection] = {}
        self.publications = Publications(self._journal(PUBLICATION, "publications"))
        self.issuances = self._journal(ISSUANCE, "issuances")
        self.records = Records(self._journal(RECORD, "records"))
        self.numbers = Numbers(self._collection("numbers"))
        intake = cast("Intake", FakeIntake(self._step))
        self.cases = RegistryCases(
            CatalogueCases(self.publications, Answers(self._collection("answers"))),
            IssuingCases(self.issuances, self.publications, self.records, self.numbers, intake),
            RecordCases(self.records, self.publications),
        )
        for part in (self.publications, self.issuances, self.records, self.numbers):
            part.ensure_indexes()

    def sibling(self) -> "Registry":
        """Another process over the same stores; nobody watches its steps."""
        return Registry(self)

    def with_catalogue(self) -> "Registry":
        """The small catalogue published."""
        for document in documents():
            tenant = {"calendar": COUNTRY}.get(document["kind"], TENANT)
            self.publish(tenant, document)
        return self

    def publish(self, tenant: str, *published: dict[str, Any], republish: bool = False) -> dict[str, Any]:
        """Publish documents in one request of its own."""
        stated = {"tenant": tenant, "documents": [announced(one) for one in published], "republish": republish}
        args = PublishCatalogue().load({**stated, "request_id": "r"})
        del args["request_id"]
        return self.cases.catalogue.publish_catalogue(SYSTEM, request(f"p-{next(_SERIAL)}"), **args)

    def run_own_events(self) -> None:
        """Deliver what the issuances said of themselves, again if it was delivered before."""
        for id_ in list(self.collections["issuances"].documents):
            for message in self.ready(id_):
                self.cases.issuing.issue_record(message)

    def ready(self, code: str = CODE) -> list[Received]:
        """The `issuance_ready` events in the history of a dossier's issuance."""
        if code not in self.collections["issuances"].documents:
            return []
        own = [entry for entry in self.issuances.history(code) if entry["type"] == "issuance_ready"]
        return [received("registry", "issuance_ready", _native(entry["data"]), entry["id"]) for entry in own]

    def issue(self, code: str = CODE, **changes: Any) -> str:
        """A record, from the decision on; gives its number."""
        self.cases.issuing.note_decision(decided(code=code, **changes))
        self.run_own_events()
        record = self.records.of_dossier(code)
        assert record is not None
        return record.state.number

    def _journal(self, aggregate: Aggregate[Any], name: str) -> Journal[Any]:
        return Journal(aggregate, self._collection(name), lambda _journal, _id: None)

    def _collection(self, name: str) -> MemoryCollection:
        self.collections[name] = MemoryCollection(lambda operation: self._step(f"{name}.{operation}"))
        if self.other:
            self.collections[name].documents = self.other.collections[name].documents
        return self.collections[name]

    def _step(self, name: str) -> None:
        self.step(name)


def _native(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "ready_at": datetime.fromisoformat(data["ready_at"])}
