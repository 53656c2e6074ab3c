"""What the tests of routing are made of: a calendar, a procedure's terms, and a case that is driven step by step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

from services.chassis.actor import Actor
from services.chassis.errors import ServiceError
from services.contracts import events
from services.contracts.catalogue.dates import VIETNAM
from services.contracts.catalogue.worktime import Calendar
from services.contracts.event import Event
from services.routing import domain
from services.routing.case import MOVES, Case, Terms
from services.routing.domain import FeeFact, Submission
from services.routing.history import evolve

CODE = "000.00.06.G14-260112-0001"
UNIT = "vnnic"
OFFICER = Actor("officer", "cb-001", UNIT, "sign transfer")
COLLEAGUE = Actor("officer", "cb-002", UNIT, "sign transfer")
CLERK = Actor("officer", "cb-003", UNIT)
STRANGER = Actor("officer", "cb-900", "cuc-bao-chi")
SYSTEM = Actor("system", "portal")
OPERATOR = Actor("operator", "vh-001")
CITIZEN = Actor("citizen", "001801000001")

CALENDAR = Calendar(
    key="vn",
    first=date(2016, 1, 1),
    last=date(2027, 12, 31),
    weekdays=frozenset({1, 2, 3, 4, 5}),
    windows=((time(8), time(12)), (time(13, 30), time(17, 30))),
    off=frozenset(
        {date(2026, 1, 1), *(date(2026, 2, day) for day in range(16, 21)), date(2026, 4, 27), date(2026, 4, 30)}
        | {date(2026, 5, 1), date(2026, 9, 1), date(2026, 9, 2)}
    ),
    worked=frozenset(),
)


def at(day: str, clock: str = "09:00") -> datetime:
    """A local moment of 2026, `MM-DD` and `HH:MM`, in UTC."""
    return datetime.fromisoformat(f"2026-{day}T{clock}").replace(tzinfo=VIETNAM).astimezone(UTC)


def terms(
    kind: str = "working_days",
    days: int = 5,
    *,
    on_supplement: str = "restart",
    on_payment: str = "pause",
    fees_awaited: tuple[str, ...] = (),
    decision: str = "one_step",
) -> Terms:
    """The terms of a procedure."""
    windows = [{"apply_before": "11-01", "due": "01-01"}, {"apply_before": "04-21", "due": "06-21"}]
    limit: dict[str, Any] = {"kind": kind, "windows": windows} if kind == "batch" else {"kind": kind, "days": days}
    return Terms(limit, on_supplement, on_payment, "vn", "standard", fees_awaited, decision)


def submission(submitted_at: datetime) -> Submission:
    """A dossier submitted then."""
    answer_due_at = CALENDAR.add_working_hours(submitted_at, 8)
    return Submission(CODE, "mic", "dk-ten-mien-vn", "2016-01-01", UNIT, submitted_at, answer_due_at)


@dataclass
class Book:
    """The history of one case, kept as the journal keeps it: every event goes through its schema and the table."""

    case: Case | None = None
    history: list[Event] = field(default_factory=list)

    @property
    def now(self) -> Case:
        """The case, which must be open."""
        assert self.case is not None
        return self.case

    @property
    def types(self) -> list[str]:
        """The types of its events."""
        return [event.type for event in self.history]

    def keep(self, decide: Callable[..., Sequence[Event]], *args: Any, **kwargs: Any) -> list[Event]:
        """Append what `decide` says; returns it as it was kept."""
        made = [_through_schema(event) for event in decide(self.case, *args, **kwargs)]
        for event in made:
            before = self.case.status if self.case else None
            self.case = evolve(self.case, event)
            assert before in {None, self.case.status} or self.case.status in MOVES[str(before)]
        self.history += made
        return made

    def attempt(self, decide: Callable[..., Sequence[Event]], *args: Any) -> ServiceError | None:
        """Like `keep`; returns what was raised."""
        try:
            self.keep(decide, *args)
        except ServiceError as error:
            return error
        return None

    def opened(self, of: Terms | None = None, submitted_at: datetime | None = None) -> "Book":
        """With the case open since Monday 12 January 2026, 09:00."""
        when = submitted_at or at("01-12")
        self.keep(domain.open_case, submission(when), of or terms(), when)
        return self

    def accepted(self, when: datetime | None = None) -> "Book":
        """With the dossier received, on 12 January at 10:00 unless said otherwise."""
        self.keep(domain.accept, OFFICER, CALENDAR, when or at("01-12", "10:00"))
        return self

    def asked(self, when: datetime, components: Sequence[str] = ("TP01",)) -> "Book":
        """With a supplement asked for."""
        self.keep(domain.request_supplement, OFFICER, components, when, at("03-31"))
        return self

    def answered(self, when: datetime, round_: int = 1) -> "Book":
        """With the answer received."""
        self.keep(domain.receive_supplement, round_, when, CALENDAR, 8)
        return self

    def fee(self, fact: str, when: datetime, when_due: str = "on_acceptance") -> "Book":
        """With a fact about a fee order."""
        letter = {"on_submission": "S", "on_acceptance": "A", "before_result": "R"}[when_due]
        self.keep(domain.note_fee, FeeFact(f"{CODE}-{letter}", when_due, fact, when), CALENDAR)
        return self


def fold(history: Sequence[Event]) -> Case | None:
    """The case that a history makes."""
    case: Case | None = None
    for event in history:
        case = evolve(case, event)
    return case


def _through_schema(event: Event) -> Event:
    return events.read("routing", event.type, event.v, events.write("routing", event))
