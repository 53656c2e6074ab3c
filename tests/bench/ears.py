"""What a client of the events hears, so that nobody need ask again and again: one queue a driver process."""

import json
import threading
import time
from contextlib import suppress
from typing import Any, Final

from kombu import Connection

from tests.bench.world import World

OPENED, ASKED, SETTLED, RESOLVED = "case_opened", "fee_requested", "fee_settled", "dossier_resolved"
_HEARD: Final = {
    "case_opened": "routing",
    "fee_requested": "payment",
    "case_fee_noted": "routing",
    "dossier_resolved": "intake",
}
_LOOK_SECONDS: Final = 0.5


class Ears:
    """Listens from the moment it is made until it is closed."""

    def __init__(self, world: World) -> None:
        self._known: dict[tuple[str, str], _Word] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._connection = Connection(world.amqp_uri)
        self._thread = threading.Thread(target=self._drain, name="ears", daemon=True)
        if world.amqp_uri:  # else there is nothing to hear
            self._listen(world)
            self._thread.start()

    def wait(self, what: str, code: str, seconds: float) -> dict[str, Any]:
        """What was said of a dossier, and under `at` when it was heard. Raises TimeoutError."""
        word = self._word(what, code)
        if not word.said.wait(seconds):
            raise TimeoutError(f"no {what}")
        return word.data

    def close(self) -> None:
        """Stop listening."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join()
        with suppress(Exception):
            self._connection.release()

    def _listen(self, world: World) -> None:
        channel: Any = self._connection.channel()
        queue = channel.queue_declare(exclusive=True, auto_delete=True).queue
        for type_, service in _HEARD.items():
            channel.queue_bind(queue, f"{world.service(service)}.events", type_)
        channel.basic_consume(queue, no_ack=True, callback=self._take)

    def _drain(self) -> None:
        while not self._closed.is_set():
            with suppress(TimeoutError):
                self._connection.drain_events(timeout=_LOOK_SECONDS)

    def _take(self, message: Any) -> None:
        data, type_ = json.loads(message.body), message.delivery_info["routing_key"]
        if type_ == "case_fee_noted":
            if data["fee"] != "settled":
                return
            type_ = SETTLED
        word = self._word(type_, data["dossier_code"])
        word.data = {**data, "at": time.time()}
        word.said.set()

    def _word(self, what: str, code: str) -> "_Word":
        with self._lock:
            return self._known.setdefault((what, code), _Word())


class _Word:
    """What is waited for, or was heard before anybody waited."""

    def __init__(self) -> None:
        self.said = threading.Event()
        self.data: dict[str, Any] = {}
