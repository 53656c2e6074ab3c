"""The published catalogue: its histories, as those of dossiers."""

from collections.abc import Collection, Iterator

from services.chassis.store import outages_named
from services.cli.verify import books as shelves
from services.cli.verify.books import Books
from services.cli.verify.finding import Finding


class Catalogue:
    """Every version of every document."""

    name, passes = "catalogue", True

    def __init__(self, books: Books) -> None:
        self._books = books

    def size(self) -> int:
        """How many there are, about."""
        with outages_named():
            return int(self._books.collection(shelves.PUBLICATIONS.name).estimated_document_count())

    def look(self, keys: Collection[str] | None = None) -> Iterator[tuple[str, list[Finding]]]:
        """Each document with what is wrong with it; or those of `keys` again."""
        wanted = {} if keys is None else {"_id": {"$in": list(keys)}}
        for kept in self._books.read(shelves.PUBLICATIONS, wanted):
            where = f"{shelves.PUBLICATIONS.name} {kept.id}"
            yield kept.id, [Finding("", where, wrong) for wrong in kept.wrong]
