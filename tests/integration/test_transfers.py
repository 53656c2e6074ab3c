"""A dossier came to a unit that is not competent: another decides it, and nobody misses or keeps anything of it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import pytest

from services.chassis import clock
from services.cli.demo.town import SYSTEM, fresh
from services.contracts.catalogue.dates import local_day
from tests.conftest import eventually
from tests.integration import agreement
from tests.integration.calls import CODE
from tests.integration.world import CITIZEN, OFFICER, World

pytestmark = pytest.mark.servers
NEW: Final = {"kind": "officer", "id": "cb-031", "unit": "cuc-attt"}
READS: Final = ("routing.get_case", "intake.get", "payment.get_order", "notify.list_notices")


def counted(world: World, *officers: Mapping[str, str]) -> list[int]:
    """How many open cases the unit of each has."""
    return [world.ask(officer, "routing.count_cases")["open"] for officer in officers]


def taken(world: World, unit: str) -> int:
    """What was paid to a unit about now."""
    today = local_day(clock.now())
    days = {"from_day": str(today - timedelta(days=1)), "to_day": str(today + timedelta(days=1))}
    return sum(row["amount_vnd"] for row in world.ask(SYSTEM, "payment.count_fees", unit=unit, **days)["paid"])


def test_the_unit_that_is_competent_decides_and_the_other_has_no_more_of_it(world: World) -> None:
    story = world.story("handed-on")
    story.submit()
    eventually(lambda: story.dossier()["status"] == "payment_required")
    due, open_before, paid_before = (
        story.case()["answer_due_at"],
        counted(world, OFFICER, NEW),
        taken(world, "cuc-attt"),
    )
    move = {"dossier_code": story.code, "to_unit": NEW["unit"], "reason": "not_competent", "request_id": fresh()}
    clerk = {**OFFICER, "id": "cb-003", "duties": "sign"}
    assert world.refusal(clerk, "routing.transfer", **move, note="Báo chí").code == "routing.may_not_transfer"
    first = world.ask(OFFICER, "routing.transfer", **move, note="An toàn thông tin")
    assert world.ask(OFFICER, "routing.transfer", **move, note="An toàn thông tin") == first
    assert (first["unit"], first["status"], first["answer_due_at"]) == (NEW["unit"], "opened", due)
    assert counted(world, OFFICER, NEW) == [open_before[0] - 1, open_before[1] + 1]
    assert [len(_found(world, one, story.code)) for one in (OFFICER, NEW)] == [0, 1]

    world.rest()
    for target in READS:
        theirs = world.refusal(OFFICER, target, dossier_code=story.code)
        assert theirs == world.refusal(OFFICER, target, dossier_code=CODE), target
        assert world.ask(NEW, target, dossier_code=story.code), target
    accept = {"dossier_code": story.code, "request_id": fresh()}
    assert world.refusal(OFFICER, "routing.accept", **accept).code == "routing.other_unit"

    story.officer = NEW
    story.be_granted()
    world.rest()
    mine = world.ask(CITIZEN, "intake.get", dossier_code=story.code)
    assert (mine["unit"], mine["status"], bool(mine["result"]["number"])) == (NEW["unit"], "resolved", True)
    assert [(one["from_unit"], one["to_unit"]) for one in mine["transfers"]] == [("vnnic", NEW["unit"])]
    record = {"dataset": mine["result"]["dataset"], "number": mine["result"]["number"]}
    assert world.ask(NEW, "registry.get_record", **record)["unit"] == NEW["unit"]
    assert taken(world, "cuc-attt") - paid_before == story.fee_vnd > 0
    told = {(one["audience"], one["moment"]) for one in _notices(world, story.code)}
    assert {("applicant", "transferred"), ("unit", "transferred"), ("unit", "paid")} <= told
    to_units = {one["recipient"] for one in _notices(world, story.code) if one["moment"] == "paid"}
    assert "cuc-attt@example.vn" in to_units
    agreement.insist(world.stack.env, [story.code])


def _found(world: World, officer: Mapping[str, str], code: str) -> list[Any]:
    return list(world.pages(officer, "routing.list_cases", search=code))


def _notices(world: World, code: str) -> list[Any]:
    return list(world.pages(SYSTEM, "notify.list_notices", dossier_code=code))
