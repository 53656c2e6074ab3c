"""Real dossiers of many fates, and all that the services have stored of each."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from services.cli.demo.command import cast, catalogue
from services.cli.demo.stories import Story
from services.cli.demo.town import Town, fresh
from services.contracts.catalogue.dates import local_day
from services.contracts.catalogue.fees import in_force
from services.registry.catalogue import name_of
from tests.bench.books import Books
from tests.bench.moulds import Document, Pattern
from tests.bench.outcome import Unclosed
from tests.bench.plan import TENANT
from tests.bench.rig import Rig

_AT_ONCE: Final = 3


def live(rig: Rig, seconds: float) -> list[Pattern]:
    """One dossier of each procedure granted, one in hand, one of each other fate. Raises Unclosed, DemoError."""
    town = Town(rig.env)
    try:
        offered = catalogue(town, TENANT)
        plots = [*cast({TENANT: offered}), *((TENANT, procedure, "left open") for procedure in offered)]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            told = list(pool.map(lambda plot: Story(town, plot[0], plot[1], fresh()[:8]).tell(plot[2]), plots))
    finally:
        town.close()
    codes = [one.dossier_code for one in told]
    rig.await_published(seconds)
    if wrong := rig.books.disagreements(codes):
        raise Unclosed("; ".join(wrong[:5]))
    return [pattern_of(rig.books, code) for code in codes]


def pattern_of(books: Books, code: str) -> Pattern:
    """All that is stored of a dossier."""
    documents = list(_documents(books, code))
    record = next((document for name, document in documents if name == "motcua_registry.records"), None)
    return Pattern(documents, _dataset(books, record) if record else None, _fees_since(books, code))


def _documents(books: Books, code: str) -> Iterator[tuple[str, Document]]:
    dossier = books.found("intake.dossiers", {"_id": code})[0]
    uploads = books.found("intake.uploads", _among(one["upload_id"] for one in dossier["subject"]["documents"]))
    files = [one["current"] for one in uploads]
    orders = books.found("payment.orders", {"state.dossier_code": code})
    records = books.found("registry.records", {"state.dossier_code": code})
    by_name: Mapping[str, Sequence[Document]] = {
        "intake.dossiers": [dossier],
        "intake.uploads": uploads,
        "intake.papers.files": books.found("intake.papers.files", _among(files)),
        "intake.papers.chunks": books.found("intake.papers.chunks", {"files_id": {"$in": files}}),
        "routing.cases": books.found("routing.cases", {"_id": code}),
        "payment.orders": orders,
        "notify.units": books.found("notify.units", {"_id": code}),
        "payment.dossiers": books.found("payment.dossiers", {"_id": code}),
        "payment.receipts": books.found("payment.receipts", {"owner": {"$in": [one["_id"] for one in orders]}}),
        "registry.issuances": books.found("registry.issuances", {"_id": code}),
        "registry.records": records,
        "registry.numbers": [
            one
            for record in records
            for one in books.found("registry.numbers", {"owner": f"{record['state']['dataset']}:{code}"})
        ],
        "notify.notices": books.found("notify.notices", {"state.dossier_code": code}),
    }
    return ((f"motcua_{name}", document) for name, found in by_name.items() for document in found)


def _among(ids: Any) -> Document:
    return {"_id": {"$in": list(ids)}}


def _fees_since(books: Books, code: str) -> str:
    """The last day on which an item of its fees began, or one that was in force before had its end."""
    dossier = books.found("intake.dossiers", {"_id": code})[0]["state"]
    version = name_of(dossier["tenant"], "procedure", dossier["procedure"], dossier["procedure_version"])
    fees = books.found("registry.publications", {"_id": version})[0]["state"]["document"]["fees"]
    day = local_day(dossier["submitted_at"])
    changes = (fee["valid_from"] if in_force(fee, day) else fee["valid_to"] or "" for fee in fees)
    return max((one for one in changes if one <= day.isoformat()), default="")


def _dataset(books: Books, record: Document) -> Mapping[str, Any]:
    state = record["state"]
    wanted = {"state.kind": "dataset", "state.tenant": state["tenant"], "state.key": state["dataset"]}
    document: Mapping[str, Any] = books.found("registry.publications", wanted)[0]["state"]["document"]
    return document
