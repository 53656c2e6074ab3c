"""Runs the notify service."""

import services.chassis.patched  # noqa: F401 – first

# isort: split
from services.chassis.runner import run
from services.notify.service import NotifyService
from services.notify.settings import NotifySettings
from services.notify.wiring import wire

run(NotifyService, NotifySettings, wire)
