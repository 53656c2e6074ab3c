"""What may be asked of payment."""

import ipaddress
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from marshmallow import ValidationError, validates_schema

from services.contracts.catalogue.parts import Key
from services.contracts.fields import BY_THE_WAY, Choice, Day, Strict, Text, Whole, say
from services.payment import return_url
from services.payment.order import STATUSES

_LONGEST_PERIOD = timedelta(days=400)
_WRONG_PERIOD = say("wrong_period", "Phải từ 0 đến 400 ngày sau ngày đầu.", "Must be 0 to 400 days after the first.")
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


class CountFees(Strict):
    """Fees paid and given back on the days from `from_day` to `to_day` (both included, Vietnam's days), at most 400."""

    from_day = Day(required=True)
    to_day = Day(required=True)
    unit = Key(load_default=None)

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_: Any) -> None:
        if not timedelta(0) <= data["to_day"] - data["from_day"] <= _LONGEST_PERIOD:
            raise ValidationError(_WRONG_PERIOD, "to_day")


class StartPayment(Strict):
    """Go and pay. `ip_address` is the payer's own, which gateways ask for; from another one it is the same request."""

    order_id = order_id()
    method = Choice("vnpay", load_default="vnpay")
    return_url = Text(required=True, longest=return_url.LONGEST, validate=return_url.SHAPE)
    ip_address = IpAddress(load_default="127.0.0.1", metadata={BY_THE_WAY: True})
    request_id = request_id()


class RecordCounterPayment(Strict):
    """Money was taken at the unit's counter by `collector`."""

    order_id = order_id()
    amount_vnd = Whole(low=1, required=True)
    collector = Text(required=True, longest=100)
    request_id = request_id()


class ConfirmRefund(Strict):
    """The order's refund of this number, from 1, was made. Nothing is sent to the gateway for it any more."""

    order_id = order_id()
    refund = Whole(low=1, high=1000, required=True)
    request_id = request_id()
