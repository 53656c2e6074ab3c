"""The small world that the tests of the doors share."""

from collections.abc import Iterator

import pytest

from deploy.local.stack import Stack
from tests.integration.crowd import PatientTown
from tests.integration.world import Raw, World


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
