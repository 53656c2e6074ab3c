"""What this process last knew of the histories it works on, so that most changes write without reading first.

Only ever a guess, and used as one: a change made on it names the version it was made on, so the guarded update refuses
it when somebody else was faster, and a refusal or a «nothing to do» decided on it is decided again on what is stored.
Absence is never remembered. A document comes back exactly as from the store: it was bytes in between. It is read once,
for all who ask, so it is not theirs to change. The threads of a door share one memory, and take turns.
"""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC

import bson
from bson.codec_options import CodecOptions

from services.chassis.store import Document

MOST = 500
MOST_BYTES = 4_000_000
SECONDS = 60.0
_OPTIONS: CodecOptions[Document] = CodecOptions(tz_aware=True, tzinfo=UTC)


@dataclass(slots=True)
class _Remembered:
    raw: bytes
    document: Document | None  # as read from it, when somebody asked
    version: int
    retold: int | None
    relayed: int
    written: int  # how much of that the store knows
    until: float


class Memory:
    """The last documents of one collection of histories, by id."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, _Remembered] = OrderedDict()
        self._bytes = 0
        self._turn = threading.Lock()

    def keep(self, document: Document) -> None:
        """Remember a document as it was stored, unless a later version is known."""
        id_, version = document["_id"], document["version"]
        with self._turn:
            known = self._known.get(id_)
            if known is None or known.version < version:
                self._forget(id_)
                raw, relayed, until = bson.encode(document), document["relayed"], time.monotonic() + SECONDS
                self._known[id_] = _Remembered(raw, None, version, document.get("retold"), relayed, relayed, until)
                self._bytes += len(raw)
                while len(self._known) > MOST or self._bytes > MOST_BYTES:
                    self._forget(next(iter(self._known)))

    def recall(self, id_: str) -> Document | None:
        """The document as it was last known, or None."""
        with self._turn:
            known = self._known.get(id_)
            if known is None:
                return None
            if known.until < time.monotonic():
                self._forget(id_)
                return None
            if known.document is None:
                known.document = bson.decode(known.raw, _OPTIONS)
            return {**known.document, "relayed": known.relayed}

    def forget(self, id_: str) -> None:
        """It may have changed."""
        with self._turn:
            self._forget(id_)

    def note_relayed(self, id_: str, relayed: int, retold: int | None) -> None:
        """So far its history has been published, since it went back for the `retold`th time."""
        with self._turn:
            known = self._known.get(id_)
            if known is not None and known.retold == retold:
                known.relayed = max(known.relayed, relayed)

    def has_written(self, id_: str, relayed: int, retold: int | None) -> bool:
        """Whether a change that this process made has told the store so."""
        known = self._known.get(id_)
        return known is not None and known.retold == retold and known.written >= relayed

    def _forget(self, id_: str) -> None:
        known = self._known.pop(id_, None)
        self._bytes -= len(known.raw) if known else 0
