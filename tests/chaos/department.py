"""Another department's own program beside the stack: a stock nameko service in a process of its own."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from deploy.local.programs import ROOT
from deploy.local.waiting import wait_until
from services.chassis.publish import connect
from tests.integration.books import Books

_SECONDS: Final = 30.0
# What it subscribes to, and whose history holds it.
_HEARD: Final = {
    "intake.dossier_submitted": "intake.dossiers",
    "intake.dossier_resolved": "intake.dossiers",
    "routing.case_decided": "routing.cases",
    "payment.fee_paid": "payment.orders",
    "registry.record_issued": "registry.records",
    "notify.notice_sent": "notify.notices",
}
# As nameko names them.
_QUEUES: Final = tuple(
    f"evt-{type_.replace('.', '-')}--statistics.{method}"
    for type_, method in zip(_HEARD, ("begin", "end", "decide", "earn", "keep", "tell"), strict=True)
)


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
            command = [sys.executable, "-m", "tests.integration.department"]
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
        """What it should have heard since it first came to work, and has not, by type; after some patience."""
        return [f"the department missed {type_}: {count}" for type_, count in self._missed().items()]

    def _missed(self) -> Counter[str]:
        until = time.monotonic() + _SECONDS
        while (missing := self._said() - self._heard()) and time.monotonic() < until:
            time.sleep(0.5)
        return Counter(type_ for type_, _ in missing.elements())

    def heard_count(self) -> int:
        """How many different things it has heard."""
        return len(self._heard())

    def _heard(self) -> Counter[tuple[str, str]]:
        return Counter(dict.fromkeys(((type_, _text(data)) for type_, data in self._lines()), 1))

    def _said(self) -> Counter[tuple[str, str]]:
        said = Counter[tuple[str, str]]()
        with Books(self._stack_env) as books:
            for type_, shelf in _HEARD.items():
                wanted = {"history.at": {"$gte": self._since}}
                for document in books.collection(shelf).find(wanted, {"history": 1}):
                    for entry in document["history"]:
                        if entry["type"] == type_.partition(".")[2] and entry["at"] >= self._since:
                            said[type_, _text(entry["data"])] = 1
        return said

    def _lines(self) -> list[tuple[str, Any]]:
        if not self._book.exists():
            return []
        return [tuple(json.loads(line)) for line in self._book.read_text(encoding="utf-8").splitlines()]


def _text(data: Any) -> str:
    return json.dumps(data, sort_keys=True, ensure_ascii=False)
