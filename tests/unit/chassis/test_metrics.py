"""Calls to whomever are counted by how they ended."""

from contextlib import suppress

import pytest
from prometheus_client import REGISTRY

from services.chassis import metrics
from services.chassis.errors import Refused, Unavailable


class Closed(Exception):
    """An answer of somebody else's."""


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, "ok"),
        (Unavailable("x.y", "No.", "Không."), "Unavailable"),
        (Refused("x.y", "No.", "Không."), "Refused"),
        (Closed(), "Refused"),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "half of a letter"), "Defect"),
        (SystemExit(), "Defect"),
    ],
)
def test_a_call_is_counted_by_how_it_ends(error: BaseException | None, outcome: str) -> None:
    metrics.CALLS.clear()
    with suppress(*([type(error)] if error else [])), metrics.called("desk.ask", {Closed: "Refused"}):
        if error is not None:
            raise error
    counted = {
        one.labels["outcome"]: one.value
        for one in next(iter(metrics.CALLS.collect())).samples
        if one.name == "motcua_call_seconds_count"
    }
    assert counted == {outcome: 1}
    assert REGISTRY.get_sample_value("motcua_call_seconds_count", {"target": "desk.ask", "outcome": outcome}) == 1
