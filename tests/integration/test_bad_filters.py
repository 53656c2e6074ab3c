"""Lists, codes, amounts and addresses at the edge of what is possible: an answer or a named error, never a defect."""

from typing import Any

import pytest

from services.cli.demo.town import SYSTEM
from tests.integration.calls import CODE, RIGHT, schemas
from tests.integration.test_bad_input import insist
from tests.integration.world import CITIZEN, OFFICER, World

pytestmark = pytest.mark.servers

CURSORS = (
    *("x", "é", "$ne", "====", "a.b", "-1.x", "W10", "WzBd", "e30=", "bnVsbA==", "IiI=", "WyJcdWQ4MDAiXQ==", "MXwx"),
    *("WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwieCJd", "WyI5OTk5LTEyLTMxVDIzOjU5OjU5LTE0OjAwIiwieCJd"),
    *("OTk5OTk5OTk5OTk5OTk5OTk5OTk5fHg", "LTk5OTk5OTk5OTk5OTk5OTk5fHg", "LTYyMTM1NTk2ODAwMDAwfHg", "A" * 199),
    "WyJkdWUiLCIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwieCJd",
    *("999999999999999." + "0" * 36, "99999999999999." + "0" * 36, "0." + "0" * 36),
)
WHOSE = {"intake.list_drafts": CITIZEN, "intake.list_register": OFFICER}  # what `system` has none of
EDGES: tuple[dict[str, Any], ...] = (
    {"issued_from": "1000-01-01", "issued_to": "2999-12-31"},
    {"issued_from": "2999-12-31", "issued_to": "1000-01-01"},
    {"holder": "\u0344" * 10, "number_prefix": "$where"},
    {"holder": ".*", "number_prefix": "^.*$"},
    {"after": None, "holder": None, "status": None},
)
CODES = ("$ne", "{$gt: ''}", "*", ".*", "' || '1'=='1", "../../etc/passwd", CODE[:-1], "%00", "0", "x" * 60)
DOCUMENTS: tuple[dict[str, Any], ...] = (
    *({}, {"$ne": None}, {"key": "vnnic", "$where": "1"}, {"a.b": {"c": 10**30}}, {"kind": []}),
)
ADDRESSES = (
    *("javascript:alert(1)", "ftp://cong.example.vn/", "//cong.example.vn/", "https://a b.example.vn/", "cong"),
    *("http://cong.example.vn/", "https://u:p@cong.example.vn/", "https://cong.example.vn/#x", "https://[x/"),
    *("https:///ve", "https://cong.example.vn:0/", "https://cong.example.vn:99999/", "https://" + "a" * 240),
)


def test_a_made_up_place_in_a_list_is_no_defect(untouched: World) -> None:
    for target, schema in schemas().items():
        if "after" in schema.fields:
            calls = [{**RIGHT[target], "after": cursor} for cursor in CURSORS]
            asker = WHOSE.get(target, SYSTEM)
            for cursor, refusal in zip(CURSORS, untouched.refusals(asker, target, calls), strict=True):
                if refusal is not None:
                    insist(refusal, refusal.kind, refusal.code)
                    assert refusal.kind in {"Invalid", "NotFound"}, (target, cursor, refusal)


def test_filters_at_the_edge_find_nothing_and_are_no_defect(untouched: World) -> None:
    for bounds in EDGES:
        assert untouched.ask(SYSTEM, "registry.find_records", dataset="khong-co", **bounds)["items"] == []
    for day in ("1000-01-01", "2999-12-31"):
        for filters in ({}, {"overdue": False}, {"at_risk": True}, {"status": "any"}):
            days: dict[str, Any] = {"due_from": day, "due_to": day, **filters}
            assert untouched.ask(OFFICER, "routing.list_cases", **days)["items"] == []
    ever: dict[str, Any] = {"from_day": "1000-01-01", "to_day": "2999-12-31"}
    assert untouched.ask(SYSTEM, "intake.count_dossiers", **ever)["total"] >= 0


def test_codes_that_look_like_queries_are_only_codes(untouched: World) -> None:
    for code in CODES:
        insist(untouched.refusal(SYSTEM, "intake.get", dossier_code=code), "NotFound", "intake.unknown_dossier")
        insist(untouched.refusal(SYSTEM, "routing.get_case", dossier_code=code), "NotFound", "routing.unknown_case")
        record = {"dataset": "ten-mien-vn", "number": code, "holder": code}
        insist(untouched.refusal(SYSTEM, "registry.verify", **record), "NotFound", "registry.unknown_record")


def test_a_counter_takes_no_impossible_amounts(untouched: World) -> None:
    target = "payment.record_counter_payment"
    for amount_vnd in (0, -1, 1.5, "800000", True, 10**16):
        refusal = untouched.refusal(OFFICER, target, **{**RIGHT[target], "amount_vnd": amount_vnd})
        insist(refusal, "Invalid", "payment.invalid", "amount_vnd")


def test_a_payer_is_sent_back_to_safe_addresses_only(untouched: World) -> None:
    for address in ADDRESSES:
        call = {**RIGHT["payment.start_payment"], "return_url": address}
        refusal = untouched.refusal(CITIZEN, "payment.start_payment", **call)
        assert refusal.kind in {"Invalid", "Refused"}, (address, refusal)
        assert refusal.fields == ["return_url"], (address, refusal)


def test_a_catalogue_with_a_mistake_is_not_published_at_all(untouched: World) -> None:
    for document in DOCUMENTS:
        one = {"kind": "unit", "key": "vnnic", "valid_from": "2016-01-01", "document": document}
        call = {**RIGHT["registry.publish_catalogue"], "documents": [one]}
        refusal = untouched.refusal(SYSTEM, "registry.publish_catalogue", **call)
        insist(refusal, "Invalid", "registry.invalid_catalogue", "documents.0")
