"""What the tests of intake are made of: a dossier driven step by step, and what other services may say about it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from services.chassis.actor import Actor
from services.chassis.errors import ServiceError
from services.contracts import events
from services.contracts.event import Event
from services.intake import domain
from services.intake.domain import Submission
from services.intake.dossier import Dossier

CODE = "000.00.06.G14-260112-0001"
UNIT = "vnnic"
NUMBER = "001801000001"
OWNER = f"citizen:{NUMBER}"
CITIZEN = Actor("citizen", NUMBER)
NEIGHBOUR = Actor("citizen", "001801000002")
COMPANY = Actor("organisation", "9900000016")
OFFICER = Actor("officer", "cb-001", UNIT)
STRANGER = Actor("officer", "cb-900", "cuc-bao-chi")
SYSTEM = Actor("system", "portal")
START = datetime(2026, 1, 12, 2, tzinfo=UTC)
_SOURCES = {"case": "routing", "supp": "routing", "fee_": "payment", "rece": "payment", "reco": "registry"}
_DECIDED = {"tenant": "mic", "procedure": "p", "procedure_version": "2016-01-01", "on_time": True}


def hour(number: float) -> datetime:
    """So many hours after the submission."""
    return START + timedelta(hours=number)


def submission(**changes: Any) -> Submission:
    """A submission of 12 January 2026, 09:00."""
    said: dict[str, Any] = {
        "dossier_code": CODE,
        "tenant": "mic",
        "procedure": "dk-ten-mien-vn",
        "procedure_version": "2016-01-01",
        "unit": UNIT,
        "level": 4,
        "applicant_kind": "citizen",
        "channel": "online",
        "components": ("TP01", "TP02"),
        "fee_inputs": {"years": 2},
        "submitted_at": START,
        "answer_due_at": hour(24),
    }
    return Submission(**{**said, **changes})


def heard(type_: str, **data: Any) -> Event:
    """An event of another service, as it comes off the wire."""
    return through_schema(_SOURCES[type_[:4]], Event(type_, {"dossier_code": CODE, **data}))


def accepted(at: float = 1, due: float = 100) -> Event:
    """The unit received the dossier."""
    return heard("case_accepted", unit=UNIT, accepted_at=hour(at), due_at=hour(due))


def assigned(at: float = 2) -> Event:
    """An officer handles it."""
    return heard("case_assigned", officer="cb-001", assigned_at=hour(at))


def transferred(number: int = 1, to_unit: str = "cuc-bao-chi", at: float = 3) -> Event:
    """The unit handed it on."""
    return heard(
        "case_transferred",
        tenant="mic",
        transfer=number,
        from_unit=UNIT,
        to_unit=to_unit,
        reason="not_competent",
        transferred_at=hour(at),
    )


def rejected(at: float = 1) -> Event:
    """The unit refused to receive it."""
    return heard("case_rejected", unit=UNIT, rejected_at=hour(at))


def stopped(at: float = 9) -> Event:
    """The unit stopped."""
    return heard("case_stopped", unit=UNIT, stopped_at=hour(at))


def decided(outcome: str, at: float = 8, rows: Sequence[Mapping[str, Any]] = (), unit: str = UNIT) -> Event:
    """The unit decided."""
    said = {"unit": unit, "outcome": outcome, "rows": rows, "decided_at": hour(at), "due_at": hour(100)}
    return heard("case_decided", **_DECIDED, **said)


def asked(round_: int = 1, at: float = 3) -> Event:
    """The unit asked for a supplement."""
    said = {"round": round_, "components": ["TP01"], "requested_at": hour(at), "respond_by": hour(at + 200)}
    return heard("supplement_requested", **said)


def received(round_: int = 1, at: float = 5, due: float | None = 120) -> Event:
    """The supplement reached the case."""
    due_at = None if due is None else hour(due)
    return heard("supplement_received", round=round_, received_at=hour(at), answer_due_at=hour(at + 24), due_at=due_at)


def fee_requested(at: float = 1, order: str = "S", when_due: str = "on_submission") -> Event:
    """The applicant is to pay."""
    said = {"when_due": when_due, "amount_vnd": 100_000, "requested_at": hour(at), "pay_by": hour(at + 240)}
    return heard("fee_requested", order_id=f"{CODE}-{order}", **said)


def fee_paid(at: float = 2, order: str = "S") -> Event:
    """The applicant has paid."""
    said = {"when_due": "on_submission", "amount_vnd": 100_000, "method": "vnpay", "attempt": "1", "transaction": "2"}
    return heard("fee_paid", order_id=f"{CODE}-{order}", **said, paid_at=hour(at))


def fee_expired(at: float = 300, order: str = "S") -> Event:
    """Nobody paid in time."""
    return heard("fee_expired", order_id=f"{CODE}-{order}", expired_at=hour(at))


def fee_cancelled(at: float = 300, order: str = "S") -> Event:
    """Nobody need pay any more."""
    return heard("fee_cancelled", order_id=f"{CODE}-{order}", cancelled_at=hour(at))


def fee_waived(at: float = 1) -> Event:
    """There is nothing to pay."""
    return heard("fee_waived", order_id=f"{CODE}-S", when_due="on_submission", waived_at=hour(at))


def receipt(at: float = 2.5) -> Event:
    """The receipt of the fee."""
    said = {"template": "01BLP", "serial": "AA-26E", "number": 1, "amount_vnd": 100_000}
    return heard("receipt_issued", order_id=f"{CODE}-S", **said, issued_at=hour(at))


def fee_noted(at: float = 4, due: float | None = 110, order: str = "S") -> Event:
    """Routing took note of the fee, and moved the due date."""
    said = {"when_due": "on_submission", "fee": "settled", "noted_at": hour(at)}
    return heard("case_fee_noted", order_id=f"{CODE}-{order}", **said, due_at=None if due is None else hour(due))


def issued(at: float = 10, number: str = "1/2026", unit: str = UNIT) -> Event:
    """The result is a record."""
    said = {"tenant": "mic", "procedure": "p", "unit": unit, "dataset": "ten-mien-vn", "number": number, "version": 1}
    return heard("record_issued", **said, issued_at=hour(at), expires_on=None)


def revoked(at: float = 20) -> Event:
    """The record is no longer valid."""
    said = {"dataset": "ten-mien-vn", "number": "1/2026", "version": 2, "reason": "by_decision"}
    return heard("record_revoked", **said, revoked_at=hour(at))


@dataclass
class Book:
    """The history of one dossier, kept as the journal keeps it: every event goes through its schema."""

    dossier: Dossier | None = None
    history: list[Event] = field(default_factory=list)

    @property
    def now(self) -> Dossier:
        """The dossier, which must be submitted."""
        assert self.dossier is not None
        return self.dossier

    @property
    def status(self) -> str:
        """Its public status."""
        return self.now.status

    @property
    def types(self) -> list[str]:
        """The types of its events."""
        return [event.type for event in self.history]

    def keep(self, decide: Callable[..., Sequence[Event]], *args: Any) -> list[Event]:
        """Append what `decide` says; returns it as it was kept."""
        made = [through_schema("intake", event) for event in decide(self.dossier, *args)]
        for event in made:
            self.dossier = domain.evolve(self.dossier, event)
        self.history += made
        return made

    def attempt(self, decide: Callable[..., Sequence[Event]], *args: Any) -> str | None:
        """Like `keep`; returns the code of what was raised."""
        try:
            self.keep(decide, *args)
        except ServiceError as error:
            return error.code
        return None

    def submitted(self, **changes: Any) -> "Book":
        """With the dossier open."""
        self.keep(domain.submit, submission(**changes))
        return self

    def noting(self, *others: Event) -> "Book":
        """With what other services said, in this order."""
        for other in others:
            self.keep(domain.note, other, hour(500))
        return self

    def supplemented(self, round_: int = 1, at: float = 4) -> "Book":
        """With a supplement."""
        self.keep(domain.supplement, round_, ["TP01"], hour(at))
        return self

    def withdrawn(self, at: float = 4) -> "Book":
        """Taken back."""
        self.keep(domain.withdraw, hour(at))
        return self


def through_schema(source: str, event: Event) -> Event:
    """An event as it is read again after it was written."""
    return events.read(source, event.type, event.v, events.write(source, event))
