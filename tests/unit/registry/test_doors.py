"""What the doors of registry take and refuse."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from flask import Flask
from flask.testing import FlaskClient
from marshmallow import Schema

from services.chassis.errors import Invalid
from services.chassis.http import _problem
from services.chassis.rpc import VERIFIER, read_call
from services.registry import schemas
from services.registry.clients import Intake
from services.registry.http import add_routes
from services.registry.service import RegistryService
from tests.keys import verifier
from tests.unit.registry.builders import DATASET, FREE, HOLDER, OFFICER, TENANT, Registry, announced, documents

NUMBER = "1/2026/GP-VĐ"
VERIFY = "/registry/records/verify"
PROCEDURES = f"/registry/catalogue/{TENANT}/procedures"


@pytest.fixture
def door() -> FlaskClient:
    """The HTTP door over memory."""
    return door_that_allows("1000/minute")


def door_that_allows(verify_limit: str, proxies: int = 0) -> FlaskClient:
    """The same, where one address may compare so many holders."""
    registry = Registry().with_catalogue()
    registry.issue()
    app = Flask("registry")
    app.register_error_handler(Exception, _problem)
    app.extensions[VERIFIER] = verifier()
    base = SimpleNamespace(settings=SimpleNamespace(verify_limit=verify_limit, proxies=proxies), database=None)
    add_routes(app, cast("Any", SimpleNamespace(cases=registry.cases, base=base)))
    return app.test_client()


def test_one_address_may_compare_so_many_holders_and_no_more() -> None:
    limited = door_that_allows("2/minute", proxies=1)

    def post(address: str) -> Any:
        stated = {"dataset": DATASET, "number": NUMBER, "holder": "x"}
        return limited.post(VERIFY, json=stated, headers={"X-Forwarded-For": address})

    assert [post(address).status_code for address in ("::ffff:192.0.2.1", "192.0.2.1", "192.0.2.2")] == [200] * 3
    refused = post("192.0.2.1")
    assert (refused.status_code, refused.json["code"], refused.mimetype) == (
        429,
        "http.429",
        "application/problem+json",
    )
    assert int(refused.headers["Retry-After"]) > 0
    assert refused.json["detail_vi"]
    number = {"dataset": DATASET, "number": NUMBER}
    looked_up = limited.get(VERIFY, query_string=number, headers={"X-Forwarded-For": "192.0.2.1"})
    assert looked_up.status_code == 200, "that there is such a record says nothing of anybody"


def refused(schema: Schema, content: dict[str, Any]) -> list[tuple[str, str]]:
    """Fields and codes of what is wrong."""
    with pytest.raises(Invalid) as caught:
        read_call("registry.x", schema, OFFICER, content)
    return [(one["field"], one["code"]) for one in caught.value.errors]


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        ({}, [("dataset", "required"), ("number", "required")]),
        ({"dataset": "a/b", "number": "1"}, [("dataset", "wrong_format")]),
        ({"dataset": "a", "number": "1\x00"}, [("number", "control_characters")]),
        ({"dataset": "a", "number": "1" * 10_000_000}, [("number", "too_long")]),
        ({"dataset": "a", "number": {"$gt": ""}}, [("number", "wrong_type")]),
        ({"dataset": "a", "number": 1}, [("number", "wrong_type")]),
        ({"dataset": "a", "number": "1", "x": 1}, [("x", "unknown_field")]),
    ],
)
def test_a_wrong_look_up_names_its_fields(content: dict[str, Any], wrong: list[tuple[str, str]]) -> None:
    assert refused(schemas.OneRecord(), content) == wrong


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, ("changes", "too_short")),
        ({"$set": 1}, ("changes.$set", "wrong_format")),
        ({"a.b": 1}, ("changes.a.b", "wrong_format")),
        ("x", ("changes", "wrong_type")),
    ],
)
def test_a_wrong_amendment_names_its_fields(changes: Any, wrong: tuple[str, str]) -> None:
    content = {"dataset": "a", "number": "1", "reason": "x", "request_id": "r", "changes": changes}
    assert refused(schemas.Amend(), content) == [wrong]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("limit", 0, "too_small"),
        ("limit", 201, "too_large"),
        ("limit", True, "wrong_type"),
        ("status", "new", "not_a_choice"),
        ("issued_from", "2026-02-30", "impossible_date"),
    ],
)
def test_a_wrong_filter_is_named(field: str, value: Any, code: str) -> None:
    assert refused(schemas.FindRecords(), {"dataset": "a", field: value}) == [(field, code)]


def test_a_wrong_publication_is_named() -> None:
    unit = next(one for one in documents() if one["kind"] == "unit")
    wrong = {**announced(unit), "kind": "x", "valid_from": "2026-13-01", "document": []}
    found = refused(schemas.PublishCatalogue(), {"tenant": "demo", "documents": [wrong], "request_id": "r"})
    assert {field for field, _ in found} == {f"documents.0.{name}" for name in ("kind", "valid_from", "document")}


def test_every_filter_of_the_list_reaches_the_store() -> None:
    registry = Registry().with_catalogue()
    registry.issue()
    call = read_call("registry.find_records", schemas.FindRecords(), OFFICER, {"dataset": DATASET})
    assert len(registry.cases.records.find_records(OFFICER, **call.args)["items"]) == 1


def test_the_service_follows_five_events() -> None:
    handlers = ("note_decision", "note_fee", "note_withdrawal", "issue_record")
    heard = [
        (entry.source, type_)
        for name in handlers
        for entry in getattr(RegistryService, name).nameko_entrypoints
        for type_ in entry.types
    ]
    assert heard == [
        ("routing", "case_decided"),
        ("payment", "fee_paid"),
        ("payment", "fee_waived"),
        ("intake", "dossier_withdrawn"),
        ("registry", "issuance_ready"),
    ]


def test_anybody_may_verify_over_http_and_is_not_told_the_holder(door: FlaskClient) -> None:
    stated = {"dataset": DATASET, "number": NUMBER, "holder": "nguyen thi dao mau"}
    answer = door.post(VERIFY, json=stated)
    assert answer.status_code == 200
    assert answer.json is not None
    assert (answer.json["valid"], answer.json["holder_matches"]) == (True, True)
    other = door.post(VERIFY, json={**stated, "holder": "x"})
    assert other.json is not None
    assert other.json["valid"] is False
    assert HOLDER.name not in answer.text + other.text
    assert HOLDER.id not in answer.text + other.text


def test_an_address_tells_whether_a_record_is_good_and_takes_no_holder(door: FlaskClient) -> None:
    stated = {"dataset": DATASET, "number": NUMBER}
    answer = door.get(VERIFY, query_string=stated)
    assert answer.json is not None
    assert (answer.json["valid"], answer.json["status"], "holder_matches" in answer.json) == (True, "valid", False)
    assert door.get(VERIFY, query_string={**stated, "holder": HOLDER.id}).status_code == 400


def test_an_unknown_record_is_a_404_problem(door: FlaskClient) -> None:
    stated = {"dataset": DATASET, "number": "9"}
    for answer in (door.get(VERIFY, query_string=stated), door.post(VERIFY, json={**stated, "holder": "x"})):
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_a_wrong_query_is_a_400_problem_that_names_the_fields(door: FlaskClient) -> None:
    stated = {"dataset": "a/b", "number": "1", "extra": "1"}
    for answer, wrong in (
        (door.get(VERIFY, query_string=stated), {"dataset", "extra"}),
        (door.post(VERIFY, json=stated), {"dataset", "extra", "holder"}),
    ):
        assert answer.status_code == 400
        assert answer.json is not None
        assert {one["field"] for one in answer.json["errors"]} == wrong
    assert door.post(VERIFY, data=b"[]").status_code == 400
    repeated = door.get(f"{PROCEDURES}?limit=1&limit=2")
    assert (repeated.status_code, repeated.json and repeated.json["errors"][0]["field"]) == (400, "limit")


def test_the_catalogue_is_public(door: FlaskClient) -> None:
    page = door.get(f"{PROCEDURES}?limit=1&as_of=2026-06-01")
    assert page.json is not None
    assert [item["key"] for item in page.json["items"]] == ["gp-co-phi"]
    following = door.get(PROCEDURES, query_string={"after": page.json["next"], "as_of": "2026-06-01"})
    assert following.json is not None
    assert [item["key"] for item in following.json["items"]] == [FREE]
    one = door.get(f"{PROCEDURES}/{FREE}?as_of=2026-06-01")
    assert one.json is not None
    assert one.json["example"]["documents"] == [{"component": "TP01"}]
    assert door.get(f"{PROCEDURES}/{FREE}?as_of=2020-01-01").status_code == 404
    assert door.get("/registry/catalogue/nobody/procedures").status_code == 404
    assert door.get("/registry/catalogue/A_B/procedures").status_code == 400
    assert door.get(f"{PROCEDURES}?limit=²").status_code == 400


class FakeRemote:
    """Gives one answer."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def call(self, *_target: str, **_arguments: Any) -> Any:
        """That answer."""
        return self.answer


@pytest.mark.parametrize(
    "answer", [{}, None, {"applicant": {"kind": "citizen"}, "form": {}}, {"applicant": {"kind": "x"}, "form": {}}]
)
def test_an_answer_of_intake_without_applicant_or_form_is_a_defect(answer: Any) -> None:
    with pytest.raises(Exception, match="intake_answer"):
        Intake(cast("Any", FakeRemote(answer))).application("code")
