"""The public look-ups and the gateway's door over HTTP: whatever is sent, a named answer; nothing is stored."""

from typing import Any

import pytest
import requests

from tests.integration.world import World, refused

pytestmark = pytest.mark.servers
SECONDS = 30
LONG = "x" * 3000
VERIFY = {"dataset": "ten-mien-vn", "number": "999999/2026/TM-VNNIC", "holder": "Nguyễn Thị Mẫu"}

LOOK_UP = {name: VERIFY[name] for name in ("dataset", "number")}
PATH = "/registry/records/verify"

WRONG_QUERIES: dict[str, tuple[Any, str]] = {
    "nothing": ({}, "dataset"),
    "a holder in an address": (VERIFY, "holder"),
    "an operator": ({**LOOK_UP, "dataset[$ne]": "x"}, "dataset[$ne]"),
    "an unknown name": ({**LOOK_UP, "$where": "1"}, "$where"),
    "the same name twice": ([*LOOK_UP.items(), ("number", "x")], "number"),
    "too long": ({**LOOK_UP, "number": LONG}, "number"),
    "control characters": ({**LOOK_UP, "number": "1\x00"}, "number"),
    "two lines": ({**LOOK_UP, "number": "1\n2"}, "number"),
    "a wrong key": ({**LOOK_UP, "dataset": "../x"}, "dataset"),
}
WRONG_BODIES: dict[str, tuple[Any, str]] = {
    "nothing": ({}, "dataset"),
    "no holder": (LOOK_UP, "holder"),
    "an operator": ({**VERIFY, "number": {"$ne": "x"}}, "number"),
    "an unknown name": ({**VERIFY, "$where": "1"}, "$where"),
    "too long": ({**VERIFY, "holder": LONG}, "holder"),
    "too many marks": ({**VERIFY, "holder": "a" + "\u0300" * 40}, "holder"),
}


def get(world: World, door: str, path: str, params: Any = None) -> requests.Response:
    """A look-up at a door."""
    return requests.get(f"{world.stack.env[f'MOTCUA_{door}_URL']}{path}", params=params, timeout=SECONDS)


def verify(world: World, stated: Any) -> requests.Response:
    """A look-up that names a holder."""
    return requests.post(f"{world.stack.env['MOTCUA_REGISTRY_URL']}{PATH}", json=stated, timeout=SECONDS)


def test_a_wrong_question_to_the_registry_is_named_with_its_field(untouched: World) -> None:
    for what, (query, field) in WRONG_QUERIES.items():
        refusal = refused(get(untouched, "REGISTRY", PATH, query))
        assert (refusal.kind, refusal.problem["status"]) == ("Invalid", 400), what
        assert field in refusal.fields, (what, refusal)
    for what, (body, field) in WRONG_BODIES.items():
        refusal = refused(verify(untouched, body))
        assert (refusal.kind, refusal.problem["status"]) == ("Invalid", 400), what
        assert field in refusal.fields, (what, refusal)


def test_a_look_up_with_impossible_dates_and_pages_is_named_with_its_field(untouched: World) -> None:
    path = "/registry/catalogue/mic/procedures"
    for name, values in {
        "as_of": ("2026-02-30", "2026-13-01", "0000-00-00", "9999-12-31", "today", "2026-1-1", "", "2026-01-01T00:00"),
        "limit": ("0", "-1", "201", "x", "1e3", "²", "99999999999999999999", "1.0", ""),
    }.items():
        for value in values:
            assert refused(get(untouched, "REGISTRY", path, {name: value})).fields == [name], value


def test_what_is_not_in_the_registry_is_not_found(untouched: World) -> None:
    for path in ("/mic/procedures/khong-co", "/khong-co/procedures", "/khong-co/procedures/x"):
        assert refused(get(untouched, "REGISTRY", f"/registry/catalogue{path}")).problem["status"] == 404
    for path in ("/A_B/procedures", "/mic/procedures/%24ne", f"/mic/procedures/{LONG}", "/mic/procedures/a%00"):
        assert refused(get(untouched, "REGISTRY", f"/registry/catalogue{path}")).problem["status"] == 400
    for answer in (get(untouched, "REGISTRY", PATH, LOOK_UP), verify(untouched, VERIFY)):
        assert refused(answer).code == "registry.unknown_record"


def test_anybody_may_ask_whether_a_record_is_good_and_whose_it_is_is_never_told(world: World) -> None:
    number, name = world.granted.number, world.procedures["mic", "dk-ten-mien-vn"]["example"]["applicant"]["name"]
    stated = {**LOOK_UP, "number": number}
    good = {"valid": True, "status": "valid"}
    look_up, right, wrong = (
        get(world, "REGISTRY", PATH, stated),
        verify(world, {**stated, "holder": name}),
        verify(world, {**stated, "holder": "Nguyễn Văn Khác"}),
    )
    assert good.items() <= look_up.json().items()
    assert {**good, "holder_matches": True}.items() <= right.json().items()
    assert {"valid": False, "holder_matches": False}.items() <= wrong.json().items()
    assert not [one for one in (look_up, right, wrong) if name in one.text]


CALLBACKS = (
    *("", "x", "vnp_TxnRef=1", "vnp_SecureHash=", "vnp_SecureHash=" + "0" * 128, "vnp_TxnRef=%FF%FE", "%00=%00"),
    *("vnp_TxnRef=1&vnp_TxnRef=2", "vnp_SecureHash[$ne]=x", "&".join(f"vnp_{n}=1" for n in range(100)), "=" * 500),
    *("vnp_Amount=NaN&vnp_SecureHash=x", "vnp_TxnRef=" + LONG, "vnp_TxnRef=%ED%A0%80&vnp_SecureHash=%ED%A0%80"),
)


def test_a_callback_that_the_gateway_never_signed_changes_nothing(untouched: World) -> None:
    for query in CALLBACKS:
        answer = get(untouched, "PAYMENT", f"/payment/vnpay/ipn?{query}")
        assert (answer.status_code, answer.json()["RspCode"]) == (200, "97"), query
        back = get(untouched, "PAYMENT", f"/payment/vnpay/return?{query}")
        assert (back.status_code, back.json()) == (200, {"authentic": False, "order": None}), query


def test_doors_take_their_own_methods_only(untouched: World) -> None:
    doors = {"PAYMENT": "/payment/vnpay/ipn", "REGISTRY": "/registry/catalogue/mic/procedures"}
    for door, path in doors.items():
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            url = f"{untouched.stack.env[f'MOTCUA_{door}_URL']}{path}"
            answer = requests.request(method, url, json={"$where": "1"}, timeout=SECONDS)
            assert refused(answer).code == "http.405", (method, path)
        assert refused(get(untouched, door, "/console")).code == "http.404"


def test_what_explains_a_mistake_never_repeats_it(untouched: World) -> None:
    secret = "001801000001-0912345678"
    for answer in (
        get(untouched, "REGISTRY", PATH, {**LOOK_UP, "dataset": secret}),
        verify(untouched, {**VERIFY, "dataset": secret}),
    ):
        assert refused(answer).fields == ["dataset"]
        assert secret not in answer.text
