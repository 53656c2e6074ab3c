"""A check finds all that a submission would be refused for, at once, and what it would cost."""

from collections.abc import Mapping
from typing import Any

import pytest

from services.chassis.actor import Actor
from services.chassis.errors import Denied, NotFound, ServiceError
from tests.unit.intake.asking import REQUEST, problems, submit
from tests.unit.intake.builders import CITIZEN, NEIGHBOUR, OFFICER, OWNER, SYSTEM
from tests.unit.intake.fakes import APPLICANT, FORM, World


def check(world: World, actor: Actor = CITIZEN, **changes: Any) -> dict[str, Any]:
    """What is said of a submission, which has all its papers unless said otherwise."""
    request = {**REQUEST, **changes}
    if "documents" not in request:
        request["documents"] = world.papers(OWNER, "TP01", "TP02")
    return world.cases.checking.check(actor, **request)


def named(answer: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Fields and codes."""
    return [(one["field"], one["code"]) for one in answer["errors"]]


def test_nothing_is_wrong_with_what_can_be_submitted_and_nothing_is() -> None:
    world = World()
    answer = check(world)
    assert answer["errors"] == []
    assert (world.codes.taken, world.journal.find("x")) == (0, None)
    assert answer["fees"] == [
        {
            "when_due": "on_submission",
            "code": "P-01",
            "kind": "charge",
            "name": {"vi": "Tên", "en": "Name"},
            "quantity": 2,
            "unit_amount_vnd": 350_000,
            "amount_vnd": 700_000,
            "refundable": False,
        }
    ]
    assert answer["answer_due_at"] is not None


def test_everything_is_named_at_once() -> None:
    world = World()
    answer = check(
        world,
        applicant={"kind": "organisation", "name": "x", "tax_code": "1", "email": "x"},
        form={"label": "-", "own_servers": True, "extra": 1},
        documents=[{"component": "TP09", "upload_id": "u9"}],
        channel="online",
    )
    assert named(answer) == [
        ("applicant.tax_code", "wrong_tax_code"),
        ("applicant.email", "wrong_email"),
        ("applicant.phone", "required"),
        ("applicant.address", "required"),
        ("applicant.kind", "applicant_kind_not_accepted"),
        ("form.label", "wrong_domain_label"),
        ("form.years", "required"),
        ("form.extra", "unknown_field"),
        ("form.server", "required"),
        ("documents.0", "unknown_upload"),
        ("documents.TP09", "unknown_component"),
        ("documents.TP01", "missing_component"),
        ("documents.owner", "missing_one_of"),
    ]
    assert answer["fees"] is None


CASES: dict[str, dict[str, Any]] = {
    "a form": {"form": {**FORM, "years": 0}},
    "an empty form": {"form": {}},
    "a condition": {"form": {**FORM, "own_servers": True}},
    "no papers": {"documents": []},
    "a strange paper": {"documents": [{"component": "TP01", "upload_id": "u"}]},
}


@pytest.mark.parametrize("what", CASES)
def test_it_says_what_the_submission_says(what: str) -> None:
    world = World()
    with pytest.raises(ServiceError) as caught:
        submit(world, **CASES[what])
    said = problems(caught.value)
    assert said
    assert set(said) <= set(named(check(world, **CASES[what])))


def test_a_price_is_told_while_the_rest_is_not_yet_right() -> None:
    answer = check(World(), form={"years": 3}, documents=[])
    assert [one["amount_vnd"] for one in answer["fees"]] == [1_050_000]


def test_who_may_not_submit_is_told_so() -> None:
    world = World()
    for actor, changes in (
        (NEIGHBOUR, {}),
        (SYSTEM, {}),
        (OFFICER, {}),
        (CITIZEN, {"channel": "direct"}),
        (OFFICER, {"applicant": {}}),
    ):
        with pytest.raises(Denied):
            check(world, actor, **changes)
    assert check(world, OFFICER, channel="direct", documents=[])["errors"]
    with pytest.raises(NotFound):
        check(world, procedure="xin-trang")


def test_a_channel_that_is_not_offered_is_named() -> None:
    assert ("channel", "channel_not_accepted") in named(check(World(), OFFICER, channel="post"))


def test_an_applicant_is_as_much_in_question_as_the_form() -> None:
    assert named(check(World(), applicant={**APPLICANT, "phone": "1"})) == [("applicant.phone", "wrong_phone")]
