"""Who may do what with a case: officers with those of their own unit, and some of it only who was given that duty."""

from typing import Final

from services.chassis.actor import Actor
from services.chassis.errors import Denied, Invalid, NotFound
from services.routing.case import Case

OVERSEERS: Final = ("system", "operator")


def require_officer(actor: Actor) -> None:
    """Only officers act. Raises Denied."""
    if actor.kind != "officer":
        raise Denied("routing.officers_only", "Only officers act on cases.", "Chỉ cán bộ được xử lý hồ sơ.")


def may_act(actor: Actor, case: Case | None) -> Case:
    """The case, if the actor is an officer of its unit. Raises Denied, NotFound."""
    require_officer(actor)
    if case is None:
        raise unknown_case()
    if actor.unit != case.unit:
        raise other_unit()
    return case


def entrusted(actor: Actor, case: Case | None, duty: str) -> Case:
    """The case, if the actor is an officer of its unit who was given this duty. Raises Denied, NotFound."""
    case = may_act(actor, case)
    if not actor.may(duty):
        raise _not_entrusted(duty)
    return case


def may_read(actor: Actor, case: Case | None) -> Case:
    """The case, if it is the actor's to see. Raises Denied, and NotFound for another unit's case as for none."""
    if actor.kind not in {"officer", "system"}:
        raise Denied("routing.officers_only", "Only officers see cases.", "Chỉ cán bộ được xem hồ sơ xử lý.")
    if case is None or (actor.kind == "officer" and actor.unit != case.unit):
        raise unknown_case()
    return case


def unit_to_list(actor: Actor, unit: str | None) -> str | None:
    """The unit whose queue the actor gets, None for all. Raises Denied: an officer sees his own only."""
    if actor.kind == "system":
        return unit
    require_officer(actor)
    if unit not in {None, actor.unit}:
        raise other_unit()
    return actor.unit


def unit_to_count(actor: Actor, unit: str | None) -> str:
    """The unit whose figures the actor gets. Raises Denied: an officer sees his own only; Invalid for none."""
    if actor.kind not in OVERSEERS:
        return unit_to_list(actor, unit) or ""
    if unit is None:
        problem = {"field": "unit", "code": "required", "vi": "Phải nêu đơn vị.", "en": "Name the unit."}
        raise Invalid("routing.invalid", "The request is not valid; see errors.", "Yêu cầu chưa hợp lệ.", [problem])
    return unit


def require_overseer(actor: Actor) -> None:
    """Only the system and operators see the figures of all units. Raises Denied."""
    if actor.kind not in OVERSEERS:
        raise Denied("routing.overseers_only", "Only operators see all units.", "Chỉ người vận hành được xem.")


def unknown_case() -> NotFound:
    """There is no such case, or none that concerns the caller."""
    return NotFound("routing.unknown_case", "There is no such case.", "Không tìm thấy hồ sơ.")


def other_unit() -> Denied:
    """The case, or the queue, is another unit's."""
    return Denied("routing.other_unit", "This belongs to another unit.", "Hồ sơ thuộc đơn vị khác.")


def _not_entrusted(duty: str) -> Denied:
    if duty == "transfer":
        return Denied(
            "routing.may_not_transfer",
            "Only an officer whose duty it is hands a case on.",
            "Chỉ người được giao nhiệm vụ mới được chuyển hồ sơ sang đơn vị khác.",
        )
    return Denied(
        "routing.may_not_sign",
        "Only an officer whose duty it is signs or returns a proposal.",
        "Chỉ người được giao nhiệm vụ ký mới được ký hoặc trả lại đề xuất.",
    )
