"""The operators' door of a process, on a port of its own: `/metrics`, `/health/live`, `/health/ready`.

Live is who answers at all; ready is who can work. The port is not the public's: it stands beside the doors, never on
them. Where it may be any free one (a process of several), a file for Prometheus' file discovery says which it is.
"""

import json
import os
import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer

from services.chassis import codec
from services.chassis.logs import log
from services.chassis.settings import Settings

Report = Callable[[], dict[str, Any]]
_JSON = (("Content-Type", "application/json"), ("Cache-Control", "no-store"))


class _Handler(WSGIRequestHandler):
    timeout = 10.0  # seconds without a byte: whoever opens lines and says nothing may not keep a thread for each

    def handle(self) -> None:
        """Answer; of one who is gone or says nothing there is nothing to tell."""
        with suppress(OSError):
            super().handle()

    def log_message(self, *_args: Any) -> None:
        """A line a scrape would be a line every few seconds."""


class _OfIPv6(ThreadingWSGIServer):
    address_family = socket.AF_INET6


def expose(settings: Settings, process: str, report: Report) -> None:
    """Open the operators' door of this process, unless no port is set; `process` is its name in the files."""
    if settings.metrics_port is None:
        return
    host = settings.metrics_host
    kind = _OfIPv6 if ":" in host else ThreadingWSGIServer
    server = make_server(host, settings.metrics_port, _app(report), kind, _Handler)
    threading.Thread(target=server.serve_forever, name="operators", daemon=True).start()
    address = _address(host, server.socket.getsockname()[0], server.server_port)
    if settings.metrics_dir is not None:
        _announce(settings.metrics_dir, process, address)
    log.info("metrics_exposed", address=address)


def withdraw(settings: Settings, process: str) -> None:
    """Say no more where this process is: it stops in order. What one leaves that dies is missed by Prometheus."""
    if settings.metrics_dir is not None:
        _file(settings.metrics_dir, process).unlink(missing_ok=True)


def told(report: Report) -> dict[str, Any]:
    """What is reported; who cannot even report is not ready, and its log says why."""
    try:
        return report()
    except Exception:  # noqa: BLE001 – what it says may quote data or a secret: it is logged without that
        log.exception("health_not_told")
        return {"ready": False}


def _app(report: Report) -> Callable[..., Iterable[bytes]]:
    metrics = make_wsgi_app()

    def serve(environ: Any, start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO")
        if path == "/metrics":
            page: Iterable[bytes] = metrics(environ, start_response)
            return page
        if path == "/health/live":
            start_response("200 OK", list(_JSON))
            return [codec.encode({"live": True})]
        if path == "/health/ready":
            health = told(report)
            start_response("200 OK" if health["ready"] else "503 Service Unavailable", list(_JSON))
            return [codec.encode(health)]
        start_response("404 Not Found", list(_JSON))
        return [b"{}"]

    return serve


def _address(host: str, bound: str, port: int) -> str:
    """Where others find it: what listens at every address of this machine is found by the machine's name."""
    if ip_address(bound).is_unspecified:
        host = socket.gethostname()
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _file(folder: Path, process: str) -> Path:
    return folder / f"{process}.{os.getpid()}.json"


def _announce(folder: Path, process: str, address: str) -> None:
    """One file a process, in the form of Prometheus' `file_sd_configs`; those of processes long gone are taken away."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{process}.*.json"):
        if not Path(f"/proc/{old.name.split('.')[-2]}").exists():
            old.unlink(missing_ok=True)
    service, _, door = process.partition("-")
    labels = {"service": service, "door": door or "bus"}
    file = _file(folder, process)
    draft = file.with_suffix(".new")
    draft.write_text(json.dumps([{"targets": [address], "labels": labels}]), encoding="utf-8")
    draft.replace(file)
