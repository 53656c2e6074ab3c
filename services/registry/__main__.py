"""python -m services.registry: a process of registry on the bus."""

import services.chassis.patched  # noqa: F401 – first

# isort: split
from services.chassis.runner import run
from services.registry.service import RegistryService
from services.registry.settings import RegistrySettings
from services.registry.wiring import wire

run(RegistryService, RegistrySettings, wire)
