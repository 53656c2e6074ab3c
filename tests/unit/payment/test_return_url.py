"""Where a payer may be sent back to."""

import pytest
from marshmallow import ValidationError

from services.chassis.actor import Actor
from services.chassis.cause import Cause
from services.chassis.errors import Refused
from services.chassis.rpc import read_call
from services.payment.return_url import insist_allowed
from services.payment.schemas import StartPayment

HOSTS = ("dvc.example.vn", "localhost")


def load(**changes: str) -> None:
    """Pass the schema."""
    StartPayment().load({"order_id": "x", "request_id": "1", "return_url": "https://dvc.example.vn/", **changes})


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("https://dvc.example.vn/thanh-toan?ho-so=1", ()),
        ("https://anywhere.example.vn:8443/", ()),
        ("http://127.0.0.1:8080/payment/vnpay/return", ()),
        ("http://localhost/x", HOSTS),
        ("http://[::1]:80/x", ()),
        ("https://DVC.example.vn/x", HOSTS),
    ],
)
def test_https_anywhere_or_http_on_this_machine_unless_hosts_are_named(url: str, hosts: tuple[str, ...]) -> None:
    load(return_url=url)
    insist_allowed(url, hosts)


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("http://dvc.example.vn/", ()),
        ("https://elsewhere.example.vn/", HOSTS),
        ("https://dvc.example.vn.evil.example/", HOSTS),
        ("http://127.0.0.1/", HOSTS),
        ("https://dvc.example.vn@evil.example/", ()),
        ("https://dvc.example.vn:0/", ()),
        ("https://dvc.example.vn:99999/", ()),
        ("https://[::1/", ()),
        ("https:///path", ()),
        ("https://dvc.example.vn/#part", ()),
    ],
)
def test_every_other_address_is_refused(url: str, hosts: tuple[str, ...]) -> None:
    with pytest.raises(Refused) as caught:
        insist_allowed(url, hosts)
    assert caught.value.errors[0]["field"] == "return_url"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "//dvc.example.vn/",
        "ftp://dvc.example.vn/",
        "https://dvc.example.vn/~me",
        "https://dvc.example.vn/a b",
        "https://dvc.example.vn\\@evil.example/",
        "https://dvc.example.vn/đ",
        "https://dvc.example.vn/" + "x" * 240,
        "",
    ],
)
def test_what_is_no_address_does_not_pass_the_door(url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        load(return_url=url)
    assert set(caught.value.messages_dict) == {"return_url"}


@pytest.mark.parametrize("changes", [{"ip_address": "1.2.3"}, {"method": "momo"}, {"amount_vnd": "1"}])
def test_neither_does_any_other_nonsense(changes: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as caught:
        load(**changes)
    assert set(caught.value.messages_dict) == set(changes)


def test_who_pays_once_more_from_another_address_makes_the_same_request() -> None:
    def cause(**changes: str) -> Cause:
        stated = {"order_id": "x", "request_id": "1", "return_url": "https://dvc.example.vn/", **changes}
        return read_call("payment.start_payment", StartPayment(), Actor("citizen", "001801000001"), stated).cause

    at_home, on_the_way = cause(ip_address="192.0.2.1"), cause(ip_address="2001:db8::1")
    assert (at_home.id, at_home.digest) == (on_the_way.id, on_the_way.digest)
    assert cause(return_url="https://dvc.example.vn/x").digest != at_home.digest


def test_a_missing_address_of_the_payer_is_this_machine() -> None:
    loaded = StartPayment().load({"order_id": "x", "request_id": "1", "return_url": "https://dvc.example.vn/"})
    assert (loaded["ip_address"], loaded["method"]) == ("127.0.0.1", "vnpay")
