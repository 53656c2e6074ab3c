"""What services read again and again, and a simulation once: events, states, and the calendars of the catalogue."""

import marshal
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from services.chassis import journal
from services.contracts import events
from services.contracts.catalogue.worktime import Calendar
from services.contracts.event import Event

_READ: Final = events.read
_CONVERTER: Final = journal._CONVERTER  # noqa: SLF001
_CALENDAR: Final = Calendar.from_document
_REMEMBERED: Final = 5000
_WITHOUT_REFERENCES: Final = 2  # the version of the format in which the same data are the same bytes
_MOST_CALENDARS: Final = 100
_calendars: dict[tuple[int, str], tuple[Any, Calendar]] = {}  # by the identity of the document, which is kept alive


class Readings:
    """All that was read in one world. Nobody can change what others will get: it is frozen, as documents here are."""

    def __init__(self) -> None:
        self._events: dict[int, tuple[Any, Event]] = {}  # by the identity of the data, which is kept alive with it
        self._states: dict[int, tuple[Any, Any]] = {}

    def read(self, source: str, type_: str, v: int, data: Any) -> Event:
        """As `events.read`."""
        if id(data) not in self._events:
            self._events[id(data)] = data, _read(source, type_, v, marshal.dumps(data, _WITHOUT_REFERENCES))
        return self._events[id(data)][1]

    def structure(self, document: Any, kind: Any) -> Any:
        """As the journals' converter."""
        if id(document) not in self._states:
            self._states[id(document)] = document, _CONVERTER.structure(document, kind)
        return self._states[id(document)][1]

    def unstructure(self, state: Any) -> Any:
        """As the journals' converter."""
        return _CONVERTER.unstructure(state)


def calendar_of(document: Any, office_hours: str = "standard") -> Calendar:
    """As `Calendar.from_document`: the documents of a catalogue are the same in all worlds."""
    if (id(document), office_hours) not in _calendars:
        if len(_calendars) >= _MOST_CALENDARS:
            _calendars.clear()
        _calendars[id(document), office_hours] = document, _CALENDAR(document, office_hours)
    return _calendars[id(document), office_hours][1]


@lru_cache(_REMEMBERED)
def _read(source: str, type_: str, v: int, written: bytes) -> Event:
    event = _READ(source, type_, v, marshal.loads(written))  # noqa: S302 – it was written a line above
    return Event(event.type, MappingProxyType(event.data), event.v)
