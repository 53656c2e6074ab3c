"""Submissions, over stores in memory."""

from typing import Any

import pytest

from services.chassis.actor import Actor
from services.chassis.errors import Conflict, Invalid, Refused, ServiceError
from tests.unit.intake import builders as b
from tests.unit.intake.asking import note, problems, submit
from tests.unit.intake.builders import CITIZEN, NEIGHBOUR, OFFICER, OWNER
from tests.unit.intake.fakes import APPLICANT, FORM, World


def test_a_submission_is_answered_with_code_status_and_the_hour_the_unit_must_answer_by() -> None:
    answer = submit(World())
    assert answer["dossier_code"].startswith("000.00.06.G14-")
    assert answer["dossier_code"].endswith("-0001")
    assert (answer["status"], answer["dvcqg_status"]) == ("submitted", 1)
    assert answer["answer_due_at"] > answer["submitted_at"]


def test_personal_data_stands_beside_state_and_history_never_in_them() -> None:
    world = World()
    code = submit(world)["dossier_code"]
    kept = world.journal.collection.find_one({"_id": code})
    assert kept["subject"]["applicant"] == APPLICANT
    assert kept["subject"]["documents"][0]["filename"] == "to-khai.pdf"
    public = str(kept["state"]) + str(kept["history"])
    assert not [value for value in (*APPLICANT.values(), "vi-du", "to-khai") if value != "citizen" and value in public]


def test_the_price_depends_on_what_is_said_in_the_event() -> None:
    world = World()
    code = submit(world)["dossier_code"]
    said = world.journal.history(code)[0]["data"]
    assert (said["fee_inputs"], said["components"]) == ({"years": 2}, ["TP01", "TP02"])
    assert (said["procedure_version"], said["level"]) == ("2016-01-01", 4)


def test_a_repeated_submission_gets_the_same_answer_and_takes_no_number() -> None:
    world = World()
    papers = world.papers(OWNER, "TP01", "TP02")
    first = submit(world, documents=papers)
    world.published.rows.clear()  # nothing is looked at again
    assert submit(world, documents=papers) == first
    assert world.codes.taken == 1


def test_the_answer_to_a_repeat_is_the_one_of_then_also_when_the_dossier_went_on() -> None:
    world = World()
    papers = world.papers(OWNER, "TP01", "TP02")
    first = submit(world, documents=papers)
    note(world, first["dossier_code"], b.accepted())
    assert submit(world, documents=papers) == first


def test_the_same_request_id_for_other_content_meets_a_conflict() -> None:
    world = World()
    submit(world)
    with pytest.raises(Conflict, match="request_id_reused"):
        submit(world, form={**FORM, "years": 3})


def test_a_twin_of_a_request_that_was_faster_answers_for_both() -> None:
    world = World()
    papers = world.papers(OWNER, "TP01", "TP02")
    find, calls = world.dossiers.find_opened, []

    def faster_twin(cause: Any) -> Any:
        calls.append(cause)
        if len(calls) == 1:
            submit(world, documents=papers)
            return None
        return find(cause)

    world.dossiers.find_opened = faster_twin  # type: ignore[method-assign]
    assert submit(world, documents=papers)["dossier_code"].endswith("0001")
    assert len(world.journal.collection.documents) == 1


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"form": {**FORM, "years": 0}}, [("form.years", "too_small")]),
        ({"form": {**FORM, "years": -1}}, [("form.years", "too_small")]),
        ({"form": {**FORM, "$where": 1, "a.b": 2}}, [("form.$where", "unknown_field"), ("form.a.b", "unknown_field")]),
        ({"form": {"label": "vi-du"}}, [("form.years", "required"), ("form.own_servers", "required")]),
        ({"form": {**FORM, "own_servers": True}}, [("form.server", "required")]),
        ({"form": {**FORM, "label": "x" * 1_000_000}}, [("form.label", "too_long")]),
        (
            {"documents": []},
            [("documents.TP01", "missing_component"), ("documents.owner", "missing_one_of")],
        ),
        ({"documents": [{"component": "TP01", "upload_id": "nope"}]}, [("documents.0", "unknown_upload")]),
    ],
)
def test_what_the_procedure_does_not_accept_is_named_and_nothing_is_kept(
    changes: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    world = World()
    with pytest.raises(Invalid) as caught:
        submit(world, **changes)
    assert set(expected) <= set(problems(caught.value))
    assert (world.codes.taken, world.journal.collection.documents) == (0, {})


@pytest.mark.parametrize(
    ("upload", "component", "expected"),
    [
        ({"owner": "citizen:001801000002"}, "TP01", "unknown_upload"),
        ({"status": "open"}, "TP01", "upload_not_finished"),
        ({"status": "refused"}, "TP01", "upload_not_finished"),
        ({"type_": "png"}, "TP01", "type_not_accepted"),
        ({"size": 2001}, "TP01", "too_large"),
    ],
)
def test_a_paper_must_be_the_applicants_finished_and_of_an_accepted_kind(
    upload: dict[str, Any], component: str, expected: str
) -> None:
    world = World()
    papers = world.papers(OWNER, "TP02")
    papers.append({"component": component, "upload_id": world.uploads.add(**{"owner": OWNER, **upload})})
    with pytest.raises(Invalid) as caught:
        submit(world, documents=papers)
    assert problems(caught.value) == [("documents.1", expected)]


def test_an_upload_is_named_once() -> None:
    world = World()
    papers = world.papers(OWNER, "TP01", "TP02")
    with pytest.raises(Invalid) as caught:
        submit(world, documents=[*papers, {**papers[0], "component": "TP03"}])
    assert problems(caught.value) == [("documents.2", "named_twice")]
    submit(world, documents=papers)
    with pytest.raises(Invalid) as caught:
        submit(world, "2", documents=papers)
    assert {code for _, code in problems(caught.value)} == {"upload_already_used"}


def test_an_upload_that_is_swept_at_that_moment_is_not_named() -> None:
    world = World()
    world.uploads.gone = True
    with pytest.raises(Invalid):
        submit(world)
    assert world.codes.taken == 0


def test_a_dossier_that_is_kept_is_answered_even_if_its_uploads_could_not_be_told() -> None:
    world = World()
    world.uploads.lost = True
    assert submit(world)["status"] == "submitted"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"applicant": {**APPLICANT, "kind": "organisation", "tax_code": "9900000016"}}, "intake.not_the_applicant"),
        ({"channel": "post", "actor": OFFICER}, "intake.channel_not_accepted"),
        ({"actor": NEIGHBOUR}, "intake.not_the_applicant"),
        ({"procedure": "nope"}, "intake.unknown_procedure"),
        ({"tenant": "nope"}, "intake.unknown_tenant"),
    ],
)
def test_a_submission_that_may_not_be_is_refused_by_name(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(ServiceError) as caught:
        submit(World(), **changes)
    assert caught.value.code == code


def test_a_procedure_for_citizens_is_not_for_organisations() -> None:
    applicant = {**APPLICANT, "kind": "organisation", "tax_code": "9900000016"}
    with pytest.raises(Refused) as caught:
        submit(World(), actor=Actor("organisation", "9900000016"), applicant=applicant)
    assert caught.value.code == "intake.applicant_kind_not_accepted"


def test_an_officer_takes_what_comes_by_hand_with_papers_he_brought() -> None:
    world = World()
    papers = world.papers("officer:cb-001:vnnic", "TP01", "TP02")
    code = submit(world, actor=OFFICER, channel="direct", documents=papers)["dossier_code"]
    assert world.cases.get(CITIZEN, code)["channel"] == "direct"
