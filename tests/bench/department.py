"""A department's own program, a stock nameko service that shares no code with us: `python -m tests.bench.department`.

It writes down whose result it hears of, and when.
"""

import eventlet

eventlet.monkey_patch()

import sys  # noqa: E402 – nameko wants everything patched before it is imported
import time  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from nameko.events import event_handler  # noqa: E402
from nameko.runners import ServiceRunner  # noqa: E402

BOOK = Path(sys.argv[-1])


class Department:
    """Hears of every result."""

    name = "bench_department"

    @event_handler("intake", "dossier_resolved")
    def note(self, event: Any) -> None:
        """One line more."""
        write(f"{event['dossier_code']} {time.time()}\n")


def write(text: str) -> None:
    """At once, so that whoever reads finds whole lines."""
    with BOOK.open("a", encoding="utf-8") as book:
        book.write(text)


if __name__ == "__main__":
    runner = ServiceRunner({"AMQP_URI": sys.argv[1]})
    runner.add_service(Department)
    runner.start()
    write("")
    runner.wait()
