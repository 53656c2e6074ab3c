"""An anchor: what all histories came to as of an instant, in a small file to be kept where nobody can rewrite them.

A chain shows that an event was changed, but not that a history was removed, cut short, or chained anew. Whoever
administers the databases can do that; so the heads of all chains are summed up and kept elsewhere.

    {"format": "motcua-anchor/1", "as_of", "taken_at", "installation": {"history", "event"}, "journals", "buckets"}
    {"journal", "bucket", "histories", "sha256"}    one line for each bucket of each journal

A bucket holds the histories whose ids fall into it, with those of their events that are dated `as_of` or before;
`sha256` is over their ids, in order, and the hashes of their last events. `installation` is an event that no other
installation has: the first of a document of the catalogue; null where that is empty.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from services.chassis import chain, clock, codec
from services.chassis.journal import Journal
from services.chassis.store import Document, outages_named
from services.cli.verify.books import HISTORIES, PUBLICATIONS, Books, Shelf

FORMAT: Final = "motcua-anchor/1"
MARGIN: Final = 3 * clock.APART  # whatever is dated before has been written: clocks are apart, and writes take a while
BUCKETS: Final = 64
_AT_ONCE: Final = 1_000
_ILLEGIBLE: Final = "?"
_SHELVES: Final[Mapping[str, Shelf]] = {shelf.name: shelf for shelf in HISTORIES}


class BadAnchor(Exception):
    """A file is no anchor, not the whole of one, or another installation's; says which."""


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Origin(_Line):
    """An event by which an installation is known, and the document of the catalogue that it began."""

    history: str
    event: str


class Head(_Line):
    """The first line."""

    format: Literal["motcua-anchor/1"] = FORMAT
    as_of: AwareDatetime
    taken_at: AwareDatetime
    installation: Origin | None
    journals: tuple[str, ...] = tuple(_SHELVES)
    buckets: int = Field(default=BUCKETS, ge=1, le=65_536)


class Bucket(_Line):
    """What the histories of one bucket of a journal came to."""

    journal: str
    bucket: int
    histories: int = Field(ge=0)
    sha256: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """The whole file."""

    head: Head
    buckets: Sequence[Bucket]

    @property
    def histories(self) -> int:
        """How many there are in all."""
        return sum(one.histories for one in self.buckets)

    def encoded(self) -> bytes:
        """As it is written down."""
        return "".join(f"{line.model_dump_json()}\n" for line in (self.head, *self.buckets)).encode()

    def digest(self) -> str:
        """The SHA-256 of the file."""
        return sha256(self.encoded()).hexdigest()


def take(books: Books, margin: timedelta = MARGIN) -> Anchor:
    """What all histories came to `margin` ago. Raises Unavailable."""
    now = clock.now()
    head = Head(as_of=now - margin, taken_at=now, installation=_begun(books, {}))
    return Anchor(head, [one for name in head.journals for one in sum_up(books, name, head)])


def sum_up(books: Books, name: str, head: Head) -> list[Bucket]:
    """What the histories of a journal come to now, as of the instant of `head`. Raises Unavailable."""
    journal = books.journal(_SHELVES[name])
    sums = [_Sum() for _ in range(head.buckets)]
    with outages_named():
        for document in journal.collection.find({}, {"history": 1}).sort("_id", 1).batch_size(_AT_ONCE):
            id_ = str(document["_id"])
            sums[_bucket(id_, head.buckets)].add(id_, _hash_as_of(journal, document, head.as_of))
    return [
        Bucket(journal=name, bucket=number, histories=one.histories, sha256=one.digest.hexdigest())
        for number, one in enumerate(sums)
    ]


def insist_it_is_of(books: Books, anchor: Anchor) -> None:
    """Raises BadAnchor for the anchor of another installation, Unavailable."""
    origin = anchor.head.installation
    if origin is None:
        return
    found = _begun(books, {"_id": origin.history})
    if found != origin:
        here = f"here with {found.event}" if found else "and is not here, or no more"
        raise BadAnchor(
            f"the anchor is of another installation: there {PUBLICATIONS.name} {origin.history} began with the event"
            f" {origin.event}, {here}"
        )


def write(anchor: Anchor, file: Path) -> None:
    """Write it down in a new file, for reading only; nothing is left of one that broke off. Raises OSError."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444), "wb") as opened:
        try:
            opened.write(anchor.encoded())
            opened.flush()
            os.fsync(opened.fileno())
        except OSError:
            file.unlink()
            raise


def read(file: Path) -> Anchor:
    """The anchor in a file. Raises BadAnchor, OSError."""
    first, *lines = file.read_bytes().splitlines() or [b""]
    try:
        head = Head.model_validate_json(first)
        buckets = [Bucket.model_validate_json(line) for line in lines]
    except ValidationError:
        raise BadAnchor(f"{file} is not an anchor of the kind {FORMAT}") from None
    if unknown := sorted(set(head.journals) - set(_SHELVES)):
        raise BadAnchor(f"{file} is of a release that has more journals than this one: {', '.join(unknown)}")
    if [(one.journal, one.bucket) for one in buckets] != list(_expected(head)):
        raise BadAnchor(f"{file} is not a whole anchor: it must have {head.buckets} buckets of each of its journals")
    if head.as_of > clock.now():
        raise BadAnchor(f"{file} is of the future ({head.as_of.isoformat()}): the clock here or there was wrong")
    return Anchor(head, buckets)


@dataclass(slots=True)
class _Sum:
    histories: int = 0
    digest: Any = field(default_factory=sha256)

    def add(self, id_: str, hash_: str | None) -> None:
        """One more, if it had begun."""
        if hash_ is not None:
            self.histories += 1
            self.digest.update(codec.encode([id_, hash_]))


def _expected(head: Head) -> Iterator[tuple[str, int]]:
    return ((name, number) for name in head.journals for number in range(head.buckets))


def _bucket(id_: str, buckets: int) -> int:
    return int.from_bytes(sha256(id_.encode()).digest()[:8]) % buckets


def _hash_as_of(journal: Journal[Any], document: Document, instant: datetime) -> str | None:
    """The hash of the last event dated `instant` or before; None where there is none."""
    try:
        history = document["history"]
        upto = max((place for place, entry in enumerate(history, 1) if entry["at"] <= instant), default=0)
        return chain.head(journal.whose(str(document["_id"])), history[:upto]) if upto else None
    except Exception:  # noqa: BLE001 – whatever somebody has made of it, it is not as it was
        return _ILLEGIBLE


def _begun(books: Books, wanted: Mapping[str, Any]) -> Origin | None:
    """The first document of the catalogue of those wanted, with the event that began it."""
    with outages_named():
        found = books.collection(PUBLICATIONS.name).find(wanted, {"history.id": 1}).sort("_id", 1).limit(1)
        return next((Origin(history=one["_id"], event=one["history"][0]["id"]) for one in found), None)
