"""What the five services have written down about some dossiers: whether the sum closes, and how long each step took.

A hop is the time from the `at` of an event in the history of its publisher to the `at` of what a subscriber appended
because of it: relay, broker, handler and decision, as the stores themselves tell it.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import bson
from bson.codec_options import CodecOptions
from pymongo import MongoClient

from services.chassis import codec
from services.chassis.queues import work_queues
from services.cli.topology import service_classes
from tests.bench.outcome import NotMeasured, Work
from tests.integration import agreement

_LOOK_SECONDS: Final = 0.5
_MOST_SHOWN: Final = 20
_PATIENCE_SECONDS: Final = 90.0  # a service that is held to a share of a core is slow with its last messages
Document = dict[str, Any]
OF_DOSSIERS: Final = (
    "intake.dossiers",
    "routing.cases",
    "payment.orders",
    "registry.issuances",
    "registry.records",
    "notify.notices",
)
ENDING: Final = frozenset({"dossier_resolved", "notice_sent"})
COLLECTIONS: Final = tuple(f"motcua_{name}" for name in OF_DOSSIERS)


@dataclass(frozen=True)
class Entry:
    """One event of a history: who said it, in which document and at which place, when, and because of what."""

    source: str
    document: str
    type: str
    id: str
    at: datetime
    cause: str
    data: Mapping[str, Any]
    sequence: int
    hash: str = ""


class Books:
    """The stores of our services, for reading."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self.client: MongoClient[Document] = MongoClient(env["MOTCUA_MONGO_URI"], tz_aware=True)

    def close(self) -> None:
        """Close the connection."""
        self.client.close()

    def await_end(self, codes: Collection[str], notices_due: int, seconds: float) -> tuple[int, int]:
        """How many are resolved and how many notices sent, once that is all of them or time is over."""
        until = time.monotonic() + seconds
        while True:
            resolved, sent = self.resolved(codes), self.sent(codes)
            if (resolved >= len(codes) and sent >= notices_due) or time.monotonic() > until:
                return resolved, sent
            time.sleep(_LOOK_SECONDS)

    def resolved(self, codes: Collection[str]) -> int:
        """How many of the dossiers have their result."""
        wanted = {"_id": {"$in": list(codes)}, "state.status": "resolved"}
        return int(self.collection("intake.dossiers").count_documents(wanted))

    def sent(self, codes: Collection[str]) -> int:
        """How many notices about them the mail server has taken."""
        wanted = {"state.dossier_code": {"$in": list(codes)}, "state.sent_at": {"$ne": None}}
        return int(self.collection("notify.notices").count_documents(wanted))

    def disagreements(self, codes: Collection[str]) -> list[str]:
        """What is wrong in or between the books of these dossiers, and stays so."""
        try:
            agreement.insist(self._env, codes, patience=_PATIENCE_SECONDS)
        except AssertionError as error:
            return str(error).splitlines()[:_MOST_SHOWN]
        return []

    def entries(self, codes: Collection[str]) -> list[Entry]:
        """Every event about these dossiers, of every service."""
        wanted = {"state.dossier_code": {"$in": list(codes)}}
        return [
            _entry(name.partition(".")[0], document["_id"], event)
            for name in OF_DOSSIERS
            for document in self.collection(name).find(wanted, {"history": 1})
            for event in document["history"]
        ]

    def sizes(self, codes: Collection[str]) -> tuple[float, float, float]:
        """The mean size in bytes of a stored state, of what stands beside it, and of an event in a history."""
        wanted = {"state.dossier_code": {"$in": list(codes)[:50]}}
        states, besides, events = [], [], []
        for name in OF_DOSSIERS:
            for document in self.collection(name).find(wanted):
                beside = {key: value for key, value in document.items() if key not in {"state", "history"}}
                states.append(len(bson.encode(document["state"])))
                besides.append(len(bson.encode(beside)))
                events += [len(bson.encode(event)) for event in document["history"]]
        return _mean(states), _mean(besides), _mean(events)

    def letter_bytes(self, codes: Collection[str]) -> float:
        """The mean length of the words of a letter."""
        found = self.collection("notify.notices").find(
            {"state.dossier_code": {"$in": list(codes)[:50]}}, {"subject": 1}
        )
        letters = [one["subject"]["letter"] for one in found]
        return _mean([sum(len(str(part).encode()) for part in letter.values()) for letter in letters])

    def found(self, name: str, wanted: Document, most: int = 0) -> list[Document]:
        """The documents of a collection, `<service>.<collection>`, that are wanted; `most` of them, 0 is all."""
        return list(self.collection(name).find(wanted).limit(most))

    def collection(self, name: str) -> Any:
        """A collection, `<service>.<collection>`."""
        service, _, collection = name.partition(".")
        options: CodecOptions[Document] = CodecOptions(tz_aware=True, tzinfo=UTC)
        return self.client[f"motcua_{service}"].get_collection(collection, options)


def hops(entries: Sequence[Entry]) -> dict[str, list[float]]:
    """Seconds from each event to what its subscribers did because of it, by «publisher.type → subscriber».

    Where one subscriber appended to several documents the first counts: the others waited for nothing but it.
    """
    by_id = {entry.id: entry for entry in entries}
    first: dict[tuple[str, str], tuple[Entry, Entry]] = {}
    for effect in sorted(entries, key=lambda entry: entry.at):
        cause = by_id.get(effect.cause)
        if cause is not None:
            first.setdefault((cause.id, effect.source), (cause, effect))
    found: dict[str, list[float]] = defaultdict(list)
    for cause, effect in first.values():
        name = f"{cause.source}.{cause.type} → {effect.source}"
        found[name].append((effect.at - cause.at).total_seconds())
    return dict(found)


def until_sent(entries: Sequence[Entry], due: int) -> list[tuple[datetime, float]]:
    """Of each notice when it was handed over, and how many seconds after the event that it tells of.

    Raises NotMeasured unless that is known of all that were `due`: a share of the others would be of too few.
    """
    by_id = {entry.id: entry for entry in entries}
    asked = {one.data["notice_id"]: one for one in entries if one.type == "notice_requested"}
    found: dict[str, tuple[datetime, float]] = {}
    for sent in (one for one in entries if one.type == "notice_sent"):
        request = asked.get(sent.data["notice_id"])
        told_of = by_id.get(request.cause) if request else None
        if told_of is not None:
            found[sent.data["notice_id"]] = (sent.at, (sent.at - told_of.at).total_seconds())
    if len(found) != due:
        raise NotMeasured(f"{due} notices were due, and of {len(found)} the histories say what for and when sent")
    return list(found.values())


def ends(entries: Sequence[Entry]) -> list[float]:
    """When each dossier had its result and all its letters were handed over, in seconds of the wall clock."""
    last: dict[str, float] = {}
    for one in entries:
        if one.type in ENDING:
            code = str(one.data["dossier_code"])
            last[code] = max(last.get(code, 0.0), one.at.timestamp())
    return list(last.values())


def work(
    entries: Sequence[Entry], dossiers: int, done: tuple[int, int, int], sizes: tuple[float, float, float, float]
) -> Work:
    """What one dossier made the servers do. `done` are inserts, updates, queries; `sizes` state, what stands beside it,
    event, letter. What one cause made a history say was written at once.
    """
    published = Counter(f"{entry.source}.{entry.type}" for entry in entries)
    queues = _queues_by_type()
    fan_out: Counter[str] = Counter()
    for type_, count in published.items():
        fan_out[str(queues[type_])] += count
    documents = len({(entry.source, entry.document) for entry in entries})
    changes = len({(entry.source, entry.document, entry.cause) for entry in entries})
    body = _mean([len(codec.encode(entry.data)) for entry in entries[:500]])
    return Work(
        inserts=done[0] / dossiers,
        updates=done[1] / dossiers,
        queries=done[2] / dossiers,
        published={type_: count / dossiers for type_, count in sorted(published.items())},
        fan_out={queues_: count / dossiers for queues_, count in sorted(fan_out.items())},
        state_bytes=sizes[0],
        entry_bytes=sizes[2],
        body_bytes=body,
        letters=round(published["notify.notice_sent"] / dossiers),
        letter_bytes=sizes[3],
        documents=documents / dossiers,
        appends=(changes - documents) / dossiers,
        subject_bytes=sizes[1],
    )


def _queues_by_type() -> Counter[str]:
    """How many work queues hear each event type."""
    found: Counter[str] = Counter()
    for service in service_classes():
        for queue in work_queues(service):
            for one in queue.bindings:
                found[f"{one.exchange.name.removesuffix('.events')}.{one.routing_key}"] += 1
    return found


def _entry(source: str, document: str, event: Mapping[str, Any]) -> Entry:
    told = (event["type"], event["id"], event["at"], event["cause"], event["data"], event["seq"], event.get("hash", ""))
    return Entry(source, document, *told)


def _mean(sizes: Sequence[int]) -> float:
    return round(sum(sizes) / len(sizes), 1) if sizes else 0.0
