"""The small parts of the chassis: codec, retry table, settings, causes, errors, envelope."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest

from services.chassis import cause, codec, retry
from services.chassis.actor import Actor, read_actor
from services.chassis.errors import (
    KINDS,
    Conflict,
    Defect,
    Denied,
    Invalid,
    NotFound,
    Refused,
    ServiceError,
    Unavailable,
)
from services.chassis.retry import Failed
from services.chassis.settings import BadSettings, Settings, read_settings
from services.contracts.envelope import BadEnvelope, Envelope, read_headers

LADDER = (1, 5, 30, 300, 1800)
RUNGS = [(f"sample.retry.{seconds}s", "sample.echo") for seconds in LADDER]
OUTAGE = Unavailable("s.x", "x", "x")


@pytest.mark.parametrize(
    "body",
    [b"{", b"", b"NaN", b'{"a": Infinity}', b'{"a": 1, "a": 2}', b"\xff", b"[" * 40 + b"]" * 40, b"[" * 90_000],
)
def test_what_is_not_strict_json_is_refused_by_name(body: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        codec.decode(body, 100_000)
    assert caught.value.code in ("message.not_json", "message.too_deep")


def test_a_body_that_is_too_long_is_not_even_parsed() -> None:
    with pytest.raises(Invalid) as caught:
        codec.decode(b" " * 11, 10)
    assert caught.value.code == "message.too_large"


def test_a_kombu_type_object_stays_plain_data() -> None:
    body = b'{"x": {"__type__": "uuid", "__value__": "x"}}'
    assert codec.decode(body, 1000) == {"x": {"__type__": "uuid", "__value__": "x"}}


def test_what_is_not_json_cannot_be_sent() -> None:
    with pytest.raises(ValueError, match="JSON"):
        codec.encode({"x": float("nan")})
    with pytest.raises(TypeError):
        codec.encode({"x": {1, 2}})
    assert codec.encode(datetime(2026, 1, 2, tzinfo=UTC)) == b'"2026-01-02T00:00:00+00:00"'


def climbed(*errors: BaseException) -> list[tuple[str, str]]:
    """Where a message goes after each of these failures, one after the other."""
    places: list[tuple[str, str]] = []
    message = Failed("m-1", "sample.echo", b"{}", {}, "application/json")
    for error in errors:
        step = retry.next_step("sample", LADDER, message, error, "now")
        places.append((step.exchange, step.routing_key))
        message = replace(message, headers=step.headers)
    return places


@pytest.mark.parametrize("kind", [Invalid, Denied, Refused])
def test_what_cannot_succeed_rests_at_once(kind: type[ServiceError]) -> None:
    assert climbed(kind("sample.x", "x", "x")) == [("", "sample.dead")]


@pytest.mark.parametrize(
    "error", [NotFound("s.x", "x", "x"), Conflict("s.x", "x", "x"), Defect("s.x", "x", "x"), KeyError()]
)
def test_what_may_succeed_later_climbs_the_ladder_and_then_rests(error: Exception) -> None:
    assert climbed(*[error] * 6) == [*RUNGS, ("", "sample.dead")]


def test_an_outage_never_goes_past_the_thirty_second_rung() -> None:
    assert climbed(*[OUTAGE] * 500) == [*RUNGS[:3], *[RUNGS[2]] * 497]


def test_after_an_outage_a_message_still_has_every_rung_to_climb() -> None:
    missing = NotFound("s.x", "x", "x")
    assert climbed(*[OUTAGE] * 9, *[missing] * 6)[9:] == [*RUNGS, ("", "sample.dead")]


def test_the_reason_names_the_error_and_never_its_words() -> None:
    assert retry.reason_of(KeyError("001801000001")) == "KeyError"
    assert retry.reason_of(NotFound("s.gone", "Gone.", "Mất.")) == "NotFound s.gone: Gone."


def test_all_settings_problems_are_told_at_once_and_no_value() -> None:
    with pytest.raises(BadSettings) as caught:
        read_settings(Settings, "sample", {"SAMPLE_AMQP_URI": "secret", "MOTCUA_PREFETCH": "0"})
    text = str(caught.value)
    assert "SAMPLE_AMQP_URI" in text
    assert "SAMPLE_MONGO_URI" in text
    assert "SAMPLE_PREFETCH" in text
    assert "secret" not in text


def test_a_service_s_own_variable_goes_before_the_common_one() -> None:
    uris = {"MOTCUA_AMQP_URI": "amqp://a", "MOTCUA_MONGO_URI": "mongodb://m"}
    common = {**uris, "MOTCUA_ACTOR_KEYS": "/keys.json", "MOTCUA_RETRY_LADDER": "1, 2.5"}
    settings = read_settings(Settings, "sample", {**common, "SAMPLE_AMQP_URI": "amqp://b"})
    assert (settings.amqp_uri, settings.mongo_uri) == ("amqp://b", "mongodb://m")
    assert settings.retry_ladder == (1, 2.5)
    assert settings.database_name == "motcua_sample"


@pytest.mark.parametrize(
    "claim",
    [{}, {"kind": "king", "id": "1"}, {"kind": "officer", "id": "1"}, {"kind": "citizen", "id": ""},
     {"kind": "citizen", "id": 5}, {"kind": "system", "id": "x" * 101}, {"kind": "system", "id": "1", "root": True}],
)  # fmt: skip
def test_no_actor_no_action(claim: Any) -> None:
    with pytest.raises(Denied):
        read_actor(claim)


def test_a_citizen_s_number_never_shows_in_a_cause() -> None:
    actor = Actor("citizen", "001801000001")
    made = cause.of_request("intake.submit", actor, "r-1", {"a": 1})
    assert "001801000001" not in str(made)
    assert made.id == cause.of_request("intake.submit", actor, "r-1", {"a": 2}).id
    assert made.id != cause.of_request("intake.submit", Actor("citizen", "001801000002"), "r-1", {"a": 1}).id
    assert made.digest != cause.of_request("intake.submit", actor, "r-1", {"a": 2}).digest


def test_a_request_is_the_same_in_whatever_order_its_fields_are_named() -> None:
    actor = Actor("citizen", "001801000001")
    stated = {"b": [{"y": 1, "x": None}, "ế"], "a": 2.5}
    digest = sha256('{"a":2.5,"b":[{"x":null,"y":1},"ế"]}'.encode()).hexdigest()
    for content in (stated, {"a": 2.5, "b": [{"x": None, "y": 1}, "ế"]}):
        assert cause.of_request("intake.submit", actor, "r-1", content).digest == digest


def test_every_error_is_data_with_both_languages() -> None:
    for kind in KINDS.values():
        problem = json.loads(str(kind("s.code", "English.", "Tiếng Việt.")))
        assert (problem["code"], problem["detail"], problem["detail_vi"]) == ("s.code", "English.", "Tiếng Việt.")
        assert problem["status"] == kind.status


def test_an_envelope_survives_its_headers() -> None:
    envelope = Envelope("i", "intake", "dossier_submitted", 1, "D", "t", 3, "c", "x", "tr")
    assert read_headers(envelope.headers()) == envelope
    assert "cloudEvents:hash" not in envelope.headers()
    chained = replace(envelope, aggregate="dossier/D", hash="ab" * 32)
    assert read_headers(chained.headers()) == chained


@pytest.mark.parametrize(("hash_", "read"), [(None, ""), ("", ""), ("x" * 300, "x" * 255)])
def test_an_envelope_is_read_whatever_it_says_of_the_chain(hash_: Any, read: str) -> None:
    headers = Envelope("i", "intake", "dossier_submitted", 1, "D", "t", 3, "c", "x", "tr").headers()
    assert read_headers({**headers, "cloudEvents:hash": hash_}).hash == read


@pytest.mark.parametrize("name", ["id", "type", "subject", "time", "dataschema", "sequence", "correlationid"])
def test_an_envelope_without_an_attribute_is_refused_by_name(name: str) -> None:
    headers = Envelope("i", "intake", "dossier_submitted", 1, "D", "t", 3, "c", "x", "tr").headers()
    del headers[f"cloudEvents:{name}"]
    with pytest.raises(BadEnvelope, match=name):
        read_headers(headers)
