"""What this process last knew of the histories it works on, so that most changes write without reading first.

Only ever a guess, and used as one: a change made on it names the version it was made on, so the guarded update refuses
it when somebody else was faster, and a refusal or a «nothing to do» decided on it is decided again on what is stored.
Absence is never remembered. Documents are kept as bytes: they come back exactly as from the store, and nobody's own.
"""

import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import bson
from bson.codec_options import CodecOptions

from services.chassis.cause import Cause
from services.chassis.store import Document

MOST = 500
SECONDS = 60.0
_OPTIONS: CodecOptions[Document] = CodecOptions(tz_aware=True, tzinfo=UTC)


@dataclass(slots=True)
class _Remembered:
    raw: bytes
    version: int
    relayed: int
    written: int  # how much of that the store knows
    until: float


class Memory:
    """The last documents of one collection of histories, by id."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, _Remembered] = OrderedDict()

    def keep(self, document: Document) -> None:
        """Remember a document as it was stored, unless a later version is known."""
        id_, version = document["_id"], document["version"]
        known = self._known.get(id_)
        if known is None or known.version < version:
            until = time.monotonic() + SECONDS
            relayed = document["relayed"]
            self._known[id_] = _Remembered(bson.encode(document), version, relayed, relayed, until)
            self._known.move_to_end(id_)
            while len(self._known) > MOST:
                self._known.popitem(last=False)

    def recall(self, id_: str) -> Document | None:
        """The document as it was last known, or None."""
        known = self._known.get(id_)
        if known is None:
            return None
        if known.until < time.monotonic():
            self.forget(id_)
            return None
        return {**bson.decode(known.raw, _OPTIONS), "relayed": known.relayed}

    def forget(self, id_: str) -> None:
        """It may have changed."""
        self._known.pop(id_, None)

    def note_relayed(self, id_: str, relayed: int) -> None:
        """So far its history has been published."""
        known = self._known.get(id_)
        if known is not None:
            known.relayed = max(known.relayed, relayed)

    def has_written(self, id_: str, relayed: int) -> bool:
        """Whether a change that this process made has told the store so."""
        known = self._known.get(id_)
        return known is not None and known.written >= relayed


@dataclass(frozen=True, slots=True)
class Guess:
    """A change, and what is believed of the aggregate without a look at the store: None, that it is not there yet."""

    id: str
    document: Document | None
    cause: Cause
    subject: Mapping[str, Any] | None
    once: bool
