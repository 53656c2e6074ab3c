"""The stock services as processes, people who use them as patiently as ours are used, and what is wrong afterwards.

Like ours, people wait for an answer for `town.ANSWER_SECONDS`, ask again, and are patient with each step of theirs for
`town.PATIENCE_SECONDS`; they go home sooner only where nothing can come any more: nothing of the flow waits in a queue,
or is in anybody's hand, in several looks since they began to wait.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Self

from kombu import Connection
from nameko.standalone.rpc import ClusterRpcProxy
from pymongo import MongoClient

from deploy.local.programs import ROOT
from deploy.local.waiting import wait_until
from services.cli.demo import town as demo_town
from services.cli.demo.town import ANSWER_SECONDS, fresh
from tests.chaos.control.services import NAMES, PREFIX
from tests.chaos.load import GaveUp

AT_ONCE: Final = 8
_UP_SECONDS: Final = 180.0  # on a busy machine
_LOOK_SECONDS: Final = 1.0
_LOOKS: Final = 3  # at queues that are no one moment's: what goes from one to the other is seen in the next look
_AS_WHOLE: Final[dict[str, Any]] = {
    "content_type": "application/json",
    "content_encoding": "utf-8",
}  # says half a message
SUBMITTED: Final = f"evt-{PREFIX}intake-dossier_submitted--{PREFIX}routing.open_case"
NO_CASE, NO_END = "dossiers that never reached their unit", "dossiers that never ended"
TWO_RECORDS, TWICE = "dossiers with two records", "dossiers handed in twice"
LOSSES: Final = (NO_CASE, NO_END)
DOUBLINGS: Final = (TWO_RECORDS, TWICE)
_EVENTS: Final = (
    SUBMITTED,
    f"evt-{PREFIX}routing-case_decided--{PREFIX}intake.note_decision",
    f"evt-{PREFIX}routing-case_decided--{PREFIX}registry.issue",
    f"evt-{PREFIX}registry-record_issued--{PREFIX}intake.note_record",
)
_QUEUES: Final = (*(f"rpc-{PREFIX}{name}" for name in ("intake", "routing")), *_EVENTS)


class StockFlow:
    """Three processes, and the dossiers that go through them."""

    def __init__(
        self,
        env: Mapping[str, str],
        log: Path,
        waiting: Callable[[], Mapping[str, int]],
        dossiers: int,
        at_once: int = AT_ONCE,
    ) -> None:
        """`waiting`: how many messages each queue has, in hand or not. Nobody comes before all are up."""
        self._env, self._log, self._waiting = env, log, waiting
        self._running = {name: self._start(name) for name in NAMES}
        self._away: set[str] = set()
        self._empty: list[float] = []  # when each look began that found nothing of the flow in any queue
        self._over = threading.Event()
        self._pool = ThreadPoolExecutor(at_once)
        self._tellings: list[Future[tuple[str, str]]] = []
        if not wait_until(lambda: set(_QUEUES) <= waiting().keys(), _UP_SECONDS):
            self.kill()
            raise GaveUp(f"the stock services were not up within {_UP_SECONDS:.0f} s: see {log}")
        threading.Thread(target=self._look, daemon=True).start()
        self.tell(dossiers)

    def tell(self, dossiers: int) -> None:
        """Hand in so many (more)."""
        self._tellings += [self._pool.submit(self._tell, fresh()) for _ in range(dossiers)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """None of them lives on, and nothing is left behind, unless a server is missing."""
        self._over.set()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self.kill()
        if kind is None:
            self.wipe()

    def kill(self, name: str = "") -> None:
        """SIGKILL one of them, and start it anew; without a name, end them all."""
        for one in [name] if name else NAMES:
            self._running[one].kill()
            self._running[one].wait()
            if name:
                self._running[one] = self._start(one)

    @contextmanager
    def away(self, name: str) -> Iterator[None]:
        """SIGKILL, and not started anew before the end."""
        self._away.add(name)
        self._running[name].kill()
        self._running[name].wait()
        try:
            yield
        finally:
            self._away.remove(name)

    @contextmanager
    def standing_still(self, name: str) -> Iterator[None]:
        """SIGSTOP, in the end SIGCONT."""
        self._running[name].send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._running[name].send_signal(signal.SIGCONT)

    def damage(self) -> None:
        """Cut the event in half that waits first for whoever hears of submissions, once one does. Raises GaveUp."""
        if not wait_until(lambda: self._waiting().get(SUBMITTED, 0) > 0, _UP_SECONDS):
            raise GaveUp("nobody has handed in anything")
        with Connection(self._env["MOTCUA_AMQP_URI"]) as connection:
            channel: Any = connection.channel()
            message = channel.basic_get(SUBMITTED)
            half = message.body[: len(message.body) // 2]
            connection.Producer().publish(half, routing_key=SUBMITTED, delivery_mode=2, **_AS_WHOLE)
            channel.basic_ack(message.delivery_tag)

    def await_told(self, share: float) -> None:
        """Until this share of the dossiers has come to an end, good or bad."""
        while sum(one.done() for one in self._tellings) < share * len(self._tellings):
            self._revive()
            time.sleep(0.05)

    def await_written(self, count: int) -> None:
        """Until so many dossiers are in intake's books, whether anybody was told of them or not."""
        with MongoClient[dict[str, Any]](self._env["MOTCUA_MONGO_URI"]) as client:
            while client[f"{PREFIX}intake"].dossiers.count_documents({}) < count and not self._all_told():
                time.sleep(0.005)

    def say_half(self, times: int) -> None:
        """Half an event, so often, to whoever hears of submissions; with the address and name of a whole one."""
        half = json.dumps({"code": "D000000"})[:-7]
        with Connection(self._env["MOTCUA_AMQP_URI"]) as connection:
            producer = connection.Producer()
            for _ in range(times):
                exchange, key = f"{PREFIX}intake.events", "dossier_submitted"
                producer.publish(half, exchange=exchange, routing_key=key, delivery_mode=2, **_AS_WHOLE)

    def wrong(self) -> Counter[str]:
        """What is wrong with the dossiers, once all have been told and nothing can come any more. Raises GaveUp."""
        self.await_told(1)
        self._pool.shutdown()
        told = [one.result() for one in self._tellings]
        since, patience = time.monotonic(), _patience()
        if not wait_until(lambda: self._nothing_comes(since), patience):
            raise GaveUp(f"of the stock flow something still waited after {patience:.0f} s")
        with MongoClient[dict[str, Any]](self._env["MOTCUA_MONGO_URI"]) as client:
            # who was given no code was promised nothing
            found = Counter(said for _, code in told if code for said in _wrong(client, code))
            return found + _doubled(client, [applicant for applicant, _ in told])

    def wipe(self) -> None:
        """Leave nothing behind."""
        with MongoClient[dict[str, Any]](self._env["MOTCUA_MONGO_URI"]) as client:
            for name in NAMES:
                client.drop_database(PREFIX + name)
        with Connection(self._env["MOTCUA_AMQP_URI"]) as connection:
            for queue in _QUEUES:
                connection.channel().queue_delete(queue)

    def _all_told(self) -> bool:
        return all(one.done() for one in self._tellings)

    def _revive(self) -> None:
        """Start anew who has ended by itself, as any supervisor would."""
        for name, process in self._running.items():
            if process.poll() is not None and name not in self._away:
                self._running[name] = self._start(name)

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", "tests.chaos.control", name]
            return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **self._env}, stdout=log, stderr=log)

    def _tell(self, applicant: str) -> tuple[str, str]:
        """One dossier, from its submission to its result: whose, and its code, or nothing if nobody ever gave one."""
        code = self._ask("intake", "submit", applicant=applicant) or ""
        if code and self._patiently(lambda: self._ask("routing", "decide", code=code)):
            self._patiently(lambda: (self._ask("intake", "get", code=code) or {}).get("status") == "resolved")
        return applicant, str(code)

    def _ask(self, service: str, method: str, /, **arguments: Any) -> Any:
        """The answer of a stock client, who asks again when there is none."""
        until = time.monotonic() + _patience()
        while time.monotonic() < until and not self._over.is_set():
            with (
                suppress(Exception),
                ClusterRpcProxy({"AMQP_URI": self._env["MOTCUA_AMQP_URI"]}, timeout=ANSWER_SECONDS) as rpc,
            ):
                return getattr(getattr(rpc, PREFIX + service), method)(**arguments)
            time.sleep(0.2)
        return None

    def _patiently(self, ask: Callable[[], Any]) -> bool:
        """Whether it comes true, asked once more when nothing can come any more."""
        since, until, is_last = time.monotonic(), time.monotonic() + _patience(), False
        while not (answer := bool(ask())) and not is_last and not self._over.is_set():
            is_last = self._nothing_comes(since) or time.monotonic() > until
            time.sleep(0.1)
        return answer

    def _nothing_comes(self, since: float) -> bool:
        """Whether nothing of the flow was in a queue or in hand, in several looks since that moment."""
        return sum(began > since for began in list(self._empty)) >= _LOOKS

    def _look(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            began = time.monotonic()
            with suppress(Exception):  # while there is no broker, nobody knows
                found = self._waiting()
                if found.keys() >= set(_EVENTS) and not any(found[queue] for queue in _EVENTS):
                    self._empty.append(began)


def _patience() -> float:
    """As people of ours have it in this run."""
    return float(vars(demo_town)["PATIENCE_SECONDS"])


def _wrong(client: MongoClient[dict[str, Any]], code: str) -> Iterator[str]:
    """What is wrong with one dossier that was answered with a code."""
    dossier = client[f"{PREFIX}intake"].dossiers.find_one({"_id": code}) or {}
    case = client[f"{PREFIX}routing"].cases.find_one({"_id": code})
    records = client[f"{PREFIX}registry"].records.count_documents({"code": code})
    if case is None:
        yield NO_CASE
    elif dossier.get("status") != "resolved":
        yield NO_END
    if records > 1:
        yield TWO_RECORDS


def _doubled(client: MongoClient[dict[str, Any]], applicants: list[str]) -> Counter[str]:
    """How many dossiers applicants have beyond their one: they asked again, or were heard again."""
    count = client[f"{PREFIX}intake"].dossiers.count_documents
    more = sum(max(0, count({"applicant": one}) - 1) for one in applicants)
    return Counter({TWICE: more}) if more else Counter()
