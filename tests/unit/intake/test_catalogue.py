"""What intake shows of the catalogue, and what it does while that is not there."""

import pytest

from services.chassis.errors import Invalid, NotFound, Unavailable
from tests.unit.intake.asking import submit
from tests.unit.intake.fakes import DOCUMENTS, PROCEDURE, World, published


@pytest.mark.parametrize("missing", ["calendar", "unit"])
def test_without_the_catalogue_intake_is_unavailable(missing: str) -> None:
    world = World([document for document in DOCUMENTS if document["kind"] != missing])
    with pytest.raises(Unavailable) as caught:
        submit(world)
    assert caught.value.code == "intake.catalogue_missing"


@pytest.mark.parametrize("ended", ["calendar", "unit"])
def test_what_a_procedure_needs_and_has_ended_serves_as_it_last_was(ended: str) -> None:
    world = World()
    for document in (one for one in DOCUMENTS if one["kind"] == ended):
        world.cases.project(published(document) | {"valid_to": "2016-12-31"})
    assert submit(world)["dossier_code"]


def test_an_empty_catalogue_is_missing_and_a_foreign_ministry_unknown() -> None:
    with pytest.raises(Unavailable):
        World([]).cases.list_procedures("mic", 50, None)
    with pytest.raises(NotFound):
        World().cases.list_procedures("nope", 50, None)


def test_a_ministry_without_a_procedure_today_has_none_and_is_not_away() -> None:
    later = World([*DOCUMENTS[:2], {**PROCEDURE, "valid_from": "2199-01-01"}])
    assert later.cases.list_procedures("mic", 50, None) == {"items": [], "next": None}
    with pytest.raises(NotFound):
        later.cases.get_procedure("mic", "dk-ten-mien-vn")


def test_procedures_are_listed_by_key_page_by_page() -> None:
    world = World([*DOCUMENTS, {**PROCEDURE, "key": "a-first", "fees": []}])
    page = world.cases.list_procedures("mic", 1, None)
    assert [(item["key"], item["fee_free"]) for item in page["items"]] == [("a-first", True)]
    rest = world.cases.list_procedures("mic", 1, page["next"])
    assert ([item["key"] for item in rest["items"]], rest["next"]) == (["dk-ten-mien-vn"], None)


def test_a_procedure_is_shown_with_the_fees_in_force_and_without_our_notes_on_sources() -> None:
    old = {**PROCEDURE["fees"][0], "code": "P-00", "valid_to": "2016-12-31"}  # type: ignore[index]
    world = World([*DOCUMENTS[:2], {**PROCEDURE, "fees": [old, *PROCEDURE["fees"]]}])  # type: ignore[misc]
    page = world.cases.get_procedure("mic", "dk-ten-mien-vn")
    assert [fee["code"] for fee in page["fees"]] == ["P-01"]
    assert page["example"]["documents"] == [{"component": "TP01"}, {"component": "TP02"}]
    assert "marks" not in page


def test_a_new_revision_brings_its_own_form() -> None:
    world = World()
    submit(world)
    narrower = [{**field, "max": 1} if field["name"] == "years" else field for field in PROCEDURE["form"]]  # type: ignore[attr-defined]
    world.cases.project(published({**PROCEDURE, "form": narrower}, revision=2))
    with pytest.raises(Invalid):
        submit(world, "2")
