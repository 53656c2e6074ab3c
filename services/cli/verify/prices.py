"""What is asked for a dossier is what the fee items of its version of the procedure came to when it was handed in."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from services.chassis.errors import Invalid
from services.cli.verify import books as shelves
from services.cli.verify.finding import Said
from services.cli.verify.papers import Papers
from services.contracts import events
from services.contracts.catalogue.dates import local_day
from services.contracts.catalogue.fees import Fee, FeeLine
from services.intake.dossier import Dossier
from services.payment.catalogue import priced
from services.payment.order import FeeOrder

_Lines = Mapping[str, Sequence[FeeLine]]  # by the moment at which they fall due


def compare(papers: Papers) -> Said:
    """What is wrong with the lines of a dossier's orders, once its fees are assessed."""
    if papers.bill is None:
        return
    for kept in papers.on(shelves.DOSSIERS):
        dossier: Dossier = kept.state
        version = f"{dossier.tenant}/{dossier.procedure}@{dossier.procedure_version}"
        revisions = papers.published.fees(dossier.tenant, dossier.procedure, dossier.procedure_version)
        prices = list(_priced(revisions, kept.history[0]))
        if not prices:
            yield f"intake.dossiers {papers.code}", f"the catalogue has no price for it in {version}"
        elif {order.when_due: order.lines for order in papers.orders} not in prices:
            yield from _differing(papers, prices[-1], version)


def _priced(revisions: Sequence[Sequence[Fee]], submitted: Mapping[str, Any]) -> Iterator[_Lines]:
    """What each revision would have asked for; nothing is said of those that have no price for what was submitted."""
    said = events.read("intake", submitted["type"], submitted["v"], submitted["data"]).data
    for fees in revisions:
        try:
            yield priced(fees, said["fee_inputs"], local_day(said["submitted_at"]))
        except Invalid:
            continue


def _differing(papers: Papers, price: _Lines, version: str) -> Said:
    for kept in papers.on(shelves.ORDERS):
        order: FeeOrder = kept.state
        lines = price.get(order.when_due)
        if lines is None:
            yield f"payment.orders {kept.id}", f"{version} knows no fee {order.when_due}"
        elif lines != order.lines:
            asked, due = _sum(order.lines), _sum(lines)
            said = f"{asked} đ are asked for, and {version} came to {due} đ"
            yield f"payment.orders {kept.id}", said if asked != due else f"its lines are not those of {version}"
    for moment in sorted(price.keys() - {order.when_due for order in papers.orders}):
        yield f"payment.dossiers {papers.code}", f"there is no order for its fee {moment}"


def _sum(lines: Sequence[FeeLine]) -> int:
    return sum(line.amount_vnd for line in lines)
