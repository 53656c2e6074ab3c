"""What stands outside the services: the clock, a payment gateway with its own ledger, a mail server."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from typing import Final
from unittest.mock import patch

from services.chassis import clock
from services.notify.letters import Post
from services.notify.lines import Unanswered
from services.notify.mail import PutOff, Undeliverable
from services.payment import vnpay
from services.payment.vnpay import Merchant, Purchase, Report
from tests.unit.simulation import faults
from tests.unit.simulation.chance import Chance

BEGINNING: Final = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # a Monday, 9 o'clock in Hà Nội
MERCHANT: Final = Merchant("MOTCUA01", "a secret of the simulation only")
CAPTURED, FAILED, HELD = "00", "24", "07"


class Clock:
    """Stands still until it is moved. What processes do for seconds on end they count on a clock of their own."""

    def __init__(self) -> None:
        self.at = self._latest = BEGINNING
        self._idle = 0.0

    def now(self) -> datetime:
        """The time."""
        return self.at

    def pass_(self, **time: float) -> None:
        """Let time pass."""
        self.at += timedelta(**time)

    def idle(self, seconds: float) -> None:
        """Let so many seconds pass for those only who wait for something."""
        self._idle += seconds

    def monotonic(self) -> float:
        """The seconds that have passed for a process."""
        self._latest = max(self._latest, self.at)
        return (self._latest - BEGINNING).total_seconds() + self._idle

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """While this lasts, it is the clock of the chassis, and whoever sleeps holds up nobody."""
        monotonic, sleep = patch.object(time, "monotonic", self.monotonic), patch.object(time, "sleep", self.idle)
        with patch.object(clock, "now", self.now), monotonic, sleep:
            yield


@dataclass
class Account:
    """What the gateway knows of one attempt."""

    purchase: Purchase
    code: str = ""  # what came of it, nothing yet
    transaction: str = ""
    paid_at: datetime | None = None
    refunded_vnd: int = 0
    refunds: dict[str, int] = field(default_factory=dict)  # what was given back under which request

    @property
    def kept_vnd(self) -> int:
        """What the ministry holds of it."""
        return (self.purchase.amount_vnd if self.code == CAPTURED else 0) - self.refunded_vnd


class Gateway:
    """A gateway: payers pay there, it calls back, answers questions and gives money back once for a request."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self.accounts: dict[str, Account] = {}

    def come(self, purchase: Purchase) -> Account:
        """A payer comes under a reference."""
        return self.accounts.setdefault(purchase.reference, Account(purchase))

    def settle(self, reference: str, code: str, at: datetime) -> None:
        """The payer pays, or gives up; what he paid may be held, and is decided on later."""
        account = self.accounts[reference]
        if account.code in ("", HELD):
            account.code, account.paid_at = code, account.paid_at or at
            account.transaction = f"1{len(self.accounts):07}" if code == CAPTURED else "0"

    def callback(self, reference: str) -> str:
        """The query of the signed callback."""
        account = self.accounts[reference]
        assert account.paid_at
        fields = {
            "vnp_TmnCode": MERCHANT.tmn_code,
            "vnp_TxnRef": reference,
            "vnp_Amount": str(account.purchase.amount_vnd * 100),
            "vnp_ResponseCode": account.code,
            "vnp_TransactionStatus": account.code,
            "vnp_TransactionNo": account.transaction,
            "vnp_PayDate": vnpay.stamp(account.paid_at),
        }
        query = vnpay.query_of(fields)
        return f"{query}&vnp_SecureHash={vnpay.digest(MERCHANT, query)}"

    def query(self, purchase: Purchase, _request_id: str, _at: datetime) -> Report | None:
        """The merchant asks what became of an attempt."""
        self._chance.maybe_fail("gateway")
        account = self.accounts.get(purchase.reference)
        if account is None or not account.code:
            return None
        report = vnpay.read_callback(MERCHANT, self.callback(purchase.reference))
        if report is None or not account.refunds:
            return report
        return replace(report, outcome="refunded", amount_vnd=list(account.refunds.values())[-1])

    def refund(
        self, purchase: Purchase, amount_vnd: int, _transaction: str | None, request_id: str, _at: datetime
    ) -> bool:
        """The merchant has money given back: whether this is the first time that he says so."""
        self._chance.maybe_fail("gateway")
        account = self.accounts[purchase.reference]
        first = request_id not in account.refunds
        if first:
            account.refunds[request_id] = amount_vnd
            account.refunded_vnd += amount_vnd
        assert account.kept_vnd >= 0, f"{purchase.reference}: more was given back than was taken"
        self._chance.maybe_fail("gateway, after it gave back")
        return first


def envelope(post: Post, _sender: Address) -> str:
    """Whose notice a letter is, for the letter: half of a run would go into MIME, which has tests of its own."""
    return post.notice_id


class MailServer:
    """Takes every letter but those to `refused` addresses."""

    sender = Address("Cổng dịch vụ công", addr_spec="khong-tra-loi@motcua.example.vn")

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self.refused: set[str] = set()
        self.taken: list[tuple[str, str]] = []  # the notice and the address of each

    def check_is_there(self) -> None:
        """Whether it was just called in vain."""
        self._chance.maybe_fail("mail server, as known,")

    def send(self, notice_id: str, address: str) -> None:
        """Take the letter of a notice, see `envelope`."""
        self._chance.maybe_fail("mail server")
        if address in self.refused:
            raise Undeliverable("550 5.1.1")
        if self._chance.doubts(faults.LETTER_PUT_OFF):
            raise PutOff("451 4.7.1")
        if self._chance.doubts(faults.LETTER_IN_DOUBT):
            raise Unanswered
        self.taken.append((notice_id, address))
        if self._chance.doubts(faults.LETTER_IN_DOUBT_THOUGH_TAKEN):
            raise Unanswered
