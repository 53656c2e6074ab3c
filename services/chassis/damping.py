"""A storm of equal lines is a few lines and their number: what a process logs is bounded, whatever befalls it.

Of warnings and errors that say the same (one event, one reason, one queue…) the first `FIRST` of a minute are written,
the others counted and told in one line when the minute is over. Of all lines together no more than `MOST` are, and the
last `KEPT` of these only for warnings and errors: what strangers may cause at will hides none.
"""

import logging
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.chassis.lean import structlog

SECONDS: Final = 60.0
FIRST: Final = 10
MOST: Final = 3_000
KEPT: Final = 1_000
KINDS: Final = 200  # of lines that are told apart in a minute; those after them are counted by their event alone
LEFT_OUT: Final = "lines_left_out"
_TELLING: Final = ("reason", "code", "queue", "goes_to", "method", "timer", "command", "aggregate", "route", "status")
_LONGEST: Final = 2_000

Key = tuple[tuple[str, str], ...]  # what is told apart: the event first, then what else is said that is no id
_OTHERS: Final[Key] = (("event", "(others)"),)


@dataclass(slots=True)
class _Minute:
    since: float
    written: int = 0
    left_out: int = 0


class Damper:
    """Decides of each line whether it is written; `tell` writes the line about those that were not."""

    def __init__(self, tell: Callable[[Mapping[str, Any]], None], now: Callable[[], float] = time.monotonic) -> None:
        self._tell, self._now = tell, now
        self._kinds: OrderedDict[Key, _Minute] = OrderedDict()
        self._all = _Minute(now())
        self._over: Counter[str] = Counter()
        self._turn = threading.Lock()

    def admits(self, level: int, key: Key) -> bool:
        """Whether a line of this kind is written."""
        with self._turn:
            ended = self._ended()
            admitted = self._admits(level, key)
        self._sum_up(ended)
        return admitted

    def sum_up(self, *, all_of_it: bool = False) -> None:
        """Tell what was left out in the minutes that are over, or until now."""
        with self._turn:
            ended = self._ended(all_of_it=all_of_it)
        self._sum_up(ended)

    def _admits(self, level: int, key: Key) -> bool:
        if level >= logging.WARNING:
            kind = self._kind(key)
            if kind.written >= FIRST:
                kind.left_out += 1
                return False
            kind.written += 1
        if self._all.written >= (MOST if level >= logging.WARNING else MOST - KEPT):
            self._over[key[0][1]] += 1
            return False
        self._all.written += 1
        return True

    def _kind(self, key: Key) -> _Minute:
        if key not in self._kinds and len(self._kinds) >= KINDS:
            key = key[:1] if len(self._kinds) < 2 * KINDS else _OTHERS
        if key not in self._kinds:
            self._kinds[key] = _Minute(self._now())
        return self._kinds[key]

    def _ended(self, *, all_of_it: bool = False) -> list[dict[str, Any]]:
        """What is to be told of minutes that are over; they are forgotten. The oldest stand first."""
        now, told = self._now(), []
        while self._kinds:
            key, kind = next(iter(self._kinds.items()))
            if now - kind.since < SECONDS and not all_of_it:
                break
            del self._kinds[key]
            if kind.left_out:
                told.append({**{f"of_{name}": value for name, value in key}, "count": kind.left_out})
        if now - self._all.since >= SECONDS or all_of_it:
            told += [{"of_event": event, "count": count} for event, count in self._over.most_common(FIRST)]
            if rest := self._over.total() - sum(count for _, count in self._over.most_common(FIRST)):
                told.append({"of_event": "(others)", "count": rest})
            self._all, self._over = _Minute(now), Counter()
        return told

    def _sum_up(self, told: list[dict[str, Any]]) -> None:
        for one in told:
            self._tell({**one, "seconds": SECONDS})


class ForeignLines(logging.Filter):
    """The lines of libraries, told apart by the place in their code that they come from."""

    def __init__(self, damper: Damper) -> None:
        super().__init__()
        self._damper = damper

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is written; our own lines were asked about before."""
        if isinstance(record.msg, dict):
            return True
        place = ("event", record.name), ("line", f"{record.module}:{record.lineno}")
        return self._damper.admits(record.levelno, place)


def damped(damper: Damper) -> Any:
    """The same for our own lines, as structlog's first step: of what is left out nothing more is made."""

    def admit(_logger: Any, method: str, line: dict[str, Any]) -> dict[str, Any]:
        level = logging.ERROR if method == "exception" else getattr(logging, method.upper(), logging.INFO)
        if line.get("event") != LEFT_OUT and not damper.admits(level, _key(line)):
            raise structlog.DropEvent
        return line

    return admit


def cut(_logger: Any, _method: str, line: dict[str, Any]) -> dict[str, Any]:
    """No text of a line is longer than `_LONGEST` letters."""
    return {
        name: f"{value[:_LONGEST]}…" if isinstance(value, str) and len(value) > _LONGEST else value
        for name, value in line.items()
    }


def _key(line: Mapping[str, Any]) -> Key:
    said = [("event", str(line.get("event"))[:_LONGEST])]
    return (*said, *((name, str(line[name])[:_LONGEST]) for name in _TELLING if name in line))
