"""The small world that the tests of the doors share."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from deploy.local.stack import Stack
from services.cli.stack import declare_topology, is_ready
from tests.conftest import IMPATIENT, ROOT
from tests.integration.collector import Collector, collecting
from tests.integration.crowd import PatientTown
from tests.integration.world import Raw, World


@dataclass
class Installation:
    """A whole system, and the collector that it tells of each step."""

    stack: Stack
    collector: Collector


@pytest.fixture(scope="session")
def installation() -> Iterator[Installation]:
    """One that no other test harms: for what is said of all that is in it, or heard of all that it does."""
    run_dir = ROOT / ".run" / f"own-{os.getpid()}"
    with collecting() as collector:
        env = {**IMPATIENT, "MOTCUA_OTLP_ENDPOINT": collector.address}
        stack = Stack(run_dir, env=env, before_services=declare_topology, ready=is_ready)
        try:
            stack.up()
            yield Installation(stack, collector)
        finally:
            stack.wipe()
            shutil.rmtree(run_dir, ignore_errors=True)


@pytest.fixture(scope="module")
def world(stack: Stack) -> Iterator[World]:
    """One world for all tests of a file, at rest; its dossiers are made when first asked for."""
    world = World(stack)
    world.rest()
    yield world
    world.close()


@pytest.fixture
def untouched(world: World) -> Iterator[World]:
    """A world in which nothing may be stored, and nobody may fall, while the test goes on."""
    before, alive = world.footprint(), world.processes()
    yield world
    world.insist_well()
    assert world.processes() == alive
    assert world.footprint() == before


@pytest.fixture
def raw(stack: Stack) -> Iterator[Raw]:
    """A client that is not stock."""
    client = Raw(stack.env["MOTCUA_AMQP_URI"])
    yield client
    client.close()


@pytest.fixture
def patient_town(stack: Stack) -> Iterator[PatientTown]:
    """A town of people who try again; afterwards everything answers again."""
    town = PatientTown(stack.env)
    yield town
    town.close()
    stack.wait_ready()
