"""Every process of the system shows what it did, on a port of its own."""

import json
from pathlib import Path
from typing import Final

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from deploy.local.composition import DOORS, SERVICES
from services.cli.demo.command import await_catalogue
from services.cli.demo.stories import Story
from services.cli.demo.town import Town, fresh
from tests.conftest import eventually
from tests.contract.test_monitoring import alerts
from tests.promql import Series, fires, series_of

pytestmark = pytest.mark.servers
# What may not hold of a stack that works, however slow its machine, whatever other tests have left in its queues.
NEVER: Final = {
    "MotcuaProcessSilent",
    "MotcuaProcessMissing",
    "MotcuaNotReady",
    "MotcuaRelayUnhealthy",
    "MotcuaRelayLag",
}
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]
COUNTED: Final = (
    ("intake", "motcua_request_seconds_count", {"door": "rpc", "method": "submit", "outcome": "ok"}),
    ("routing", "motcua_message_seconds_count", {"queue": "routing.open_case", "outcome": "done"}),
    ("routing", "motcua_events_published_total", {"type": "case_accepted"}),
    ("payment", "motcua_commit_seconds_count", {"collection": "orders"}),
    ("registry", "motcua_call_seconds_count", {"target": "intake.get", "outcome": "ok"}),
    ("intake-http", "motcua_request_seconds_count", {"door": "http", "method": "receive", "outcome": "ok"}),
    ("payment-http", "motcua_request_seconds_count", {"door": "http", "method": "take_callback", "outcome": "ok"}),
    ("portal-http", "motcua_request_seconds_count", {"door": "http", "method": "home.show", "outcome": "ok"}),
    ("notify", "motcua_message_seconds_count", {"queue": "notify.deliver", "outcome": "done"}),
    ("notify", "motcua_event_age_seconds_count", {"queue": "notify.deliver"}),
    ("notify", "motcua_call_seconds_count", {"target": "smtp.send", "outcome": "ok"}),
    ("notify", "motcua_timer_seconds_count", {"timer": "webhook sender", "outcome": "ok"}),  # once a second
)


def targets(town: Town) -> dict[str, str]:
    """The address of each process, as Prometheus' file discovery reads it."""
    found = {}
    for file in Path(town.env["MOTCUA_METRICS_DIR"]).glob("*.json"):
        (group,) = json.loads(file.read_text())
        found[file.name.split(".")[0]] = group["targets"][0]
    return found


def scraped(address: str) -> Samples:
    """Every sample of a process."""
    page = requests.get(f"http://{address}/metrics", timeout=10).text
    families = text_string_to_metric_families(page)
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def firing(town: Town) -> set[str]:
    """The alerts whose rules hold of what all processes show now."""
    series: list[Series] = []
    for process, address in targets(town).items():
        service, _, door = process.partition("-")
        page = requests.get(f"http://{address}/metrics", timeout=10).text
        series += series_of(page, page, 15, job="motcua", service=service, door=door or "bus", instance=address)
    return {rule["alert"] for rule in alerts() if fires(rule["expr"], series)}


def test_every_process_is_live_and_ready_on_its_own_port(town: Town) -> None:
    found = targets(town)
    assert set(found) == {*SERVICES, *DOORS}
    for address in found.values():
        assert requests.get(f"http://{address}/health/live", timeout=10).json() == {"live": True}
        health = requests.get(f"http://{address}/health/ready", timeout=10)
        assert health.status_code == 200, health.text


def test_a_dossier_is_counted_wherever_it_passes(town: Town) -> None:
    procedure = next(one for one in await_catalogue(town, "mic") if one["key"] == "ma-so-quan-ly-qc")
    before = {name: scraped(address) for name, address in targets(town).items()}
    Story(town, "mic", procedure, fresh()).tell("granted")
    assert requests.get(town.env["MOTCUA_PORTAL_URL"], timeout=30).ok
    after = {name: scraped(address) for name, address in targets(town).items()}
    for process, name, labels in COUNTED:
        key = name, frozenset(labels.items())
        assert after[process].get(key, 0) > before[process].get(key, 0), (process, name, labels)


def test_a_service_shows_what_waits_for_it_and_what_it_has_in_hand(town: Town) -> None:
    """As of its last look at the broker: a door takes no events, and shows none."""
    shown = {process: {name for name, _ in scraped(address)} for process, address in targets(town).items()}
    of_queues = {"motcua_queue_messages", "motcua_messages_in_hand"}
    assert {process for process, names in shown.items() if "motcua_queue_messages" in names} == set(SERVICES)
    assert of_queues <= shown["routing"]


def test_no_alert_comes_of_a_stack_that_is_well(town: Town) -> None:
    eventually(lambda: not firing(town) & NEVER)
