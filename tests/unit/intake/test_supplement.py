"""Supplements, over stores in memory."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from services.chassis import clock
from services.chassis.errors import Conflict, Invalid, Refused, ServiceError
from tests.unit.intake import builders as b
from tests.unit.intake.asking import asked, note, problems, submit
from tests.unit.intake.builders import CITIZEN, NEIGHBOUR, OFFICER, OWNER, SYSTEM
from tests.unit.intake.fakes import DOCUMENTS, FORM, PROCEDURE, World, cause, published

DRAFT, OTHER_DRAFT = (str(UUID(int=number)) for number in (1, 2))


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


def test_an_answer_ends_the_draft_that_it_was_typed_into_and_no_other() -> None:
    world = World()
    code = asked(world)
    for draft_id in (DRAFT, OTHER_DRAFT):
        said = {"tenant": "mic", "procedure": "dk-ten-mien-vn", "applicant": {}, "form": {"label": "khac"}}
        world.cases.drafting.save(CITIZEN, cause(draft_id), draft_id, 0, [], dossier_code=code, **said)
    assert world.cases.drafting.get(CITIZEN, DRAFT)["dossier_code"] == code
    given: dict[str, Any] = {"form": {"label": "khac"}, "documents": [], "draft_id": DRAFT}
    for _ in range(2):
        world.cases.supplement(CITIZEN, cause("2"), code, **given)
    left = world.cases.drafting.listed(CITIZEN, 50, None)["items"]
    assert [(one["draft_id"], one["dossier_code"]) for one in left] == [(OTHER_DRAFT, code)]


def test_an_answer_that_is_refused_leaves_its_draft() -> None:
    world = World()
    code = asked(world)
    said = {"tenant": "mic", "procedure": "dk-ten-mien-vn", "applicant": {}, "form": {"label": "-"}}
    world.cases.drafting.save(CITIZEN, cause("1"), DRAFT, 0, [], dossier_code=code, **said)
    with pytest.raises(Invalid):
        world.cases.supplement(CITIZEN, cause("2"), code, form={"label": "-"}, documents=[], draft_id=DRAFT)
    assert world.cases.drafting.get(CITIZEN, DRAFT)["form"] == {"label": "-"}


def test_an_answer_from_no_draft_that_is_kept_is_taken_all_the_same() -> None:
    world = World()
    code = asked(world)
    world.cases.supplement(CITIZEN, cause("2"), code, form={"label": "khac"}, documents=[], draft_id=DRAFT)
    assert world.cases.get(CITIZEN, code)["form"]["label"] == "khac"


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


def test_a_supplement_goes_through_under_a_mended_version_whose_price_needs_an_answer_never_asked_for() -> None:
    world = World()
    code = asked(world)
    asked_before: Any = PROCEDURE["form"]
    pages = {"name": "pages", "type": "number", "label": PROCEDURE["name"], "required": True, "min": 1, "max": 9}
    priced_before: Any = PROCEDURE["fees"]
    fees = [*priced_before, {**priced_before[0], "code": "P-02", "quantity_field": "pages"}]
    world.cases.project(published({**PROCEDURE, "form": [*asked_before, pages], "fees": fees}, 2))
    with pytest.raises(Refused) as caught:
        world.cases.supplement(CITIZEN, cause("2"), code, form={"years": 3, "pages": 2}, documents=[])
    assert problems(caught.value) == [("form.years", "fee_would_change")]
    world.cases.supplement(CITIZEN, cause("2"), code, form={"label": "khac", "pages": 2}, documents=[])
    assert world.cases.get(CITIZEN, code)["form"]["pages"] == 2


def test_what_a_mended_version_has_no_price_for_may_stay_as_it_was_answered() -> None:
    world = World()
    code = asked(world)
    priced_before: Any = PROCEDURE["fees"]
    unpriced = {name: value for name, value in priced_before[0].items() if name != "amount_vnd"}
    tiers = [{"up_to": 1, "amount_vnd": 1000}]  # two years were answered
    fees = [{**unpriced, "basis": "tiered", "tiers": tiers}]
    world.cases.project(published({**PROCEDURE, "fees": fees}, 2))
    with pytest.raises(Refused) as caught:
        world.cases.supplement(CITIZEN, cause("2"), code, form={"years": 1}, documents=[])
    assert problems(caught.value) == [("form.years", "fee_would_change")]
    world.cases.supplement(CITIZEN, cause("2"), code, form={"label": "khac"}, documents=[])
    assert world.cases.get(CITIZEN, code)["form"]["label"] == "khac"


def test_only_the_applicant_supplements() -> None:
    world = World()
    code = asked(world)
    for actor in (NEIGHBOUR, OFFICER, SYSTEM):
        with pytest.raises(ServiceError):
            world.cases.supplement(actor, cause("2"), code, form={"label": "khac"}, documents=[])


def test_an_answer_that_stands_is_not_judged_again_by_the_bounds_of_a_later_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on = {"type": "date", "label": PROCEDURE["name"], "min": "today", "max": "today+30d"}
    asked_for: Any = PROCEDURE["form"]
    dated = {**PROCEDURE, "form": [*asked_for, {"name": "begins", **on}, {"name": "ends", **on}]}
    world = World([*DOCUMENTS[:-1], dated])
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 1, 12, 2, tzinfo=UTC))
    code = submit(world, form={**FORM, "begins": "2026-01-13", "ends": "2026-02-01"})["dossier_code"]
    note(world, code, b.asked())
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 3, 2, 2, tzinfo=UTC))
    for late, field in (({"begins": "2026-01-14"}, "begins"), ({"label": "khac", "ends": "2026-05-01"}, "ends")):
        with pytest.raises(Invalid) as caught:
            world.cases.supplement(CITIZEN, cause("2"), code, form=late, documents=[])
        assert [name for name, _ in problems(caught.value)] == [f"form.{field}"]
    world.cases.supplement(CITIZEN, cause("2"), code, form={"label": "khac", "ends": "2026-03-03"}, documents=[])
    kept = world.cases.get(CITIZEN, code)["form"]
    assert (kept["label"], kept["begins"], kept["ends"]) == ("khac", "2026-01-13", "2026-03-03")
