"""Money: taken once, kept once, receipted once, and given back as far as it is owed."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from services.cli.verify import books as shelves
from services.cli.verify.books import Kept
from services.cli.verify.finding import Said
from services.cli.verify.papers import Papers
from services.intake.dossier import Dossier
from services.payment.order import FeeOrder, Refund
from services.routing.case import Case

_UNPAID: Final = ("assessed", "requested", "expired")
_ONCE: Final = ("fee_assessed", "fee_paid", "receipt_issued")


def count(papers: Papers) -> Said:
    """What is wrong with the money of a dossier's orders, each by itself and against how the dossier ended."""
    ended_at = _ended_at(papers.dossiers[0], papers.cases[0]) if papers.dossiers and papers.cases else None
    knows_end = len(papers.dossiers) == len(papers.cases) == 1
    for kept in papers.on(shelves.ORDERS):
        order: FeeOrder = kept.state
        said = [*_captured(kept, order), *_kept_once(order), *_given_back(order)]
        if knows_end:
            said += [*_owed(order, ended_at), *_dunned(order, ended_at)]
        yield from ((f"payment.orders {kept.id}", wrong) for wrong in said)


def waiting_at_a_counter(order: FeeOrder) -> Sequence[Refund]:
    """What is to be given back by a person, at the counter that took it."""
    return [one for one in order.refunds if one.attempt is None and one.refunded_at is None]


def _captures(order: FeeOrder) -> list[str | None]:
    """The attempts that brought money; None is the counter."""
    taken: list[str | None] = [one.reference for one in order.attempts if one.outcome == "captured"]
    return [*taken, None] if order.method == "counter" else taken


def _captured(kept: Kept, order: FeeOrder) -> Iterator[str]:
    captures = _captures(order)
    if order.amount_vnd != sum(line.amount_vnd for line in order.lines):
        yield f"{order.amount_vnd} đ is not the sum of its lines"
    if (order.paid_at is None) != (not captures):
        yield f"it is {order.status}, but money came {len(captures)} times"
    elif order.paid_at is not None and order.attempt not in captures:
        yield "it was settled by an attempt that brought no money"
    if (order.receipt is None) != (order.paid_at is None):
        yield f"it is {order.status}, {'without' if order.receipt is None else 'but with'} a receipt"
    types = [entry["type"] for entry in kept.history]
    for type_ in _ONCE:
        if types.count(type_) > 1:
            yield f"{type_} was said {types.count(type_)} times"


def _kept_once(order: FeeOrder) -> Iterator[str]:
    """Of all that was taken one capture is kept at most; each other one goes back whole, and nothing else does."""
    captures = _captures(order)
    twice = [one.attempt for one in order.refunds_for("paid_twice")]
    if sorted(map(str, twice)) != sorted(str(one) for one in captures if one != order.attempt):
        yield f"money came {len(captures)} times, and {len(twice)} of them go back as paid twice"
    if any(one.amount_vnd != order.amount_vnd for one in order.refunds_for("paid_twice")):
        yield "what was paid twice does not go back whole"


def _given_back(order: FeeOrder) -> Iterator[str]:
    for refund in order.refunds:
        if refund.attempt not in _captures(order):
            yield f"{refund.amount_vnd} đ go back of an attempt that brought no money"
        if refund.refunded_at is None and refund.attempt is not None:
            yield f"{refund.amount_vnd} đ are owed back ({refund.reason}), and not given back yet"


def _owed(order: FeeOrder, ended_at: datetime | None) -> Iterator[str]:
    """Kept is all, or nothing, or of a dossier that ended what the catalogue does not call refundable."""
    if order.paid_at is None:
        return
    owed = sum(refund.amount_vnd for refund in order.refunds_for("dossier_ended"))
    expected = 0
    if ended_at is not None:  # gateways count in whole seconds
        late = order.paid_at.replace(microsecond=0) >= ended_at.replace(microsecond=0)
        expected = order.amount_vnd if late else sum(line.amount_vnd for line in order.lines if line.refundable)
    if owed != expected:
        yield f"of {order.amount_vnd} đ paid, {expected} đ are owed back for the end of the dossier, not {owed} đ"


def _dunned(order: FeeOrder, ended_at: datetime | None) -> Iterator[str]:
    if ended_at is not None and order.status in _UNPAID and order.amount_vnd > 0:
        yield f"the dossier has ended without a result, and it is still {order.status}"


def _ended_at(dossier: Dossier, case: Case) -> datetime | None:
    """When it ended without a result in the applicant's favour: the first time anybody ended it."""
    refused_at = case.decided_at if case.outcome == "refused" else None
    ends = (dossier.withdrawn_at, case.rejected_at, case.stopped_at, refused_at)
    return min((at for at in ends if at), default=None)
