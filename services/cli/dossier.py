"""`motcua dossier show CODE`: what every service says happened to a dossier, in the order it happened."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Final

import click
from pymongo import MongoClient
from rich.console import Console
from rich.table import Table

from services.cli.place import addresses

# Where the code is the id of the aggregate; elsewhere it is looked up by the index of its lists.
_ID, _FIELD = "_id", "state.dossier_code"
JOURNALS: Final = (
    ("intake", "dossiers", _ID),
    ("routing", "cases", _ID),
    ("payment", "orders", _FIELD),
    ("registry", "issuances", _ID),
    ("registry", "records", _FIELD),
    ("notify", "notices", _FIELD),
)
_LOCAL = timezone(timedelta(hours=7))


@dataclass(frozen=True)
class Step:
    """One event of one service's history."""

    at: datetime
    service: str
    aggregate: str
    seq: int
    type: str
    by: str
    published: bool
    data: dict[str, Any]


@click.group()
def dossier() -> None:
    """Dossiers across services."""


@dossier.command()
@click.argument("code")
def show(code: str) -> None:
    """The full history of a dossier across the services, oldest first. Holds no personal data."""
    steps = sorted(steps_of(addresses()["MOTCUA_MONGO_URI"], code), key=lambda step: (step.at, step.service, step.seq))
    if not steps:
        raise click.ClickException(f"no service knows a dossier {code}")
    table = Table("time (UTC+7)", "service", "of", "seq", "event", "by", "published", "data", title=code)
    for step in steps:
        at = step.at.astimezone(_LOCAL).strftime("%d/%m/%Y %H:%M:%S.%f")[:-3]
        shown = {key: value for key, value in step.data.items() if key not in ("dossier_code", "lines")}
        data = json.dumps(shown, ensure_ascii=False)
        published = "yes" if step.published else "[red]not yet[/]"
        table.add_row(at, step.service, step.aggregate, str(step.seq), step.type, step.by, published, data)
    Console().print(table)


def steps_of(mongo_uri: str, code: str) -> Iterator[Step]:
    """Every event that any service's history holds of a dossier."""
    client: MongoClient[dict[str, Any]] = MongoClient(mongo_uri, tz_aware=True, serverSelectionTimeoutMS=5000)
    with client:
        for service, collection, field in JOURNALS:
            for document in client[f"motcua_{service}"][collection].find({field: code}):
                yield from _steps(service, document)


def _steps(service: str, document: dict[str, Any]) -> Iterator[Step]:
    for entry in document["history"]:
        by = entry["by"].get("id") or entry["by"].get("kind", "")
        published = entry["seq"] <= document["relayed"]
        yield Step(entry["at"], service, document["_id"], entry["seq"], entry["type"], by, published, entry["data"])
