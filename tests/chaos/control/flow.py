"""The stock services as processes, people who use them as patiently as ours are used, and what is wrong afterwards."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self

from kombu import Connection
from nameko.standalone.rpc import ClusterRpcProxy
from pymongo import MongoClient

from deploy.local.programs import ROOT
from services.cli.demo.town import fresh
from tests.chaos.control.services import NAMES, PREFIX

AT_ONCE: Final = 8
_ANSWER_SECONDS: Final = 5
SUBMITTED: Final = f"evt-{PREFIX}intake-dossier_submitted--{PREFIX}routing.open_case"
_QUEUES: Final = (
    *(f"rpc-{PREFIX}{name}" for name in ("intake", "routing")),
    SUBMITTED,
    f"evt-{PREFIX}routing-case_decided--{PREFIX}intake.note_decision",
    f"evt-{PREFIX}routing-case_decided--{PREFIX}registry.issue",
    f"evt-{PREFIX}registry-record_issued--{PREFIX}intake.note_record",
)


class StockFlow:
    """Three processes, and the dossiers that go through them."""

    def __init__(
        self, env: Mapping[str, str], log: Path, dossiers: int, at_once: int = AT_ONCE, patience: float = 20.0
    ) -> None:
        """`patience`: in seconds; what has not come by then, with every service and server up, never will."""
        self._env, self._log, self._patience = env, log, patience
        self._running = {name: self._start(name) for name in NAMES}
        self._pool = ThreadPoolExecutor(at_once)
        self._tellings: list[Future[str]] = []
        self.tell(dossiers)

    def tell(self, dossiers: int) -> None:
        """Hand in so many (more)."""
        self._tellings += [self._pool.submit(self._tell, fresh()) for _ in range(dossiers)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """None of them lives on, and nothing is left behind, unless a server is missing."""
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
                producer.publish(
                    half,
                    exchange=f"{PREFIX}intake.events",
                    routing_key="dossier_submitted",
                    content_type="application/json",
                    content_encoding="utf-8",
                    delivery_mode=2,
                )

    def wrong(self) -> Counter[str]:
        """What is wrong with the dossiers, once all have been told."""
        self.await_told(1)
        self._pool.shutdown()
        codes = [code for one in self._tellings if (code := one.result())]  # who was given none, was promised nothing
        with MongoClient[dict[str, Any]](self._env["MOTCUA_MONGO_URI"]) as client:
            return Counter(said for code in codes for said in _wrong(client, code)) + _doubled(client, codes)

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
            if process.poll() is not None:
                self._running[name] = self._start(name)

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", "tests.chaos.control", name]
            return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **self._env}, stdout=log, stderr=log)

    def _tell(self, applicant: str) -> str:
        """One dossier, from its submission to its result; its code, or nothing if nobody ever gave one."""
        code = self._ask("intake", "submit", applicant=applicant) or ""
        if code and self._patiently(lambda: self._ask("routing", "decide", code=code)):
            self._patiently(lambda: (self._ask("intake", "get", code=code) or {}).get("status") == "resolved")
        return str(code)

    def _ask(self, service: str, method: str, /, **arguments: Any) -> Any:
        """The answer of a stock client, who asks again when there is none."""
        until = time.monotonic() + self._patience
        while time.monotonic() < until:
            with (
                suppress(Exception),
                ClusterRpcProxy({"AMQP_URI": self._env["MOTCUA_AMQP_URI"]}, timeout=_ANSWER_SECONDS) as rpc,
            ):
                return getattr(getattr(rpc, PREFIX + service), method)(**arguments)
            time.sleep(0.2)
        return None

    def _patiently(self, ask: Any) -> bool:
        until = time.monotonic() + self._patience
        while not (answer := bool(ask())) and time.monotonic() < until:
            time.sleep(0.1)
        return answer


def _wrong(client: MongoClient[dict[str, Any]], code: str) -> Iterator[str]:
    """What is wrong with one dossier that was answered with a code."""
    dossier = client[f"{PREFIX}intake"].dossiers.find_one({"_id": code}) or {}
    case = client[f"{PREFIX}routing"].cases.find_one({"_id": code})
    records = client[f"{PREFIX}registry"].records.count_documents({"code": code})
    if case is None:
        yield "dossiers that never reached their unit"
    elif dossier.get("status") != "resolved":
        yield "dossiers that never ended"
    if records > 1:
        yield "dossiers with two records"


def _doubled(client: MongoClient[dict[str, Any]], codes: list[str]) -> Counter[str]:
    """Dossiers that nobody was told of: each is a second one of somebody who asked again."""
    ghosts = client[f"{PREFIX}intake"].dossiers.count_documents({"_id": {"$nin": codes}})
    return Counter({"dossiers handed in twice": ghosts}) if ghosts else Counter()
