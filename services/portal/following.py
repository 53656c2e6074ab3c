"""What the pages about one dossier ask for: the dossier as somebody may see it, and all that explains it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.chassis.errors import NotFound, ServiceError
from services.chassis.logs import log
from services.contracts.catalogue.dates import local_day
from services.contracts.catalogue.forms import items_table
from services.portal.answers import applied_for, judged, show_asked
from services.portal.deadlines import Term, running
from services.portal.signin import who
from services.portal.wiring import portal

Document = Mapping[str, Any]
MOST_NOTICES: Final = 200  # of a dossier, as many as notify tells at once


@dataclass(frozen=True, slots=True)
class Followed:
    """A dossier, the procedure it was received under, and the unit that has it."""

    dossier: Document
    procedure: Document
    unit: Document

    @property
    def code(self) -> str:
        """The dossier code."""
        return str(self.dossier["dossier_code"])

    @property
    def is_mine(self) -> bool:
        """Whether it is looked at by its applicant, and not by an officer."""
        return who().is_applicant


def follow(code: str) -> Followed:
    """The dossier of this code. Raises NotFound, also where it is not for this person to see."""
    dossier = portal().services.ask(who().actor, "intake.get", dossier_code=code)
    return Followed(dossier, *explained(dossier))


def explained(dossier: Document) -> tuple[Document, Document]:
    """The procedure as of the day the dossier was received under, and the unit. Raises NotFound."""
    offers, tenant = portal().offers, dossier["tenant"]
    procedure = offers.procedure_version(tenant, dossier["procedure"], dossier.get("procedure_version"))
    return procedure, unit_of(dossier)


def unit_of(dossier: Document, key: str | None = None) -> Document:
    """The unit that has the dossier, or the named one that had it; also when it has ended since."""
    return portal().offers.unit_known(dossier["tenant"], key or dossier["unit"])


def unit_name_of(dossier: Document, key: str) -> Any:
    """What a unit is called that has or had the dossier."""
    return unit_of(dossier, key)["name"]


def term_of(followed: Followed) -> Term | None:
    """The term that runs, told day by day; None also while the calendar cannot be had."""
    try:
        return explain_term(followed)
    except ServiceError as error:
        log.warning("term_not_explained", reason=error.code)
        return None


def explain_term(followed: Followed) -> Term | None:
    """The same. Raises Unavailable, NotFound while the calendar cannot be had."""
    dossier, unit = followed.dossier, followed.unit
    if dossier["transfers"]:  # the calendar that counts is that of the unit which received it
        unit = unit_of(dossier, dossier["transfers"][0]["from_unit"])
    received_on = local_day(datetime.fromisoformat(dossier["submitted_at"])).isoformat()
    calendar = portal().offers.standing("calendar", unit.get("calendar", "vn"), on=received_on)
    return running(dossier, followed.procedure, calendar, unit.get("office_hours", "standard"))


def notices_of(code: str) -> list[Document] | None:
    """What was written to the applicant, the newest first; None while it cannot be had."""
    try:
        return read_notices(code)
    except ServiceError as error:
        log.warning("notices_not_shown", reason=error.code)
        return None


def read_notices(code: str) -> list[Document]:
    """The same. Raises Unavailable."""
    try:
        found = portal().services.ask(who().actor, "notify.list_notices", dossier_code=code, limit=MOST_NOTICES)
    except NotFound:
        return []
    return [one for one in reversed(found["items"]) if one["audience"] == "applicant"]


def letter_of(notices: Sequence[Document], moment: str) -> Document | None:
    """The last notice of a moment with its words; None where there is none yet. Raises Unavailable."""
    found = next((one for one in notices if one["moment"] == moment), None)
    if found is None:
        return None
    read: Document = portal().services.ask(who().actor, "notify.get_notice", notice_id=found["notice_id"])
    return read


def requests_of(code: str) -> list[Document] | None:
    """Each time that the applicant was asked to supplement, as the officers wrote it; None while it cannot be had."""
    try:
        found = portal().services.ask(who().actor, "routing.get_supplements", dossier_code=code)
    except ServiceError as error:
        log.warning("request_not_shown", reason=error.code)
        return None
    items: list[Document] = found["items"]
    return items


def request_of(dossier: Document, round_: int | None = None) -> Document | None:
    """What the applicant was asked to supplement in this round, else in the last; None while it cannot be had."""
    wanted = round_ or (dossier["supplement"] or {}).get("round")
    return next((one for one in requests_of(dossier["dossier_code"]) or () if one["round"] == wanted), None)


def earlier_of(dossier: Document) -> list[Document] | None:
    """The requests before the last, of which intake tells no more; None while they cannot be had."""
    last = dossier["supplement"]["round"] if dossier["supplement"] else 1
    found = requests_of(dossier["dossier_code"]) if last > 1 else []
    return None if found is None else [one for one in found if one["round"] < last]


def revocation_of(dossier: Document) -> Document | None:
    """When the result was revoked and why: {at, reason}; None where it was not. No reason while it cannot be had."""
    if not dossier["revoked_at"]:
        return None
    named = {name: dossier["result"][name] for name in ("dataset", "number")}
    try:
        versions = portal().services.ask(who().actor, "registry.history", **named)["versions"]
    except ServiceError as error:
        log.warning("revocation_not_explained", reason=error.code)
        versions = []
    reason = next((one["reason"] for one in versions if one["what"] == "record_revoked"), None)
    return {"at": dossier["revoked_at"], "reason": reason}


def judged_of(followed: Followed) -> list[Document]:
    """What was decided on each row of what is applied for: {row, text, outcome, reason}.

    Nothing where it was not decided row by row; no reasons while they cannot be had.
    """
    dossier, procedure = followed.dossier, followed.procedure
    if not dossier["case"]["decided_at"] or not items_table(procedure):
        return []
    named = dossier["case"]["rows"]
    try:
        named = portal().services.ask(who().actor, "routing.get_decision", dossier_code=followed.code)["items"]
    except ServiceError as error:
        log.warning("decision_not_explained", reason=error.code)
    if not named:
        return []
    rows = applied_for(procedure, show_asked(procedure["form"], dossier["form"]))
    with_whole = {
        row: {"row": row, "outcome": dossier["case"]["outcome"], "reason": None} for row, _ in enumerate(rows, 1)
    }
    return judged(list({**with_whole, **{one["row"]: one for one in named}}.values()), rows)


def reception_of(code: str) -> Document | None:
    """Who received the dossier, by staff id, and in which unit; None while it cannot be had."""
    try:
        found: Document = portal().services.ask(who().actor, "routing.get_reception", dossier_code=code)
    except ServiceError as error:
        log.warning("reception_not_shown", reason=error.code)
        return None
    return found


def wishes_of(request: Document | None, procedure: Document) -> list[Document]:
    """Each thing that is asked for, with the name of the paper or the label of the question: {code, name, guidance}."""
    names = {one["code"]: one["name"] for one in procedure["components"]}
    labels = {one["name"]: one["label"] for one in procedure["form"]}
    found: list[Document] = []
    for one in request["items"] if request else ():
        component, field = one.get("component"), one.get("field")
        name = names.get(component, component) if component else labels.get(field, field)
        found.append({"component": component, "field": field, "name": name, "guidance": one.get("guidance")})
    return found
