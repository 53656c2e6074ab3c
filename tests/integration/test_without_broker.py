"""The broker is away, and applicants go on: over HTTP, with files; when it returns, nothing is missing or doubled."""

import contextlib
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from deploy.local.stack import Stack
from services.chassis.failpoint import VARIABLE
from services.cli.acting import bearer, issuer_of
from services.cli.demo.town import SYSTEM, fresh, patiently
from tests.conftest import eventually
from tests.integration import agreement
from tests.integration.http_door import HttpDoor, actor_of
from tests.integration.world import CITIZEN, World

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]
_DOSSIERS = 20
_SOON = 5  # seconds; a request that waited for the broker would take twice as long


@pytest.fixture(scope="module")
def procedure(world: World) -> Any:
    """What is applied for."""
    return {**world.procedures["mic", "dk-ten-mien-vn"], "tenant": "mic"}


@pytest.fixture
def door(stack: Stack, world: World, procedure: Any) -> Iterator[HttpDoor]:
    """Intake's HTTP door; everything runs again afterwards."""
    yield HttpDoor(stack.env["MOTCUA_INTAKE_URL"], issuer_of(stack.env))
    with contextlib.suppress(Exception):
        stack.start("rabbitmq")
    stack.wait_ready()


def insist_worked(stack: Stack, world: World, codes: list[str]) -> None:
    """Every dossier has its case and its fee, and all services agree about it."""
    for code in codes:
        patiently(partial(world.town.ask, SYSTEM, "routing.get_case", dossier_code=code), code, "NotFound")
        eventually(partial(_is_priced, world, code))
    world.rest()
    agreement.insist(stack.env, codes)


def _is_priced(world: World, code: str) -> bool:
    return bool(world.town.ask(SYSTEM, "intake.get", dossier_code=code)["fees"])


def test_twenty_dossiers_handed_in_while_the_broker_is_away_are_worked_when_it_returns(
    stack: Stack, world: World, door: HttpDoor, procedure: Any
) -> None:
    stack.stop("rabbitmq")
    stack.stop("intake-http")
    assert not list(Path(stack.env["MOTCUA_METRICS_DIR"]).glob("intake-http.*"))
    stack.start("intake-http")
    stack.wait_ready(["intake-http"])
    codes = []
    for number in range(_DOSSIERS):
        request = {**door.submission(procedure, f"away-{number}-{fresh()[:8]}"), "request_id": fresh()}
        actor = actor_of(request["applicant"])
        first = door.ask(actor, "submit", **request)
        assert door.ask(actor, "submit", **request) == first
        codes.append(first["dossier_code"])
    assert len(set(codes)) == _DOSSIERS
    assert door.ask(actor, "get", dossier_code=codes[-1])["status"] == "submitted"
    assert set(codes) <= {one["dossier_code"] for one in door.ask(actor, "list_dossiers", limit=200)["items"]}
    stack.start("rabbitmq")
    stack.wait_ready()
    insist_worked(stack, world, codes)
    assert world.town.ask(actor, "intake.submit", **request) == first  # the portal asks again by RPC
    assert not world.mongo["motcua_intake"]["dossiers"].count_documents({"pending_since": {"$exists": True}})


def test_supplements_and_withdrawals_pass_without_the_broker_too(stack: Stack, world: World, door: HttpDoor) -> None:
    asked, regretted = world.story("asked"), world.story("regretted")
    for story in (asked, regretted):
        story.submit()
    asked.act("request_supplement", items=[{"component": "TP01", "guidance": "Ký lại"}], reason="Thiếu chữ ký")
    asked.await_status("supplement_requested")
    stack.stop("rabbitmq")
    paper = {"component": "TP01", "upload_id": door.upload(asked.citizen, "ky-lai")}
    answer = {"dossier_code": asked.code, "documents": [paper], "request_id": fresh()}
    given_up = {"dossier_code": regretted.code, "reason": "Nộp nhầm", "request_id": fresh()}
    for person, method, content in ((asked.citizen, "supplement", answer), (regretted.citizen, "withdraw", given_up)):
        assert door.ask(person, method, **content) == door.ask(person, method, **content)
    assert door.ask(regretted.citizen, "get", dossier_code=regretted.code)["status"] == "withdrawn"
    stack.start("rabbitmq")
    stack.wait_ready()
    eventually(lambda: world.town.ask(SYSTEM, "routing.get_case", dossier_code=asked.code)["status"] == "opened")
    eventually(lambda: world.town.ask(SYSTEM, "routing.get_case", dossier_code=regretted.code)["status"] == "withdrawn")
    world.rest()
    agreement.insist(stack.env, [asked.code, regretted.code])


def test_a_broker_that_answers_nothing_makes_nobody_wait(
    stack: Stack, world: World, door: HttpDoor, procedure: Any
) -> None:
    request = {**door.submission(procedure, f"frozen-{fresh()[:8]}"), "request_id": fresh()}
    stack.kill("rabbitmq", signal.SIGSTOP)
    try:
        answers = [
            requests.post(
                f"{door.base}/intake/submit",
                json=request,
                headers=bearer(world.issuer, actor_of(request["applicant"])),
                timeout=_SOON,
            )
            for _ in range(3)
        ]
    finally:
        stack.kill("rabbitmq", signal.SIGCONT)
    assert {one.status_code for one in answers} == {200}
    assert len({one.text for one in answers}) == 1
    stack.wait_ready()
    insist_worked(stack, world, [answers[0].json()["dossier_code"]])


def test_a_door_killed_after_the_write_answers_the_repeated_request_as_if_nothing_had_been(
    stack: Stack, world: World, door: HttpDoor, procedure: Any
) -> None:
    request = {**door.submission(procedure, f"killed-{fresh()[:8]}"), "request_id": fresh()}
    actor = actor_of(request["applicant"])
    stack.stop("rabbitmq")
    Path(stack.env[VARIABLE], "intake-http@journal.after_write").touch()
    with pytest.raises(requests.ConnectionError):
        door.post(actor, "submit", request)
    stack.wait_ready(["intake-http"])
    first = door.ask(actor, "submit", **request)
    assert door.ask(actor, "submit", **request) == first
    stack.start("rabbitmq")
    stack.wait_ready()
    insist_worked(stack, world, [first["dossier_code"]])
    mine = {"subject.applicant.email": request["applicant"]["email"]}
    assert world.mongo["motcua_intake"]["dossiers"].count_documents(mine) == 1


def test_a_request_named_in_the_header_is_one_request_also_by_rpc(
    stack: Stack, world: World, door: HttpDoor, procedure: Any
) -> None:
    request, key = door.submission(procedure, f"key-{fresh()[:8]}"), fresh()
    assert actor_of(request["applicant"]) == CITIZEN
    first = door.post(CITIZEN, "submit", request, **{"Idempotency-Key": f'"{key}"'})
    assert (first.status_code, world.ask(CITIZEN, "intake.submit", **request, request_id=key)) == (200, first.json())
    world.rest()
    world.insist_well()
