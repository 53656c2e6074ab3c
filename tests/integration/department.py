"""A department's own program: a stock nameko service, nothing of ours. It writes down what it hears, a line each."""

import eventlet

eventlet.monkey_patch()

import json  # noqa: E402 – nameko wants everything patched before it is imported
import os  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from nameko.events import event_handler  # noqa: E402
from nameko.runners import ServiceRunner  # noqa: E402


class Statistics:
    """Hears of everything from its beginning to its end."""

    name = "statistics"

    @event_handler("intake", "dossier_submitted")
    def begin(self, event: Any) -> None:
        """A dossier came in."""
        note("intake.dossier_submitted", event)

    @event_handler("intake", "dossier_resolved")
    def end(self, event: Any) -> None:
        """A dossier has its result."""
        note("intake.dossier_resolved", event)

    @event_handler("routing", "case_decided")
    def decide(self, event: Any) -> None:
        """A unit decided."""
        note("routing.case_decided", event)

    @event_handler("payment", "fee_paid")
    def earn(self, event: Any) -> None:
        """Money came."""
        note("payment.fee_paid", event)

    @event_handler("registry", "record_issued")
    def keep(self, event: Any) -> None:
        """A record was made."""
        note("registry.record_issued", event)

    @event_handler("notify", "notice_sent")
    def tell(self, event: Any) -> None:
        """Somebody was written to."""
        note("notify.notice_sent", event)


def note(type_: str, event: Any) -> None:
    """One more line."""
    with Path(os.environ["DEPARTMENT_BOOK"]).open("a", encoding="utf-8") as book:
        book.write(json.dumps([type_, event]) + "\n")


if __name__ == "__main__":
    runner = ServiceRunner({"AMQP_URI": sys.argv[1] if len(sys.argv) > 1 else os.environ["DEPARTMENT_BROKER"]})
    runner.add_service(Statistics)
    runner.start()
    note("listening", {})
    runner.wait()
