"""The calls that explain a dossier: until when the unit has to act and why then, what it decided, how it is reached."""

from datetime import timedelta
from typing import Any, Final

from services.chassis.errors import Invalid, NotFound
from services.contracts.catalogue.explained import TermDay
from services.portal.api import explanations
from services.portal.api.door import Answer, Door, applicant, ask, protect
from services.portal.deadlines import Term, why_in_both
from services.portal.following import explain_term, follow
from services.portal.wiring import portal

explained: Final = Door("api-explained", __name__, url_prefix="/api/v1", description="What explains a dossier.")
explained.before_request(protect)
_MINUTE: Final = timedelta(minutes=1)


@explained.get("/dossiers/<code:code>/term")
@explained.etag
@explained.response(200, explanations.TermOfDossier)
@explained.problems(401, 403)
def get_term(code: str) -> Answer:
    """The term that the unit has now, told day by day from receipt to its end; null while none runs."""
    applicant()
    term = explain_term(follow(code))
    return {"dossier_code": code, "term": _term(term) if term else None}


@explained.get("/dossiers/<code:code>/decision")
@explained.etag
@explained.response(200, explanations.Decision)
@explained.problems(401, 403)
def get_decision(code: str) -> Any:
    """What was decided, and on each row that was decided on by itself, with the reasons."""
    return ask("routing.get_decision", dossier_code=code)


@explained.get("/units/<key:tenant>/<key:unit>")
@explained.etag
@explained.response(200, explanations.Unit)
@explained.problems()
def get_unit(tenant: str, unit: str) -> Answer:
    """What the unit of a procedure or a dossier is called and how it is reached; once it has ended, as it last was."""
    try:
        return {**portal().offers.standing("unit", unit, tenant), "tenant": tenant}
    except Invalid as error:  # what registry takes for no key is nobody's
        raise NotFound("portal.no_unit", "There is no such unit.", "Không có đơn vị này.") from error


def _term(term: Term) -> Answer:
    about = {"kind": term.kind, "due_at": term.due_at.isoformat(), "was_moved": term.was_moved}
    return {**about, "hours": term.hours or None, "days": [_day(one) for one in term.days]}


def _day(one: TermDay) -> Answer:
    about = {"day": one.day.isoformat(), "counted": one.counted, "why": one.why, "words": why_in_both(one)}
    return {**about, "name": one.name, "count": one.count or None, "minutes": one.hours // _MINUTE or None}
