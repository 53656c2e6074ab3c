"""What the processes show: their addresses from the folder that they write to, their samples from `/metrics`."""

import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import requests
from prometheus_client.parser import text_string_to_metric_families

Labels = frozenset[tuple[str, str]]
Samples = Mapping[tuple[str, Labels], float]
_SECONDS: Final = 2.0
_HEALTH_SECONDS: Final = 7.0  # a process waits 5 for its database
_AT_ONCE: Final = 8


@dataclass(frozen=True)
class Seen:
    """One process at one moment, by its metrics and its own health report; without samples when it did not answer."""

    name: str
    pid: int
    at: float
    samples: Samples = field(default_factory=dict)
    health: Mapping[str, Any] = field(default_factory=dict)


def look(folder: Path) -> list[Seen]:
    """Every process that is there, in the order of their names."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda target: _scrape(*target), _targets(folder)))


def _targets(folder: Path) -> Iterator[tuple[str, int, str]]:
    """Name, process id and address of each; a file that a dead process left says nothing."""
    for file in sorted(folder.glob("*.json")):
        name, pid = file.name.split(".")[:2]
        if Path(f"/proc/{pid}").exists():
            with suppress(FileNotFoundError):  # it stops just now
                for group in json.loads(file.read_text(encoding="utf-8")):
                    yield name, int(pid), group["targets"][0]


def _scrape(name: str, pid: int, address: str) -> Seen:
    """Its gauges are as of its last look, up to 15 s ago: what is shown of its health is asked for now."""
    try:
        answer = requests.get(f"http://{address}/metrics", timeout=_SECONDS)
        answer.raise_for_status()
    except requests.RequestException:
        return Seen(name, pid, time.monotonic())
    at = time.monotonic()
    families = text_string_to_metric_families(answer.text)
    samples = {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}
    return Seen(name, pid, at, samples, _health(address))


def _health(address: str) -> Mapping[str, Any]:
    """Its report; empty, and so not ready, where it takes too long: what was counted is shown nevertheless."""
    try:
        report: Mapping[str, Any] = requests.get(f"http://{address}/health/ready", timeout=_HEALTH_SECONDS).json()
    except requests.RequestException:
        return {}
    return report
