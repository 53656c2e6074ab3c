"""Every event has a golden sample per version, that its schema and its readers accept, and that names nobody."""

import json
from pathlib import Path
from typing import Any

import pytest
from marshmallow import Schema, fields

from services.contracts import events
from services.contracts.event import Event

SAMPLES = Path(__file__).parent / "samples"
KNOWN = [
    (source, type_, version)
    for source, types in events.PUBLISHERS.items()
    for type_, versions in types.items()
    for version in versions
]
# What no event may carry, and the fields whose names only look like it.
PERSONAL = ("name", "email", "phone", "address", "id_number", "tax_code", "holder", "owner", "reason", "text", "form")
ARGUED = {
    ("registry.catalogue_published", "name"): "the document's place in the catalogue, such as mic/procedure/…",
    ("payment.fee_assessed", "lines.name_vi"): "the name of a fee item, from the catalogue",
    ("payment.fee_assessed", "lines.name_en"): "the name of a fee item, from the catalogue",
    ("payment.refund_due", "reason"): "one of two words",
    ("routing.case_transferred", "reason"): "one of four words",
    ("registry.record_revoked", "reason"): "one of two words",
    ("notify.notice_failed", "reason"): "the mail server's reply code",
}


def sample(source: str, type_: str, version: int) -> Any:
    """The golden sample of an event."""
    return json.loads((SAMPLES / f"{source}.{type_}.v{version}.json").read_text(encoding="utf-8"))


def field_paths(schema: Schema, prefix: str = "") -> list[str]:
    """Every field of a schema and of the objects in it, dotted."""
    paths = []
    for name, field in schema.fields.items():
        paths.append(prefix + name)
        inner = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, fields.Nested):
            paths += field_paths(inner.schema, f"{prefix}{name}.")
    return paths


@pytest.mark.parametrize(("source", "type_", "version"), KNOWN)
def test_an_event_as_it_was_published_is_read_and_written_again_unchanged(
    source: str, type_: str, version: int
) -> None:
    golden = sample(source, type_, version)
    written = events.write(source, events.read(source, type_, version, golden))
    assert _in_utc(written) == _in_utc(golden)


@pytest.mark.parametrize(("source", "type_", "version"), KNOWN)
def test_a_sample_shows_every_required_field(source: str, type_: str, version: int) -> None:
    schema = events.PUBLISHERS[source][type_][version]()
    required = {name for name, field in schema.fields.items() if field.required}
    golden = sample(source, type_, version)
    assert required <= set(golden) <= set(schema.fields)
    for name in required:
        with pytest.raises(events.BadEvent, match=name):
            events.read(source, type_, version, {key: value for key, value in golden.items() if key != name})


def test_no_sample_is_left_over() -> None:
    kept = {path.name for path in SAMPLES.iterdir()}
    assert kept == {f"{source}.{type_}.v{version}.json" for source, type_, version in KNOWN}


@pytest.mark.parametrize(("source", "type_", "version"), KNOWN)
def test_a_reader_leaves_aside_what_a_newer_publisher_adds(source: str, type_: str, version: int) -> None:
    golden = sample(source, type_, version)
    assert events.read(source, type_, version, {**golden, "added_later": 1}) == events.read(
        source, type_, version, golden
    )


@pytest.mark.parametrize(("source", "type_", "version"), KNOWN)
def test_no_field_smells_of_personal_data(source: str, type_: str, version: int) -> None:
    suspicious = {
        path
        for path in field_paths(events.PUBLISHERS[source][type_][version]())
        if any(word in path.rsplit(".", 1)[-1].split("_") or path.rsplit(".", 1)[-1] == word for word in PERSONAL)
    }
    assert {(f"{source}.{type_}", path) for path in suspicious} <= set(ARGUED)


def test_what_is_not_in_the_schema_cannot_be_published() -> None:
    data = {**sample("intake", "dossier_returned", 1), "applicant": "somebody"}
    with pytest.raises(events.BadEvent, match="applicant"):
        events.write("intake", Event("dossier_returned", data))
    with pytest.raises(events.UnknownEvent):
        events.write("intake", Event("dossier_eaten", {}))


def _in_utc(value: Any) -> Any:
    """Times to the millisecond, as the store keeps them, however many digits they were written with."""
    if isinstance(value, dict):
        return {key: _in_utc(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_in_utc(inner) for inner in value]
    if isinstance(value, str) and value.endswith("+00:00") and "T" in value:
        day, _, rest = value.removesuffix("+00:00").partition(".")
        return f"{day}.{(rest + '000')[:3]}"
    return value
