"""An alert comes when something is the matter, and at no other time: each rule is held against scrapes of processes."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import product
from types import SimpleNamespace
from typing import Any, Final, cast

import pytest
from flask import Flask
from prometheus_client import REGISTRY, generate_latest

from deploy.local.composition import DOORS, SERVICE_DOORS, SERVICES
from services.chassis import metrics
from services.chassis.lateness import LATENESS
from services.chassis.publish import Publisher
from services.chassis.reach import Found
from services.chassis.relay import Relay
from services.notify.settings import NotifySettings
from services.notify.wiring import wire
from services.payment.http import routes as callbacks
from services.portal.health import Health
from services.portal.offers import Offers
from tests.contract.test_monitoring import alerts
from tests.contract.test_needs import wired
from tests.keys import ring
from tests.promql import Series, fires, series_of
from tests.unit.chassis.tally import TALLY, cause
from tests.unit.chassis.test_journal import withdrawn
from tests.unit.chassis.world import World, forget_shown
from tests.unit.counts import counted
from tests.unit.fakes import FakeCollection, fake_journal
from tests.unit.portal.fakes import FakeServices, app, catalogue, procedure, settings

CONFLICTS: Final = "motcua_journal_conflicts_total"
NIGHT: Final = datetime(2026, 11, 25, 20, tzinfo=UTC)  # nobody hands anything in
NOON: Final = datetime(2026, 11, 25, 5, tzinfo=UTC)  # a Wednesday, at UTC+7
SECONDS: Final = 15.0
_OBSERVED: Final = re.compile(r"^motcua_\w+_(count|sum|bucket|created)\b.*\n", re.MULTILINE)
_COUNTED: Final = re.compile(r"^(motcua_\w+_total\b.*) .*$", re.MULTILINE)
# What is told as a share or a rate may be born with its first event: the second is seen.
_BORN_LATER: Final = re.compile("motcua_(request|call|message|commit|event_age)_seconds|motcua_journal_conflicts")
Pages = dict[str, str]


def page() -> str:
    """What this process would answer to a scrape, if it had counted nothing yet: other tests have."""
    return _COUNTED.sub(r"\1 0.0", _OBSERVED.sub("", generate_latest(REGISTRY).decode()))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """What processes meet."""
    monkeypatch.setattr("services.portal.health.requests.get", lambda *_, **__: SimpleNamespace(ok=True))
    return World(monkeypatch)


@pytest.fixture
def healthy(world: World) -> Iterator[Pages]:
    """A scrape of every process that a stack has, each as its own code shows it when all is well."""
    metrics.show(metrics.LOOP_LAG)
    metrics.LOOP_LAG.set_function(lambda: 0.001)
    for service in SERVICES:
        Relay(service, cast("Publisher", None))
    metrics.begin(metrics.WEBHOOKS, metrics.WEBHOOK_OUTCOMES)
    assert world.health.look()
    doors = dict.fromkeys(SERVICE_DOORS, page())
    assert world.serve().health.look()
    services = dict.fromkeys(SERVICES, page())
    forget_shown()
    metrics.show(metrics.LOOP_LAG)
    assert Health(settings(), None, whole_catalogue()).look()
    yield {**services, **doors, "portal-http": page()}
    metrics.LOOP_LAG.set_function(LATENESS.longest)  # not before: a test may look again, and other tests were late


def whole_catalogue() -> Offers:
    """A catalogue that can be read."""
    return Offers(FakeServices(catalogue(procedure())))  # type: ignore[arg-type]


def found(pages: Mapping[str, str], before: Mapping[str, str], at: datetime = NIGHT) -> set[str]:
    """The alerts whose rules hold."""
    series: Sequence[Series] = [
        one
        for process, now in pages.items()
        for one in series_of(before.get(process, now), now, SECONDS, **target(process))
    ]
    return {rule["alert"] for rule in alerts() if fires(rule["expr"], series, at)}


def target(process: str) -> dict[str, str]:
    """The labels that Prometheus gives to what it scrapes of a process."""
    service, _, door = process.partition("-")
    return {"job": "motcua", "service": service, "door": door or "bus", "instance": f"{process}:1"}


def seen_before(page: str, lines: Sequence[str]) -> str:
    """The page with the series of `lines` at nought, where a process does not show them from its start."""
    return plus(page, *(f"{line.rpartition(' ')[0]} 0.0" for line in lines if _BORN_LATER.match(line)))


def plus(page: str, *lines: str) -> str:
    """The page with other values; a series that is there already is replaced."""
    names = [line.rpartition(" ")[0] for line in lines]
    kept = [line for line in page.splitlines() if line.rpartition(" ")[0] not in names]
    return "\n".join([*kept, *lines, ""])


def answered(method: str, outcome: str, count: int, seconds: float = 0.01) -> tuple[str, ...]:
    """So many requests of a method, each of that length."""
    labels = f'door="http",method="{method}",outcome="{outcome}"'
    return histogram("motcua_request_seconds", labels, count, seconds)


def called(target: str, outcome: str, count: int) -> tuple[str, ...]:
    """So many quick calls of a target."""
    return histogram("motcua_call_seconds", f'target="{target}",outcome="{outcome}"', count, 0.01)


def handled(queue: str, outcome: str, count: int) -> tuple[str, ...]:
    """So many quick events of a queue."""
    return histogram("motcua_message_seconds", f'queue="{queue}",outcome="{outcome}"', count, 0.01)


def histogram(name: str, labels: str, count: int, seconds: float) -> tuple[str, ...]:
    """Observations of one length."""
    inside = f"{labels}," if labels else ""
    bounds = [
        f'{name}_bucket{{{inside}le="{bound}"}} {count if seconds <= float(bound) else 0}' for bound in (0.1, 5.0, 300)
    ]
    return *bounds, f'{name}_bucket{{{inside}le="+Inf"}} {count}', f"{name}_count{{{labels}}} {count}"


def test_no_alert_comes_of_processes_that_are_well(healthy: Pages) -> None:
    assert set(healthy) == {*SERVICES, *DOORS}
    assert found(healthy, healthy) == set()


def test_a_process_shows_nothing_of_what_it_does_not_have(healthy: Pages) -> None:
    shown = {process for process, page in healthy.items() if re.search("^motcua_(relay|dead)_", page, re.MULTILINE)}
    assert shown == {*SERVICES, *SERVICE_DOORS}
    assert all("\nmotcua_ready 1.0\n" in page for page in healthy.values())


SICK: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "MotcuaNotReady": ("portal-http", ("motcua_ready 0.0",)),
    "MotcuaRelayLag": ("routing", ("motcua_relay_oldest_seconds 61.0",)),
    "MotcuaRelayUnhealthy": ("intake-http", ("motcua_relay_healthy 0.0",)),
    "MotcuaDeadLetters": ("notify", ("motcua_dead_letters 1.0",)),
    "MotcuaEventsRefused": ("intake", ('motcua_events_refused_total{type="dossier_submitted"} 1.0',)),
    "MotcuaErrorRate": ("payment-http", (*answered("go_to_pay", "Unavailable", 1), *answered("other", "ok", 40))),
    "MotcuaCallbacksFail": (
        "payment-http",
        (*answered("take_callback", "Unavailable", 3), *answered("other", "ok", 300)),
    ),
    "MotcuaCallsFail": ("registry", (*called("intake.get", "Unavailable", 1), *called("intake.get", "ok", 12))),
    "MotcuaAway": ("notify", (*called("smtp.send", "Unavailable", 1), *called("intake.get", "ok", 12))),
    "MotcuaEventsWait": ("registry", (*handled("registry.issue", "outage", 3), *handled("registry.issue", "done", 2))),
    "MotcuaEventsStand": ("registry", ('motcua_messages_in_hand{queue="registry.issue"} 1.0',)),
    "MotcuaEventsLate": ("routing", histogram("motcua_event_age_seconds", 'queue="routing.open_case"', 10, 120.0)),
    "MotcuaTimerStands": ("routing", ('motcua_timer_overdue_seconds{timer="clocks"} 301.0',)),
    "MotcuaNeedsHand": ("intake", ('motcua_needs_hand_total{what="broker_came_back_empty"} 1.0',)),
    "MotcuaSlowRequests": ("portal-http", answered("home.show", "ok", 10, 2.0)),
    "MotcuaSlowEvents": (
        "routing",
        histogram("motcua_message_seconds", 'queue="routing.open_case",outcome="done"', 10, 4.0),
    ),
    "MotcuaSlowStore": ("payment", histogram("motcua_commit_seconds", 'collection="orders"', 10, 2.0)),
    "MotcuaPoolFull": ("portal-http", ("motcua_store_connections_in_use 15.0", "motcua_store_connections_most 16.0")),
    "MotcuaConflicts": ("routing", ('motcua_journal_conflicts_total{kind="case"} 100.0',)),
    "MotcuaLate": ("intake", ("motcua_loop_lag_seconds 0.6",)),
    "MotcuaNoticesFail": (
        "notify",
        (
            'motcua_events_published_total{type="notice_failed"} 3.0',
            'motcua_events_published_total{type="notice_sent"} 20.0',
        ),
    ),
    "MotcuaWebhooksWait": ("notify", ("motcua_webhook_oldest_seconds 3601.0",)),
    "MotcuaWebhooksBehind": ("notify", ("motcua_webhook_behind_seconds 601.0",)),
    "MotcuaWebhooksGivenUp": ("notify", ('motcua_webhooks_total{outcome="given_up"} 1.0',)),
    "MotcuaBusy": ("intake", ("process_cpu_seconds_total 1e9",)),
}


@pytest.mark.parametrize("alert", SICK)
def test_an_alert_comes_of_what_it_is_about_and_no_other_does(healthy: Pages, alert: str) -> None:
    process, lines = SICK[alert]
    before = {**healthy, process: seen_before(healthy[process], lines)}
    assert found({**healthy, process: plus(healthy[process], *lines)}, before) == {alert}


def test_changes_of_two_processes_that_meet_come_to_an_alert(healthy: Pages) -> None:
    collection, before = FakeCollection(), counted(CONFLICTS, kind="tally")
    journals = fake_journal(TALLY, collection), fake_journal(TALLY, collection)
    for step in range(102):
        journals[step % 2].change("D", cause(str(step)), withdrawn())
    met = f'{CONFLICTS}{{kind="tally"}} {counted(CONFLICTS, kind="tally") - before}'
    earlier = {**healthy, "routing": seen_before(healthy["routing"], [met])}
    assert found({**healthy, "routing": plus(healthy["routing"], met)}, earlier) == {"MotcuaConflicts"}


@pytest.mark.parametrize(("in_use", "alarming"), [(3.0, set()), (4.0, {"MotcuaPoolFull"})])
def test_lines_to_other_services_are_told_when_all_are_in_use(
    healthy: Pages, in_use: float, alarming: set[str]
) -> None:
    lines = f"motcua_rpc_lines_in_use {in_use}", "motcua_rpc_lines_most 4.0"
    assert found({**healthy, "notify": plus(healthy["notify"], *lines)}, healthy) == alarming


@pytest.mark.parametrize(
    "kind",
    [
        'motcua_messages_in_hand{queue="registry.issue"}',
        'motcua_queue_messages{queue="registry.issue",kind="work"}',
    ],
)
def test_events_that_wait_stand_as_long_as_none_is_handled(healthy: Pages, kind: str) -> None:
    line, done = f"{kind} 7.0", handled("registry.issue", "done", 1)
    before = {**healthy, "registry": seen_before(healthy["registry"], done)}
    assert found({**healthy, "registry": plus(healthy["registry"], line)}, before) == {"MotcuaEventsStand"}
    assert found({**healthy, "registry": plus(healthy["registry"], line, *done)}, before) == set()
    unknown = 'motcua_queue_messages{queue="registry.issue",kind="work"} NaN'
    assert found({**healthy, "registry": plus(healthy["registry"], unknown)}, before) == set()


@pytest.mark.parametrize(("queue", "kind"), [("rpc-registry", "requests"), ("registry.retry.30s", "retry")])
def test_what_waits_for_its_time_or_as_a_request_is_no_event_that_stands(healthy: Pages, queue: str, kind: str) -> None:
    line = f'motcua_queue_messages{{queue="{queue}",kind="{kind}"}} 7.0'
    assert found({**healthy, "registry": plus(healthy["registry"], line)}, healthy) == set()


@pytest.mark.parametrize("process", [*SERVICES, *DOORS])
def test_a_process_that_never_came_up_is_missed(healthy: Pages, process: str) -> None:
    rest = {name: page for name, page in healthy.items() if name != process}
    assert found(rest, rest) == {"MotcuaProcessMissing"}
    (rule,) = (rule["expr"] for rule in alerts() if rule["alert"] == "MotcuaProcessMissing")
    series = [one for name, now in rest.items() for one in series_of(now, now, SECONDS, **target(name))]
    (labels,) = fires(rule, series)
    assert dict(labels) == {name: text for name, text in target(process).items() if name != "instance"}


def test_a_process_that_answers_no_more_is_silent(healthy: Pages) -> None:
    (rule,) = (rule["expr"] for rule in alerts() if rule["alert"] == "MotcuaProcessSilent")
    down = Series("up", frozenset(target("intake").items()), 0.0, 0.0)
    assert fires(rule, [down]) == {down.labels: 0.0}


def test_an_hour_of_office_time_without_a_dossier_is_told(healthy: Pages) -> None:
    assert found(healthy, healthy, NOON) == {"MotcuaNoSubmissions"}
    line = 'motcua_events_published_total{type="dossier_submitted"} 1.0'
    assert found({**healthy, "intake": plus(healthy["intake"], line)}, healthy, NOON) == set()
    assert found(healthy, healthy, datetime(2026, 11, 28, 5, tzinfo=UTC)) == set()  # a Saturday


def test_what_counts_from_the_first_event_is_shown_from_the_start() -> None:
    counters: list[Any] = [metrics.PUBLISHED, metrics.REFUSED, metrics.WEBHOOKS]
    for counter in counters:
        counter.clear()
    keys: dict[str, Any] = {"actor_keys": ring().public, "actor_key": ring().private("everybody")}
    away: dict[str, Any] = {"amqp_uri": "amqp://x", "mongo_uri": "mongodb://127.0.0.1:1", "smtp_host": "x"}
    wire(NotifySettings(service="notify", smtp_port=1, **away, **keys))
    shown = {
        (one.name, *one.labels.values()): one.value for counter in counters for one in counter.collect()[0].samples
    }
    for type_ in ("notice_requested", "notice_sent", "notice_failed"):
        assert shown["motcua_events_published_total", type_] == shown["motcua_events_refused_total", type_] == 0
    for outcome in ("delivered", "failed", "given_up"):
        assert shown["motcua_webhooks_total", outcome] == 0


def calls_shown() -> dict[tuple[str, str], float]:
    """How many calls of each target ended how."""
    (family,) = metrics.CALLS.collect()
    counts = [one for one in family.samples if one.name.endswith("_count")]
    return {(one.labels["target"], one.labels["outcome"]): one.value for one in counts}


def test_the_first_calls_that_fail_are_no_beginning() -> None:
    metrics.CALLS.clear()
    for service in ("notify", "payment"):
        wired(service)
    targets, outcomes = ("smtp.send", "gateway.querydr", "gateway.refund"), ("ok", "Unavailable", "Defect")
    assert calls_shown() == dict.fromkeys(product(targets, outcomes), 0.0)


def test_the_first_reports_of_the_gateway_that_are_not_taken_come_to_an_alert(healthy: Pages) -> None:
    metrics.REQUESTS.clear()
    callbacks(Flask("payment"), SimpleNamespace(cases=SimpleNamespace(settlement=None)))  # type: ignore[arg-type]
    before = {**healthy, "payment-http": plus(healthy["payment-http"], *requests_shown())}
    for _ in range(3):
        metrics.REQUESTS.labels("http", "take_callback", "Unavailable").observe(0.01)
    now = {**healthy, "payment-http": plus(healthy["payment-http"], *requests_shown())}
    assert found(now, before) >= {"MotcuaCallbacksFail"}


def requests_shown() -> list[str]:
    """The lines of the page that tell of requests, as they are."""
    lines = generate_latest(REGISTRY).decode().splitlines()
    return [line for line in lines if re.match("motcua_request_seconds_(count|bucket)", line)]


def test_every_alert_was_seen_to_come(healthy: Pages) -> None:
    others = {"MotcuaProcessMissing", "MotcuaProcessSilent", "MotcuaNoSubmissions"}
    assert {*SICK, *others} == {rule["alert"] for rule in alerts()}


def test_a_portal_that_reaches_nobody_is_told(healthy: Pages, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.portal.health.requests.get", lambda *_, **__: SimpleNamespace(ok=False))
    world.found = Found(answers=True, takes=False)
    assert not Health(settings(), None, whole_catalogue()).look()
    assert found({**healthy, "portal-http": page()}, healthy) == {"MotcuaNotReady"}


def test_what_a_rule_leaves_out_has_the_name_of_a_route() -> None:
    from services.intake.http import routes

    portal = app(FakeServices())
    intake: Any = portal.__class__("intake")
    routes(intake, SimpleNamespace(cases=SimpleNamespace(receiving=None, resuming=None)))  # type: ignore[arg-type]
    for rule in alerts():
        for names in re.findall(r'method!~"([^"]+)"', rule["expr"]):
            assert set(names.split("|")) <= {*portal.view_functions, *intake.view_functions}
