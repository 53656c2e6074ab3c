"""Lines to the stream: each goes on where it stands, and no more are open than are used."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.chassis import stream
from services.chassis.stream import Lines, Place

SINCE = datetime(2026, 11, 27, tzinfo=UTC)
PLACES = [Place(offset, "id") for offset in (0, 10, 20, 30)]


class Line:
    """A line that reads one message at a time; where it was dialled to."""

    dialled: list[Any]
    open: int

    def __init__(self, _uri: str) -> None:
        self._after: Any = None

    def stands_at(self, after: Any) -> bool:
        return bool(self._after == after)

    def read(self, after: Any, _most: int, _seconds: float) -> Place:
        if not self.stands_at(after):
            Line.dialled.append(after)
            Line.open += self._after is None
        self._after = Place(after.offset + 1 if isinstance(after, Place) else 0, "id")
        return self._after  # type: ignore[no-any-return]

    def close(self) -> None:
        Line.open -= self._after is not None
        self._after = None


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(stream, "Stream", Line)
    Line.dialled, Line.open = [], 0
    return Lines("amqp://broker//", 3)


def test_two_who_read_in_turn_dial_once_each(lines: Any) -> None:
    one, other = lines.read(SINCE, 1), lines.read(PLACES[2], 1)
    for _ in range(3):
        one, other = lines.read(one, 1), lines.read(other, 1)
    assert (one, other) == (Place(3, "id"), Place(24, "id"))
    assert Line.dialled == [SINCE, PLACES[2]]


def test_of_more_readers_than_lines_the_one_that_waits_the_longest_dials_anew(lines: Any) -> None:
    for place in PLACES:
        lines.read(place, 1)
    lines.read(Place(21, "id"), 1)
    lines.read(Place(31, "id"), 1)
    assert Line.dialled == PLACES
    lines.read(PLACES[0], 1)
    assert Line.dialled == [*PLACES, PLACES[0]]


@pytest.mark.parametrize(("kept", "left"), [(0, 0), (1, 1), (3, 3), (9, 3)])
def test_what_was_used_last_is_kept_open(lines: Any, kept: int, left: int) -> None:
    for place in PLACES[:3]:
        lines.read(place, 1)
    lines.keep(kept)
    assert Line.open == left
    if kept:
        lines.read(Place(21, "id"), 1)
        assert Line.dialled == PLACES[:3]
