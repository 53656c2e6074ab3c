"""Nobody who is told by webhook is passed over: what an endpoint wants was made a delivery, or is still to be read.

An endpoint wants what is dated after it was added and concerns its tenant and unit, of the types that it asked for; a
delivery is kept for 30 days at least. What the stream has behind the endpoint's place is still to be read for it. Of a
dossier that was handed on, an endpoint of a unit is looked at for the transfers only: who had it when the rest was
read, nobody can say afterwards.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from services.chassis import clock
from services.chassis.store import Document, outages_named
from services.chassis.stream import PlaceLost, Stream
from services.cli.verify.books import CASES, PUBLICATIONS, SHELVES, Books, Shelf
from services.cli.verify.finding import Finding
from services.cli.verify.papers import named, spans
from services.notify.webhook_reader import MARGIN
from services.notify.webhook_store import endpoint_of, place_of
from services.notify.webhooks import KEPT, Happened, wants

_KEPT: Final = KEPT - timedelta(hours=1)
_AT_ONCE: Final = 5_000  # deliveries in one question
_MOST: Final = 10_000  # messages of the stream that are looked through for one endpoint
_OF_NO_DOSSIER: Final = ""
_OF_DATA: Final = ("from_unit", "to_unit", "tenant", "kind", "key", "document.unit")
_EVENT: Final = (
    *(f"history.{name}" for name in ("id", "seq", "type", "at")),
    *(f"history.data.{name}" for name in _OF_DATA),
)
_CASE: Final = tuple(f"state.{name}" for name in ("tenant", "unit", "transfers"))
Ahead = Callable[[Document], Collection[str] | None]


@dataclass(frozen=True, slots=True)
class _Event:
    """What stands in a history and was published, with whom it concerns."""

    code: str
    at: datetime
    happened: Happened


class Deliveries:
    """Every event that an enabled endpoint wants, by dossier; what concerns none (the catalogue) by an empty code.

    `ahead` gives the ids of what is still to be read for an endpoint, or None where that cannot be said.
    """

    name, passes = "webhooks", True

    def __init__(self, books: Books, ahead: Ahead, codes: Collection[str] | None = None) -> None:
        self._books, self._ahead, self._codes = books, ahead, codes
        self.unread: dict[str, datetime] = {}  # since when something waits to be read, by endpoint

    def size(self) -> int:
        """How many histories of dossiers are looked through, about: none where nobody is told."""
        if not self._enabled():
            return 0
        with outages_named():
            return int(self._books.collection(CASES.name).estimated_document_count())

    def look(self, keys: Collection[str] | None = None) -> Iterator[tuple[str, list[Finding]]]:
        """Each dossier of which somebody is to be told, with what was passed over; or those of `keys` again."""
        codes = self._codes if keys is None else keys
        endpoints = self._enabled()
        for events in self._events(codes) if endpoints else ():
            found: dict[str, list[Finding]] = {one.code: [] for one in events}
            for endpoint in endpoints:
                for one in self._passed_over(endpoint, events):
                    found[one.code].append(_finding(endpoint, one))
            yield from found.items()

    def _enabled(self) -> list[Document]:
        with outages_named():
            return list(self._books.collection("notify.webhooks").find({"enabled": True}))

    def _passed_over(self, endpoint: Document, events: Sequence[_Event]) -> list[_Event]:
        """What it wants of these, and neither has as a delivery nor is still to be read."""
        since = max(endpoint["created_at"] + clock.APART, clock.now() - _KEPT)
        rule = endpoint_of(endpoint)
        wanted = {f"{endpoint['_id']}.{one.happened.id}": one for one in events if one.at > since}
        wanted = {id_: one for id_, one in wanted.items() if wants(rule, one.happened)}
        made = self._made(list(wanted))
        missing = [one for id_, one in wanted.items() if id_ not in made]
        if not missing:
            return []
        ahead = self._ahead(endpoint)
        waits = [one.at for one in missing if ahead is None or one.happened.id in ahead]
        if waits:
            self.unread[endpoint["_id"]] = min(*waits, self.unread.get(endpoint["_id"], waits[0]))
        return [one for one in missing if ahead is not None and one.happened.id not in ahead]

    def _made(self, ids: Sequence[str]) -> set[str]:
        """Those of these deliveries that are there."""
        parts = (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))
        return {id_ for part in parts for id_ in self._books.by("notify.deliveries", "_id", part)}

    def _events(self, codes: Collection[str] | None) -> Iterator[list[_Event]]:
        """Some hundred dossiers at a time, and what is of none."""
        some = spans(self._books) if codes is None else ({"$in": one} for one in named(codes))
        for span in some:
            yield list(self._of_dossiers(span))
        if codes is None or _OF_NO_DOSSIER in codes:
            yield list(self._read(PUBLICATIONS, {}, _concerns))

    def _of_dossiers(self, span: Mapping[str, Any]) -> Iterator[_Event]:
        with outages_named():
            found = self._books.collection(CASES.name).find({"_id": span}, dict.fromkeys(_CASE, 1))
            cases = {one["_id"]: one["state"] for one in found}
        for shelf in SHELVES:
            yield from self._read(shelf, {shelf.code: span}, partial(_had, cases))

    def _read(self, shelf: Shelf, wanted: Mapping[str, Any], whose: "_Whose") -> Iterator[_Event]:
        shown = dict.fromkeys(("relayed", shelf.code, *_EVENT), 1)
        with outages_named():
            for document in self._books.collection(shelf.name).find(wanted, shown):
                try:
                    yield from _published(shelf, document, whose)
                except (KeyError, TypeError, AttributeError):
                    continue  # whatever somebody has made of it: its own area says so


_Whose = Callable[[Shelf, Document, Document], tuple[str, str, frozenset[str]]]  # code, tenant, units


def ahead_in(books: Books, uri: str) -> Ahead:
    """What the stream of this broker has behind an endpoint's place, where that is not very much."""

    def ahead(endpoint: Document) -> Collection[str] | None:
        began, found = clock.now(), set[str]()
        kept = books.by("notify.webhooks", "_id", [endpoint["_id"]], "place", "since").get(endpoint["_id"])
        if kept is None:
            return None  # it has just been removed
        stream, after = Stream(uri), place_of(kept) or kept["since"] - MARGIN
        try:
            while len(found) < _MOST:
                said = stream.read(after, _MOST)
                found |= {one.envelope.id for one in said if one.envelope}
                if not said or any(one.envelope and one.envelope.time >= began.isoformat() for one in said):
                    return found
                after = said[-1].place
        except PlaceLost:
            return None
        finally:
            stream.close()
        return None

    return ahead


def _finding(endpoint: Document, one: _Event) -> Finding:
    wrong = f"it was passed over when {one.happened.type} {one.happened.id} was told"
    return Finding(one.code, f"notify.webhooks {endpoint['_id']}", wrong)


def _published(shelf: Shelf, document: Document, whose: _Whose) -> Iterator[_Event]:
    for entry in document["history"][: document["relayed"]]:
        code, tenant, units = whose(shelf, document, entry)
        if tenant:
            type_ = f"{shelf.aggregate.source}.{entry['type']}"
            about = (entry["id"], type_, entry["at"].isoformat(), code, "", entry["seq"])
            yield _Event(code, entry["at"], Happened(*about, tenant=tenant, units=units))


def _had(
    cases: Mapping[str, Document], shelf: Shelf, document: Document, entry: Document
) -> tuple[str, str, frozenset[str]]:
    """The ministry of its case, and its unit; of a transfer both; of what was handed on, nobody knows which had it."""
    code = str(document["_id"] if shelf.code == "_id" else document["state"]["dossier_code"])
    case = cases.get(code)
    if case is None:
        return code, "", frozenset()  # that it has none is found elsewhere
    if entry["type"] == "case_transferred":
        return code, case["tenant"], frozenset({entry["data"]["from_unit"], entry["data"]["to_unit"]})
    return code, case["tenant"], frozenset() if case["transfers"] else frozenset({case["unit"]})


def _concerns(_shelf: Shelf, _document: Document, entry: Document) -> tuple[str, str, frozenset[str]]:
    """The ministry whose catalogue it is, and the unit that is published or named there."""
    data = entry["data"]
    unit = data["key"] if data["kind"] == "unit" else data["document"].get("unit")
    return _OF_NO_DOSSIER, data["tenant"], frozenset({unit} if unit else ())
