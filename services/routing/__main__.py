"""Runs the routing service."""

import services.chassis.patched  # noqa: F401 – first

# isort: split
from services.chassis.runner import run
from services.routing.service import RoutingService
from services.routing.settings import RoutingSettings
from services.routing.wiring import wire

run(RoutingService, RoutingSettings, wire)
