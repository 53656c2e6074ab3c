"""Who works in a unit is asked seldom, and soon again where nobody answered."""

from collections.abc import Sequence

import pytest

from services.chassis.errors import Unavailable
from services.portal import staff


def test_where_nobody_answered_it_is_asked_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    now, asked = [1000.0], list[float]()
    monkeypatch.setattr("services.portal.staff.time.monotonic", lambda: now[0])
    known = staff.Staff()

    def ask() -> Sequence[str]:
        asked.append(now[0])
        if len(asked) == 1:
            known.note("vnnic", "vnnic-9")
            raise Unavailable("routing.unavailable", "Away.", "Không trả lời.")
        return ["vnnic-1"]

    assert (list(known.of("vnnic", ask)), known.is_told("vnnic")) == (["vnnic-9"], False)
    for at, told in ((1004.0, ["vnnic-9"]), (1005.0, ["vnnic-1"]), (1604.0, ["vnnic-1"])):
        now[0] = at
        assert list(known.of("vnnic", ask)) == told
    assert (asked, known.is_told("vnnic")) == ([1000.0, 1005.0], True)
