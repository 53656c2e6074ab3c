"""What was not done yet is told of every run that was looked at, and what nobody could look at is a gap."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

from amqp.exceptions import ConnectionError as BrokerBusy

from tests.bench import pages, sampling
from tests.bench.backlogs import backlogs
from tests.bench.intake import OURS_BY_RPC
from tests.bench.outcome import Result
from tests.bench.plan import NO_FEE
from tests.bench.plots import Chart, svg
from tests.bench.sampling import Sampler
from tests.bench.stressed import Scaling
from tests.bench.tables import all_tables
from tests.bench.track import Track
from tests.unit.bench.figures import a_control, a_flow, a_limit, a_machine, a_scaling, a_track, an_accepted


def row(result: Result, run: str) -> dict[str, str]:
    table = backlogs(result)
    assert backlogs(result).heading in [one.heading for one in all_tables(result)]
    (cells,) = (one for one in table.cells if one[0] == run)
    return dict(zip(table.columns, cells, strict=True))


def a_result() -> Result:
    """Every run that is looked at."""
    result, track = Result("2026-01-15T120000Z", "quick", a_machine()), a_track()
    result.closed[NO_FEE] = result.open[NO_FEE] = a_flow()
    result.stock[NO_FEE] = a_control()
    result.limit[NO_FEE] = replace(a_limit(), track=replace(track, unpublished=[], lag_seconds=[]))
    result.accepted[OURS_BY_RPC] = replace(an_accepted(OURS_BY_RPC, 300), track=track, open_track=track)
    runs = [replace(one, track=track) for one in a_scaling().runs]
    result.scaling = Scaling(NO_FEE, "notify", 0.1, runs)
    return result


def test_relay_lag_and_queues_are_told_of_every_run() -> None:
    result = a_result()
    told = {cells[0].split(", ")[0].partition(" 1 ")[0].partition(" 2 ")[0] for cells in backlogs(result).cells}
    assert told == {"ours", "stock", "the limit", "intake alone", "scaling"}
    assert len(backlogs(result).cells) == 2 + 1 + 1 + 2 + 4
    assert row(result, f"ours, {NO_FEE}, maximum") == {
        "run": f"ours, {NO_FEE}, maximum",
        "unpublished": "1 / 2 / 2",
        "lag, s": "0.1 / 0.2 / 0.2",
        "ready": "0 / 5 / 5",
        "most before one": "5 (notify)",
        "looks": "2",
        "without": "0",
    }
    assert row(result, f"stock, {NO_FEE}, maximum")["lag, s"] == "–"
    assert all(f"{name}</h2>" in pages.page(result) for name in (f"The limit, {NO_FEE}", f"{OURS_BY_RPC}, maximum"))
    assert pages.page(result).count("Relay lag <small>") == 2 + 2 + 4


def test_what_nobody_could_look_at_is_neither_nought_nor_what_was_seen_before() -> None:
    result = a_result()
    gaps = Track(
        at=[1.0, 2.0, 3.0],
        queued={"notify": [9, None, 1], "routing": [1, None, 1]},
        unpublished=[4, None, 8],
        lag_seconds=[0.5, None, 1.5],
    )
    result.closed[NO_FEE] = replace(a_flow(), track=gaps)
    told = row(result, f"ours, {NO_FEE}, maximum")
    assert (told["looks"], told["without"]) == ("3", "1")
    assert (told["ready"], told["lag, s"], told["most before one"]) == ("2 / 10 / 10", "0.5 / 1.5 / 1.5", "9 (notify)")
    assert "Relay lag" in pages.page(result)


class _Broker:
    """Answers, is too busy, answers."""

    def __init__(self) -> None:
        self._answers: Iterator[dict[str, int] | Exception] = iter([{"notify": 1}, BrokerBusy("busy"), {"notify": 3}])

    def depths(self) -> dict[str, int]:
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        """Nothing is open."""


def test_a_look_that_is_not_answered_is_a_gap(monkeypatch: Any) -> None:
    monkeypatch.setattr(sampling, "EVERY_SECONDS", 600)
    unpublished = SimpleNamespace(lag=lambda: (2, 0.25), close=lambda: None)
    with Sampler({}, cast("Any", _Broker()), cast("Any", unpublished)) as sampler:
        sampler._sample()  # noqa: SLF001 – as its thread does
    track = sampler.track()
    assert (track.queued, track.unpublished, track.lag_seconds) == ({"notify": [None, 3]}, [None, 2], [None, 0.25])
    with Sampler({}, cast("Any", _Broker()), None) as sampler:
        sampler._sample()  # noqa: SLF001
    assert (sampler.track().unpublished, sampler.track().lag_seconds) == ([], [])


def test_a_line_has_a_gap_where_nothing_is_known() -> None:
    drawn = ET.fromstring(svg(Chart("lag", "seconds", {"a": [(0, 1), (1, 2), (2, None), (3, 4), (4, 5)]})))  # noqa: S314
    assert [len(str(line.get("points")).split()) for line in drawn.iter("polyline")] == [2, 2]
