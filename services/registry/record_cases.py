"""Records looked up, verified, amended and revoked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from services.chassis import clock
from services.chassis.actor import Actor
from services.chassis.cause import Cause
from services.chassis.journal import Stored
from services.chassis.store import Document
from services.contracts.catalogue.dates import VIETNAM, local_day
from services.contracts.event import Event
from services.registry import contents
from services.registry import domain as rules
from services.registry.catalogue import unknown_document
from services.registry.domain import VALID, Record, record_id
from services.registry.holders import Holder, matches, read_kept
from services.registry.store import Publications, Records, Wanted

_SHOWN = ("dataset", "number", "dossier_code", "tenant", "procedure", "unit", "version", "issued_at", "expires_on")


@dataclass(frozen=True)
class RecordCases:
    """What may be done with records."""

    records: Records
    publications: Publications

    def get_record(self, actor: Actor, dataset: str, number: str) -> dict[str, Any]:
        """A record with its holder and content. Raises NotFound, also where it is not the actor's to see."""
        return _whole(self._readable(actor, dataset, number))

    def find_records(
        self,
        actor: Actor,
        dataset: str,
        issued_from: date | None,
        issued_to: date | None,
        limit: int,
        after: str | None,
        with_fields: Sequence[str],
        **filters: str | None,
    ) -> dict[str, Any]:
        """Records of a dataset that the actor may see, his unit's or his own, with those fields of their content."""
        wanted = Wanted(
            dataset,
            local_day(clock.now()),
            unit=actor.unit if actor.kind == "officer" else None,
            owner=None if actor.kind in ("officer", "system") else Holder(actor.kind, "", actor.id),
            issued_from=_midnight(issued_from) if issued_from else None,
            issued_before=_midnight(issued_to + timedelta(days=1)) if issued_to else None,
            **filters,
        )
        found, next_ = self.records.find(wanted, limit, after)
        return {"items": [_with(with_fields, one) for one in found], "next": next_}

    def history(self, actor: Actor, dataset: str, number: str) -> dict[str, Any]:
        """Every version of a record: what happened, when, by whom, why, and which fields changed. Raises NotFound."""
        stored = self._readable(actor, dataset, number)
        versions = [_version(entry, stored.subject) for entry in self.records.journal.history(stored.id)]
        return {"dataset": dataset, "number": number, "versions": versions}

    def look_up(self, dataset: str, number: str) -> dict[str, Any]:
        """Whether there is such a record in force, whoever holds it. Raises NotFound, Refused."""
        return _standing(self._read_as(dataset, number))

    def verify(self, dataset: str, number: str, holder: str) -> dict[str, Any]:
        """Whether the record is in force and belongs to `holder`; the holder himself is never told.

        Raises NotFound, Refused.
        """
        stored = self._read_as(dataset, number)
        standing, same = _standing(stored), matches(_holder(stored), holder)
        return {**standing, "valid": same and standing["valid"], "holder_matches": same}

    def amend(
        self, actor: Actor, cause: Cause, dataset: str, number: str, changes: Mapping[str, Any], reason: str
    ) -> dict[str, Any]:
        """A new version of a record's content. Raises Denied, NotFound, Refused, Invalid, Conflict."""
        id_, now = record_id(dataset, number), clock.now()
        kept: dict[str, Any] = {}  # filled by each try to decide, read when what it decided is written

        def decide(state: Record | None) -> list[Event]:
            seen = self.records.journal.find(id_)  # the content stands beside the state
            made = rules.amend(state, actor, seen.state.version if seen else 0, now)
            kept.clear()
            kept.update(self._next_content(seen, changes, reason) if seen else {})
            return made

        return self._answer(self.records.journal.change(id_, cause, decide, subject=kept))

    def revoke(self, actor: Actor, cause: Cause, dataset: str, number: str, reason: str) -> dict[str, Any]:
        """End a record. Raises Denied, NotFound, Refused."""
        id_, now = record_id(dataset, number), clock.now()
        kept: dict[str, Any] = {}

        def decide(state: Record | None) -> list[Event]:
            made = rules.revoke(state, actor, now)
            kept.clear()
            kept.update({f"reasons.{made[0].data['version']}": reason})
            return made

        return self._answer(self.records.journal.change(id_, cause, decide, subject=kept))

    def _next_content(self, seen: Stored[Record], changes: Mapping[str, Any], reason: str) -> dict[str, Any]:
        record, version = seen.state, seen.state.version + 1
        dataset = self.publications.standing(record.tenant, "dataset", record.dataset, local_day(clock.now()))
        if dataset is None:
            raise unknown_document("dataset")
        content = contents.amended(dataset.document, contents.content_at(seen.subject, record.version), changes)
        return {f"versions.{version}": content, f"reasons.{version}": reason}

    def _answer(self, changed: Stored[Record]) -> dict[str, Any]:
        """The record as it stood right after the change, with the content of that version."""
        subject = self.records.journal.get(changed.id).subject
        return _whole(Stored(changed.id, changed.state, changed.version, subject))

    def _known(self, dataset: str, number: str) -> Stored[Record]:
        stored = self.records.journal.find(record_id(dataset, number))
        if stored is None:
            raise rules.unknown_record()
        return stored

    def _read_as(self, dataset: str, typed: str) -> Stored[Record]:
        found = self.records.read_as(dataset, typed)
        if not found:
            raise rules.unknown_record()
        if len(found) > 1:
            raise rules.several_records([one.state.number for one in found])
        return found[0]

    def _readable(self, actor: Actor, dataset: str, number: str) -> Stored[Record]:
        stored = self._known(dataset, number)
        if not rules.may_read(actor, stored.state, _holder(stored)):
            raise rules.unknown_record()
        return stored


def _holder(stored: Stored[Record]) -> Holder:
    return read_kept(stored.subject.get("holder", {}))


def _standing(stored: Stored[Record]) -> dict[str, Any]:
    status = stored.state.status_on(local_day(clock.now()))
    return {
        "number": stored.state.number,
        "valid": status == VALID,
        "status": status,
        "issued_at": stored.state.issued_at,
        "expires_on": stored.state.expires_on,
        "revoked_at": stored.state.revoked_at,
    }


def _summary(stored: Stored[Record]) -> dict[str, Any]:
    record = stored.state
    return {
        **{name: getattr(record, name) for name in _SHOWN},
        "status": record.status_on(local_day(clock.now())),
        "revoked_at": record.revoked_at,
        "holder": _holder(stored).shown(),
    }


def _whole(stored: Stored[Record]) -> dict[str, Any]:
    return {**_summary(stored), "fields": contents.content_at(stored.subject, stored.state.version)}


def _with(fields: Sequence[str], stored: Stored[Record]) -> dict[str, Any]:
    if not fields:
        return _summary(stored)
    content = contents.content_at(stored.subject, stored.state.version)
    return {**_summary(stored), "fields": {name: content[name] for name in fields if name in content}}


def _version(entry: Document, subject: Mapping[str, Any]) -> dict[str, Any]:
    version = entry["data"]["version"]
    before, after = (contents.content_at(subject, number) for number in (version - 1, version))
    return {
        "version": version,
        "what": entry["type"],
        "at": entry["at"],
        "by": entry["by"],
        "reason": subject.get("reasons", {}).get(str(version)) or entry["data"].get("reason"),
        "changed": contents.differences(before, after),
    }


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), VIETNAM)
