"""Runs the sample service."""

import services.chassis.patched  # noqa: F401 – first

# isort: split
from services.chassis.runner import run
from services.chassis.settings import Settings
from services.contracts import events
from tests.integration.chassis.sample import EVENTS, SampleService, wire

events.PUBLISHERS[SampleService.name] = EVENTS
run(SampleService, Settings, wire)
