"""Webhooks as rules: who is told, where one may lead, when one goes again, how it is signed."""

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from services.chassis import codec
from services.chassis.settings import read_settings
from services.notify.settings import NotifySettings
from services.notify.webhook_post import signed
from services.notify.webhooks import is_allowed, new_secret, next_try, rests, signing, wants, wished_rest
from tests.contract.test_settings import given
from tests.unit.notify.builders import AT
from tests.unit.notify.webhook_fakes import ENDPOINT, EVENT

SCHEDULE = read_settings(NotifySettings, "notify", given(defaults_too=False)).webhook_schedule
REFERENCE = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # the example of the specification


def test_the_specifications_own_example_is_signed_as_it_says() -> None:
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = signed("msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', [REFERENCE], at)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-timestamp"] == "1614265330"


def test_while_a_secret_is_changed_both_sign_and_each_alone_verifies() -> None:
    keys, body, now = [new_secret(), new_secret()], codec.encode(EVENT.payload), datetime.now(UTC)
    headers = signed(EVENT.id, body, keys, now)
    for key in keys:
        assert Webhook(key).verify(body, headers) == EVENT.payload
        raw = base64.b64decode(key.removeprefix("whsec_"))
        content = f"{EVENT.id}.{int(now.timestamp())}.".encode() + body
        expected = base64.b64encode(hmac.new(raw, content, hashlib.sha256).digest()).decode()
        assert f"v1,{expected}" in headers["webhook-signature"].split(" ")
        assert len(raw) == 32


def test_an_old_secret_signs_until_its_day_is_over() -> None:
    kept: list[dict[str, Any]] = [{"key": "new", "until": None}, {"key": "old", "until": AT}]
    assert signing(kept, AT - timedelta(seconds=1)) == ["new", "old"]
    assert signing(kept, AT) == ["new"]


def test_a_message_is_thin() -> None:
    assert EVENT.payload.keys() == {"type", "timestamp", "data"}
    assert EVENT.payload["data"].keys() == {"id", "subject", "aggregate", "sequence"}


def test_the_schedule_is_that_of_the_specification_and_then_it_is_given_up() -> None:
    waits = [next_try(SCHEDULE, tries, AT, 0.0) for tries in range(1, len(SCHEDULE) + 1)]
    minutes = [(at - AT).total_seconds() / 60 for at in waits if at]
    assert minutes == [5 / 60, 5, 30, 120, 300, 600, 840, 1200, 1440]
    assert waits[-1] is None


def test_what_failed_together_comes_back_apart_and_never_before_its_time() -> None:
    hours = [next_try(SCHEDULE, 9, AT, chance / 4) for chance in range(4)]
    assert [(at - AT).total_seconds() / 3600 for at in hours if at] == pytest.approx([24, 24.6, 25.2, 25.8])


def test_a_receiver_rests_as_long_as_it_wishes_and_nothing_comes_before_the_schedule_says() -> None:
    assert next_try(SCHEDULE, 1, AT, 0.0, timedelta(hours=1)) == AT + timedelta(hours=1)
    assert next_try(SCHEDULE, 4, AT, 0.0, timedelta(hours=1)) == AT + timedelta(hours=2)
    assert next_try(SCHEDULE, 10, AT, 0.0, timedelta(hours=1)) is None


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120),
        (" 120 ", 120),
        ("0", 0),
        ("86401", 86_400),
        ("9" * 5_000, 86_400),
        ("Thu, 15 Jan 2026 02:15:00 GMT", 600),
        ("Thursday, 15-Jan-26 02:15:00 GMT", 600),
        ("Thu Jan 15 02:15:00 2026", 600),
        ("Thu, 15 Jan 2026 02:15:00 -0000", 600),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
        ("Thu, 15 Jan 2026 02:00:00 GMT", None),
        ("-5", None),
        ("1.5", None),
        ("١٢", None),
        ("soon", None),
        ("Thu, 99 Jan 2026 02:15:00 GMT", None),
        ("Thu, 15 Jan 99999999999999999999 02:15:00 GMT", None),
        ("", None),
        (None, None),
    ],
)
def test_a_wish_to_rest_is_read_as_the_standard_says_and_a_day_is_the_longest(
    said: str | None, seconds: int | None
) -> None:
    for status in (429, 503):
        rest = wished_rest(status, said, AT)
        assert (rest.total_seconds() if rest is not None else None) == seconds
    assert wished_rest(500, said, AT) is None


def test_a_rest_that_a_clock_ahead_has_written_is_none() -> None:
    assert rests(AT + timedelta(hours=24), AT)
    assert not rests(AT, AT)
    assert not rests(AT + timedelta(hours=25), AT)
    assert not rests(None, AT)


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({}, True),
        ({"tenant": "mcst"}, False),
        ({"unit": "vnnic"}, True),
        ({"unit": "cuc-bao-chi"}, False),
        ({"types": ("intake.dossier_submitted", "payment.fee_paid")}, True),
        ({"types": ("payment.fee_paid",)}, False),
    ],
)
def test_an_endpoint_is_told_of_its_tenant_its_unit_and_its_types(wanted: dict[str, object], told: bool) -> None:
    endpoint, happened = replace(ENDPOINT, **wanted), replace(EVENT, units=frozenset({"vnnic"}))  # type: ignore[arg-type]
    assert wants(endpoint, happened) is told


@pytest.mark.parametrize(
    ("url", "in_service", "in_a_sandbox"),
    [
        ("https://example.vn/motcua?a=1", True, True),
        ("https://example.vn:443/", True, True),
        ("https://example.vn:8443/", False, True),
        ("http://example.vn/", False, True),
        ("http://127.0.0.1:5000/", False, True),
        ("https://user:word@example.vn/", False, False),
        ("https://user@example.vn/", False, False),
        ("https://example.vn/#part", False, False),
        ("https://example.vn:99999/", False, False),
        ("https:///nowhere", False, False),
        ("https://[::1/", False, False),
        ("https://ví-dụ.vn/", False, False),
        ("https://example.vn/a b", False, False),
        ("https://example.vn/\r\nx-other: 1", False, False),
        (" https://example.vn/", False, False),
        ("https://example.vn\\@10.0.0.1/", False, False),
        ("ftp://example.vn/", False, False),
        ("file:///etc/passwd", False, False),
        ("example.vn", False, False),
        ("", False, False),
    ],
)
def test_only_https_on_its_own_port_may_be_told(url: str, in_service: bool, in_a_sandbox: bool) -> None:
    assert is_allowed(url, loopback=False) is in_service
    assert is_allowed(url, loopback=True) is in_a_sandbox
