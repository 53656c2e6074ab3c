"""Runs the sample service."""

import services.chassis.patched  # noqa: F401 – first

# isort: split
from services.chassis.runner import run
from services.chassis.settings import Settings
from tests.integration.chassis.sample import SampleService, wire

run(SampleService, Settings, wire)
