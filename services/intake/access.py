"""Who may do what with a dossier. An owner is written `<kind>:<number>`, as an actor's claim reads.

Others' dossiers are unknown dossiers. An officer acts for an applicant only where the applicant did not come on line.
"""

from services.chassis.actor import Actor
from services.chassis.errors import Denied
from services.intake.domain import unknown_dossier
from services.intake.dossier import Dossier

APPLICANTS = ("citizen", "organisation")


def owner_of(kind: str, number: str) -> str:
    """How the owner of a dossier is written."""
    return f"{kind}:{number}"


def holder(actor: Actor) -> str:
    """Whom an upload belongs to: the very actor who opened it."""
    unit = f":{actor.unit}" if actor.kind == "officer" else ""
    return f"{owner_of(actor.kind, actor.id)}{unit}"


def may_submit(actor: Actor, owner: str, channel: str, unit: str) -> None:
    """Applicants submit for themselves on line; an officer of the unit takes what comes by hand or by post."""
    if actor.kind == "officer":
        _require_unit(actor, unit)
        if channel == "online":
            raise _applicant_only()
    elif actor.kind not in APPLICANTS:
        raise _applicant_only()
    elif owner_of(actor.kind, actor.id) != owner:
        raise Denied(
            "intake.not_the_applicant",
            "You may submit only for yourself.",
            "Chỉ được nộp hồ sơ của chính mình.",
            [{"field": "applicant", "code": "not_the_applicant", "vi": "Không phải là bạn.", "en": "Is not you."}],
        )
    elif channel != "online":
        raise Denied("intake.officer_channel", "This channel is for officers.", "Hình thức nộp này dành cho cán bộ.")


def may_upload(actor: Actor) -> None:
    """Whoever may submit may bring papers."""
    if actor.kind not in {*APPLICANTS, "officer"}:
        raise _applicant_only()


def may_draft(actor: Actor) -> None:
    """Whoever may submit may leave off and go on later."""
    may_upload(actor)


def may_act(actor: Actor, dossier: Dossier, owner: str) -> None:
    """Supplement, withdraw: the owner, or an officer of the unit where the dossier came by hand or by post."""
    if actor.kind == "officer":
        _require_unit(actor, dossier.unit)
        if dossier.channel == "online":
            raise _applicant_only()
    elif actor.kind == "system":
        raise _applicant_only()
    else:
        may_see(actor, dossier, owner)


def may_return(actor: Actor, dossier: Dossier, owner: str) -> None:
    """Hand over the result: an officer of the unit; or the owner, who takes it himself."""
    if actor.kind == "officer":
        _require_unit(actor, dossier.unit)
    elif actor.kind == "system":
        raise _applicant_only()
    else:
        may_see(actor, dossier, owner)


def may_see(actor: Actor, dossier: Dossier, owner: str) -> None:
    """Everything of it: the owner, officers of the unit, the system. Raises NotFound."""
    allowed = {"system": True, "officer": actor.unit == dossier.unit}
    if not allowed.get(actor.kind, owner_of(actor.kind, actor.id) == owner):
        raise unknown_dossier()


def require_system(actor: Actor) -> None:
    """Only our own services ask on behalf of others."""
    if actor.kind != "system":
        raise Denied("intake.system_only", "Only the system may ask this.", "Chỉ hệ thống được hỏi điều này.")


def list_scope(actor: Actor, unit: str | None) -> tuple[str | None, str | None]:
    """What an actor's lists are cut down to: `(owner, unit)`. Raises Denied for another unit's list."""
    if actor.kind in APPLICANTS:
        return owner_of(actor.kind, actor.id), unit
    if actor.kind == "officer":
        _require_unit(actor, unit or str(actor.unit))
        return None, actor.unit
    require_system(actor)
    return None, unit


def own_scope(actor: Actor) -> str:
    """The owner that an applicant is. Raises Denied for everybody else."""
    if actor.kind not in APPLICANTS:
        raise _applicant_only()
    return owner_of(actor.kind, actor.id)


def count_scope(actor: Actor, unit: str | None) -> str | None:
    """The unit whose dossiers are counted, None for all. Raises Denied for others than officers and who runs it all."""
    if actor.kind in {"system", "operator"}:
        return unit
    if actor.kind != "officer":
        raise Denied("intake.staff_only", "Only staff may ask this.", "Chỉ cán bộ được hỏi điều này.")
    _require_unit(actor, unit or str(actor.unit))
    return actor.unit


def officers_scope(actor: Actor) -> str:
    """The unit whose applicants an officer may list and look for by name. Raises Denied for everybody else."""
    if actor.kind != "officer":
        raise Denied("intake.officers_only", "Only officers may ask this.", "Chỉ cán bộ được hỏi điều này.")
    return str(actor.unit)


def _require_unit(actor: Actor, unit: str) -> None:
    if actor.unit != unit:
        raise Denied(
            "intake.other_unit", "The dossier belongs to another unit.", "Hồ sơ thuộc thẩm quyền của đơn vị khác."
        )


def _applicant_only() -> Denied:
    return Denied("intake.applicant_only", "Only the applicant may do this.", "Chỉ người nộp hồ sơ được thực hiện.")
