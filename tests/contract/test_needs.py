"""Whoever cannot work before the catalogue has come says so: each service that keeps a copy of it."""

from importlib import import_module
from typing import Any, Final

from deploy.local.composition import SERVICES
from services.chassis.settings import read_settings
from services.cli.settings import kinds
from tests.conftest import ROOT
from tests.contract.test_settings import given
from tests.keys import ring

KEEPS_A_COPY: Final = {
    file.parent.name for file in (ROOT / "services").glob("*/wiring.py") if "Projection(" in file.read_text("utf-8")
}


def wired(service: str) -> Any:
    """A service put together, which has not looked at anything yet."""
    keys = {"MOTCUA_ACTOR_KEYS": str(ring().public), f"{service.upper()}_ACTOR_KEY": str(ring().private("everybody"))}
    settings = read_settings(kinds()[service], service, {**given(defaults_too=False), **keys})
    return import_module(f"services.{service}.wiring").wire(settings)


def test_a_service_that_keeps_a_copy_of_the_catalogue_waits_for_it() -> None:
    services = {service: wired(service) for service in SERVICES}
    doors = {name for name, one in services.items() if one.health().get("catalogue") is False}
    assert doors & {"intake", "payment"} == {"intake"}  # what the gateway reports is settled without the catalogue
    for one in services.values():
        one.base.health.needs_broker(lambda: True)
    assert {name for name, one in services.items() if one.health().get("catalogue") is False} == KEEPS_A_COPY
