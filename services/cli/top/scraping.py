"""What the processes show: their addresses from the folder that they write to, their samples from `/metrics`."""

import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import requests
from prometheus_client.parser import text_string_to_metric_families

Labels = frozenset[tuple[str, str]]
Samples = Mapping[tuple[str, Labels], float]
_SECONDS: Final = 2.0
_HEALTH_SECONDS: Final = 7.0  # a process waits 5 for its database


@dataclass(frozen=True)
class Seen:
    """One process at one moment, by its metrics and its own health report; without samples when it did not answer."""

    name: str
    pid: int
    at: float
    samples: Samples = field(default_factory=dict)
    health: Mapping[str, Any] = field(default_factory=dict)


def look(folder: Path, patience: float = _HEALTH_SECONDS) -> list[Seen]:
    """Every process that is there, in the order of their names. All are asked at once; `patience`: for their health."""
    targets = list(_targets(folder))
    with ThreadPoolExecutor(2 * len(targets) or 1) as pool:
        asked = [(pool.submit(_scrape, *target), pool.submit(_health, target[2], patience)) for target in targets]
        return [_whole(scrape.result(), health.result()) for scrape, health in asked]


def _targets(folder: Path) -> Iterator[tuple[str, int, str]]:
    """Name, process id and address of each; a file that a dead process left says nothing."""
    for file in sorted(folder.glob("*.json")):
        name, pid = file.name.split(".")[:2]
        if Path(f"/proc/{pid}").exists():
            with suppress(FileNotFoundError):  # it stops just now
                for group in json.loads(file.read_text(encoding="utf-8")):
                    yield name, int(pid), group["targets"][0]


def _whole(seen: Seen, health: Mapping[str, Any]) -> Seen:
    """Its gauges are as of its last look, up to 15 s ago: what is shown of its health is asked for now."""
    return replace(seen, health=health) if seen.samples else seen


def _scrape(name: str, pid: int, address: str) -> Seen:
    try:
        answer = requests.get(f"http://{address}/metrics", timeout=_SECONDS)
        answer.raise_for_status()
    except requests.RequestException:
        return Seen(name, pid, time.monotonic())
    at = time.monotonic()
    families = text_string_to_metric_families(answer.text)
    samples = {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}
    return Seen(name, pid, at, samples)


def _health(address: str, patience: float) -> Mapping[str, Any]:
    """Its report; empty, and so not ready, where it takes too long: what was counted is shown nevertheless."""
    try:
        report: Mapping[str, Any] = requests.get(f"http://{address}/health/ready", timeout=patience).json()
    except requests.RequestException:
        return {}
    return report
