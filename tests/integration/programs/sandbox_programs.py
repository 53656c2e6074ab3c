"""Start a sandbox program as a real process, and wait for things with a deadline."""

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

Found = TypeVar("Found")
ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 10


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(probe: Callable[[], Found | None], what: str) -> Found:
    """The first result of `probe` that is true, asked again until the deadline."""
    deadline, pause = time.monotonic() + PATIENCE, threading.Event()
    while time.monotonic() < deadline:
        if found := probe():
            return found
        pause.wait(0.02)
    raise AssertionError(f"never happened: {what}")


class Program:
    """One running `python -m <module>`; the constructor returns when it says that it is ready."""

    def __init__(self, module: str, variables: Mapping[str, str], log: Path) -> None:
        self._log = log
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module],
                cwd=ROOT,
                env=environment(variables),
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._pump, args=(lines,), daemon=True).start()
        try:
            ready = "ready" in lines.get(timeout=PATIENCE)
        except queue.Empty:
            ready = False
        if not ready:
            self.kill()
            raise AssertionError(f"{module} did not start:\n{log.read_text()}")

    def stop(self) -> int:
        """Ask it to stop; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.process.kill()  # does nothing to one that has ended

    def kill(self) -> None:
        """End it without a warning."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def _pump(self, lines: "queue.Queue[str]") -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            lines.put(line)
        lines.put("")


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with only the given sandbox settings."""
    rest = {name: value for name, value in os.environ.items() if not name.startswith("SANDBOX_")}
    return rest | dict(variables)


def run(module: str, variables: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run a program that is expected to end by itself."""
    return subprocess.run(
        [sys.executable, "-m", module],
        cwd=ROOT,
        env=environment(variables),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
