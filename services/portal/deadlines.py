"""Why a dossier is due when it is: the term that runs, told day by day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from services.contracts.catalogue.explained import TermDay, explain, explain_hours
from services.contracts.catalogue.worktime import Calendar, CalendarExhausted
from services.portal.language import in_both, say, sentence
from services.portal.progress import ENDED

Document = Mapping[str, Any]
_HOUR: Final = timedelta(hours=1)
_WHY: Final = {
    "received": sentence("ngày nhận, chưa tính"),
    "received_after_hours": sentence("nhận sau giờ làm việc, chưa tính"),
    "first_day": sentence("coi như ngày nhận, chưa tính"),
    "working_day": sentence("ngày làm việc"),
    "makeup_workday": sentence("ngày làm bù"),
    "calendar_day": sentence("tính theo lịch"),
    "weekend": sentence("ngày nghỉ cuối tuần"),
    "holiday": sentence("ngày lễ"),
    "compensatory_off": sentence("ngày nghỉ bù, hoán đổi"),
    "no_office_hours_left": sentence("nhận sau giờ làm việc, chưa tính"),
    "batch_closes": sentence("hết hạn nhận hồ sơ của đợt"),
    "batch_due": sentence("ngày trả kết quả của đợt"),
}


@dataclass(frozen=True, slots=True)
class Term:
    """The term that runs: for the unit's first answer, or for its decision.

    `days` tell it from receipt to its end. It `was_moved` when the clock stood still meanwhile (a fee, a supplement):
    then `due_at` lies behind the last of them.
    """

    kind: Literal["answer", "decision"]
    due_at: datetime
    days: tuple[TermDay, ...] = ()
    was_moved: bool = False
    hours: int = 0


def running(dossier: Document, procedure: Document, calendar: Document, office_hours: str) -> Term | None:
    """The term that runs for the unit; None when none does. Without days where the calendar does not reach so far.

    `procedure` is the version that the dossier was received under.
    """
    if dossier["status"] in {*ENDED, "resolved"}:
        return None
    calendar_of_unit = Calendar.from_document(calendar, office_hours)
    accepted_at = dossier["case"]["accepted_at"]
    if not accepted_at:
        return _answer(dossier, calendar_of_unit)
    return _decision(dossier, procedure, calendar_of_unit) if dossier["due_at"] else None


def why_words(one: TermDay) -> str:
    """Why a day counts, or does not."""
    return say(_WHY[one.why])


def why_in_both(one: TermDay) -> dict[str, str]:
    """The same in every language."""
    return in_both(_WHY[one.why])


def _answer(dossier: Document, calendar: Calendar) -> Term:
    due_at = _at(dossier["answer_due_at"])
    received = _last(dossier, "submitted_at", "supplemented_at")
    try:
        hours = round(calendar.working_time_between(received, due_at) / _HOUR)
        days = tuple(explain_hours(calendar, received, max(hours, 1)))
    except CalendarExhausted:
        return Term("answer", due_at)
    return Term("answer", due_at, days, hours=hours)


def _decision(dossier: Document, procedure: Document, calendar: Calendar) -> Term:
    time_limit, due_at = procedure["time_limit"], _at(dossier["due_at"])
    starts = _starts(dossier, procedure)
    try:
        fitting = [start for start in starts if calendar.due_at(time_limit, start) == due_at]
        days = tuple(explain(calendar, time_limit, (fitting or starts)[0]))
    except CalendarExhausted:
        return Term("decision", due_at)
    return Term("decision", due_at, days, was_moved=not fitting)


def _starts(dossier: Document, procedure: Document) -> list[datetime]:
    """What the term may run from, the likeliest first: a supplement starts it again where the procedure says so."""
    accepted_at, supplemented_at = dossier["case"]["accepted_at"], dossier["supplemented_at"]
    if procedure["time_limit"]["kind"] == "batch":
        accepted_at = dossier["submitted_at"]
    starts = [_at(accepted_at)]
    if supplemented_at and procedure["clock"]["on_supplement"] == "restart" and _at(supplemented_at) > starts[0]:
        starts.insert(0, _at(supplemented_at))
    return starts


def _last(dossier: Document, *names: str) -> datetime:
    return max(_at(dossier[name]) for name in names if dossier[name])


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
