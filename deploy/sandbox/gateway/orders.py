"""Reading a merchant's pay request: who asks, is it signed, is it whole, is it still in time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from deploy.sandbox.gateway import clock, codes
from deploy.sandbox.gateway.formats import first_bad_field
from deploy.sandbox.gateway.settings import Settings
from deploy.sandbox.gateway.signing import digest, field_names, query_of, same_digest

_REQUIRED = field_names(
    "Version Command TmnCode Amount CreateDate ExpireDate CurrCode IpAddr Locale OrderInfo OrderType ReturnUrl TxnRef"
)


class PayRefused(Exception):
    """The gateway will not open this payment; `code` is VNPAY's, `field` the one at fault."""

    def __init__(self, code: str, field: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.field = field


@dataclass(frozen=True)
class Order:
    """A pay request that was checked. `amount` is đồng times 100, dates are yyyyMMddHHmmss at GMT+7."""

    tmn_code: str
    txn_ref: str
    amount: int
    order_info: str
    bank_code: str
    return_url: str
    create_date: str
    expire_date: str
    signature: str

    @property
    def day(self) -> str:
        """The local day within which a reference is unique."""
        return self.create_date[:8]


def read_order(arguments: Mapping[str, list[str]], settings: Settings, at: datetime) -> Order:
    """The order in the query arguments. Raises PayRefused."""
    fields = _single_fields(arguments)
    if fields.get("vnp_TmnCode", "") != settings.tmn_code:
        raise PayRefused(codes.UNKNOWN_MERCHANT, "vnp_TmnCode")
    signature = digest(settings.secret, query_of(fields))
    if not same_digest(signature, fields.get("vnp_SecureHash", "")):
        raise PayRefused(codes.BAD_SIGNATURE, "vnp_SecureHash")
    if (bad := first_bad_field(fields, _REQUIRED, ("vnp_BankCode",))) is not None:
        raise PayRefused(codes.BAD_FORMAT, bad)
    if fields["vnp_Command"] != "pay":
        raise PayRefused(codes.BAD_FORMAT, "vnp_Command")
    _check_dates(fields, at)
    return _order(fields, signature)


def _single_fields(arguments: Mapping[str, list[str]]) -> dict[str, str]:
    fields = {}
    for name, values in arguments.items():
        if not name.startswith("vnp_"):
            continue
        if len(values) != 1:  # two amounts, one signed and one shown, must not get through
            raise PayRefused(codes.BAD_FORMAT, name)
        fields[name] = values[0]
    return fields


def _check_dates(fields: Mapping[str, str], at: datetime) -> None:
    if fields["vnp_ExpireDate"] <= fields["vnp_CreateDate"]:
        raise PayRefused(codes.BAD_FORMAT, "vnp_ExpireDate")
    if fields["vnp_ExpireDate"] <= clock.stamp(at):
        raise PayRefused(codes.EXPIRED, "vnp_ExpireDate")


def _order(fields: Mapping[str, str], signature: str) -> Order:
    return Order(
        tmn_code=fields["vnp_TmnCode"],
        txn_ref=fields["vnp_TxnRef"],
        amount=int(fields["vnp_Amount"]),
        order_info=fields["vnp_OrderInfo"],
        bank_code=fields.get("vnp_BankCode", ""),
        return_url=fields["vnp_ReturnUrl"],
        create_date=fields["vnp_CreateDate"],
        expire_date=fields["vnp_ExpireDate"],
        signature=signature,
    )
