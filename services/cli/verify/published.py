"""What the catalogue has said that dossiers are held against: how records are numbered, and what everything costs."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.cli.verify.books import PUBLICATIONS, Books
from services.contracts import events
from services.contracts.catalogue.dates import local_day
from services.contracts.catalogue.fees import Fee
from services.registry.catalogue import name_of
from services.registry.domain import Record


class Published:
    """The datasets, and of each version of a procedure that somebody asks about, its fee items. Raises Unavailable."""

    def __init__(self, books: Books) -> None:
        self._books = books
        wanted = {"state.kind": "dataset"}
        states = (kept.state for kept in books.read(PUBLICATIONS, wanted) if kept.state is not None)
        self._datasets = sorted(states, key=lambda one: one.valid_from)
        self._fees: dict[str, Sequence[Sequence[Fee]]] = {}

    def dataset(self, record: Record) -> Mapping[str, Any] | None:
        """The one of a record, in force on the day of issue, else as it last was."""
        day = local_day(record.issued_at).isoformat()
        own = [one for one in self._datasets if (one.tenant, one.key) == (record.tenant, record.dataset)]
        in_force = [one for one in own if one.valid_from <= day and not (one.valid_to and one.valid_to < day)]
        last = (in_force or own)[-1:]
        return last[0].document if last else None

    def fees(self, tenant: str, procedure: str, version: str) -> Sequence[Sequence[Fee]]:
        """The fee items of a version in each of its revisions, the last one last; none where it is not published.

        A revision keeps what was in force when it came, but for its wording: what was priced before has that of then.
        """
        name = name_of(tenant, "procedure", procedure, version[:10])
        if name not in self._fees:
            kept = self._books.read(PUBLICATIONS, {"_id": name})
            said = (events.read("registry", e["type"], e["v"], e["data"]).data for one in kept for e in one.history)
            several: list[Sequence[Fee]] = []
            for fees in (one["document"]["fees"] for one in said):
                if fees not in several[-1:]:
                    several.append(fees)
            self._fees[name] = several
        return self._fees[name]
