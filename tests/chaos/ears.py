"""A department's own program: a stock nameko service, nothing of ours. It writes down all it hears, a line each.

`#` is what AMQP calls everything: one queue for each publisher, so what one of them says comes in the order in which he
said it. It works at one event at a time, as whoever minds the order does.
"""

import eventlet

eventlet.monkey_patch()

import json  # noqa: E402 – nameko wants everything patched before it is imported
import os  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from nameko.events import event_handler  # noqa: E402
from nameko.runners import ServiceRunner  # noqa: E402

NAME = "statistics"


class Statistics:
    """Hears everything that all five services say."""

    name = NAME

    @event_handler("intake", "#")
    def of_intake(self, event: Any) -> None:
        """About dossiers."""
        note("intake", event)

    @event_handler("routing", "#")
    def of_routing(self, event: Any) -> None:
        """About cases."""
        note("routing", event)

    @event_handler("payment", "#")
    def of_payment(self, event: Any) -> None:
        """About money."""
        note("payment", event)

    @event_handler("registry", "#")
    def of_registry(self, event: Any) -> None:
        """About records."""
        note("registry", event)

    @event_handler("notify", "#")
    def of_notify(self, event: Any) -> None:
        """About letters."""
        note("notify", event)


def note(publisher: str, event: Any) -> None:
    """One more line."""
    with Path(os.environ["DEPARTMENT_BOOK"]).open("a", encoding="utf-8") as book:
        book.write(json.dumps([publisher, event]) + "\n")


if __name__ == "__main__":
    runner = ServiceRunner({"AMQP_URI": os.environ["DEPARTMENT_BROKER"], "max_workers": 1})
    runner.add_service(Statistics)
    runner.start()
    note("listening", {})
    runner.wait()
