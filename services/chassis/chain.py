"""A history as a chain: each event carries a hash over itself and over the hash of the one before.

The first names the aggregate instead, so that no history can stand in another's place. What is hashed is all that is
kept of an event but its hash, as `codec.canonical` writes it.

An event without a hash was written by a release that knew of none; two releases may take turns on one history. Its
hash is worked out wherever the next one needs it, so the first event of this release covers all before it.
"""

from collections.abc import Sequence
from hashlib import sha256

from services.chassis import codec
from services.chassis.store import Document

HASH = "hash"


def extend(whose: str, history: Sequence[Document], entries: Sequence[Document]) -> list[Document]:
    """These entries with their hashes, as they follow on a history. `whose`: see `root_of`."""
    at, extended = head(whose, history), []
    for entry in entries:
        at = _link(at, entry)
        extended.append({**entry, HASH: at})
    return extended


def head(whose: str, history: Sequence[Document]) -> str:
    """The hash over a whole history: SHA-256, in hex. That of its last event is believed where it has one."""
    known = next((place for place in range(len(history), 0, -1) if HASH in history[place - 1]), 0)
    at = history[known - 1][HASH] if known else whose
    for entry in history[known:]:
        at = _link(at, entry)
    return str(at)


def broken_at(whose: str, history: Sequence[Document]) -> int | None:
    """The place, from 1, of the first event whose hash is not that of the events up to it; None when all is well."""
    at = whose
    for place, entry in enumerate(history, 1):
        try:
            at = _link(at, entry)
        except (TypeError, ValueError):  # somebody has put in what no release writes
            return place
        if entry.get(HASH, at) != at:
            return place
    return None


def root_of(source: str, kind: str, id_: str) -> str:
    """What the first event of an aggregate follows on: whose history it is."""
    return f"/{source}/{kind}/{id_}"


def _link(before: str, entry: Document) -> str:
    said = {name: value for name, value in entry.items() if name != HASH}
    return sha256(codec.canonical([before, said])).hexdigest()
