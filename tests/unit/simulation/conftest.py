"""What all simulations share: a quiet log, and a catalogue that the garbage collector need not look at again."""

import gc
import logging
from collections.abc import Iterator

import pytest
import structlog

from services.chassis.pauses import spare_what_stays
from tests.unit.simulation.world import catalogued


@pytest.fixture(autouse=True, scope="package")
def silence() -> Iterator[None]:
    """Thousands of handled failures are no news."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**before)


@pytest.fixture(autouse=True, scope="package")
def catalogue(silence: None) -> Iterator[None]:
    """Published once."""
    catalogued()
    spare_what_stays()
    yield
    gc.unfreeze()
