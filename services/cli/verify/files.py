"""Every document that a dossier names has its file, whole; and what lies about in the store that nobody names."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from math import ceil
from typing import Any, Final

from services.chassis import clock
from services.chassis.store import outages_named
from services.cli.layout import some
from services.cli.verify import books as shelves
from services.cli.verify.books import Books
from services.cli.verify.finding import Said
from services.cli.verify.papers import Beside, Papers

_GRACE: Final = timedelta(hours=1)  # between two sweeps, and for one that an outage held up


def compare(papers: Papers) -> Said:
    """What is wrong with the documents of a dossier."""
    for kept in papers.on(shelves.DOSSIERS):
        for document in kept.documents:
            for wrong in _document(papers.code, document, papers.beside):
                yield f"intake.uploads {document.get('upload_id')}", f"{document.get('component')}: {wrong}"


def _document(code: str, document: Mapping[str, Any], beside: Beside) -> Iterator[str]:
    upload = beside.uploads.get(str(document.get("upload_id")))
    file = beside.files.get(upload.get("current")) if upload else None
    if upload is None or upload.get("status") != "finished":
        yield "its upload is gone" if upload is None else f"its upload is {upload.get('status')}"
    elif upload.get("dossier_code") not in {None, code}:  # none: the word was lost, and the sweep will find out
        yield "its upload belongs to another dossier"
    elif file is None:
        yield "its file is gone"
    elif file.get("length") != document.get("size"):
        yield f"its file has {file.get('length')} bytes, not {document.get('size')}"
    elif beside.chunks[file["_id"]] != ceil(file["length"] / file["chunkSize"]):
        yield f"its file has {beside.chunks[file['_id']]} chunks of {ceil(file['length'] / file['chunkSize'])}"
    elif beside.hashes is not None and beside.hashes[file["_id"]] != document.get("sha256"):
        yield "its file is not what was handed in: its SHA-256 is another"


def left_over(books: Books) -> Iterator[str]:
    """What is worth knowing of files that no dossier names; counts, which may be out by what is just coming in."""
    uploads, files = books.collection("intake.uploads"), books.collection("intake.papers.files")
    with outages_named():
        overdue = uploads.count_documents({"sweep_at": {"$lt": clock.now() - _GRACE}})
        strange = files.estimated_document_count() - uploads.count_documents({"status": "finished"})
    if overdue:
        yield f"{some(overdue, 'uploads')} that nobody named should have been swept away"
    if strange > 0:
        yield f"{some(strange, 'files')} in the store of no finished upload"
