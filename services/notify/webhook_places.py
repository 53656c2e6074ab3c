"""Whom an event concerns: which tenant, and which units of it.

A dossier's code begins with the agency code of the unit that it was submitted to; where it went since, its transfers
say. What the reader of the stream must know of both it learns from the very stream, before what builds upon it: the
queues of this service may be behind.
"""

import time
from collections.abc import Callable, Collection
from typing import Any, Final

from services.chassis import codec
from services.chassis.errors import Invalid
from services.chassis.logs import log
from services.chassis.stream import Said
from services.chassis.subscribe import LONGEST_EVENT
from services.contracts import events
from services.contracts.event import Event
from services.notify.store import Catalogue, Units
from services.notify.webhooks import Happened

_BELIEVED_SECONDS: Final = 30.0
_CATALOGUE, _TRANSFER = "registry.catalogue_published", "routing.case_transferred"
_SERIAL: Final = 2  # parts of a dossier code behind the agency's: the day and the number


class Places:
    """Tells whom events concern, for the tenants that anybody asks about."""

    def __init__(self, catalogue: Catalogue, units: Units, seconds: Callable[[], float] = time.monotonic) -> None:
        self._catalogue, self._units, self._seconds = catalogue, units, seconds
        self._codes: dict[str, tuple[str, str]] = {}
        self._tenants: frozenset[str] = frozenset()
        self._read_at = float("-inf")

    def happened(self, said: Said, tenants: Collection[str]) -> Happened | None:
        """What a message of the stream tells; None where it is no event, or one that concerns none of `tenants`.

        Raises Unavailable.
        """
        envelope = said.envelope
        if envelope is None:
            return None
        type_ = f"{envelope.source}.{envelope.type}"
        if type_ == _CATALOGUE:
            tenant, units = self._published(said)
        else:
            moved = self._moved(said) if type_ == _TRANSFER else ()
            tenant, units = self._of_dossier(envelope.subject, frozenset(tenants), moved)
        if tenant not in tenants:
            return None
        thin = (envelope.id, type_, envelope.time, envelope.subject, envelope.aggregate, envelope.sequence)
        return Happened(*thin, tenant=tenant, units=units, trace=envelope.trace)

    def _published(self, said: Said) -> tuple[str, frozenset[str]]:
        event = _read(said)
        if event is None:
            return "", frozenset()
        self._catalogue.apply(event.data)
        if event.data["kind"] == "unit":
            self._read_at = float("-inf")
        unit = event.data["key"] if event.data["kind"] == "unit" else event.data["document"].get("unit")
        return str(event.data["tenant"]), frozenset({str(unit)} if unit else ())

    def _moved(self, said: Said) -> tuple[str, ...]:
        """A transfer concerns both."""
        event = _read(said)
        if event is None:
            return ()
        data = event.data
        self._units.note(data["dossier_code"], data["to_unit"], data["transfer"])
        return data["from_unit"], data["to_unit"]

    def _of_dossier(self, code: str, tenants: frozenset[str], moved: Collection[str]) -> tuple[str, frozenset[str]]:
        tenant, unit = self._agency_codes(tenants).get(code.rsplit("-", _SERIAL)[0], ("", ""))
        if not tenant:
            return "", frozenset()
        return tenant, frozenset(moved or (self._units.of(code) or unit,))

    def _agency_codes(self, tenants: frozenset[str]) -> dict[str, tuple[str, str]]:
        now = self._seconds()
        if tenants != self._tenants or now - self._read_at > _BELIEVED_SECONDS:
            self._codes, self._tenants, self._read_at = self._catalogue.agency_codes(sorted(tenants)), tenants, now
        return self._codes


def _read(said: Said) -> Event | None:
    envelope: Any = said.envelope
    try:
        data = codec.decode(said.body, LONGEST_EVENT)
        return events.read(envelope.source, envelope.type, envelope.v, data)
    except (Invalid, events.UnknownEvent, events.BadEvent):
        log.warning("webhook_event_unreadable", id=envelope.id, type=envelope.type)
        return None
