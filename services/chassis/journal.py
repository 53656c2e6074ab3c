"""The history is the outbox, and the inbox.

One document per aggregate holds its state, the events that made it, and how far they have been published. A change
appends events and sets the state in one guarded update; the relay publishes what `relayed` has not reached; the cause
kept with each event answers a redelivery, a repeated RPC or a lost acknowledgement as the first time.

    {_id, state, history: [{seq, id, type, v, at, cause, correlation, trace, by, digest, data, salt, hash}],
     version, relayed, pending_since, retold, opened_by, subject}

`hash` chains each event to those before it (`chain`), and is published. `salt` is not, so that nobody finds out from a
hash, by trying, what else is not: `by` and `digest`.

`subject` is personal data: it stands outside the history, is never published, and can be erased.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import uuid_utils
from cattrs.preconf.bson import make_converter

from services.chassis import chain, clock, metrics, retelling, spans
from services.chassis.cause import Cause
from services.chassis.commits import GroupCommit, Overtaken, Taken
from services.chassis.errors import Conflict, Defect, NotFound
from services.chassis.failpoint import failpoint
from services.chassis.memory import Memory
from services.chassis.reads import GroupRead
from services.chassis.store import Collection, Document, outages_named
from services.contracts import events
from services.contracts.event import Event

State = TypeVar("State")
_ATTEMPTS = 12
_SALT_BYTES = 12
_OPENED = ("opened_by",)
_CONVERTER = make_converter()


@dataclass(frozen=True, slots=True)
class Aggregate(Generic[State]):
    """What the journal must know of a kind of thing that has a history.

    `source` publishes its events; `about` names the field of the state that is the CloudEvents subject.
    """

    source: str
    name: str
    state: type[State]
    evolve: Callable[[State | None, Event], State]
    about: str = "dossier_code"


@dataclass(frozen=True, slots=True)
class Stored(Generic[State]):
    """An aggregate as it stood after a change. `repeated` when the cause had been applied before."""

    id: str
    state: State
    version: int
    subject: Mapping[str, Any]
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class _Change:
    """A change of one aggregate, which stands, or is believed to stand, as `document` says; None: it is not there."""

    id: str
    document: Document | None
    cause: Cause
    subject: Mapping[str, Any] | None
    once: bool


Decide = Callable[[State | None], Sequence[Event]]


class Journal(Generic[State]):
    """The histories of one kind of aggregate, in one collection."""

    def __init__(
        self, aggregate: Aggregate[State], collection: Collection, wake: Callable[["Journal[Any]", str], None]
    ):
        self.aggregate = aggregate
        self.collection = collection
        self.memory = Memory()
        self._commits = GroupCommit(collection)
        self._whole, self._present = GroupRead(collection), GroupRead(collection, {"history": 0})
        self._opened = GroupRead(collection, key="opened_by")
        self._wake = wake

    def ensure_indexes(self) -> None:
        """The two indexes every journal needs; a service adds those of its own lists."""
        self.collection.create_index("pending_since", partialFilterExpression={"pending_since": {"$exists": True}})
        self.collection.create_index("opened_by", unique=True, partialFilterExpression={"opened_by": {"$exists": True}})

    def find(self, id_: str) -> Stored[State] | None:
        """The aggregate as it stands, or None."""
        return self._found(self._present.find(id_))

    def get(self, id_: str) -> Stored[State]:
        """The aggregate as it stands. Raises NotFound."""
        found = self.find(id_)
        if found is None:
            raise self._not_found()
        return found

    def remembered(self, id_: str) -> Stored[State] | None:
        """The aggregate as this process last changed it, within a minute, or None; others may have changed it since."""
        return self._found(self.memory.recall(id_))

    def glance(self, id_: str) -> Stored[State] | None:
        """As `find`, but it may be a minute old: for what never changes, or is checked again when changed."""
        return self.remembered(id_) or self.find(id_)

    def find_opened(self, cause: Cause) -> Stored[State] | None:
        """What `cause` opened (see `change(once=True)`), as it stood then, or None. Raises Conflict on another use."""
        document = self._opened.find(cause.id)
        return self._as_after(document, cause) if document else None

    def history(self, id_: str) -> list[Document]:
        """The events of an aggregate as stored, oldest first. Raises NotFound."""
        with outages_named():
            document = self.collection.find_one({"_id": id_}, {"history": 1})
        if document is None:
            raise self._not_found()
        return list(document["history"])

    def change(
        self,
        id_: str,
        cause: Cause,
        decide: Decide[State],
        *,
        subject: Mapping[str, Any] | None = None,
        once: bool = False,
        opens: bool = False,
    ) -> Stored[State]:
        """Append what `decide` says of the present state (None where there is none yet), exactly once per cause.

        `subject` adds personal data beside the history; `once` lets the cause open one aggregate of this kind only;
        `opens` is the caller's guess that none is there yet, which saves a look where it is right.
        Raises what `decide` raises, Conflict when others keep being faster or the request id was used for something
        else, Unavailable when the store does not answer (the outcome is then unknown: ask again with the same cause).
        """
        remembered = self.memory.recall(id_)
        if remembered or opens or once:
            outcome, stored = self._on_a_guess(_Change(id_, remembered, cause, subject, once), decide)
            metrics.GUESSES.labels(self.aggregate.name, outcome).inc()
            if stored:
                return stored
        for _ in range(_ATTEMPTS):
            document = self._whole.find(id_)
            if document is not None and _has(document, cause):
                return self._as_after(document, cause)
            known = self._found(document)
            state = known.state if known else None
            made = decide(state)
            if not made:
                return self._unchanged(document)
            try:
                return self._append(_Change(id_, document, cause, subject, once), state, made)
            except Overtaken as overtaken:
                self._count(overtaken)
            except Taken as taken:
                self._count(taken)
                if taken.key == _OPENED and (earlier := self.find_opened(cause)):
                    return earlier
                if taken.key not in {("_id",), ()}:
                    raise
        raise Conflict(
            f"{self.aggregate.source}.too_busy", "Others keep changing this; try again.", "Hồ sơ đang được cập nhật."
        )

    def parse(self, document: Document) -> Stored[State]:
        """A stored document as a state."""
        state = _CONVERTER.structure(document["state"], self.aggregate.state)
        return Stored(document["_id"], state, document["version"], document.get("subject", {}))

    def fold(self, history: Iterable[Document]) -> State:
        """The state that a history makes: what `state` must always equal."""
        state: State | None = None
        for entry in history:
            event = events.read(self.aggregate.source, entry["type"], entry["v"], entry["data"])
            state = self.aggregate.evolve(state, event)
        if state is None:
            raise Defect("journal.empty", "A history is empty.", "Lịch sử trống.")
        return state

    def about(self, document: Document) -> str:
        """What a stored document is about: the subject of its events."""
        return str(document["state"][self.aggregate.about])

    def whose(self, id_: str) -> str:
        """What the chain of a history begins with."""
        return chain.root_of(self.aggregate.source, self.aggregate.name, id_)

    def unstructure(self, state: State) -> Document:
        """A state as it is stored."""
        stored: Document = _CONVERTER.unstructure(state)
        return stored

    def _found(self, document: Document | None) -> Stored[State] | None:
        """What the work here is about, whatever becomes of it: who is refused is to be found by the code too."""
        if document is None:
            return None
        spans.about(self.aggregate.about, document)
        return self.parse(document)

    def _on_a_guess(self, change: _Change, decide: Decide[State]) -> tuple[str, Stored[State] | None]:
        """How the guess ended, and the change, made on what this process believes; None where that has to be looked at.

        It was `wrong` where others were faster, and `refused` where nothing was written on it.
        """
        document = change.document
        if document is not None and _has(document, change.cause):
            return "right", self._as_after(document, change.cause)
        state = self.parse(document).state if document else None
        try:
            made = decide(state)
        except Exception:  # noqa: BLE001 – whatever speaks against it may be out of date: it is decided again
            return "refused", None
        try:
            return ("right", self._append(change, state, made)) if made else ("refused", None)
        except (Overtaken, Taken) as faster:
            self._count(faster)
            return "wrong", None

    def _count(self, faster: Overtaken | Taken) -> None:
        """Others were faster; where its own cause has opened something before, there were no others."""
        if isinstance(faster, Overtaken) or faster.key != _OPENED:
            metrics.CONFLICTS.labels(self.aggregate.name).inc()

    def _append(self, change: _Change, before: State | None, made: Sequence[Event]) -> Stored[State]:
        id_, document, cause, subject = change.id, change.document, change.cause, change.subject
        version, span = document["version"] if document else 0, spans.Append(cause)
        state, entries = self._evolve(before, version, span.cause, made)
        entries = chain.extend(self.whose(id_), document["history"] if document else (), entries)
        failpoint("journal.before_write")
        self.memory.forget(id_)
        with outages_named():
            if document is None:
                grown = self._fresh(id_, state, entries, dict(subject or {}))
                self._commits.insert({**grown, "opened_by": cause.id} if change.once else grown)
            else:
                growth = self._growth(state, document, entries, subject)
                guard = {"version": version, **retelling.as_read(document)}
                self._commits.update(id_, guard, growth, entries[0]["id"])
                since = document.get("pending_since", entries[0]["at"])
                grown = {"pending_since": since, **document, **growth["$set"]}
                grown["history"] = [*document["history"], *entries]
        span.end(self.collection, self.aggregate.about, document, grown)
        failpoint("journal.after_write")
        if document is None or not subject:  # personal data is put into its place by the store alone
            self.memory.keep(grown)
        self._wake(self, id_)
        known = {**(document or {}).get("subject", {}), **(subject or {})}
        return Stored(id_, state, version + len(entries), known)

    def _evolve(
        self, state: State | None, version: int, cause: Cause, made: Sequence[Event]
    ) -> tuple[State, list[Document]]:
        at, entries = clock.now(), []
        for seq, event in enumerate(made, version + 1):
            data = events.write(self.aggregate.source, event)
            state = self.aggregate.evolve(state, events.read(self.aggregate.source, event.type, event.v, data))
            entries.append(_entry(seq, event, data, cause, at))
        if state is None:
            raise Defect("journal.no_state", "Events made no state.", "Sự kiện không tạo trạng thái.")
        return state, entries

    def _fresh(self, id_: str, state: State, entries: list[Document], subject: Document) -> Document:
        return {
            "_id": id_,
            "state": self.unstructure(state),
            "history": entries,
            "version": len(entries),
            "relayed": 0,
            "pending_since": entries[0]["at"],
            "subject": subject,
        }

    def _growth(
        self, state: State, document: Document, entries: list[Document], subject: Mapping[str, Any] | None
    ) -> Document:
        """The update; it also says how far the relay is known to have come, which then needs no mark of its own."""
        version, relayed, at = document["version"], document["relayed"], entries[0]["at"]
        changed: Document = {"state": self.unstructure(state), "version": version + len(entries)}
        changed.update({f"subject.{key}": value for key, value in (subject or {}).items()})
        grown: Document = {"$push": {"history": {"$each": entries}}, "$set": changed, "$max": {"relayed": relayed}}
        if relayed < version:
            return {**grown, "$min": {"pending_since": at}}
        changed["pending_since"] = at
        return grown

    def _as_after(self, document: Document, cause: Cause) -> Stored[State]:
        """The answer as the first time: the state right after the cause's own events."""
        spans.about(self.aggregate.about, document)
        own = [entry for entry in document["history"] if entry["cause"] == cause.id]
        if cause.digest and own[0].get("digest") not in {None, cause.digest}:
            raise Conflict(
                f"{self.aggregate.source}.request_id_reused",
                "This request id was used for something else.",
                "Mã yêu cầu đã được dùng cho nội dung khác.",
            )
        upto = own[-1]["seq"]
        state = self.fold(document["history"][:upto])
        return Stored(document["_id"], state, upto, document.get("subject", {}), repeated=True)

    def _unchanged(self, document: Document | None) -> Stored[State]:
        if document is None:
            raise Defect("journal.no_events", "Nothing was there and nothing was made.", "Không có gì để ghi.")
        return self.parse(document)

    def _not_found(self) -> NotFound:
        kind = self.aggregate.name
        return NotFound(f"{self.aggregate.source}.unknown_{kind}", f"There is no such {kind}.", "Không tìm thấy.")


def _has(document: Document, cause: Cause) -> bool:
    return any(entry["cause"] == cause.id for entry in document["history"])


def _entry(seq: int, event: Event, data: Document, cause: Cause, at: Any) -> Document:
    entry: Document = {
        "seq": seq,
        "id": str(uuid_utils.uuid7()),
        "type": event.type,
        "v": event.v,
        "at": at,
        "cause": cause.id,
        "correlation": cause.correlation,
        "trace": cause.trace,
        "by": cause.by,
        "data": data,
        "salt": secrets.token_urlsafe(_SALT_BYTES),
    }
    return {**entry, "digest": cause.digest} if cause.digest else entry
