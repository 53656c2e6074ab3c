"""Callbacks in the gateway's name, true and spoilt, by our own reading of VNPAY PAY API 2.1.0."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Final
from urllib.parse import parse_qsl, quote_plus, urlsplit

import requests

_SECONDS: Final = 30
_numbers = count(90_000_000)
Spoil = Callable[["Callback"], str]


@dataclass
class Callback:
    """What the gateway may say of the payment that a payer was sent to `address` for."""

    env: Mapping[str, str]
    address: str
    transaction: str = field(default_factory=lambda: str(next(_numbers)))

    @property
    def asked(self) -> dict[str, str]:
        """What the gateway was asked for."""
        return dict(parse_qsl(urlsplit(self.address).query))

    def fields(self, **changes: str) -> dict[str, str]:
        """What the gateway says of a payment that went well, with changes (names without vnp_)."""
        said = {
            "TmnCode": self.asked["vnp_TmnCode"],
            "Amount": self.asked["vnp_Amount"],
            "BankCode": "NCB",
            "BankTranNo": f"VNP{self.transaction}",
            "CardType": "ATM",
            "PayDate": self.asked["vnp_CreateDate"],
            "OrderInfo": self.asked["vnp_OrderInfo"],
            "TransactionNo": self.transaction,
            "ResponseCode": "00",
            "TransactionStatus": "00",
            "TxnRef": self.asked["vnp_TxnRef"],
        }
        return {f"vnp_{name}": value for name, value in (said | changes).items()}

    def signed(self, secret: str | None = None, **changes: str) -> str:
        """The callback's query."""
        key = secret or self.env["PAYMENT_VNPAY_SECRET"]
        fields = self.fields(**changes)
        query = "&".join(f"{name}={quote_plus(fields[name])}" for name in sorted(fields) if fields[name])
        return f"{query}&vnp_SecureHash={hmac.new(key.encode(), query.encode(), hashlib.sha512).hexdigest()}"

    def failed(self) -> str:
        """The query of a callback about another try of the bank, which came to nothing."""
        return self.signed(TransactionNo=str(next(_numbers)), ResponseCode="24", TransactionStatus="02")

    def say(self, query: str) -> str:
        """The RspCode of payment's answer."""
        answer = requests.get(f"{self.env['MOTCUA_PAYMENT_URL']}/payment/vnpay/ipn?{query}", timeout=_SECONDS)
        answer.raise_for_status()
        return str(answer.json()["RspCode"])


def _altered(name: str, value: str) -> Spoil:
    """A field changed after it was signed."""
    return lambda said: said.signed().replace(
        f"vnp_{name}={quote_plus(said.fields()[f'vnp_{name}'])}", f"vnp_{name}={value}"
    )


def _stripped(name: str) -> Spoil:
    """A field left out after it was signed."""
    return lambda said: "&".join(pair for pair in said.signed().split("&") if not pair.startswith(f"vnp_{name}="))


def _by(dong: int, hundredths: int = 0) -> Spoil:
    """Rightly signed, of another amount."""
    return lambda said: said.signed(Amount=str(int(said.asked["vnp_Amount"]) + 100 * dong + hundredths))


# What is said, and what the answer must be: signature before order, order before amount, amount before settlement.
SPOILT: Final[dict[str, tuple[Spoil, str]]] = {
    "nothing": (lambda _: "", "97"),
    "signed with another key": (lambda said: said.signed("NOT" + said.env["PAYMENT_VNPAY_SECRET"]), "97"),
    "amount altered": (_altered("Amount", "100"), "97"),
    "reference altered": (_altered("TxnRef", "G140000000000P1"), "97"),
    "response code altered": (_altered("ResponseCode", "24"), "97"),
    "signature stripped": (_stripped("SecureHash"), "97"),
    "bank stripped": (_stripped("BankCode"), "97"),
    "amount twice": (lambda said: f"vnp_Amount=100&{said.signed()}", "97"),
    "amount twice, behind": (lambda said: f"{said.signed()}&vnp_Amount=100", "97"),
    "a field more": (lambda said: f"{said.signed()}&vnp_Extra=1", "97"),
    "another merchant": (lambda said: said.signed(TmnCode="OTHER001"), "97"),
    "forged, and unknown order": (lambda said: said.signed("x" * 32, TxnRef="G14P1"), "97"),
    "unknown order": (lambda said: said.signed(TxnRef="G140000000000P1"), "01"),
    "unknown order, and wrong amount": (lambda said: said.signed(TxnRef="G14P1", Amount="100"), "01"),
    "one dong more": (_by(1), "04"),
    "a hundredth": (lambda said: said.signed(Amount=str(int(said.asked["vnp_Amount"]) // 100)), "04"),
    "not whole": (_by(0, 1), "04"),
    "less than nothing": (lambda said: said.signed(Amount=f"-{said.asked['vnp_Amount']}"), "04"),
    "wrong amount of a failed payment": (lambda said: said.signed(Amount="100", ResponseCode="24"), "04"),
}
