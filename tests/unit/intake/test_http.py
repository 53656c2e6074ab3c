"""What RPC offers is offered over HTTP too: the same checks, causes, answers and errors, and no broker."""

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.chassis.actor import Actor
from services.chassis.http import _problem
from services.chassis.rpc import VERIFIER, methods_of, read_call
from services.intake.http import routes
from services.intake.service import IntakeService
from tests.keys import issuer, verifier
from tests.unit.intake.builders import CITIZEN, NEIGHBOUR, OWNER
from tests.unit.intake.fakes import APPLICANT, FORM, World


@pytest.fixture
def world() -> World:
    """Intake over memory."""
    return World()


@pytest.fixture
def door(world: World) -> FlaskClient:
    """Its HTTP door."""
    app = Flask("intake")
    app.register_error_handler(Exception, _problem)
    app.extensions[VERIFIER] = verifier()
    routes(app, cast("Any", SimpleNamespace(cases=world.cases)))
    return app.test_client()


def ask(door: FlaskClient, method: str, actor: Actor | None = CITIZEN, key: str = "", **content: Any) -> TestResponse:
    """One call over HTTP."""
    claim = {"Authorization": f"Bearer {issuer().fresh(actor)}"} if actor else {}
    return door.post(f"/intake/{method}", json=content, headers={**claim, **({"Idempotency-Key": key} if key else {})})


def told(answer: TestResponse) -> Any:
    """What an answer says."""
    assert answer.json is not None
    return answer.json


def by_rpc(world: World, method: str, **content: Any) -> Any:
    """The same call as the nameko door takes it, its answer as JSON."""
    service = IntakeService()
    service.wired = SimpleNamespace(cases=world.cases)
    call = read_call(f"intake.{method}", methods_of(IntakeService)[method].schema, CITIZEN, content)
    return json.loads(json.dumps(getattr(service, method)(call), default=lambda at: at.isoformat()))


def submission(world: World, **more: str) -> dict[str, Any]:
    """A whole valid submission."""
    papers = world.papers(OWNER, "TP01", "TP02")
    return {
        "tenant": "mic",
        "procedure": "dk-ten-mien-vn",
        "applicant": APPLICANT,
        "form": FORM,
        "documents": papers,
    } | more


def test_a_request_is_the_same_request_at_both_doors(world: World, door: FlaskClient) -> None:
    request = submission(world, request_id="r-1")
    first = ask(door, "submit", **request)
    assert (first.status_code, first.headers["Cache-Control"]) == (200, "no-store")
    assert first.json == by_rpc(world, "submit", **request)
    assert first.json == ask(door, "submit", **request).json
    assert world.codes.taken == 1
    other = ask(door, "submit", **{**request, "form": {**FORM, "label": "khac"}})
    assert (other.status_code, told(other)["code"]) == (409, "intake.request_id_reused")


def test_the_key_in_the_header_is_the_request_id_where_the_body_names_none(world: World, door: FlaskClient) -> None:
    request = submission(world)
    first = ask(door, "submit", key='"r-1"', **request)
    assert first.json == by_rpc(world, "submit", **request, request_id="r-1")
    assert first.json == ask(door, "submit", key="another", **request, request_id="r-1").json
    assert ask(door, "submit", **request).status_code == 400
    assert ask(door, "list_procedures", key="r-2", tenant="mic").status_code == 200


def test_errors_are_those_of_rpc_as_problems(world: World, door: FlaskClient) -> None:
    code = told(ask(door, "submit", **submission(world, request_id="r-1")))["dossier_code"]
    for method, actor, content, status, named in (
        ("submit", CITIZEN, {"x": 1}, 400, "intake.invalid"),
        ("get", NEIGHBOUR, {"dossier_code": code}, 404, "intake.unknown_dossier"),
        ("get", None, {"dossier_code": code}, 403, "actor.missing"),
        ("withdraw", Actor("system", "x"), {"dossier_code": code, "reason": "r", "request_id": "2"}, 403, None),
    ):
        answer = ask(door, method, actor, **content)
        assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
        assert named in (None, told(answer)["code"])


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b'{"a": NaN}', b'{"a": 1, "a": 1}', b"[" * 100, b"x" * 2_000_001])
def test_a_body_that_is_no_request_is_named(door: FlaskClient, body: bytes) -> None:
    claim = {"Authorization": f"Bearer {issuer().fresh(CITIZEN)}"}
    answer = door.post("/intake/list_dossiers", data=body, headers=claim)
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")


def test_what_fails_in_a_way_of_its_own_is_told_as_a_defect_without_its_words(
    door: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.cases, "track", lambda **_: 1 / 0)
    answer = ask(door, "track", dossier_code="1", id_number="secret")
    assert (answer.status_code, told(answer)["code"]) == (500, "service.defect")
    assert "secret" not in answer.text
