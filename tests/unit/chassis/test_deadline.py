"""What would stop all greenlets does not, and what does not end is ended."""

import time

import eventlet
import pytest

from services.chassis.deadline import ended_after, in_os_thread


def test_others_go_on_while_something_blocks() -> None:
    done: list[str] = []

    def other() -> None:
        eventlet.sleep(0)
        done.append("other")

    def blocking(seconds: float) -> str:
        time.sleep(seconds)
        return "result"

    eventlet.spawn(other)
    assert in_os_thread(blocking, 0.2) == "result"
    assert done == ["other"]


def test_an_error_is_raised_by_whoever_asked() -> None:
    with pytest.raises(ZeroDivisionError):
        in_os_thread(divmod, 1, 0)


def test_who_waits_too_long_is_ended_and_who_does_not_is_not() -> None:
    with pytest.raises(TimeoutError), ended_after(0.01):
        in_os_thread(time.sleep, 0.5)
    with ended_after(60):
        eventlet.sleep(0)
