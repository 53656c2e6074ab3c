"""The two legal clocks, computed from the facts of a case and a calendar.

Answer: 8 office hours from receipt (intake computes the first), again from the receipt of a supplement.
Decision: from acceptance, by the time limit of the procedure version the dossier was received under. A supplement
asked for after acceptance starts it again from the receipt of the supplement, or only stops it meanwhile; an owed fee
stops it or does not. Time that the clock stood still is added in whole minutes of office time, as due moments are told:
who has paid after five minutes has moved his by five, and how busy the services were meanwhile does not show.
A batch is due on a day of the calendar, which moves for nobody: nothing stops that clock. What counts is by which
closing day the dossier was whole, see `_whole_at`.
The result depends on the facts alone, not on the order in which they became known.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from services.contracts.catalogue.worktime import Calendar
from services.routing.case import BEFORE_DECISION, Case

Stretch = tuple[datetime, datetime]
_MINUTE = timedelta(minutes=1)


def due_at(case: Case, calendar: Calendar) -> datetime | None:
    """When the decision is due, UTC; None before acceptance. Raises CalendarExhausted."""
    if case.accepted_at is None:
        return None
    if case.terms.time_limit["kind"] == "batch":
        return calendar.due_at(case.terms.time_limit, _whole_at(case))
    runs_from = _restarted_at(case) or case.accepted_at
    due = calendar.due_at(case.terms.time_limit, runs_from)
    return calendar.add_working_time(due, _standstill(case, runs_from, calendar))


def respond_by(requested_at: datetime, days: int, calendar: Calendar) -> datetime:
    """The end of `days` calendar days, or of the next working day (Civil Code 91/2015, art. 147 and 148)."""
    return calendar.due_at({"kind": "days", "days": days}, requested_at)


def _whole_at(case: Case) -> datetime:
    """When the applicant had handed in a whole dossier: the intake of a batch closes for him, not for the unit.

    A batch takes the dossiers that are complete by its closing day, so where supplements start the term again the last
    one counts, before acceptance or after it: received after the closing day it leads to the next batch. Where they
    only pause the term, the day of submission stands.
    """
    if case.terms.on_supplement != "restart":
        return case.submitted_at
    return max([case.submitted_at, *(one.received_at for one in case.supplements if one.received_at)])


def _restarted_at(case: Case) -> datetime | None:
    if case.terms.on_supplement != "restart":
        return None
    receipts = [one.received_at for one in case.supplements if one.received_at and not one.before_acceptance]
    return max(receipts, default=None)


def _standstill(case: Case, runs_from: datetime, calendar: Calendar) -> timedelta:
    """Office time for which the clock stood still after `runs_from`, to the minute; what overlaps counts once."""
    cut = [(max(start, runs_from), end) for start, end in (*_supplement_stretches(case), *_fee_stretches(case))]
    stood_still = sum((calendar.working_time_between(*stretch) for stretch in _merged(cut)), timedelta())
    return round(stood_still / _MINUTE) * _MINUTE


def _supplement_stretches(case: Case) -> Iterable[Stretch]:
    for one in case.supplements:
        if case.terms.on_supplement == "pause" and one.received_at and not one.before_acceptance:
            yield one.requested_at, one.received_at


def _fee_stretches(case: Case) -> Iterable[Stretch]:
    for fee in case.fees:
        if case.terms.on_payment == "pause" and fee.when_due in BEFORE_DECISION and fee.required_at and fee.settled_at:
            yield fee.required_at, fee.settled_at


def _merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    merged: list[Stretch] = []
    for start, end in sorted(stretches):
        if end <= start:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
