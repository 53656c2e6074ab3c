"""What a process counts about itself, for Prometheus: rates, latencies, retries, backlogs, conflicts, pool use.

Labels are names of our own (queues, methods, codes of errors), never anything a caller sent: their number is bounded.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_SIZES: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500)

REQUESTS = Histogram(
    "motcua_request_seconds", "Requests answered, by outcome.", ("door", "method", "outcome"), buckets=_SECONDS
)
MESSAGES = Histogram(
    "motcua_message_seconds",
    "Events handled, from the hand of the broker to the ack: done, ladder (tried again), dead, outage (waits).",
    ("queue", "outcome"),
    buckets=_SECONDS,
)
CALLS = Histogram(
    "motcua_call_seconds", "Calls to other services, by outcome.", ("target", "outcome"), buckets=_SECONDS
)
PUBLISHED = Counter("motcua_events_published", "Events that the broker confirmed.", ("type",))
REFUSED = Counter("motcua_events_refused", "Events that the broker did not take.", ("type",))
CONFIRMS = Histogram("motcua_confirm_seconds", "From publishing a batch to its last confirm.", buckets=_SECONDS)
COMMITS = Histogram("motcua_commit_seconds", "One bulk write.", ("collection",), buckets=_SECONDS)
COMMIT_SIZES = Histogram("motcua_commit_changes", "Changes that shared a bulk write.", ("collection",), buckets=_SIZES)
CONFLICTS = Counter("motcua_journal_conflicts", "Changes that others were faster than.", ("kind",))
GUESSES = Counter(
    "motcua_journal_guesses", "Changes made on what was remembered, without a read first.", ("kind", "outcome")
)
POOL = Gauge("motcua_store_connections_in_use", "Connections to the database that are checked out.")
RELAY_WAITING = Gauge("motcua_relay_waiting", "Histories with something unpublished.")
RELAY_OLDEST = Gauge("motcua_relay_oldest_seconds", "How long the oldest of them has waited.")
RELAY_HEALTHY = Gauge("motcua_relay_healthy", "Whether the last round of the relay went through.")
DEAD_LETTERS = Gauge("motcua_dead_letters", "Messages that failed to the end.")
READY = Gauge("motcua_ready", "Whether work can be done.")
LOOP_LAG = Gauge("motcua_loop_lag_seconds", "How late the process comes to what it meant to do now.")


@contextmanager
def timed(histogram: Histogram) -> Iterator[None]:
    """Observe how long the inside takes, however it ends."""
    began = perf_counter()
    try:
        yield
    finally:
        histogram.observe(perf_counter() - began)


def outcome_of(error: BaseException | None) -> str:
    """An error as a label: its class, or `ok`."""
    return type(error).__name__ if error is not None else "ok"
