"""A dossier under way, and what may not be done with it now: each is refused by name, and it stays as it was."""

from typing import Any

import pytest

from services.cli.demo.town import fresh
from tests.conftest import eventually
from tests.integration.files import PDF, open_upload, uploaded
from tests.integration.test_bad_input import insist
from tests.integration.world import CITIZEN, COMPANY, NEIGHBOUR, OFFICER, World

pytestmark = pytest.mark.servers
INVALID = ("Invalid", "intake.invalid")


@pytest.fixture(scope="module")
def asked(world: World) -> str:
    """The code of a dossier whose applicant is asked for a supplement."""
    story = world.story("asked")
    story.submit()
    story.act("request_supplement", items=[{"component": "TP01", "guidance": "Ký lại"}], reason="Thiếu chữ ký")
    story.await_status("supplement_requested")
    world.rest()
    return story.code


def paper(upload_id: str, component: str = "TP01") -> dict[str, Any]:
    """A supplement of one paper."""
    return {"documents": [{"component": component, "upload_id": upload_id}]}


def test_a_supplement_that_is_not_right_changes_nothing(asked: str, world: World) -> None:
    own = uploaded(world)
    wrong: dict[str, tuple[dict[str, Any], tuple[str, str], str]] = {
        "nothing at all": ({}, INVALID, "form"),
        "an unknown answer": ({"form": {"$set": 1}}, INVALID, "form.$set"),
        "an operator": ({"form": {"purpose": {"$ne": None}}}, INVALID, "form.purpose"),
        "an impossible number": ({"form": {"years": 0}}, INVALID, "form.years"),
        "a required answer taken back": ({"form": {"purpose": None}}, INVALID, "form.purpose"),
        "an answer too few": ({"form": {"own_name_servers": True}}, INVALID, "form.name_servers"),
        "another price": (
            {"form": {"years": 3}},
            ("Refused", "intake.fee_would_change"),
            "form.years",
        ),
        "an unknown component": (paper(own, "TP99"), INVALID, "documents.TP99"),
        "an unknown upload": (paper("0" * 32), INVALID, "documents.0"),
        "an unfinished upload": (paper(open_upload(world, PDF).upload_id), INVALID, "documents.0"),
        "a company's upload": (paper(uploaded(world, COMPANY)), INVALID, "documents.0"),
        "an officer's upload": (paper(uploaded(world, OFFICER)), INVALID, "documents.0"),
    }
    before = world.footprint()
    for changes, (kind, code), field in wrong.values():
        call = {"dossier_code": asked, "request_id": fresh(), **changes}
        insist(world.refusal(CITIZEN, "intake.supplement", **call), kind, code, field)
    theirs = {"dossier_code": asked, "request_id": fresh(), **paper(own)}
    insist(world.refusal(NEIGHBOUR, "intake.supplement", **theirs), "NotFound", "intake.unknown_dossier")
    assert world.footprint() == before


def test_what_an_officer_may_not_do_now_changes_nothing(asked: str, untouched: World) -> None:
    items = [{"component": "TP01", "guidance": "Ký lại"}]
    wrong: tuple[tuple[str, dict[str, Any], str], ...] = (
        ("routing.accept", {}, "routing.not_opened"),
        ("routing.reject", {"reason": "x"}, "routing.not_opened"),
        ("routing.assign", {"officer": "cb-002"}, "routing.not_accepted"),
        ("routing.decide", {"outcome": "granted"}, "routing.not_accepted"),
        ("routing.request_supplement", {"items": items, "reason": "x"}, "routing.not_in_progress"),
        ("intake.return_result", {"method": "direct"}, "intake.not_resolved"),
    )
    for target, arguments, code in wrong:
        call = {"dossier_code": asked, "request_id": fresh(), **arguments}
        insist(untouched.refusal(OFFICER, target, **call), "Refused", code)


def test_an_officer_asks_for_what_the_procedure_knows_only(waiting: str, untouched: World) -> None:
    for item, field in (
        ({"component": "TP99", "guidance": "x"}, "items.0.component"),
        ({"field": "mat_khau", "guidance": "x"}, "items.0.field"),
    ):
        call = {"dossier_code": waiting, "items": [item], "reason": "x", "request_id": fresh()}
        refusal = untouched.refusal(OFFICER, "routing.request_supplement", **call)
        insist(refusal, "Refused", "routing.unlisted_item", field)


def test_money_that_is_not_what_is_due_is_not_taken(waiting: str, untouched: World) -> None:
    order = untouched.ask(OFFICER, "payment.get_order", dossier_code=waiting)
    for amount_vnd in (order["amount_vnd"] - 1, order["amount_vnd"] + 1, 1, 10**15):
        call = {"order_id": order["order_id"], "amount_vnd": amount_vnd, "collector": "cb-001", "request_id": fresh()}
        insist(untouched.refusal(OFFICER, "payment.record_counter_payment", **call), "Refused", "payment.wrong_amount")


def test_nothing_is_decided_before_it_is_paid(world: World) -> None:
    story = world.story("unpaid")
    story.submit()
    story.accept()
    eventually(lambda: story.case()["unpaid"])
    call = {"dossier_code": story.code, "outcome": "granted", "request_id": fresh()}
    insist(world.refusal(OFFICER, "routing.decide", **call), "Refused", "routing.fee_unpaid")


@pytest.fixture(scope="module")
def waiting(world: World) -> str:
    """The code of a dossier whose fee is asked for, and that no officer has looked at."""
    return world.waiting
