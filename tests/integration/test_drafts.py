"""Drafts in the real store: two devices at once, a process that dies between dossier and draft, papers that wait."""

import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from deploy.local.stack import Stack
from services.chassis.failpoint import VARIABLE
from services.chassis.settings import read_settings
from services.cli.demo.town import fresh
from services.intake.settings import IntakeSettings
from services.intake.wiring import wire
from tests.integration.files import uploaded
from tests.integration.http_door import HttpDoor, actor_of
from tests.integration.world import CITIZEN, World

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]


@pytest.fixture
def door(world: World) -> HttpDoor:
    """Intake's HTTP door."""
    return HttpDoor(world.stack.env["MOTCUA_INTAKE_URL"], world.issuer)


def typed(draft_id: str, version: int = 0, **changes: Any) -> dict[str, Any]:
    """A save of a draft."""
    asked = {"draft_id": draft_id, "version": version, "tenant": "mic", "procedure": "dk-ten-mien-vn"}
    return {**asked, "request_id": fresh(), **changes}


def shown(world: World, actor: Mapping[str, str] = CITIZEN) -> set[str]:
    """The ids of somebody's drafts."""
    return {one["draft_id"] for one in world.pages(actor, "intake.list_drafts")}


def test_of_many_devices_that_go_on_from_one_version_one_is_taken_and_the_others_are_told(
    world: World, door: HttpDoor
) -> None:
    draft_id = str(uuid.uuid4())
    for version in range(3):
        calls = [typed(draft_id, version, form={"label": f"device-{number}"}) for number in range(8)]
        with ThreadPoolExecutor(8) as devices:
            refusals = list(devices.map(lambda call: door.refusal(CITIZEN, "save_draft", call), calls))
        assert [one.code for one in refusals if one] == ["intake.draft_changed"] * 7
        taken = calls[refusals.index(None)]
        found = door.ask(CITIZEN, "get_draft", draft_id=draft_id)
        assert (found["form"], found["version"]) == (taken["form"], version + 1)
        assert door.ask(CITIZEN, "save_draft", **taken)["saved_at"] == found["saved_at"]


def test_a_door_that_dies_when_the_dossier_is_kept_leaves_no_draft_of_it(
    stack: Stack, world: World, door: HttpDoor
) -> None:
    procedure = {**world.procedures["mic", "dk-ten-mien-vn"], "tenant": "mic"}
    request = {**door.submission(procedure, fresh()[:8]), "request_id": fresh(), "draft_id": str(uuid.uuid4())}
    actor = actor_of(request["applicant"])
    draft = typed(request["draft_id"], form=request["form"], documents=request["documents"])
    door.ask(actor, "save_draft", **draft)
    Path(stack.env[VARIABLE], "intake-http@journal.after_write").touch()
    with pytest.raises(requests.ConnectionError):
        door.post(actor, "submit", request)
    stack.wait_ready(["intake-http"])
    assert request["draft_id"] not in shown(world, actor)
    first = door.ask(actor, "submit", **request)
    assert door.ask(actor, "submit", **request) == first
    refusal = door.refusal(actor, "save_draft", {**draft, "version": 1, "request_id": fresh()})
    assert refusal is not None
    assert refusal.code == "intake.draft_gone"
    kept = world.mongo["motcua_intake"]["drafts"].find_one({"gone": True, "subject": {"$exists": True}})
    assert kept is None


def test_papers_wait_as_long_as_a_draft_names_them_and_no_longer(world: World) -> None:
    cases = wire(read_settings(IntakeSettings, "intake", world.stack.env)).cases
    upload_id, draft_id = uploaded(world), str(uuid.uuid4())
    uploads = world.mongo["motcua_intake"]["uploads"]

    def swept() -> bool:
        uploads.update_one({"_id": upload_id}, {"$set": {"sweep_at": datetime.now(UTC) - timedelta(days=1)}})
        cases.receiving.sweep()
        return uploads.find_one({"_id": upload_id}) is None

    papers = [{"component": "TP01", "upload_id": upload_id}]
    world.ask(CITIZEN, "intake.save_draft", **typed(draft_id, documents=papers))
    assert not swept()
    (paper,) = world.ask(CITIZEN, "intake.get_draft", draft_id=draft_id)["documents"]
    assert paper["state"] == "finished"
    world.ask(CITIZEN, "intake.discard_draft", draft_id=draft_id, request_id=fresh())
    assert swept()


def test_drafts_are_forgotten_by_the_store_itself(world: World) -> None:
    indexes = world.mongo["motcua_intake"]["drafts"].index_information()
    assert [one["key"] for one in indexes.values() if one.get("expireAfterSeconds") == 0] == [[("expires_at", 1)]]
