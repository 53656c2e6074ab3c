"""The books of a stack, as the product's checker reads them, with whole shelves at once: a test has few dossiers."""

from collections.abc import Mapping
from typing import Any, Final

from services.cli.verify import books
from services.cli.verify.books import PUBLICATIONS, SHELVES, Kept, Shelf

JOURNALS: Final[Mapping[str, Shelf]] = {shelf.name: shelf for shelf in (*SHELVES, PUBLICATIONS)}


class Books(books.Books):
    """The five databases of a stack, for reading."""

    def names(self) -> list[str]:
        """Every collection of the five services."""
        services = sorted({name.partition(".")[0] for name in JOURNALS})
        return [f"{one}.{name}" for one in services for name in self.database(one).list_collection_names()]

    def kept(self, name: str, wanted: Mapping[str, Any] | None = None) -> list[Kept]:
        """Everything on a shelf, or what is wanted of it."""
        return list(self.read(JOURNALS[name], wanted or {}))
