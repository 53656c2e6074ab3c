"""The gateway's word: taken once however often it is said, and not at all when it is not the gateway's.

The callbacks are made and signed here, by our own reading of VNPAY PAY API 2.1.0, so that the gateway of the sandbox
need not know of the payment and nothing else settles it meanwhile.
"""

import hashlib
import hmac
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier
from typing import Any, Final
from urllib.parse import parse_qsl, quote_plus, urlsplit

import pytest
import requests

from services.cli.demo.stories import Story
from services.cli.demo.town import Town, fresh, patiently
from tests.integration import agreement
from tests.integration.books import Books
from tests.integration.crowd import PatientTown, await_rest, offers, payment_address

pytestmark = [pytest.mark.servers, pytest.mark.timeout(120)]
_AT_ONCE: Final = 50
_FEE_VND: Final = 200_000
_numbers = count(90_000_000)
Fields = dict[str, str]
Spoil = Callable[["Payer"], str]


class Payer:
    """An applicant at the gateway, and whoever speaks in the gateway's name."""

    def __init__(self, town: Town) -> None:
        offer = offers(town)["ma-so-quan-ly-qc"]
        self.town, self.story = town, Story(town, offer.tenant, offer.procedure, fresh())
        self.story.submit()
        self.story.accept()
        self.address = payment_address(self.story)
        self.asked = dict(parse_qsl(urlsplit(self.address).query))
        self.transaction = str(next(_numbers))

    def fields(self, **changes: str) -> Fields:
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
        key = secret or self.town.env["PAYMENT_VNPAY_SECRET"]
        fields = self.fields(**changes)
        query = "&".join(f"{name}={quote_plus(fields[name])}" for name in sorted(fields) if fields[name])
        return f"{query}&vnp_SecureHash={hmac.new(key.encode(), query.encode(), hashlib.sha512).hexdigest()}"

    def call_back(self, query: str) -> str:
        """The RspCode of payment's answer."""
        answer = requests.get(f"{self.town.env['MOTCUA_PAYMENT_URL']}/payment/vnpay/ipn?{query}", timeout=30)
        assert answer.status_code == 200
        return str(answer.json()["RspCode"])

    def history(self) -> list[dict[str, Any]]:
        """The events of the order."""
        with Books(self.town.env) as books:
            (order,) = books.kept("payment.orders", {"state.dossier_code": self.story.code})
        return order.history

    def finish(self) -> None:
        """Go the rest of the way: one receipt, one record, and all services agree."""
        patiently(lambda: self.story.order()["receipt"], f"{self.story.code} receipt")
        self.story.act("decide", outcome="granted")
        self.story.await_status("resolved")
        await_rest(self.town)
        agreement.insist(self.town.env, [self.story.code])
        types = Counter(entry["type"] for entry in self.history())
        assert (types["fee_paid"], types["receipt_issued"]) == (1, 1)


@pytest.fixture
def payer(patient_town: PatientTown) -> Payer:
    """Somebody who has a fee to pay and was sent to the gateway."""
    return Payer(patient_town)


def altered(name: str, value: str) -> Spoil:
    """A field changed after it was signed."""
    return lambda payer: payer.signed().replace(
        f"vnp_{name}={quote_plus(payer.fields()[f'vnp_{name}'])}", f"vnp_{name}={value}"
    )


def stripped(name: str) -> Spoil:
    """A field left out after it was signed."""
    return lambda payer: "&".join(pair for pair in payer.signed().split("&") if not pair.startswith(f"vnp_{name}="))


# What is said, and what the answer must be: signature before order, order before amount, amount before settlement.
SPOILT: Final[dict[str, tuple[Spoil, str]]] = {
    "nothing": (lambda _: "", "97"),
    "signed with another key": (lambda payer: payer.signed("NOT" + payer.town.env["PAYMENT_VNPAY_SECRET"]), "97"),
    "amount altered": (altered("Amount", "100"), "97"),
    "reference altered": (altered("TxnRef", "G140000000000P1"), "97"),
    "response code altered": (altered("ResponseCode", "24"), "97"),
    "signature stripped": (stripped("SecureHash"), "97"),
    "bank stripped": (stripped("BankCode"), "97"),
    "amount twice": (lambda payer: f"vnp_Amount=100&{payer.signed()}", "97"),
    "amount twice, behind": (lambda payer: f"{payer.signed()}&vnp_Amount=100", "97"),
    "a field more": (lambda payer: f"{payer.signed()}&vnp_Extra=1", "97"),
    "another merchant": (lambda payer: payer.signed(TmnCode="OTHER001"), "97"),
    "forged, and unknown order": (lambda payer: payer.signed("x" * 32, TxnRef="G14P1"), "97"),
    "unknown order": (lambda payer: payer.signed(TxnRef="G140000000000P1"), "01"),
    "unknown order, and wrong amount": (lambda payer: payer.signed(TxnRef="G14P1", Amount="100"), "01"),
    "one dong more": (lambda payer: payer.signed(Amount=str((_FEE_VND + 1) * 100)), "04"),
    "a hundredth": (lambda payer: payer.signed(Amount=str(_FEE_VND)), "04"),
    "not whole": (lambda payer: payer.signed(Amount=str(_FEE_VND * 100 + 1)), "04"),
    "less than nothing": (lambda payer: payer.signed(Amount=f"-{_FEE_VND * 100}"), "04"),
    "wrong amount of a failed payment": (lambda payer: payer.signed(Amount="100", ResponseCode="24"), "04"),
}


def test_the_same_callback_50_times_at_once_settles_once_and_gives_one_receipt(payer: Payer) -> None:
    query, start = payer.signed(), Barrier(_AT_ONCE)

    def say(_: int) -> str:
        start.wait(30)
        return payer.call_back(query)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        assert Counter(pool.map(say, range(_AT_ONCE))) == {"00": 1, "02": _AT_ONCE - 1}
    payer.finish()


def test_what_is_not_the_gateway_s_true_word_changes_nothing(payer: Payer) -> None:
    before = payer.history()
    answers = {name: payer.call_back(spoil(payer)) for name, (spoil, _) in SPOILT.items()}
    assert answers == {name: code for name, (_, code) in SPOILT.items()}
    assert payer.history() == before
    assert payer.call_back(payer.signed()) == "00"
    assert payer.call_back(payer.signed(Amount="100")) == "04"
    settled = payer.history()
    late = {"TransactionNo": str(next(_numbers)), "ResponseCode": "24", "TransactionStatus": "02"}
    assert [payer.call_back(payer.signed()), payer.call_back(payer.signed(**late))] == ["02", "02"]
    assert payer.history()[: len(settled)] == settled
    payer.finish()


def test_a_payment_that_failed_is_told_so_and_may_be_paid_yet(payer: Payer) -> None:
    assert payer.call_back(payer.signed(ResponseCode="24", TransactionStatus="02")) == "00"
    assert payer.story.order()["attempts"][0]["outcome"] == "failed"
    payer.town.pay(payment_address(payer.story))
    payer.finish()


def test_a_gateway_that_stays_silent_is_asked(payer: Payer) -> None:
    gateway, reference = payer.town.env["MOTCUA_GATEWAY_URL"], payer.asked["vnp_TxnRef"]
    plan = {"ipn": "lost", "txn_ref": reference}
    requests.post(f"{gateway}/sandbox/plan", json=plan, timeout=10).raise_for_status()
    payer.town.pay(payer.address)
    payer.finish()
    (known,) = requests.get(f"{gateway}/sandbox/transactions", params={"txn_ref": reference}, timeout=10).json()
    assert (known["tries"], known["state"]) == (0, "captured")


def test_who_pays_twice_has_one_receipt_and_one_of_both_back(payer: Payer) -> None:
    for address in (payer.address, payment_address(payer.story)):
        payer.town.pay(address)
    refunds = patiently(lambda: payer.story.order()["refunds"], "the second payment")
    patiently(lambda: payer.story.order()["refunds"][0]["refunded_at"], "the money back")
    assert [(one["reason"], one["amount_vnd"]) for one in refunds] == [("paid_twice", _FEE_VND)]
    payer.finish()
