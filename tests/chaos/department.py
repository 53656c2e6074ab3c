"""Another department's own program beside the stack: a stock nameko service in a process of its own."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from deploy.local.composition import SERVICES
from deploy.local.programs import ROOT
from deploy.local.waiting import wait_until
from services.chassis.publish import connect
from tests.integration.books import JOURNALS, Books

_SECONDS: Final = 30.0
_QUEUES: Final = tuple(f"evt-{one}-#--statistics.of_{one}" for one in SERVICES)  # as nameko names them
Said = tuple[str, str]  # by whom, and what


@dataclass
class Volume:
    """What one history has said since the department listens, in its order."""

    name: str
    said: list[Said]


class Department:
    """Writes down what it hears; may die and come back."""

    def __init__(self, run_dir: Path, env: Mapping[str, str]) -> None:
        self._book, self._log, self._stack_env = run_dir / "department.book", run_dir / "logs" / "department.log", env
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MOTCUA")}
        self._env = {**kept, "DEPARTMENT_BROKER": env["MOTCUA_AMQP_URI"], "DEPARTMENT_BOOK": str(self._book)}
        self._book.unlink(missing_ok=True)
        self.start()
        self._since = datetime.now(UTC)

    def start(self) -> None:
        """Come (back) to work; returns when it listens."""
        before = len(self._lines())
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", "tests.chaos.ears"]
            self._process = subprocess.Popen(command, cwd=ROOT, env=self._env, stdout=log, stderr=log)
        if not wait_until(lambda: len(self._lines()) > before, _SECONDS):
            raise RuntimeError(f"the department does not come to work: see {self._log}")

    def kill(self) -> None:
        """Die."""
        self._process.kill()
        self._process.wait(_SECONDS)

    def end(self) -> None:
        """Close down: nothing waits for it any longer."""
        self.kill()
        with connect(self._stack_env["MOTCUA_AMQP_URI"]) as connection:
            for queue in _QUEUES:
                connection.channel().queue_delete(queue)

    def wrong(self) -> list[str]:
        """What it should have heard since it first came to work and has not, in the end; or has heard too early."""
        until = time.monotonic() + _SECONDS
        while (missing := self._missed()) and time.monotonic() < until:
            time.sleep(0.5)
        missed = [f"the department missed {count} events of {name}" for name, count in missing.items()]
        return [*missed, *disorder(self._volumes(), self._heard())]

    def heard_count(self) -> int:
        """How many different things it has heard."""
        return len(set(self._heard()))

    def _missed(self) -> Counter[str]:
        """How many events of each service it has not heard."""
        heard = set(self._heard())
        return Counter(one[0] for volume in self._volumes() for one in volume.said if one not in heard)

    def _heard(self) -> list[Said]:
        return [(publisher, _text(data)) for publisher, data in self._lines()]

    def _volumes(self) -> list[Volume]:
        found, wanted = [], {"history.at": {"$gte": self._since}}
        with Books(self._stack_env) as books:
            for shelf in JOURNALS:
                service = shelf.partition(".")[0]
                for document in books.collection(shelf).find(wanted, {"history": 1}):
                    new = [entry["data"] for entry in document["history"] if entry["at"] >= self._since]
                    found.append(Volume(f"{shelf} {document['_id']}", [(service, _text(data)) for data in new]))
        return found

    def _lines(self) -> list[tuple[str, Any]]:
        if not self._book.exists():
            return []
        return [tuple(json.loads(line)) for line in self._book.read_text(encoding="utf-8").splitlines()]


def disorder(volumes: Sequence[Volume], heard: Sequence[Said]) -> list[str]:
    """Histories of which something was heard for the first time before what stands before it.

    What stands in two places in the same words, nobody can tell apart: it is left aside.
    """
    first: dict[Said, int] = {}
    for place, one in enumerate(heard):
        first.setdefault(one, place)
    times = Counter(one for volume in volumes for one in volume.said)
    wrong = []
    for volume in volumes:
        places = [first[one] for one in volume.said if one in first and times[one] == 1]
        if places != sorted(places):
            wrong.append(f"the department heard {volume.name} out of its order")
    return wrong


def _text(data: Any) -> str:
    return json.dumps(data, sort_keys=True, ensure_ascii=False)
