"""The stock services as processes on the servers of the rig."""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Self

from kombu import Connection
from nameko.events import EventHandler
from nameko.exceptions import RpcTimeout, UnknownService
from nameko.standalone.rpc import ClusterRpcProxy

from deploy.local import ports
from deploy.local.composition import SERVICES
from deploy.local.ports import LOOPBACK
from tests.bench.outcome import NotMeasured
from tests.bench.plan import Trial
from tests.bench.rig import ROOT, Rig
from tests.bench.world import STOCK, World

_START_SECONDS: Final = 40.0
_LOOK_SECONDS: Final = 0.5


class StockServices:
    """The five processes, started with one setting and ended by their ids."""

    def __init__(self, rig: Rig, trial: Trial, names: Iterable[str] = SERVICES) -> None:
        self._rig, self.trial, self._names = rig, trial, tuple(names)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._web = f"{LOOPBACK}:{ports.choose(('stock-payment',), {})['stock-payment']}"

    def __enter__(self) -> Self:
        folder = self._rig.run_dir / "logs"
        for name in self._names:
            self._running[name] = self._start(name, folder / f"stock-{name}.log")
        self._await_ready()
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            process.wait(30)

    @property
    def pids(self) -> dict[str, int]:
        """The processes, named so that they are told from ours."""
        return {f"stock {name}": process.pid for name, process in self._running.items()}

    def world(self, patience: float) -> World:
        """How clients see them."""
        env = self._rig.env
        uris = (env["MOTCUA_AMQP_URI"], env["MOTCUA_MONGO_URI"])
        return World("stock", STOCK, *uris, "", f"http://{self._web}", env["PAYMENT_VNPAY_SECRET"], patience)

    def _start(self, name: str, log: Path) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            **self._rig.env,
            "STOCK_WORKERS": str(self.trial.workers),
            "STOCK_CONNECTIONS": str(self.trial.connections),
            "STOCK_WEB_ADDRESS": self._web,
        }
        with log.open("ab") as sink:
            command = [sys.executable, "-m", "tests.bench.stock", name]
            return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=sink, stderr=sink)

    def _await_ready(self) -> None:
        until = time.monotonic() + _START_SECONDS
        for name in self._names:
            while not self._answers(name):
                if time.monotonic() > until or self._running[name].poll() is not None:
                    raise NotMeasured(f"stock {name} does not start: see its log in {self._rig.run_dir}/logs")
                time.sleep(_LOOK_SECONDS)

    def _answers(self, name: str) -> bool:
        with (
            suppress(UnknownService, RpcTimeout),
            ClusterRpcProxy({"AMQP_URI": self._rig.env["MOTCUA_AMQP_URI"]}, timeout=2) as rpc,
        ):
            return bool(getattr(rpc, STOCK + name).ready())
        return False


class Tap:
    """Counts every event of the stock services while nothing is measured: they must say as much as ours."""

    def __init__(self, world: World) -> None:
        self._connection = Connection(world.amqp_uri)
        self._channel: Any = self._connection.channel()
        self._queue = self._channel.queue_declare(exclusive=True, auto_delete=False).queue
        for name in SERVICES:
            self._channel.queue_bind(self._queue, f"{world.service(name)}.events", "#")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.release()

    def counted(self, dossiers: int) -> dict[str, float]:
        """Events by `service.type` so far, for one of so many dossiers."""
        found: Counter[str] = Counter()
        while message := self._channel.basic_get(self._queue, no_ack=True):
            said = message.delivery_info
            found[f"{said['exchange'].removeprefix(STOCK).removesuffix('.events')}.{said['routing_key']}"] += 1
        return {type_: count / dossiers for type_, count in sorted(found.items())}


def queue_names() -> dict[str, list[str]]:
    """The queues of each stock service, its RPC queue among them."""
    return {f"stock {name}": [f"rpc-{STOCK}{name}", *_event_queues(name)] for name in SERVICES}


def _event_queues(name: str) -> list[str]:
    """As nameko names them."""
    service: Any = getattr(import_module(f"tests.bench.stock.{name}"), name.title())
    return [
        f"evt-{handler.source_service}-{handler.event_type}--{service.name}.{method}"
        for method in dir(service)
        for handler in getattr(getattr(service, method), "nameko_entrypoints", ())
        if isinstance(handler, EventHandler)
    ]
