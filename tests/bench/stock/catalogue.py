"""The catalogue, loaded once into memory: what ours keep in a projection."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from marshmallow import Schema

from services.cli.catalogue import FOLDER
from services.contracts.catalogue.forms import compile_form
from services.contracts.catalogue.loading import load
from services.contracts.catalogue.worktime import Calendar
from services.contracts.words import COUNTRY

Body = Mapping[str, Any]


@cache
def _bodies() -> dict[tuple[str, str, str], list[Body]]:
    found: dict[tuple[str, str, str], list[Body]] = {}
    for one in load(FOLDER).documents:
        found.setdefault((one.kind, one.tenant or COUNTRY, one.key), []).append(one.body)
    return found


def body(kind: str, tenant: str, key: str) -> Body:
    """The latest version of a document."""
    return max(_bodies()[kind, tenant, key], key=lambda one: str(one["valid_from"]))


def procedure(tenant: str, key: str) -> Body:
    """A procedure."""
    return body("procedure", tenant, key)


def unit(tenant: str, key: str) -> Body:
    """A unit."""
    return body("unit", tenant, key)


@cache
def form(tenant: str, key: str) -> Schema:
    """The form of a procedure, compiled."""
    return compile_form(procedure(tenant, key)["form"])


@cache
def calendar(key: str, office_hours: str) -> Calendar:
    """The office calendar."""
    return Calendar.from_document(body("calendar", COUNTRY, key), office_hours)


def of_unit(one: Body) -> Calendar:
    """The calendar that a unit works by."""
    return calendar(one["calendar"], one.get("office_hours") or "standard")
