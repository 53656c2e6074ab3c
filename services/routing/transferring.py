"""How a case is handed on to another unit of the ministry, because its own is not competent for it.

An officer hands it on whose duty that is, until it is decided or has ended. A proposal that waits to be signed is
decided on first, or returned. No date moves: the term is the ministry's towards the applicant, whoever works within it.
Requests for supplements and fees stay as they are, and whoever had the case in hand has it no longer.
"""

from datetime import datetime

from services.chassis.actor import Actor
from services.chassis.errors import Refused
from services.contracts.event import Event
from services.routing.access import entrusted
from services.routing.case import Case
from services.routing.domain import ready_for


def transfer(case: Case | None, actor: Actor, to_unit: str, reason: str, is_known: bool, at: datetime) -> list[Event]:
    """Hand the case on; `is_known` says whether the ministry has such a unit. Raises Denied, Refused."""
    case = ready_for("transfer", entrusted(actor, case, "transfer"), actor)
    if to_unit == case.unit:
        raise _refused("routing.same_unit", "Its own unit has the case already.", "Hồ sơ đang ở chính đơn vị này.")
    if not is_known:
        raise _refused("routing.unknown_unit", "The ministry has no such unit.", "Bộ không có đơn vị này.")
    transferred = {
        "dossier_code": case.dossier_code,
        "tenant": case.tenant,
        "transfer": len(case.transfers) + 1,
        "from_unit": case.unit,
        "to_unit": to_unit,
        "reason": reason,
        "transferred_at": at,
    }
    return [Event("case_transferred", transferred)]


def _refused(code: str, en: str, vi: str) -> Refused:
    problem = {"field": "to_unit", "code": code.removeprefix("routing."), "vi": vi, "en": en}
    return Refused(code, en, vi, [problem])
