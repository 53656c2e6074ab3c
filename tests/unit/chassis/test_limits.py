"""What comes from outside is bounded before it is kept, logged or published again."""

import io
from typing import Any

import pytest
from flask import Flask

from services.chassis import cause, retry
from services.chassis.actor import Actor
from services.chassis.errors import Invalid
from services.chassis.http import read_body
from services.chassis.settings import BadSettings, Settings, read_settings
from services.contracts.envelope import BadEnvelope, Envelope, read_headers
from services.contracts.events import BadEvent

SYSTEM = Actor("system", "t")
TRACE = f"00-{'a' * 32}-{'b' * 16}-01"
ADDRESSES = {
    "MOTCUA_AMQP_URI": "amqp://u:secret@a",
    "MOTCUA_MONGO_URI": "mongodb://u:secret@m",
    "MOTCUA_ACTOR_KEYS": "k",
}


@pytest.mark.parametrize("name", ["id", "subject", "correlationid", "causationid", "traceparent"])
def test_an_attribute_too_long_for_a_header_is_refused_by_name(name: str) -> None:
    headers = Envelope("i", "intake", "dossier_submitted", 1, "D", "t", 3, "c", "x", "tr").headers()
    with pytest.raises(BadEnvelope, match=name):
        read_headers({**headers, f"cloudEvents:{name}": "x" * 256})


@pytest.mark.parametrize("trace", [None, "", 5, ["x"], "x", f"{'0' * 9000}-{'a' * 32}-{'b' * 16}-01", TRACE + "\n"])
def test_what_is_no_traceparent_starts_a_trace_of_its_own(trace: Any) -> None:
    made = cause.of_request("s.m", SYSTEM, "r-1", {}, trace).trace
    assert len(made) == len(TRACE)
    assert made[3:35] not in {"a" * 32, "0" * 32}


def test_a_traceparent_goes_on() -> None:
    made = cause.of_request("s.m", SYSTEM, "r-1", {}, TRACE).trace
    assert made[:36] == TRACE[:36]
    assert made != TRACE


def test_the_same_content_is_the_same_in_any_order_of_its_fields() -> None:
    one = cause.of_request("s.m", SYSTEM, "r-1", {"a": 1, "b": [{"c": 2, "d": 3}]})
    other = cause.of_request("s.m", SYSTEM, "r-1", {"b": [{"d": 3, "c": 2}], "a": 1})
    assert one.digest == other.digest


def test_the_words_of_an_error_that_may_quote_a_person_are_left_out() -> None:
    assert retry.reason_of(ValueError("invalid literal for int() with base 10: '001801000001'")) == "ValueError"
    assert retry.reason_of(BadEvent("intake.x: name: Is required.")) == "BadEvent: intake.x: name: Is required."


@pytest.mark.parametrize("ladder", [" ", "0", "-1", "nan", "inf", "1,x", "100000"])
def test_a_ladder_that_cannot_be_climbed_is_refused(ladder: str) -> None:
    with pytest.raises(BadSettings, match="RETRY_LADDER"):
        read_settings(Settings, "sample", {**ADDRESSES, "MOTCUA_RETRY_LADDER": ladder})


def test_the_name_of_a_service_is_no_setting_and_its_passwords_do_not_print() -> None:
    settings = read_settings(Settings, "sample", {**ADDRESSES, "MOTCUA_SERVICE": "other", "SAMPLE_SERVICE": "other"})
    assert settings.service == "sample"
    assert "secret" not in repr(settings)


@pytest.mark.parametrize("length", [{}, {"CONTENT_LENGTH": "101"}])
def test_a_body_is_read_no_further_than_it_may_be_long(length: dict[str, str]) -> None:
    body = io.BytesIO(b'"' + b"x" * 1_000_000)
    in_pieces = {"REQUEST_METHOD": "POST", "wsgi.input": body, "wsgi.input_terminated": True, **length}
    with Flask("t").request_context({**environ(), **in_pieces}), pytest.raises(Invalid) as caught:
        read_body(100)
    assert caught.value.code == "http.too_large"
    assert body.tell() < 1_000


def environ() -> dict[str, Any]:
    return {"SERVER_NAME": "t", "SERVER_PORT": "80", "wsgi.url_scheme": "http", "PATH_INFO": "/"}
