"""Numbers of receipts, records and dossiers: each is taken by what carries it, and carried by what took it."""

from services.cli.verify import books as shelves
from services.cli.verify.finding import Said
from services.cli.verify.papers import Papers, prefix_and_number
from services.payment.order import FeeOrder
from services.registry.contents import number_of
from services.registry.domain import Record, record_id


def compare(papers: Papers) -> Said:
    """What is wrong with the numbers of a dossier."""
    yield from _receipts(papers)
    yield from _records(papers)
    if papers.dossiers:
        yield from _code(papers)


def _receipts(papers: Papers) -> Said:
    orders: dict[str, FeeOrder] = {kept.id: kept.state for kept in papers.on(shelves.ORDERS)}
    for id_ in sorted({*orders, *(papers.bill or ())}):
        taken, order = papers.beside.receipts.get(id_), orders.get(id_)
        receipt = order.receipt if order else None
        on_it = (f"{receipt.template}/{receipt.serial}", receipt.number) if receipt else None
        if on_it != ((taken["series"], taken["number"]) if taken else None):
            held = f"{taken['series']} {taken['number']}" if taken else "none"
            shown = f"{on_it[0]} {on_it[1]}" if on_it else "none"
            yield f"payment.receipts {id_}", f"the number taken for its receipt is {held}, the number on it {shown}"


def _records(papers: Papers) -> Said:
    records: dict[str, Record] = {f"{record.dataset}:{papers.code}": record for record in papers.records}
    decided = {f"{one.decision.dataset}:{papers.code}" for one in papers.issuances if one.decision}
    for owner in sorted({*records, *decided}):
        taken, record = papers.beside.numbers.get(owner), records.get(owner)
        if (taken is None) != (record is None):
            where = "there is a record without it" if taken is None else f"{taken['number']} has no record"
            yield f"registry.numbers {owner}", f"a number is taken for a record: {where}"
        elif taken is not None and record is not None:
            dataset, year = papers.published.dataset(record), taken["series"].rpartition("/")[2]
            number = number_of(dataset, taken["number"], int(year)) if dataset else "unknown"
            ids = {kept.id for kept in papers.on(shelves.RECORDS)}
            if record_id(record.dataset, number) not in ids or record.number != number:
                yield f"registry.numbers {owner}", f"number {taken['number']} of {taken['series']} is not its record's"


def _code(papers: Papers) -> Said:
    """A number is counted before it is given; one that was not could be given again."""
    prefix, number = prefix_and_number(papers.code)
    last = papers.beside.counters.get(prefix, 0)
    if number is None or number > last:
        yield f"intake.codes {prefix}", f"the last number given is {last}, so this code could be given again"
