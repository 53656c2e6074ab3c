"""What the processes show: their addresses from the folder that they write to, their samples from `/metrics`."""

import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import requests
from prometheus_client.parser import text_string_to_metric_families

Labels = frozenset[tuple[str, str]]
Samples = Mapping[tuple[str, Labels], float]
_SECONDS: Final = 2.0
_AT_ONCE: Final = 8


@dataclass(frozen=True)
class Seen:
    """One process at one moment; without samples when it did not answer."""

    name: str
    pid: int
    at: float
    samples: Samples = field(default_factory=dict)
    ready: bool = False


def look(folder: Path) -> list[Seen]:
    """Every process that is there, in the order of their names."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda target: _scrape(*target), _targets(folder)))


def _targets(folder: Path) -> Iterator[tuple[str, int, str]]:
    """Name, process id and address of each; a file that a dead process left says nothing."""
    for file in sorted(folder.glob("*.json")):
        name, pid = file.name.split(".")[:2]
        if Path(f"/proc/{pid}").exists():
            for group in json.loads(file.read_text(encoding="utf-8")):
                yield name, int(pid), group["targets"][0]


def _scrape(name: str, pid: int, address: str) -> Seen:
    """The gauges are as of the process's last look; whether it is ready is asked for now."""
    try:
        answer = requests.get(f"http://{address}/metrics", timeout=_SECONDS)
        answer.raise_for_status()
        ready = requests.get(f"http://{address}/health/ready", timeout=_SECONDS).ok
    except requests.RequestException:
        return Seen(name, pid, time.monotonic())
    families = text_string_to_metric_families(answer.text)
    samples = {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}
    return Seen(name, pid, time.monotonic(), samples, ready)
