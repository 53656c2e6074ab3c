"""`motcua dossier show CODE`: what every service says happened to a dossier, in the order it happened."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Final

import click
from pymongo import MongoClient

from services.chassis.store import outages_named
from services.cli.layout import block, plain, some
from services.cli.place import address

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
@click.option("--brief", is_flag=True, help="One line an event.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, an event each.")
def show(code: str, brief: bool, as_json: bool) -> None:
    """The full history of a dossier across the services, oldest first. Holds no personal data."""
    steps = sorted(steps_of(address("MOTCUA_MONGO_URI"), code), key=lambda step: (step.at, step.service, step.seq))
    if not steps:
        raise click.ClickException(f"no service knows a dossier {code}")
    for step in steps:
        click.echo(_line(step) if as_json else _head(step) if brief else "\n".join(_shown(step)) + "\n")
    if not as_json:
        click.echo(f"{code}: {some(len(steps), 'events')}; times are UTC+7")


def steps_of(mongo_uri: str, code: str) -> Iterator[Step]:
    """Every event that any service's history holds of a dossier."""
    client: MongoClient[dict[str, Any]] = MongoClient(mongo_uri, tz_aware=True, serverSelectionTimeoutMS=5000)
    with client, outages_named():
        for service, collection, field in JOURNALS:
            for document in client[f"motcua_{service}"][collection].find({field: code}):
                yield from _steps(service, document)


def _steps(service: str, document: dict[str, Any]) -> Iterator[Step]:
    for entry in document["history"]:
        by = entry["by"].get("id") or entry["by"].get("kind", "")
        published = entry["seq"] <= document["relayed"]
        yield Step(entry["at"], service, document["_id"], entry["seq"], entry["type"], by, published, entry["data"])


def _head(step: Step) -> str:
    at = step.at.astimezone(_LOCAL).strftime("%d/%m/%Y %H:%M:%S.%f")[:-3]
    return plain(
        f"{at}  {step.service:<8}  {step.type}  by {step.by or '–'}{'' if step.published else '  NOT PUBLISHED'}"
    )


def _shown(step: Step) -> Iterator[str]:
    data = {name: value for name, value in step.data.items() if name not in ("dossier_code", "lines")}
    return block(_head(step), {"of": f"{step.aggregate}, event {step.seq}", **dict(_flat(data))})


def _flat(data: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """What lies inside an object has a line of its own too."""
    for name, value in data.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path}{name}.")
        else:
            yield path + name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _line(step: Step) -> str:
    return json.dumps({**asdict(step), "at": step.at.isoformat()}, ensure_ascii=False, default=str)
