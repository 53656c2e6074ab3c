"""Every subscription has a publisher, every queue one owner, every command a request id, every method an actor."""

from collections import Counter
from typing import Any

import pytest
from nameko.containers import ServiceContainer
from nameko.events import event_handler

from services.chassis import topology
from services.chassis.queues import named, work_queues
from services.chassis.rpc import Method
from services.chassis.service import Service
from services.chassis.subscribe import Subscribe
from services.cli.topology import service_classes
from services.contracts.events import PUBLISHERS
from services.portal.blocked import BLOCKED
from tests.conftest import ROOT

LIMITS = {"x-message-ttl", "x-expires", "x-max-length", "x-max-length-bytes"}
GOLDEN = ROOT / "tests/contract/topology.txt"
ONE = "amqp://broker//"
LADDER = (1.0, 5.0, 30.0, 300.0, 1800.0, 14400.0)
# Issue of record: what other people's programs call, by keyword.
# What needs no actor: the catalogue, and look-ups that who asks must already hold the key to.
PUBLIC = {
    *("intake.list_procedures", "intake.get_procedure", "intake.track"),
    *(f"registry.{name}" for name in ("list_tenants", "list_procedures", "list_units", "look_up", "verify")),
    *(f"registry.get_{kind}" for kind in ("procedure", "unit", "calendar", "tenant", "dataset")),
}
CALLED = {
    "intake": {
        "list_procedures": {"tenant"},
        "get_procedure": {"tenant", "key"},
        "open_upload": {"filename", "content_type", "size", "sha256", "request_id"},
        "submit": {"tenant", "procedure", "applicant", "form", "documents", "channel", "request_id"},
        "supplement": {"dossier_code", "form", "documents", "request_id"},
        "withdraw": {"dossier_code", "reason", "request_id"},
        "get": {"dossier_code"},
        "track": {"dossier_code", "id_number"},
        "list_dossiers": {"limit", "after"},
        "list_register": {"from_day", "to_day", "limit", "after"},
        "find_codes": {"text", "limit"},
    },
    "routing": {
        "list_cases": {
            *("unit", "status", "limit", "after", "at_risk", "overdue", "awaiting", "officers", "search"),
            *("due_from", "due_to", "dossier_codes"),
        },
        "count_cases": {"unit"},
        "case_load": {"unit"},
        "due_calendar": {"unit", "from_day", "to_day"},
        "count_by_unit": {"from_day", "to_day"},
        "get_case": {"dossier_code"},
        "get_supplements": {"dossier_code"},
        "get_reception": {"dossier_code"},
        "get_decision": {"dossier_code"},
        "accept": {"dossier_code", "request_id"},
        "reject": {"dossier_code", "reason", "request_id"},
        "request_supplement": {"dossier_code", "items", "reason", "request_id"},
        "assign": {"dossier_code", "officer", "request_id"},
        "assign_many": {"dossier_codes", "officer", "request_id"},
        "propose": {"dossier_code", "outcome", "reason", "items", "request_id"},
        "return_proposal": {"dossier_code", "reason", "request_id"},
        "decide": {"dossier_code", "outcome", "reason", "request_id"},
        "stop": {"dossier_code", "reason", "request_id"},
        "transfer": {"dossier_code", "to_unit", "reason", "note", "request_id"},
    },
    "payment": {
        "get_order": {"dossier_code"},
        "start_payment": {"order_id", "method", "return_url", "request_id"},
        "record_counter_payment": {"order_id", "amount_vnd", "collector", "request_id"},
    },
    "registry": {
        "get_record": {"dataset", "number"},
        "find_records": {"dataset"},
        "history": {"dataset", "number"},
        "verify": {"dataset", "number", "holder"},
    },
    "notify": {"list_notices": {"dossier_code"}},
}


class Department:
    """Somebody else's stock service."""

    name = "statistics"

    @event_handler("intake", "dossier_resolved")
    def count(self, event: Any) -> None:
        """Nothing."""


def entrypoints(service: type[Service], kind: type[Any]) -> list[tuple[str, Any]]:
    """The methods of a service that are marked as `kind`."""
    return [
        (name, entrypoint)
        for name in dir(service)
        for entrypoint in getattr(getattr(service, name), "nameko_entrypoints", ())
        if isinstance(entrypoint, kind)
    ]


def methods(service: type[Service]) -> dict[str, Any]:
    """The RPC methods of a service."""
    return dict(entrypoints(service, Method))


@pytest.mark.parametrize("service", service_classes(), ids=lambda service: service.name)
def test_every_subscription_has_a_publisher(service: type[Service]) -> None:
    for name, subscription in entrypoints(service, Subscribe):
        assert subscription.types, name
        assert set(subscription.types) <= set(PUBLISHERS[subscription.source]), name


def test_every_queue_has_one_owner_and_loses_nothing() -> None:
    queues = [queue for service in service_classes() for queue in work_queues(service)]
    assert max(Counter(queue.name for queue in queues).values()) == 1
    for queue in queues:
        owner = queue.name.split(".")[0]
        assert queue.durable
        assert queue.queue_arguments["x-queue-type"] == "quorum"
        assert queue.queue_arguments["x-delivery-limit"] == topology.DELIVERY_LIMIT
        assert queue.queue_arguments["x-dead-letter-strategy"] == "at-least-once"
        assert queue.queue_arguments["x-dead-letter-routing-key"] == f"{owner}.dead"


def test_what_waits_for_somebody_who_is_away_waits_as_long_as_he_is() -> None:
    ours = [
        queue for service in service_classes() for queue in (*work_queues(service), topology.dead_queue(service.name))
    ]
    container: Any = ServiceContainer(Department, {"AMQP_URI": ONE})
    (listener,) = container.entrypoints
    listener.setup()
    for queue in (*ours, listener.queue):
        assert queue.durable
        assert not queue.auto_delete
        assert not queue.exclusive
        assert not LIMITS & set(queue.queue_arguments or ()), queue.name


def test_requests_are_copied_where_there_are_several_brokers_to_copy_them_to() -> None:
    for service in service_classes():
        alone, copied = (topology.rpc_queue(service.name, uri).queue_arguments for uri in (ONE, f"{ONE};{ONE}"))
        assert copied == {**alone, "x-queue-type": "quorum"} != alone


def test_the_topology_is_as_operators_know_it() -> None:
    lines = []
    for service in service_classes():
        standing = (*topology.of_service(service.name, LADDER, PUBLISHERS), topology.rpc_queue(service.name, ONE))
        lines += [queue.name for queue in standing]
        for queue in work_queues(service):
            keys = ", ".join(sorted(f"{one.exchange.name}/{one.routing_key}" for one in queue.bindings))
            lines.append(f"{queue.name} <- {keys}")
    assert "\n".join(sorted(set(lines))) + "\n" == GOLDEN.read_text(encoding="utf-8")


def test_a_service_tells_the_depth_of_every_queue_that_is_its_own() -> None:
    told = {name for service in service_classes() for _, name in named(service, LADDER, ONE)}
    declared = {line.split(" <- ")[0] for line in GOLDEN.read_text(encoding="utf-8").splitlines()}
    assert told == declared - {topology.LOG}


@pytest.mark.parametrize("service", service_classes(), ids=lambda service: service.name)
def test_every_method_that_others_call_is_there_with_its_arguments(service: type[Service]) -> None:
    found = methods(service)
    for name, arguments in CALLED[service.name].items():
        assert arguments <= set(found[name]._schema.fields), name  # noqa: SLF001


@pytest.mark.parametrize("service", service_classes(), ids=lambda service: service.name)
def test_no_actor_no_action_but_looking_up_what_is_public(service: type[Service]) -> None:
    for name, method in methods(service).items():
        assert method.needs_actor == (f"{service.name}.{name}" not in PUBLIC and name != "health"), name


@pytest.mark.parametrize("service", service_classes(), ids=lambda service: service.name)
def test_a_method_with_a_request_id_demands_it(service: type[Service]) -> None:
    for name, method in methods(service).items():
        field = method._schema.fields.get("request_id")  # noqa: SLF001
        assert field is None or field.required, name


def test_the_portal_says_of_every_handler_what_its_dead_letters_block() -> None:
    assert {queue.name for service in service_classes() for queue in work_queues(service)} == set(BLOCKED)
