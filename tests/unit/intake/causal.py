"""One dossier told as it happens: whoever acts knows what he acts upon, and nothing is heard before what it follows.

Between the services things may overlap: payment asks for a fee while the unit rejects, an applicant answers while the
unit stops. Each such meeting is a step of its own here, so that every order that keeps causes before effects is told.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from services.contracts.event import Event
from services.intake import domain
from services.routing.domain import ACTIONS
from tests.unit.intake import builders as b
from tests.unit.intake.builders import Book, hour

Step = Callable[[], object]
BEFORE_DECISION: Final = ("S", "A")


class Told:
    """The book of a dossier, and what the unit and payment know of it. `fees` says when one falls due: S, A, R."""

    def __init__(self, fees: str = "") -> None:
        self.book, self.fees = Book().submitted(), fees
        self._hour = 0
        self._unit: set[str] = set()  # what happened at the unit
        self._orders: dict[str, str] = {}
        self._asked = self._received = 0  # rounds at the unit

    def steps(self) -> list[Step]:
        """What may happen next."""
        return [*self._of_the_unit(), *self._of_payment(), *self._of_the_registry(), *self._of_the_applicant()]

    def _of_the_unit(self) -> Iterator[Step]:
        allowed = {action for action, (statuses, _) in ACTIONS.items() if self._case_status() in statuses}
        unpaid = [order for order in BEFORE_DECISION if order in self.fees and f"noted {order}" not in self._unit]
        known = (("accept", b.accepted), ("reject", b.rejected), ("assign", b.assigned), ("stop", b.stopped))
        yield from (partial(self._act, action, said) for action, said in known if action in allowed - self._unit)
        if "request_supplement" in allowed and self._stage() not in self._unit:
            yield self._ask_for_more
        if "decide" in allowed and not unpaid:
            yield from (partial(self._decide, outcome) for outcome in ("granted", "refused"))
        if self._case_status() == "decided" and self._awaits_last_fee():
            yield partial(self._act, "stop", b.stopped)
        if self._case_status() == "supplement_requested" and self.book.now.supplemented_round == self._asked:
            yield self._receive
        for order, status in self._orders.items():
            if status == "paid" and f"noted {order}" not in self._unit:
                yield partial(self._act, f"noted {order}", partial(b.fee_noted, order=order))
        if self.book.now.withdrawn_at and "withdraw" not in self._unit:
            yield partial(self._unit.add, "withdraw")

    def _awaits_last_fee(self) -> bool:
        """As the unit knows, which may not have heard yet that it was paid."""
        return "granted" in self._unit and "R" in self._orders and "noted R" not in self._unit

    def _of_payment(self) -> Iterator[Step]:
        due = {"S": True, "A": "accept" in self._unit, "R": "granted" in self._unit}
        for order in self.fees:
            if due[order] and order not in self._orders:
                yield partial(self._bill, order, "requested", b.fee_requested)
        ended = bool(self._unit & {"reject", "stop", "refused", "withdraw"})
        for order, status in self._orders.items():
            if status in {"requested", "expired"}:
                yield partial(self._bill, order, "paid", b.fee_paid)
                yield from (partial(self._bill, order, "cancelled", b.fee_cancelled),) if ended else ()
            if status == "requested":
                yield partial(self._bill, order, "expired", b.fee_expired)

    def _of_the_registry(self) -> Iterator[Step]:
        is_paid = "R" not in self.fees or self._orders.get("R") == "paid"
        if is_paid and "granted" in self._unit and "issued" not in self._unit:
            yield partial(self._act, "issued", b.issued)

    def _of_the_applicant(self) -> Iterator[Step]:
        yield lambda: self.book.attempt(domain.withdraw, self._next())
        yield lambda: self.book.attempt(domain.return_result, "direct", self._next())
        yield lambda: self.book.attempt(domain.supplement, self.book.now.open_round or 1, ["TP01"], self._next())

    def _act(self, action: str, said: Callable[..., Event]) -> None:
        self._unit.add(action)
        self._tell(said)

    def _ask_for_more(self) -> None:
        self._unit.add(self._stage())
        self._asked += 1
        self._tell(partial(b.asked, self._asked))

    def _receive(self) -> None:
        self._received = self._asked
        self._tell(partial(b.received, self._received))

    def _decide(self, outcome: str) -> None:
        self._unit |= {"decide", outcome}
        self._tell(partial(b.decided, outcome))

    def _bill(self, order: str, status: str, said: Callable[..., Event]) -> None:
        self._orders[order] = status
        self._tell(partial(said, order=order))

    def _tell(self, said: Callable[..., Event]) -> None:
        self._next()
        self.book.noting(said(at=self._hour))

    def _next(self) -> object:
        self._hour += 1
        return hour(self._hour)

    def _stage(self) -> str:
        return "asked after" if "accept" in self._unit else "asked before"

    def _case_status(self) -> str:
        """As `routing.case` derives it."""
        waits = "waits" if self._asked > self._received else ""
        happened = {*self._unit, waits}
        ranks = (
            ("withdraw", "withdrawn"),
            ("stop", "stopped"),
            ("decide", "decided"),
            ("reject", "rejected"),
            ("waits", "supplement_requested"),
            ("assign", "in_hand"),
            ("accept", "accepted"),
        )
        return next((status for fact, status in ranks if fact in happened), "opened")
