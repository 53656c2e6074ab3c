"""Run a nameko service: settings, logs, wiring, container, and an orderly stop on SIGTERM.

The nameko command is not used: it needs `pkg_resources`, and its backdoor is an open Python shell.
"""

import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import eventlet
from eventlet.event import Event
from nameko.containers import ServiceContainer
from pymongo import socket_checker

from services.chassis import failpoint, logs, tracing
from services.chassis.bus import HAS_PUBLISHED, PUBLISHERS, SETTINGS, Bus
from services.chassis.exposition import expose, withdraw
from services.chassis.keys import keys_or_exit
from services.chassis.logs import log
from services.chassis.pauses import spare_what_stays
from services.chassis.rpc import VERIFIER
from services.chassis.service import WIRED, Service
from services.chassis.settings import Settings, settings_or_exit
from services.chassis.tokens import Verifier
from services.chassis.wired import Wired
from services.contracts.events import PUBLISHERS as ALL_PUBLISHERS


def run(service: type[Service], kind: type[Settings], wire: Callable[[Any], Wired[Any]]) -> None:
    """Serve until SIGTERM or SIGINT: finish what is in hand, hand back the rest, publish what was written."""
    _insist_on_green()
    settings = settings_or_exit(kind, service.name)
    logs.configure(service.name, settings.log_level)
    failpoint.arm(service.name)
    tracing.start(settings, service.name)
    with keys_or_exit(service.name):
        wired, verifier = wire(settings), Verifier.of(settings)
    spare_what_stays()  # before the servers are awaited, however long
    stop = Event()
    _on_signals(stop)
    container = ServiceContainer(service, _config(service, settings, wired, verifier))
    eventlet.spawn(_serve, wired, container, stop)
    reason = stop.wait()
    if container.started:
        container.stop()
    wired.stop()
    tracing.stop()
    log.info("service_stopped", reason=reason)
    if reason == "container died":
        sys.exit(1)
    withdraw(settings, service.name)


def entrypoint_count(service: type[Service]) -> int:
    """How many methods of `service` take messages."""
    members = (getattr(service, name) for name in dir(service))
    return sum(1 for member in members if getattr(member, "nameko_entrypoints", None))


def is_consuming(container: ServiceContainer) -> bool:
    """Whether messages can come to a container now."""
    bus = container.shared_extensions.get(Bus)
    return isinstance(bus, Bus) and bus.connected


def _config(service: type[Service], settings: Settings, wired: Wired[Any], verifier: Verifier) -> dict[str, Any]:
    return {
        "AMQP_URI": settings.amqp_uri,
        # a worker for everything that may be delivered: spawning must never block the consumer and its heartbeats
        "max_workers": settings.prefetch * (entrypoint_count(service) + 1),
        SETTINGS: settings,
        PUBLISHERS: tuple(ALL_PUBLISHERS),
        HAS_PUBLISHED: wired.base.relay.has_published,
        WIRED: wired,
        VERIFIER: verifier,
    }


def _serve(wired: Wired[Any], container: ServiceContainer, stop: Event) -> None:
    """Beside `run`, so that a signal is heard also while the database or the broker is still awaited."""
    try:
        wired.base.health.needs_broker(partial(is_consuming, container))
        expose(wired.base.settings, container.service_name, wired.health)  # a probe finds it while others are awaited
        wired.start(timers=True)
        container.start()
        log.info("service_started", workers=container.max_workers)
        container.wait()
    except Exception:  # noqa: BLE001 – the process ends either way; it must say why
        if not stop.ready():
            log.exception("container_died")
    if not stop.ready():
        stop.send("container died")


def _on_signals(stop: Event) -> None:
    def ask(number: int, _frame: Any) -> None:
        if not stop.ready():
            eventlet.hubs.get_hub().schedule_call_global(0, _send_once, stop, signal.Signals(number).name)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask)


def _send_once(stop: Event, reason: str) -> None:
    if not stop.ready():
        stop.send(reason)


def _insist_on_green() -> None:
    """PyMongo chooses its way of waiting when it is imported: patching after it would block every greenlet."""
    if not eventlet.patcher.is_monkey_patched("socket") or socket_checker._HAVE_POLL:  # noqa: SLF001
        sys.exit("services.chassis.patched must be imported before anything else")
