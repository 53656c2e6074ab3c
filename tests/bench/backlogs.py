"""What was not done yet while it was measured: histories that are not published, messages that nobody has taken."""

from collections.abc import Iterator, Sequence
from typing import Final

from tests.bench.outcome import Result
from tests.bench.stats import percentile
from tests.bench.table import Table
from tests.bench.track import Track

_ABOUT: Final = (
    "Looked at every second of a run: how many histories had something that was not published yet, for how many "
    "seconds the first of them had waited, and how many messages were ready in all queues together, each as p50 / p99 "
    "/ most. What a service has taken in hand, at most its prefetch, is not ready, and not counted. `without` counts "
    "looks that a server was too busy to answer. Stock and the limit have no relay."
)
_RANKS: Final = (0.5, 0.99, 1.0)


def tracks(result: Result) -> Iterator[tuple[str, Track]]:
    """Every run that was looked at, by its name."""
    for load, flows in (("maximum", result.closed), ("half of it", result.open), ("set rate", result.rated)):
        yield from ((f"ours, {key}, {load}", flow.track) for key, flow in flows.items())
    for load, controls in (("maximum", result.stock), ("half of it", result.stock_open)):
        yield from ((f"stock, {key}, {load}", control.track) for key, control in controls.items())
    yield from ((f"the limit, {key}", limit.track) for key, limit in result.limit.items())
    for door, accepted in result.accepted.items():
        yield f"intake alone, {door}, maximum", accepted.track
        yield f"intake alone, {door}, half of it", accepted.open_track
    for run in result.scaling.runs if result.scaling else ():
        yield f"scaling, {run.processes} under {run.clients} clients, limited by {run.limit}", run.track


def backlogs(result: Result) -> Table:
    """A row for each run."""
    cells = [
        (name, _told(track.unpublished), _told(track.lag_seconds), _told(waiting), _deepest(track), *_looks(track))
        for name, track in tracks(result)
        if (waiting := waiting_in_all(track)) or track.unpublished
    ]
    columns = ("run", "unpublished", "lag, s", "ready", "most before one", "looks", "without")
    return Table("Backlogs", _ABOUT, columns, cells)


def waiting_in_all(track: Track) -> list[float | None]:
    """Messages that were ready in all queues, look by look."""
    looks = zip(*track.queued.values(), strict=True)
    return [None if None in depths else float(sum(one or 0 for one in depths)) for depths in looks]


def _told(values: Sequence[float | None]) -> str:
    known = sorted(one for one in values if one is not None)
    if not known:
        return "–"
    return " / ".join(f"{percentile(known, share):g}" for share in _RANKS)


def _deepest(track: Track) -> str:
    """The service before which most messages were ready at once."""
    depths = {name: max((one for one in own if one is not None), default=0) for name, own in track.queued.items()}
    name = max(depths, key=lambda one: depths[one], default="")
    return f"{depths[name]} ({name})" if name and depths[name] else "–"


def _looks(track: Track) -> tuple[str, str]:
    seen: Sequence[float | None] = track.unpublished or waiting_in_all(track)
    return str(len(seen)), str(sum(one is None for one in seen))
