"""Every reader takes the golden sample of every event it subscribed to, and finds in it what it looks for.

The five services stand over memory, wired by their own wiring, with one dossier in them. `readers.txt` says which
fields each handler looks at: a publisher who wants to drop one can see there who would miss it.
"""

from collections.abc import Iterator
from functools import cache, partial
from typing import Any

import pytest

from services.chassis import cause
from services.chassis.subscribe import Received, Subscribe
from services.cli.topology import service_classes
from services.contracts import events
from services.contracts.envelope import Envelope
from services.contracts.event import Event
from tests.conftest import ROOT
from tests.contract.test_events import sample
from tests.unit.simulation.chance import QUIET, Chance
from tests.unit.simulation.world import World, catalogued

GOLDEN = ROOT / "tests/contract/readers.txt"
CODE = "000.00.03.G14-261124-0004"
APPLICANT = {
    "kind": "organisation",
    "name": "Công ty TNHH Ví Dụ",
    "tax_code": "9900000016",
    "email": "vi-du@example.vn",
    "phone": "+84912345678",
    "address": "Số 1 phố Ví Dụ",
}
# What must be known to a handler before it can do anything with its event: in which journal, whose event.
HAPPENED_BEFORE = {
    "routing.receive_supplement": [("case", "routing", "supplement_requested")],
    "registry.issue_record": [("issuance", "registry", "issuance_noted")],
}
SUBSCRIPTIONS = [
    (service.name, handler, entry.source, type_)
    for service in service_classes()
    for handler in dir(service)
    for entry in getattr(getattr(service, handler), "nameko_entrypoints", ())
    if isinstance(entry, Subscribe)
    for type_ in entry.types
]


class Watched(dict[str, Any]):
    """The data of an event, and which fields somebody looked at."""

    def __init__(self, data: dict[str, Any]) -> None:
        super().__init__(data)
        self.looked_at: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.looked_at.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.looked_at |= {name} & set(self.keys())
        return super().get(name, default)

    def items(self) -> Any:
        self.looked_at.update(self)
        return super().items()

    def __iter__(self) -> Iterator[str]:
        self.looked_at.update(self.keys())
        return super().__iter__()


def told(source: str, type_: str, data: Any) -> Received:
    """An event as its handler gets it."""
    envelope = Envelope(
        id=f"{source}-{type_}",
        source=source,
        type=type_,
        v=1,
        subject=CODE,
        time="2026-11-24T00:00:00+00:00",
        sequence=1,
        correlation="c",
        causation="c",
        trace="",
    )
    return Received(Event(type_, data), envelope, cause.of_event(envelope))


def world_with_a_dossier() -> World:
    """A world in which a dossier was submitted, and everybody has heard of it."""
    world, submitted = World(Chance(0, QUIET), catalogued()), data_of("intake", "dossier_submitted")
    form = world.wired["intake"].cases.get_procedure(submitted["tenant"], submitted["procedure"])["example"]["form"]
    subject = {"owner": f"organisation:{APPLICANT['tax_code']}", "applicant": APPLICANT, "form": form, "documents": []}
    opened = Event("dossier_submitted", {**submitted, "dossier_code": CODE})
    with world.running():
        world.journals["dossier"].change(CODE, cause.of_timer(CODE), lambda _state: [opened], subject=subject)
        world.settle()
    return world


def about_our_dossier(world: World, data: dict[str, Any]) -> dict[str, Any]:
    """The same event, about the dossier, the order and the notice that are there."""
    dossier = world.state("dossier", CODE)
    ours = {name: getattr(dossier, name) for name in ("tenant", "procedure", "procedure_version", "unit")}
    known = {"order_id": next(iter(world.states("order"))), "notice_id": next(iter(world.states("notice")))}
    ours |= {"dossier_code": CODE, "dataset": dataset_of(world, dossier), **known}
    return {name: ours.get(name, value) for name, value in data.items()}


def dataset_of(world: World, dossier: Any) -> str:
    """Where the result of the dossier will be a record."""
    procedure = world.wired["intake"].cases.get_procedure(dossier.tenant, dossier.procedure)
    return str(procedure["result"]["dataset"])


def data_of(source: str, type_: str) -> dict[str, Any]:
    """The data of a golden sample, as it is read from the wire."""
    return dict(events.read(source, type_, 1, sample(source, type_, 1)).data)


@cache
def looked_at(service: str, handler: str, source: str, type_: str) -> frozenset[str]:
    """Have the handler take the golden sample; the fields it looked at."""
    data = data_of(source, type_)
    if type_ == "catalogue_published":
        world, watched = World(Chance(0, QUIET)), Watched(data)
    else:
        world = world_with_a_dossier()
        watched = Watched(about_our_dossier(world, data))
    with world.running():
        for kind, publisher, earlier in HAPPENED_BEFORE.get(f"{service}.{handler}", ()):
            facts = [Event(earlier, about_our_dossier(world, data_of(publisher, earlier)))]
            world.journals[kind].change(CODE, cause.of_timer(earlier), partial(_happened, facts))
        getattr(world.services[service], handler)(told(source, type_, watched))
    return frozenset(watched.looked_at)


def _happened(facts: list[Event], _state: object) -> list[Event]:
    return facts


@pytest.mark.parametrize(("service", "handler", "source", "type_"), SUBSCRIPTIONS)
def test_a_reader_takes_the_golden_sample(service: str, handler: str, source: str, type_: str) -> None:
    assert looked_at(service, handler, source, type_) <= set(sample(source, type_, 1))


def test_what_readers_look_at_is_as_publishers_know_it() -> None:
    found = [
        f"{service}.{handler} <- {source}.{type_}: {', '.join(sorted(looked_at(service, handler, source, type_)))}"
        for service, handler, source, type_ in SUBSCRIPTIONS
    ]
    assert [line.strip() for line in sorted(found)] == GOLDEN.read_text(encoding="utf-8").splitlines()
