"""What a process logs is bounded: equal lines are counted, and nothing is left out in silence."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from services.chassis import logs
from services.chassis.damping import FIRST, KEPT, KINDS, LEFT_OUT, MOST, SECONDS, Damper, ForeignLines, cut

Lines = list[dict[str, Any]]
AWAY = (("event", "broker_unreachable"), ("reason", "OSError"))


class Clock:
    """The time, as a test wants it."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    """Midnight."""
    return Clock()


@pytest.fixture
def told() -> Lines:
    """What was said of what was left out."""
    return []


@pytest.fixture
def damper(clock: Clock, told: Lines) -> Damper:
    """One that tells the test."""
    return Damper(lambda known: told.append(dict(known)), clock)


@pytest.fixture
def out(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What a process writes, with a damper of its own; afterwards everything is as before."""
    written, root = io.StringIO(), logging.getLogger()
    before = root.handlers[:], root.level
    monkeypatch.setattr("sys.stdout", written)
    monkeypatch.setattr(logs, "damper", Damper(logs._tell))  # noqa: SLF001
    monkeypatch.setattr("atexit.register", lambda *_args, **_kwargs: None)
    logs.configure("sample")
    yield written
    structlog.reset_defaults()
    root.handlers[:], root.level = before
    logging.captureWarnings(capture=False)


def events(out: io.StringIO) -> Lines:
    """The lines written."""
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_of_equal_warnings_the_first_are_written_and_the_others_told_when_the_minute_is_over(
    damper: Damper, clock: Clock, told: Lines
) -> None:
    assert sum(damper.admits(logging.WARNING, AWAY) for _ in range(1000)) == FIRST
    assert told == []
    clock.at = SECONDS
    assert damper.admits(logging.WARNING, AWAY)
    counted = {"of_event": "broker_unreachable", "of_reason": "OSError", "count": 1000 - FIRST, "seconds": SECONDS}
    assert told == [counted]


def test_what_says_something_else_is_written(damper: Damper) -> None:
    for _ in range(100):
        damper.admits(logging.WARNING, AWAY)
    assert damper.admits(logging.WARNING, (AWAY[0], ("reason", "TimeoutError")))
    assert damper.admits(logging.ERROR, (("event", "relay_failed"),))


def test_a_storm_that_has_passed_is_told_without_another_line(damper: Damper, clock: Clock, told: Lines) -> None:
    for _ in range(FIRST + 1):
        damper.admits(logging.ERROR, AWAY)
    damper.sum_up()
    assert told == []
    clock.at = SECONDS
    damper.sum_up()
    damper.sum_up()
    assert [one["count"] for one in told] == [1]


def test_a_process_that_stops_tells_at_once(damper: Damper, told: Lines) -> None:
    for _ in range(FIRST + 5):
        damper.admits(logging.ERROR, AWAY)
    damper.sum_up(all_of_it=True)
    assert [one["count"] for one in told] == [5]


def test_all_lines_of_a_minute_together_are_bounded_and_every_one_is_accounted_for(
    damper: Damper, clock: Clock, told: Lines
) -> None:
    asked, room = 2 * MOST, MOST - KEPT
    written = sum(damper.admits(logging.INFO, (("event", f"callback_{number % 30}"),)) for number in range(asked))
    assert written == room
    clock.at = SECONDS
    damper.sum_up()
    assert sum(one["count"] for one in told) == asked - written
    assert len(told) == FIRST + 1
    assert damper.admits(logging.INFO, (("event", "callback_1"),))


def test_no_storm_of_common_lines_leaves_an_error_out(damper: Damper) -> None:
    for _ in range(2 * MOST):
        damper.admits(logging.INFO, (("event", "callback_answered"),))
    kinds = KEPT // FIRST
    assert all(damper.admits(logging.ERROR, (("event", f"e{number % kinds}"),)) for number in range(KEPT))
    assert not damper.admits(logging.ERROR, (("event", "one more"),))


def test_kinds_without_end_are_bounded_too(damper: Damper, told: Lines) -> None:
    keys = [(("event", f"e{number % 500}"), ("reason", str(number))) for number in range(20_000)]
    written = sum(damper.admits(logging.WARNING, key) for key in keys)
    damper.sum_up(all_of_it=True)
    assert written <= FIRST * (2 * KINDS + 1)
    assert len(told) <= 2 * KINDS + 1
    assert written + sum(one["count"] for one in told) == len(keys)


def test_a_poisoned_queue_is_a_few_lines_in_the_log(out: io.StringIO) -> None:
    for number in range(500):
        logs.log.warning("message_failed", queue="s.q", reason="Invalid", goes_to="dead", attempt=number)
    logs.damper.sum_up(all_of_it=True)
    *first, last = events(out)
    assert [line["event"] for line in first] == ["message_failed"] * FIRST
    assert (last["event"], last["of_event"], last["of_queue"], last["count"]) == (
        LEFT_OUT,
        "message_failed",
        "s.q",
        500 - FIRST,
    )


def test_so_is_a_library_that_repeats_itself(out: io.StringIO) -> None:
    for number in range(200):
        logging.getLogger("amqp").warning(f"frame {number} was lost")  # noqa: G004
    logs.damper.sum_up(all_of_it=True)
    assert len(events(out)) == FIRST + 1
    assert events(out)[-1]["count"] == 200 - FIRST


def test_the_web_servers_own_lines_are_damped(damper: Damper) -> None:
    line = logging.LogRecord("gunicorn.error", logging.WARNING, "base.py", 273, "Invalid request", (), None)
    assert sum(ForeignLines(damper).filter(line) for _ in range(100)) == FIRST


def test_no_text_of_a_line_is_endless() -> None:
    line = cut(None, "", {"event": "x" * 10_000, "count": 3})
    assert (len(line["event"]), line["count"]) == (2001, 3)


def test_no_words_of_an_error_are_written_nor_of_those_in_a_group_nor_what_was_noted(out: io.StringIO) -> None:
    noted = ValueError("of 001801000001")
    noted.add_note("noted 001801000001")
    inner = ExceptionGroup("inner 001801000001", [KeyError("001801000001")])
    source = SyntaxError("001801000001", ("f", 1, 1, "line 001801000001"))

    def group() -> None:
        try:
            int("001801000001 of nobody")
        except ValueError as error:
            raise ExceptionGroup("outer 001801000001", [noted, inner, source]) from error

    try:
        group()
    except ExceptionGroup:
        logs.log.exception("request_failed")
    (written,) = out.getvalue().splitlines()
    assert "001801000001" not in written
    outer, cause = json.loads(written)["exception"]
    assert (outer["exc_type"], cause["exc_type"], cause["is_cause"]) == ("ExceptionGroup", "ValueError", True)
    assert [one[0]["exc_type"] for one in outer["exceptions"]] == ["ValueError", "ExceptionGroup", "SyntaxError"]
    assert outer["exceptions"][1][0]["exceptions"][0][0]["exc_type"] == "KeyError"
    assert outer["frames"][-1]["name"] == "group"
