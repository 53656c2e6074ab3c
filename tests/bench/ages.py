"""How old events were when they had been handled, queue by queue: as the services' own metrics tell it of every one.

Histories show only those that a subscriber wrote something because of; these show each delivery, but no finer than the
bounds of the histogram.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from deploy.local.waiting import wait_until
from services.chassis.queues import work_queues
from services.cli.top import scraping
from services.cli.topology import service_classes
from tests.bench.books import Entry
from tests.bench.outcome import Aged, NotMeasured

_BUCKET: Final = "motcua_event_age_seconds_bucket"
_PATIENCE_SECONDS: Final = 30.0
Read = Mapping[str, Counter[str]]  # by queue, how many events were no older than each bound


def read(env: Mapping[str, str]) -> Read:
    """What all processes have counted so far. Raises NotMeasured where one of them does not say."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for process in scraping.look(Path(env["MOTCUA_METRICS_DIR"])):
        if not process.samples:
            raise NotMeasured(f"{process.name} does not show what it has counted")
        for (name, labels), value in process.samples.items():
            if name == _BUCKET:
                told = dict(labels)
                found[told["queue"]][told["le"]] += int(value)
    return found


def since(before: Read, now: Read) -> dict[str, Aged]:
    """What was counted in between."""
    ages = {}
    for queue, counts in now.items():
        earlier = before.get(queue, Counter())
        within = {bound: count - earlier[bound] for bound, count in counts.items()}
        if within.get("+Inf"):
            ages[queue] = Aged(within)
    return ages


def due(entries: Sequence[Entry]) -> Counter[str]:
    """How many of these events each queue is given."""
    said = Counter(f"{entry.source}.{entry.type}" for entry in entries)
    found: Counter[str] = Counter()
    for service in service_classes():
        for queue in work_queues(service):
            for one in queue.bindings:
                found[queue.name] += said[f"{one.exchange.name.removesuffix('.events')}.{one.routing_key}"]
    return +found


def handled(env: Mapping[str, str], before: Read, entries: Sequence[Entry]) -> dict[str, Aged]:
    """The ages at every queue once it has handled all of these events. Raises NotMeasured."""
    wanted, ages = due(entries), dict[str, Aged]()

    def are_all_handled() -> bool:
        with suppress(NotMeasured):  # who is busy now is asked again
            ages.update(since(before, read(env)))
        return not missing(wanted, ages)

    if not wait_until(are_all_handled, _PATIENCE_SECONDS):
        raise NotMeasured(f"of the ages of events these are not told: {missing(wanted, ages)}")
    return ages


def missing(wanted: Mapping[str, int], ages: Mapping[str, Aged]) -> dict[str, int]:
    """How many each queue has not handled yet."""
    short = {queue: count - (ages[queue].count if queue in ages else 0) for queue, count in wanted.items()}
    return {queue: count for queue, count in short.items() if count > 0}
