"""Money: taken once, kept once, receipted once, and given back as far as it is owed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from services.cli.verify import books as shelves
from services.cli.verify.books import Kept
from services.cli.verify.finding import Said
from services.cli.verify.papers import Papers
from services.contracts import events
from services.intake.dossier import Dossier
from services.payment.order import LONGEST_ASKED, PAYABLE, FeeOrder, Refund
from services.routing.case import Case

_UNPAID: Final = ("assessed", "requested", "expired")
_ONCE: Final = ("fee_assessed", "fee_paid", "receipt_issued")


def count(papers: Papers) -> Said:
    """What is wrong with the money of a dossier's orders, each by itself and against how the dossier ended."""
    told = len(papers.dossiers) == len(papers.cases) == 1
    ended_at = _ended_at(papers.dossiers[0], papers.cases[0]) if told else None
    for kept in papers.on(shelves.ORDERS):
        order: FeeOrder = kept.state
        said = [*_captured(kept, order), *_kept_once(order), *_given_back(order)]
        if told:
            said += [*_owed(order, ended_at), *_dunned(order, ended_at)]
            said += _unasked(order, papers.cases[0]) if ended_at is None else ()
        yield from ((f"payment.orders {kept.id}", wrong) for wrong in said)


def waiting_at_a_counter(order: FeeOrder) -> Sequence[Refund]:
    """What is to be given back by a person, at the counter that took it."""
    return [one for one in order.refunds if one.attempt is None and one.refunded_at is None]


def left_undecided(kept: Kept) -> int:
    """How many attempts at an order that is still to be paid were given up without the gateway's decision.

    The payer may be debited and the money never have come: a person must ask the gateway.
    """
    order: FeeOrder = kept.state
    given_up = {one.reference: one.expires_at + LONGEST_ASKED for one in order.attempts if one.outcome == "failed"}
    failures = [_said(entry) for entry in kept.history if entry["type"] == "fee_failed"]
    return sum(
        order.status in PAYABLE and one["attempt"] in given_up and one["failed_at"] >= given_up[one["attempt"]]
        for one in failures
    )


def _said(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    return events.read("payment", entry["type"], entry["v"], entry["data"]).data


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
    for number, refund in enumerate(order.refunds, 1):
        if refund.attempt not in _captures(order):
            yield f"{refund.amount_vnd} đ go back of an attempt that brought no money"
        if refund.refunded_at is None and refund.attempt is not None:
            yield f"refund {number}: {refund.amount_vnd} đ are owed back ({refund.reason}), and not given back yet"


def _owed(order: FeeOrder, ended_at: datetime | None) -> Iterator[str]:
    """Kept is all, or nothing, or of a dossier that ended what the catalogue does not call refundable.

    Nothing is kept that was paid after the end, or for the result that there never was.
    """
    if order.paid_at is None:
        return
    owed = sum(refund.amount_vnd for refund in order.refunds_for("dossier_ended"))
    expected = 0
    if ended_at is not None:  # gateways count in whole seconds
        late = order.paid_at.replace(microsecond=0) >= ended_at.replace(microsecond=0)
        whole = late or order.when_due == "before_result"
        expected = order.amount_vnd if whole else sum(line.amount_vnd for line in order.lines if line.refundable)
    if owed != expected:
        yield f"of {order.amount_vnd} đ paid, {expected} đ are owed back for the end of the dossier, not {owed} đ"


def _dunned(order: FeeOrder, ended_at: datetime | None) -> Iterator[str]:
    if ended_at is not None and order.status in _UNPAID and order.amount_vnd > 0:
        yield f"the dossier has ended without a result, and it is still {order.status}"


def _unasked(order: FeeOrder, case: Case) -> Iterator[str]:
    """Each fee is asked for when its moment has come."""
    granted_at = case.decided_at if case.outcome == "granted" else None
    moments = {"on_submission": case.submitted_at, "on_acceptance": case.accepted_at, "before_result": granted_at}
    if order.status == "assessed" and moments[order.when_due] is not None:
        yield f"its moment ({order.when_due}) has come, and nobody is asked for it"


def _ended_at(dossier: Dossier, case: Case) -> datetime | None:
    """When it ended without a result in the applicant's favour: the first time anybody ended it."""
    refused_at = case.decided_at if case.outcome == "refused" else None
    ends = (dossier.withdrawn_at, case.rejected_at, case.stopped_at, refused_at)
    return min((at for at in ends if at), default=None)
