"""What may be asked of payment."""

import ipaddress
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError

from services.contracts.catalogue.parts import Key
from services.contracts.fields import Choice, Strict, Text, Whole, say
from services.payment import return_url
from services.payment.order import STATUSES

_NOT_AN_ADDRESS = say("wrong_format", "Phải là địa chỉ IP.", "Must be an IP address.")


class IpAddress(Text):
    """An IPv4 or IPv6 address."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(longest=45, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return ipaddress.ip_address(text).compressed
        except ValueError:
            raise ValidationError(_NOT_AN_ADDRESS) from None


def order_id() -> Text:
    """An order id; one that has the wrong shape is simply not found."""
    return Text(required=True, longest=100)


def request_id() -> Text:
    """The caller's own name for this request."""
    return Text(required=True, longest=100)


class GetOrder(Strict):
    """The order of a dossier that matters now."""

    dossier_code = Text(required=True, longest=60)


class FindOrder(Strict):
    """One order."""

    order_id = order_id()


class ListOrders(Strict):
    """Orders by id; an officer sees those of his unit."""

    status = Choice(*STATUSES, load_default=None)
    unit = Key(load_default=None)
    limit = Whole(low=1, high=200, load_default=50)
    after = Text(longest=100, load_default=None)


class StartPayment(Strict):
    """Go and pay. `ip_address` is the payer's own, which gateways ask for."""

    order_id = order_id()
    method = Choice("vnpay", load_default="vnpay")
    return_url = Text(required=True, longest=return_url.LONGEST, validate=return_url.SHAPE)
    ip_address = IpAddress(load_default="127.0.0.1")
    request_id = request_id()


class RecordCounterPayment(Strict):
    """Money was taken at the unit's counter by `collector`."""

    order_id = order_id()
    amount_vnd = Whole(low=1, required=True)
    collector = Text(required=True, longest=100)
    request_id = request_id()
