"""The machine's limit: the durable writes and confirmed messages of our dossiers, in batches, without any logic.

Each of some processes writes, publishes and consumes in threads of their own; of some settings the one that is fastest
is measured (`best`). What is written and said has the number and the size that one of our dossiers was counted to have,
each kind of write for itself (`writes`); nobody reads, decides, validates or renders anything.
"""

import heapq
import multiprocessing
import secrets
import smtplib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from typing import Any, Final

from amqp import Message
from kombu import Connection
from pymongo import InsertOne, MongoClient, UpdateOne, WriteConcern

from services.contracts.envelope import Envelope
from tests.bench.outcome import Limit, NotMeasured, Work
from tests.bench.paces import Ended, Pace, dossiers_per_second
from tests.bench.plan import LimitTrial, Plan
from tests.bench.rig import Rig
from tests.bench.sampling import busy_percent, others_percent, stolen_percent, used
from tests.bench.track import Track

_SPAWN: Final = multiprocessing.get_context("spawn")
_EXCHANGE: Final = "limit.events"
_LOG: Final = "limit.log"
_DATABASE: Final = "limit"
_QUIET_SECONDS: Final = 60
_DOCUMENT, _ROW, _APPEND, _MARK = "document", "row", "append", "mark"  # the kinds of writes
_NAMES: Final = ("dossier_code", "procedure", "submitted_at", "documents", "request_id", "status")


@dataclass(frozen=True)
class Share:
    """What one writer, one publisher and one consumer do together, and where."""

    number: int
    dossiers: int
    work: Work
    batch: int
    amqp_uri: str
    mongo_uri: str
    smtp: tuple[str, int] | None


Task = Callable[[Share, Pace], None]


@dataclass(frozen=True)
class _Done:
    """One run."""

    dossiers: int
    seconds: float
    cpu_ms: dict[str, float]
    machine_percent: float
    others_percent: float
    stolen_percent: float
    per_second: list[tuple[float, float]]
    track: Track

    @property
    def rate(self) -> float:
        return round(self.dossiers / self.seconds, 1)


def best(rig: Rig, work: Work, plan: Plan) -> tuple[LimitTrial, list[dict[str, float]]]:
    """The fastest of the plan's settings, and what each of them did; a lone one need not be tried."""
    if len(plan.limit_trials) == 1:
        return plan.limit_trials[0], []
    told = [
        {**asdict(trial), "rate": _run(rig, work, plan.limit_trial_dossiers, trial, letters=False).rate}
        for trial in plan.limit_trials
    ]
    fastest = max(range(len(told)), key=lambda number: told[number]["rate"])
    return plan.limit_trials[fastest], told


def measure(rig: Rig, procedure: str, work: Work, dossiers: int, trial: LimitTrial) -> Limit:
    """Dossiers a second at the limit, alone and with the letters handed to the mailbox as well."""
    alone = _run(rig, work, dossiers, trial, letters=False)
    with_letters = _run(rig, work, dossiers // 2, trial, letters=True)
    return Limit(
        procedure=procedure,
        dossiers=alone.dossiers,
        seconds=round(alone.seconds, 2),
        rate=alone.rate,
        rate_with_letters=with_letters.rate,
        cpu_ms=alone.cpu_ms,
        others_percent=alone.others_percent,
        stolen_percent=alone.stolen_percent,
        per_second=alone.per_second,
        track=alone.track,
        machine_percent=alone.machine_percent,
        **asdict(trial),
    )


def _run(rig: Rig, work: Work, dossiers: int, trial: LimitTrial, *, letters: bool) -> _Done:
    shares = trial.processes * trial.threads
    _prepare(rig, work, shares)
    smtp = (rig.env["MOTCUA_SMTP_HOST"], int(rig.env["MOTCUA_SMTP_PORT"])) if letters else None
    where = (rig.env["MOTCUA_AMQP_URI"], rig.env["MOTCUA_MONGO_URI"], smtp)
    all_shares = [Share(number, dossiers // shares or 1, work, trial.batch, *where) for number in range(shares)]
    line, gate = _SPAWN.SimpleQueue(), _SPAWN.Barrier(trial.processes + 1)
    parts = [all_shares[number :: trial.processes] for number in range(trial.processes)]
    processes = [_SPAWN.Process(target=_do, args=(part, line, gate), daemon=True) for part in parts]
    for process in processes:
        process.start()
    pids = {f"limit:{number}": process.pid or 0 for number, process in enumerate(processes)}
    gate.wait(_QUIET_SECONDS)
    with rig.sampler(pids, {"limit": list(_queues(work, shares))}, ()) as sampler:
        ends: list[Ended | str] = [line.get() for _ in processes]
    for process in processes:
        process.join()
    if failures := [end for end in ends if isinstance(end, str)]:
        raise NotMeasured(f"the limit was not reached: {failures}")
    ended = [end for end in ends if isinstance(end, Ended)]
    (before, after), done = sampler.ends, sum(share.dossiers for share in all_shares)
    return _Done(
        dossiers=done,
        seconds=max(end.at for end in ended) - before.at,
        cpu_ms={name: round(1000 * one / done, 2) for name, one in used(before, after).items()},
        machine_percent=busy_percent(before, after),
        others_percent=others_percent(before, after),
        stolen_percent=stolen_percent(before, after),
        per_second=dossiers_per_second(ended, done // trial.processes, before.at),
        track=sampler.track(),
    )


def _prepare(rig: Rig, work: Work, shares: int) -> None:
    """Fresh collections, and for each share and each number of queues that an event may reach so many quorum queues;
    one stream.
    """
    with MongoClient[dict[str, Any]](rig.env["MOTCUA_MONGO_URI"]) as client:
        client.drop_database(_DATABASE)
    with Connection(rig.env["MOTCUA_AMQP_URI"]) as connection:
        channel: Any = connection.channel()
        channel.exchange_declare(_EXCHANGE, "topic", durable=True, auto_delete=False)
        _declare(channel, _LOG, "stream", ["#"])
        for name, keys in _queues(work, shares).items():
            _declare(channel, name, "quorum", keys)


def _declare(channel: Any, name: str, kind: str, keys: list[str]) -> None:
    channel.queue_declare(name, durable=True, auto_delete=False, arguments={"x-queue-type": kind})
    for key in keys:
        channel.queue_bind(name, _EXCHANGE, key)


def _queues(work: Work, shares: int) -> dict[str, list[str]]:
    """The queues of all shares; key «s.3» reaches three queues of share s."""
    most = max(int(count) for count in work.fan_out)
    return {
        f"limit.{share}.{queue}": [f"{share}.{count}" for count in range(queue, most + 1)]
        for share in range(shares)
        for queue in range(1, most + 1)
    }


def _do(shares: Sequence[Share], line: Any, gate: Any) -> None:
    """One process: how it ended, or what went wrong."""
    tasks: list[Task] = [_write, _publish, _consume, *([_post] if shares[0].smtp else [])]
    mine = [(task, share) for share in shares for task in tasks]
    paces: list[Pace] = [[] for _ in mine]
    failures: list[str] = []

    def run(task: Task, share: Share, pace: Pace) -> None:
        try:
            task(share, pace)
        except Exception as error:  # noqa: BLE001 – told to the parent
            failures.append(f"{task.__name__}: {error!r}")

    threads = [threading.Thread(target=run, args=(*own, pace)) for own, pace in zip(mine, paces, strict=True)]
    gate.wait(_QUIET_SECONDS)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    line.put("; ".join(failures) or Ended(time.time(), paces))


def _write(share: Share, pace: Pace) -> None:
    """Majority and journal, hundreds at a time."""
    with MongoClient[dict[str, Any]](share.mongo_uri) as client:
        concern = WriteConcern(w="majority", j=True)
        kept = client[_DATABASE].get_collection(f"histories_{share.number}", write_concern=concern)
        operations, done = writes(share.work, share.dossiers), Counter[str]()
        while batch := list(islice(operations, share.batch)):
            result = kept.bulk_write(batch, ordered=False)
            done += Counter(inserted=result.inserted_count, updated=min(result.matched_count, result.modified_count))
            pace.append((time.time(), done.total()))
    insist_written(share, done)


def insist_written(share: Share, done: Mapping[str, int]) -> None:
    """The database says that all of it was written: an update of what is not there is none. Raises NotMeasured."""
    counts = _counts(share.work, share.dossiers)
    inserts, updates = counts[_DOCUMENT] + counts[_ROW], counts[_APPEND] + counts[_MARK]
    found = done.get("inserted", 0), done.get("updated", 0)
    if found != (inserts, updates):
        raise NotMeasured(f"of {inserts} inserts and {updates} updates, {found[0]} and {found[1]} were written")


def writes(work: Work, dossiers: int) -> Iterator[Any]:
    """So many of each kind as these dossiers need, evenly mixed: documents begin with state, subject and what was said
    at once, appends add to the history and set the state anew; all else is a small row, or a small field set.
    """
    counts, number = _counts(work, dossiers), 0
    said = work.entry_bytes * work.messages / max(1.0, work.documents + work.appends)
    state, subject, event = (filler(int(size)) for size in (work.state_bytes, work.subject_bytes, said))
    for place, (_, kind) in enumerate(heapq.merge(*(_turns(kind, count) for kind, count in counts.items()))):
        earlier = {"_id": max(0, number - 10)}
        if kind == _DOCUMENT:
            yield InsertOne({"_id": number, "state": state, "subject": subject, "history": [event]})
            number += 1
        elif kind == _APPEND:
            yield UpdateOne(earlier, {"$push": {"history": event}, "$set": {"state": state}})
        elif kind == _MARK:
            yield UpdateOne(earlier, {"$set": {"mark": place}})
        else:
            yield InsertOne({"_id": f"row {place}"})


def _counts(work: Work, dossiers: int) -> dict[str, int]:
    """Of each kind of write how many these dossiers need."""
    each = {
        _DOCUMENT: work.documents,
        _ROW: work.inserts - work.documents,
        _APPEND: work.appends,
        _MARK: work.updates - work.appends,
    }
    return {kind: max(0, round(count * dossiers)) for kind, count in each.items()}


def _turns(kind: str, count: int) -> Iterator[tuple[float, str]]:
    """When each of so many is written, as a share of the run; documents come before what changes them."""
    late = 0.0 if kind == _DOCUMENT else 0.5
    return (((place + late) / count, kind) for place in range(count))


def filler(length: int) -> str:
    """So many bytes that are compressed as ours are: names that come again and again, and ids among them."""
    said = "".join(f'"{name}": "{secrets.token_hex(8)}", ' for name in islice(cycle(_NAMES), length // 16 + 1))
    return said[:length]


def _publish(share: Share, pace: Pace) -> None:
    """Persistent and mandatory; a batch is followed by the wait for its confirms."""
    with Connection(share.amqp_uri) as connection:
        channel: Any = connection.channel()
        channel.confirm_select()
        confirmed = _Confirmed()
        channel.events["basic_ack"].add(confirmed.take)
        keys, sent = keys_of(share), 0
        while batch := list(islice(keys, share.batch)):
            for key in batch:
                message = _message(share.work)
                channel._basic_publish(message, exchange=_EXCHANGE, routing_key=key, mandatory=True)  # noqa: SLF001
            sent += len(batch)
            while confirmed.upto < sent:
                connection.drain_events(timeout=_QUIET_SECONDS)
            pace.append((time.time(), sent))


def keys_of(share: Share) -> Iterator[str]:
    """The routing keys of all messages, mixed as they come in a dossier."""
    owed: dict[str, float] = dict.fromkeys(share.work.fan_out, 0.0)
    for _ in range(share.dossiers):
        for queues, count in share.work.fan_out.items():
            owed[queues] += count
            while owed[queues] >= 0.5:
                owed[queues] -= 1
                yield f"{share.number}.{queues}"


def _consume(share: Share, pace: Pace) -> None:
    """Everything that reaches our queues; acknowledged by the hundred."""
    expected = sum(int(key.partition(".")[2]) for key in keys_of(share))
    with Connection(share.amqp_uri) as connection:
        channel: Any = connection.channel()
        channel.basic_qos(0, 2 * share.batch, False)
        counted = _Counted(channel, pace, share.batch)
        for name in _queues(share.work, share.number + 1):
            if name.startswith(f"limit.{share.number}."):
                channel.basic_consume(name, callback=counted.take)
        while counted.total < expected:
            connection.drain_events(timeout=_QUIET_SECONDS)
        counted.ack()
        channel.close()


def _post(share: Share, pace: Pace) -> None:
    """The letters, over one kept connection."""
    if share.smtp is None:
        return
    letter = b"Subject: limit\r\n\r\n" + b"x" * 70 * int(share.work.letter_bytes / 70)
    lines = b"\r\n".join(letter[at : at + 70] for at in range(0, len(letter), 70))
    with smtplib.SMTP(*share.smtp, local_hostname="limit") as server:
        for number in range(share.work.letters * share.dossiers):
            server.sendmail("limit@example.vn", ["limit@example.vn"], lines)
            pace.append((time.time(), number + 1))


class _Confirmed:
    """The highest delivery tag below which all is confirmed; the broker may confirm one by one, out of order."""

    def __init__(self) -> None:
        self.upto = 0
        self._single: set[int] = set()

    def take(self, tag: int, multiple: bool) -> None:
        if multiple:
            self.upto = max(self.upto, tag)
        else:
            self._single.add(tag)
        while self.upto + 1 in self._single:
            self.upto += 1
            self._single.discard(self.upto)


class _Counted:
    """Messages taken, the last of each batch acknowledging all before it."""

    def __init__(self, channel: Any, pace: Pace, batch: int) -> None:
        self.total, self._channel, self._last, self._acked, self._batch = 0, channel, 0, 0, batch
        self._pace = pace

    def take(self, message: Any) -> None:
        self.total, self._last = self.total + 1, message.delivery_tag
        if self._last - self._acked >= self._batch:
            self.ack()

    def ack(self) -> None:
        if self._last > self._acked:
            self._channel.basic_ack(self._last, multiple=True)
            self._acked = self._last
            self._pace.append((time.time(), self.total))


def _headers() -> Mapping[str, Any]:
    words = "0" * 36
    return Envelope(words, "limit", "limit", 1, "000.00.00.G00-000000-0000", words, 1, words, words, words).headers()


_HEADERS: Final = _headers()


def _message(work: Work) -> Message:
    return Message(
        b"x" * int(work.body_bytes),
        application_headers=_HEADERS,
        delivery_mode=2,
        message_id="0" * 36,
        content_type="application/json",
        content_encoding="utf-8",
    )
