"""How the tests ask: submissions, what others say of them, and what is wrong with them."""

from typing import Any

from services.chassis.actor import Actor
from services.chassis.errors import ServiceError
from tests.unit.intake import builders as b
from tests.unit.intake.builders import CITIZEN, OWNER
from tests.unit.intake.fakes import APPLICANT, FORM, World, cause

REQUEST: dict[str, Any] = {
    "tenant": "mic",
    "procedure": "dk-ten-mien-vn",
    "applicant": APPLICANT,
    "form": FORM,
    "channel": "online",
}


def submit(world: World, request_id: str = "1", actor: Actor = CITIZEN, **changes: Any) -> dict[str, Any]:
    """A submission with papers of the actor, unless said otherwise."""
    request = {**REQUEST, **changes}
    if "documents" not in request:
        request["documents"] = world.papers(OWNER, "TP01", "TP02")
    return world.cases.submit(actor, cause(request_id, changes), **request)


def note(world: World, code: str, event: Any) -> None:
    """Another service says something of this dossier."""
    about = {**event.data, "dossier_code": code}
    world.cases.note(type(event)(event.type, about), cause(f"event {event.type} {about}"))


def asked(world: World) -> str:
    """The code of a dossier that is to be supplemented."""
    code = str(submit(world)["dossier_code"])
    note(world, code, b.asked())
    return code


def problems(error: ServiceError) -> list[tuple[str, str]]:
    """Fields and codes of an error."""
    return [(one["field"], one["code"]) for one in error.errors]
