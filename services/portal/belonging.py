"""What belongs to a dossier and has an id of its own: of another dossier it is not there."""

from collections.abc import Mapping
from typing import Any

from services.chassis.errors import NotFound
from services.portal.signin import who
from services.portal.wiring import portal

Document = Mapping[str, Any]


def order_of(code: str, order_id: str) -> Document:
    """A fee order of a dossier. Raises NotFound."""
    return _of(code, "payment.find_order", order_id=order_id)


def notice_of(code: str, notice_id: str) -> Document:
    """A letter about a dossier, with its words. Raises NotFound."""
    return _of(code, "notify.get_notice", notice_id=notice_id)


def _of(code: str, target: str, **arguments: str) -> Document:
    found: Document = portal().services.ask(who().actor, target, **arguments)
    if found["dossier_code"] != code:
        raise NotFound("portal.not_of_dossier", "This dossier has no such thing.", "Hồ sơ này không có mục đó.")
    return found
