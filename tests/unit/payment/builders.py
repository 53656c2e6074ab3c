"""What the tests of payment are made of: a dossier's prices, actors, and an order that is driven step by step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from services.chassis.actor import Actor
from services.chassis.errors import ServiceError
from services.contracts import events
from services.contracts.catalogue.fees import FeeLine
from services.contracts.event import Event
from services.payment import domain
from services.payment.domain import Assessment, Capture
from services.payment.order import FeeOrder, evolve
from services.payment.settings import PaymentSettings
from tests.keys import ring

CODE = "000.00.06.G14-260115-0001"
ORDER = f"{CODE}-S"
FIRST, SECOND = "0000006G142601150001SP1T1C1BD16", "0000006G142601150001SP2T1C1BD16"
NOW = datetime(2026, 1, 15, 2, 30, tzinfo=UTC)
TEN_DAYS, QUARTER = timedelta(days=10), timedelta(minutes=15)
CITIZEN = Actor("citizen", "001801000001")
STRANGER = Actor("citizen", "001901000002")
OFFICER = Actor("officer", "cb-1", "vnnic")
FOREIGN = Actor("officer", "cb-9", "cuc-bao-chi")
SYSTEM = Actor("system", "portal")

FEE = FeeLine("LP-DKTM", "fee", "Lệ phí đăng ký", "Registration fee", 1, 100_000, 100_000, False)
UPKEEP = FeeLine("P-DTTM", "charge", "Phí duy trì", "Maintenance", 2, 250_000, 500_000, True)
BOTH = (FEE, UPKEEP)
AMOUNT = 600_000

SETTINGS = PaymentSettings(
    service="payment",
    amqp_uri="amqp://nowhere",
    mongo_uri="mongodb://nowhere",
    actor_keys=ring().public,
    actor_key=ring().private("everybody"),
    vnpay_url="https://pay.example.vn/paymentv2/vpcpay.html",
    vnpay_api_url="https://pay.example.vn/merchant_webapi/api/transaction",
    vnpay_tmn_code="DEMOV210",
    vnpay_secret="TESTSECRETTESTSECRETTESTSECRET32",  # type: ignore[arg-type]
)


@dataclass
class Book:
    """An order and its history, as a journal keeps it: events go through their published schema."""

    order: FeeOrder | None = None
    history: list[Event] = field(default_factory=list)

    @property
    def now(self) -> FeeOrder:
        """The order, which is there."""
        assert self.order is not None
        return self.order

    @property
    def types(self) -> list[str]:
        """The types of all that happened."""
        return [event.type for event in self.history]

    def act(self, decide: Callable[..., list[Event]], *args: Any) -> list[Event]:
        """Decide and append; the new events."""
        made = [_published(event) for event in decide(self.order, *args)]
        for event in made:
            self.order = evolve(self.order, event)
        self.history += made
        return made

    def attempt(self, decide: Callable[..., list[Event]], *args: Any) -> None:
        """As `act`, where a refusal is as good."""
        try:
            self.act(decide, *args)
        except ServiceError:
            return

    def fold(self) -> FeeOrder | None:
        """The state that the history makes."""
        state = None
        for event in self.history:
            state = evolve(state, event)
        return state


def assessed(when_due: str = "on_acceptance", lines: Sequence[FeeLine] = BOTH) -> Book:
    """An order that was just priced."""
    book = Book()
    book.act(domain.assess, assessment(when_due), lines, TEN_DAYS, NOW)
    return book


def requested(lines: Sequence[FeeLine] = BOTH) -> Book:
    """An order that waits for money."""
    return assessed("on_submission", lines)


def started(attempts: int = 1) -> Book:
    """An order whose payer is at the gateway."""
    book = requested()
    for _ in range(attempts):
        book.act(domain.start, CITIZEN, True, "vnpay", QUARTER, NOW)
    return book


def paid() -> Book:
    """An order that a gateway settled."""
    book = started()
    book.act(domain.capture, captured(), NOW)
    return book


def assessment(when_due: str = "on_submission") -> Assessment:
    """What is priced."""
    return Assessment(CODE, "mic", "dk-ten-mien-vn", "vnnic", when_due)


def captured(attempt: str = FIRST, after: timedelta = timedelta(minutes=5)) -> Capture:
    """Money came."""
    return Capture(attempt, "14002" if attempt == SECOND else "14001", NOW + after)


def _published(event: Event) -> Event:
    return events.read("payment", event.type, event.v, events.write("payment", event))
