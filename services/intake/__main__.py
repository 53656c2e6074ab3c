"""Runs intake."""

import services.chassis.patched  # noqa: F401 – first

# isort: split
from services.chassis.runner import run
from services.intake.service import IntakeService
from services.intake.settings import IntakeSettings
from services.intake.wiring import wire

run(IntakeService, IntakeSettings, wire)
