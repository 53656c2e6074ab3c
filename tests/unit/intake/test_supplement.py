"""Supplements, over stores in memory."""

from typing import Any

import pytest

from services.chassis.errors import Conflict, Invalid, Refused, ServiceError
from tests.unit.intake import builders as b
from tests.unit.intake.asking import asked, note, problems
from tests.unit.intake.builders import CITIZEN, NEIGHBOUR, OFFICER, OWNER, SYSTEM
from tests.unit.intake.fakes import FORM, World, cause


def test_a_supplement_changes_some_answers_adds_papers_and_keeps_what_was_before() -> None:
    world = World()
    code = asked(world)
    changed = {"form": {"own_servers": True, "server": "ns1.example.vn"}, "documents": world.papers(OWNER, "TP01")}
    answer = world.cases.supplement(CITIZEN, cause("2"), code, **changed)
    assert (answer["status"], answer["round"]) == ("submitted", 1)
    whole = world.cases.get(CITIZEN, code)
    assert whole["form"] == {**FORM, "own_servers": True, "server": "ns1.example.vn"}
    assert [(one["component"], one["round"]) for one in whole["documents"]] == [("TP01", 0), ("TP02", 0), ("TP01", 1)]
    assert world.journal.get(code).subject["earlier_forms"] == {"1": FORM}


def test_null_takes_an_answer_back() -> None:
    world = World()
    code = asked(world)
    world.cases.supplement(
        CITIZEN, cause("2"), code, form={"own_servers": True, "server": "ns1.example.vn"}, documents=[]
    )
    note(world, code, b.asked(2))
    world.cases.supplement(CITIZEN, cause("3"), code, form={"own_servers": False, "server": None}, documents=[])
    assert world.cases.get(CITIZEN, code)["form"] == FORM


def test_a_repeated_supplement_gets_the_same_answer() -> None:
    world = World()
    code = asked(world)
    given = {"form": {"label": "khac"}, "documents": world.papers(OWNER, "TP01")}
    first = world.cases.supplement(CITIZEN, cause("2"), code, **given)
    note(world, code, b.accepted())
    assert world.cases.supplement(CITIZEN, cause("2"), code, **given) == first
    with pytest.raises(Conflict):
        world.cases.supplement(CITIZEN, cause("2", "other"), code, **given)


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"years": "2"}, "form.years"),
        ({"zz": 1}, "form.zz"),
        ({"label": None}, "form.label"),
        ({"own_servers": True}, "form.server"),
        ({}, "form"),
    ],
)
def test_a_supplement_is_checked_as_a_whole_form(form: dict[str, Any], field: str) -> None:
    world = World()
    code = asked(world)
    with pytest.raises(Invalid) as caught:
        world.cases.supplement(CITIZEN, cause("2"), code, form=form, documents=[])
    assert field in {name for name, _ in problems(caught.value)}
    assert world.cases.get(CITIZEN, code)["form"] == FORM


def test_a_supplement_cannot_change_a_fee_that_was_priced() -> None:
    world = World()
    code = asked(world)
    with pytest.raises(Refused) as caught:
        world.cases.supplement(CITIZEN, cause("2"), code, form={"years": 3}, documents=[])
    assert problems(caught.value) == [("form.years", "fee_would_change")]


def test_only_the_applicant_supplements() -> None:
    world = World()
    code = asked(world)
    for actor in (NEIGHBOUR, OFFICER, SYSTEM):
        with pytest.raises(ServiceError):
            world.cases.supplement(actor, cause("2"), code, form={"label": "khac"}, documents=[])
