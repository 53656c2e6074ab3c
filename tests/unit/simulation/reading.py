"""What services read again and again, and a simulation once: events from their JSON, states from their documents."""

import json
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from services.chassis import journal
from services.contracts import events
from services.contracts.event import Event

_READ: Final = events.read
_CONVERTER: Final = journal._CONVERTER  # noqa: SLF001
_REMEMBERED: Final = 5000


class Readings:
    """All that was read in one world. Nobody can change what others will get: it is frozen, as documents here are."""

    def __init__(self) -> None:
        self._events: dict[int, tuple[Any, Event]] = {}  # by the identity of the data, which is kept alive with it
        self._states: dict[int, tuple[Any, Any]] = {}

    def read(self, source: str, type_: str, v: int, data: Any) -> Event:
        """As `events.read`."""
        if id(data) not in self._events:
            self._events[id(data)] = data, _read(source, type_, v, json.dumps(data))
        return self._events[id(data)][1]

    def structure(self, document: Any, kind: Any) -> Any:
        """As the journals' converter."""
        if id(document) not in self._states:
            self._states[id(document)] = document, _CONVERTER.structure(document, kind)
        return self._states[id(document)][1]

    def unstructure(self, state: Any) -> Any:
        """As the journals' converter."""
        return _CONVERTER.unstructure(state)


@lru_cache(_REMEMBERED)
def _read(source: str, type_: str, v: int, text: str) -> Event:
    event = _READ(source, type_, v, json.loads(text))
    return Event(event.type, MappingProxyType(event.data), event.v)
