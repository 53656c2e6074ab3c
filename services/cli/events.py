"""`motcua events`: the catalogue of events, as the contracts state it. `docs/events.md` is its output."""

import inspect
from collections.abc import Iterator

import click
from marshmallow import Schema, fields

from services.contracts.events import PUBLISHERS

_KINDS = {
    "AwareDateTime": "time",
    "Boolean": "true or false",
    "Choice": "word",
    "Date": "day",
    "Dict": "object",
    "Flag": "true or false",
    "Items": "list",
    "List": "list",
    "Moment": "time",
    "Nested": "object",
    "Part": "object",
    "String": "text",
    "Text": "text",
    "Whole": "whole number",
}
_HEAD = """\
# Events

Written by `./motcua events`; the source is `services/contracts/`. Each event is published to the topic exchange
`<publisher>.events` under its type as routing key, as CloudEvents 1.0 in AMQP binary mode: `cloudEvents:id`, `source`,
`type`, `subject` (the dossier code; of `catalogue_published` the document's name), `time`, `dataschema`, `aggregate`,
`sequence` (within that aggregate, from 1), `hash` (over this event and all before it there; hex, may be missing),
`correlationid`, `causationid` and `traceparent` stand in the headers, JSON in the body. Times are ISO 8601 with an
offset, amounts whole đồng. A reader must leave aside fields it does not know. No event carries personal data.
"""


@click.command()
def events() -> None:
    """Print the catalogue of events as Markdown."""
    click.echo("\n".join(lines()))


def lines() -> Iterator[str]:
    """The page, line by line."""
    yield _HEAD
    for publisher, types in PUBLISHERS.items():
        yield f"## {publisher}\n"
        for type_, versions in types.items():
            for version, schema in versions.items():
                yield from _event(type_, version, schema())


def _event(type_: str, version: int, schema: Schema) -> Iterator[str]:
    yield f"### `{type_}` v{version}\n"
    yield f"{inspect.cleandoc(type(schema).__doc__ or '')}\n"
    yield "| field | kind | |"
    yield "|---|---|---|"
    for name, field in schema.fields.items():
        yield f"| `{name}` | {kind_of(field)} | {_remark(field)} |"
    yield ""


def kind_of(field: fields.Field[object]) -> str:
    """What a field holds, in a word: of a kind of its own, what it is made from."""
    return next(_KINDS[kind.__name__] for kind in type(field).__mro__ if kind.__name__ in _KINDS)


def _remark(field: fields.Field[object]) -> str:
    words = next((check.choices for check in field.validators if hasattr(check, "choices")), ())
    remarks = [", ".join(f"`{word}`" for word in words)] if words else []
    if field.allow_none:
        remarks.append("or null")
    return " ".join(remarks)
