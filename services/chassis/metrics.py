"""What a process counts about itself, for Prometheus: rates, latencies, retries, backlogs, conflicts, pool use.

Labels are names of our own (queues, methods, codes of errors), never anything a caller sent: their number is bounded.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter
from typing import Final

from prometheus_client import REGISTRY, Counter, Gauge, Histogram

from services.chassis.errors import Defect, ServiceError, Unavailable

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_AGES: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 86_400)
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
EVENT_AGES = Histogram(
    "motcua_event_age_seconds", "From when an event was written until it was handled.", ("queue",), buckets=_AGES
)
IN_HAND = Gauge("motcua_messages_in_hand", "Events that are being handled now.", ("queue",))
QUEUED = Gauge(
    "motcua_queue_messages",
    "What nobody has taken in hand yet, as of the last look at the broker: work, requests, retry (on the ladder).",
    ("queue", "kind"),
)
CALLS = Histogram(
    "motcua_call_seconds",
    "Calls to other services, to the mail server and to the gateway, by outcome.",
    ("target", "outcome"),
    buckets=_SECONDS,
)
TIMERS = Histogram("motcua_timer_seconds", "Rounds of timers, by outcome.", ("timer", "outcome"), buckets=_SECONDS)
TIMER_OVERDUE = Gauge(
    "motcua_timer_overdue_seconds", "For how long a round of this timer should have gone through.", ("timer",)
)
NEEDS_HAND = Counter(
    "motcua_needs_hand", "What only a person can set right, by the event of the log that says so.", ("what",)
)
PUBLISHED = Counter("motcua_events_published", "Events that the broker confirmed.", ("type",))
REFUSED = Counter("motcua_events_refused", "Events that the broker did not take.", ("type",))
CONFIRMS = Histogram("motcua_confirm_seconds", "From publishing a batch to its last confirm.", buckets=_SECONDS)
COMMITS = Histogram("motcua_commit_seconds", "One bulk write.", ("collection",), buckets=_SECONDS)
COMMIT_SIZES = Histogram("motcua_commit_changes", "Changes that shared a bulk write.", ("collection",), buckets=_SIZES)
CONFLICTS = Counter("motcua_journal_conflicts", "Changes that others were faster than.", ("kind",))
GUESSES = Counter(
    "motcua_journal_guesses",
    "Changes tried on what was remembered, without a read first: right, wrong (others were faster), refused.",
    ("kind", "outcome"),
)
WEBHOOKS = Counter(
    "motcua_webhooks", "Tries to tell somebody by webhook: delivered, failed (goes again), given_up.", ("outcome",)
)
WEBHOOK_OUTCOMES: Final = ("delivered", "failed", "given_up")
SPANS_LOST = Counter("motcua_spans_lost", "Spans that were recorded and did not reach the collector.")
POOL = Gauge("motcua_store_connections_in_use", "Connections to the database that are checked out.")
POOL_MOST = Gauge("motcua_store_connections_most", "How many may be at once; who needs one more waits.")
# A process shows these once it has something to tell, and never what it does not have, such as a relay.
RELAY_WAITING = Gauge("motcua_relay_waiting", "Histories with something unpublished.", registry=None)
RELAY_OLDEST = Gauge("motcua_relay_oldest_seconds", "How long the oldest of them has waited.", registry=None)
RELAY_HEALTHY = Gauge("motcua_relay_healthy", "Whether the last round of the relay went through.", registry=None)
DEAD_LETTERS = Gauge("motcua_dead_letters", "Messages that failed to the end.", registry=None)
LINES = Gauge("motcua_rpc_lines_in_use", "Lines to other services, each with a call on it.", registry=None)
LINES_MOST = Gauge("motcua_rpc_lines_most", "How many may be at once; who needs one more waits.", registry=None)
READY = Gauge("motcua_ready", "Whether work can be done.", registry=None)
LOOP_LAG = Gauge(
    "motcua_loop_lag_seconds", "How late the process came to what it meant to do, at worst, lately.", registry=None
)
WEBHOOK_OLDEST = Gauge(
    "motcua_webhook_oldest_seconds", "How long the oldest waits that is to be told by webhook.", registry=None
)
WEBHOOK_BEHIND = Gauge(
    "motcua_webhook_behind_seconds", "How far the reading for webhooks is behind what happens.", registry=None
)
shown: set[Gauge] = set()


def show(gauge: Gauge) -> None:
    """From now on `gauge` is among what this process shows."""
    if gauge not in shown:
        shown.add(gauge)
        REGISTRY.register(gauge)


def tell(gauge: Gauge, value: float | None) -> None:
    """Show this value; what is not known now is shown as that, not as nought."""
    gauge.set(float("nan") if value is None else float(value))
    show(gauge)


def begin(counter: Counter, labels: Iterable[str]) -> None:
    """Show these at nought before any is counted: of what first shows at one, Prometheus sees no increase."""
    for label in labels:
        counter.labels(label)


def begin_outcomes(histogram: Histogram, *labels: str) -> None:
    """As `begin`, of what an alert counts by how it ends: there are the three ends that it tells apart."""
    for outcome in ("ok", Unavailable.__name__, Defect.__name__):
        histogram.labels(*labels, outcome)


@contextmanager
def timed(histogram: Histogram) -> Iterator[None]:
    """Observe how long the inside takes, however it ends."""
    began = perf_counter()
    try:
        yield
    finally:
        histogram.observe(perf_counter() - began)


@contextmanager
def called(target: str, told: Mapping[type[Exception], str] | None = None) -> Iterator[None]:
    """Observe the call inside. `told`: errors that are none of ours, by the outcome under which they are counted."""
    began, outcome = perf_counter(), outcome_of(None)
    try:
        yield
    except BaseException as error:
        outcome = next((name for kind, name in (told or {}).items() if isinstance(error, kind)), outcome_of(error))
        raise
    finally:
        CALLS.labels(target, outcome).observe(perf_counter() - began)


def needs_hand(what: str) -> None:
    """Something that only a person can set right; `what` is the event under which the log tells of it."""
    NEEDS_HAND.labels(what).inc()


def outcome_of(error: BaseException | None) -> str:
    """An error as a label: its class, or `ok`; what is none of ours is told as a Defect, and so counted."""
    if error is None:
        return "ok"
    return type(error).__name__ if isinstance(error, ServiceError) else Defect.__name__
