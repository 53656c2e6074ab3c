"""The case: the facts known of a dossier at its unit, each set once, and what follows from them.

Facts come from officers and, in any order, from other services. Whatever depends on several of them (the status,
whether a clock runs) is derived here from all of them, so that the order in which they became known does not matter.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from services.contracts.catalogue.dates import local_day

MOVES: Final[dict[str, frozenset[str]]] = {
    "opened": frozenset({"accepted", "rejected", "supplement_requested", "withdrawn"}),
    "supplement_requested": frozenset({"opened", "accepted", "in_hand", "stopped", "withdrawn"}),
    "accepted": frozenset({"in_hand", "supplement_requested", "decided", "stopped", "withdrawn"}),
    "in_hand": frozenset({"accepted", "proposed", "supplement_requested", "decided", "stopped", "withdrawn"}),
    "proposed": frozenset({"in_hand", "supplement_requested", "decided", "stopped", "withdrawn"}),
    # the applicant may have withdrawn before he could know how the unit ended it: his word wins
    "decided": frozenset({"stopped", "withdrawn"}),  # granted, and never paid for
    "rejected": frozenset({"withdrawn"}),
    "stopped": frozenset({"withdrawn"}),
    "withdrawn": frozenset(),
}
STATUSES: Final = tuple(MOVES)
OPEN: Final = ("opened", "supplement_requested", "accepted", "in_hand", "proposed")
CLOSED: Final = tuple(status for status in STATUSES if status not in OPEN)
PUNCTUALITY: Final = ("early", "on_time", "late")
BEFORE_DECISION: Final = ("on_submission", "on_acceptance")
BEFORE_RESULT: Final = "before_result"


@dataclass(frozen=True, slots=True)
class Terms:
    """The rules that a case was received under; a later catalogue does not touch them."""

    time_limit: dict[str, Any]
    on_supplement: str
    on_payment: str
    calendar: str
    office_hours: str
    fees_awaited: tuple[str, ...] = ()
    decision: str = "one_step"


@dataclass(frozen=True, slots=True)
class Supplement:
    """A request for what is missing, made `before_acceptance` or after it, and its answer."""

    round: int
    before_acceptance: bool
    components: tuple[str, ...]
    requested_at: datetime
    respond_by: datetime
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Fee:
    """What is known of one fee order; `settled_at` when it is paid or comes to nothing (`waived`)."""

    order_id: str
    when_due: str
    required_at: datetime | None = None
    settled_at: datetime | None = None
    waived: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """What is, or is to be, decided on one row, from 1, of the table of what is applied for."""

    row: int
    outcome: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """A hand-over to another unit; `reason` is a code."""

    from_unit: str
    to_unit: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Proposal:
    """How the officer in charge wants to decide; `by` is his staff id."""

    outcome: str
    items: tuple[Item, ...]
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """Facts first; below the line what is derived, kept in the store because the queue is sorted by it."""

    dossier_code: str
    tenant: str
    procedure: str
    procedure_version: str
    unit: str
    terms: Terms
    submitted_at: datetime
    opened_at: datetime
    answer_due_at: datetime
    accepted_at: datetime | None = None
    due_at: datetime | None = None
    officer: str | None = None
    assigned_at: datetime | None = None
    transfers: tuple[Transfer, ...] = ()
    supplements: tuple[Supplement, ...] = ()
    fees: tuple[Fee, ...] = ()
    proposal: Proposal | None = None
    outcome: str | None = None
    items: tuple[Item, ...] = ()
    decided_at: datetime | None = None
    rejected_at: datetime | None = None
    stopped_at: datetime | None = None
    withdrawn_at: datetime | None = None
    slipped: tuple[str, ...] = ()
    # derived
    status: str = "opened"
    awaiting: str | None = None  # what the applicant owes: a supplement or a fee
    next_due_at: datetime | None = None  # of the clock the case is at, also while it stands still
    overdue_at: datetime | None = None  # the same while that clock runs
    rings_at: datetime | None = None  # the same until `deadline_slipped` was said of that clock
    punctuality: str | None = None  # of a decision that stands

    @property
    def clock(self) -> str:
        """The legal clock the case is at: for the first answer, then for the decision."""
        return "answer" if self.accepted_at is None else "decision"

    @property
    def awaited_supplement(self) -> Supplement | None:
        """The request that is not answered yet."""
        return next((one for one in self.supplements if one.received_at is None), None)

    @property
    def unpaid(self) -> tuple[str, ...]:
        """When the fees fall due that still stand before a decision: priced or asked for, and not settled."""
        settled = {fee.when_due for fee in self.fees if fee.settled_at is not None}
        asked = {fee.when_due for fee in self.fees if fee.settled_at is None}
        expected = set(self.terms.fees_awaited) - settled
        return tuple(when for when in BEFORE_DECISION if when in asked | expected)

    @property
    def owes(self) -> bool:
        """Whether the applicant has been asked for a fee before the decision, and has not paid."""
        return any(
            fee.when_due in BEFORE_DECISION and fee.required_at is not None and fee.settled_at is None
            for fee in self.fees
        )

    @property
    def awaits_last_fee(self) -> bool:
        """Whether it was granted, and the applicant has been asked for what falls due before the result."""
        is_asked = any(
            fee.when_due == BEFORE_RESULT and fee.required_at is not None and fee.settled_at is None
            for fee in self.fees
        )
        return self.status == "decided" and self.outcome == "granted" and is_asked

    @property
    def on_time(self) -> bool | None:
        """Whether the decision came within its term; None while there is none."""
        if self.decided_at is None or self.due_at is None:
            return None
        return self.decided_at <= self.due_at


def derived(case: Case) -> Case:
    """The case with everything derived from its facts."""
    status, awaiting = _status(case), _awaiting(case)
    is_open = status in OPEN
    next_due_at = case.due_at or case.answer_due_at
    overdue_at = next_due_at if is_open and not _stands_still(case) else None
    return replace(
        case,
        status=status,
        awaiting=awaiting if is_open else None,
        next_due_at=next_due_at,
        overdue_at=overdue_at,
        rings_at=None if case.clock in case.slipped else overdue_at,
        punctuality=_punctuality(case) if status == "decided" else None,
    )


def _status(case: Case) -> str:
    facts = (
        ("withdrawn", case.withdrawn_at),
        ("stopped", case.stopped_at),  # the last word also of what had been granted
        ("decided", case.decided_at),
        ("rejected", case.rejected_at),
        ("supplement_requested", case.awaited_supplement),
        ("proposed", case.proposal),
        ("in_hand", case.officer),
        ("accepted", case.accepted_at),
    )
    return next((status for status, fact in facts if fact is not None), "opened")


def punctuality(at: datetime, due_at: datetime) -> str:
    """Whether something came before its last day, in time on it, or late."""
    if at > due_at:
        return "late"
    return "early" if local_day(at) < local_day(due_at) else "on_time"


def _punctuality(case: Case) -> str | None:
    """That of the decision."""
    if case.decided_at is None or case.due_at is None:
        return None
    return punctuality(case.decided_at, case.due_at)


def _awaiting(case: Case) -> str | None:
    """A fee is no status of the case: it may be owed at any step, and the unit may work on meanwhile."""
    if case.awaited_supplement is not None:
        return "supplement"
    return "fee" if case.owes else None


def _stands_still(case: Case) -> bool:
    waits_for_fee = case.owes and case.accepted_at is not None and case.terms.on_payment == "pause"
    return waits_for_fee or case.awaited_supplement is not None
