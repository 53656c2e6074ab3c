"""Faults an operator may script for the coming SMTP conversations."""

import threading
from collections import deque
from typing import Literal, cast

Fault = Literal["down", "tempfail", "reject"]
_FAULTS = ("down", "tempfail", "reject")
_MOST_TIMES = 10_000


class BadPlan(Exception):
    """The plan cannot be understood; says why."""


class Faults:
    """A queue of faults; each conversation takes the first one if it is of the kind it can suffer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: deque[Fault] = deque()

    def plan(self, body: object) -> int:
        """Add what the operator's JSON asks for, or clear the queue for ok; the queue's length. Raises BadPlan."""
        if not isinstance(body, dict) or set(body) - {"smtp", "times"}:
            raise BadPlan("expected a JSON object with smtp and, if wanted, times")
        fault, times = body.get("smtp"), body.get("times", 1)
        if fault not in (*_FAULTS, "ok"):
            raise BadPlan("smtp is down, tempfail, reject or ok")
        if isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= _MOST_TIMES:
            raise BadPlan(f"times is a whole number from 1 to {_MOST_TIMES}")
        with self._lock:
            if fault == "ok":
                self._queue.clear()
            else:
                self._queue.extend([cast("Fault", fault)] * times)
            return len(self._queue)

    def strikes(self, fault: Fault) -> bool:
        """Whether `fault` is the next one; if so it is used up."""
        with self._lock:
            if not self._queue or self._queue[0] != fault:
                return False
            self._queue.popleft()
            return True
