"""The fee orders of a dossier, as payment knows them."""

from collections.abc import Mapping
from typing import Any, Final

from services.chassis.errors import NotFound
from services.portal.signin import who
from services.portal.wiring import portal

Document = Mapping[str, Any]
PAYABLE: Final = ("requested", "expired")
_NO_FEE: Final = ("payment.no_fee", "payment.not_assessed_yet")


def orders_of(code: str) -> list[Document]:
    """In the order in which they fall due; none while nothing is to be paid."""
    ask, actor = portal().services.ask, who().actor
    try:
        first = ask(actor, "payment.get_order", dossier_code=code)
    except NotFound as error:
        if error.code in _NO_FEE:
            return []
        raise
    return [
        first if order_id == first["order_id"] else ask(actor, "payment.find_order", order_id=order_id)
        for order_id in first["orders"]
    ]
