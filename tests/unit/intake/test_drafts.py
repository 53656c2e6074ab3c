"""Drafts: nothing typed is lost, nobody else sees it, and of what was submitted no draft is left."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.chassis.actor import Actor
from services.chassis.errors import Invalid, ServiceError, Unavailable
from services.intake import schemas
from services.intake.drafts import MOST_DRAFTS, Place
from tests.unit.intake.asking import problems, submit
from tests.unit.intake.builders import CITIZEN, NEIGHBOUR, OFFICER, OWNER, SYSTEM
from tests.unit.intake.fakes import SETTINGS, World, cause

DRAFT = str(UUID(int=1))
TYPED: dict[str, Any] = {"label": "vi-", "rows": [{"host": "a"}, {}], "years": 1.5, "empty": None}
_ASKED = {"tenant": "mic", "procedure": "dk-ten-mien-vn", "applicant": {"phone": "09"}}


def save(world: World, request_id: str = "s1", actor: Actor = CITIZEN, **changes: Any) -> dict[str, Any]:
    """A save of a draft, new unless said otherwise."""
    said = {"draft_id": DRAFT, "version": 0, "form": TYPED, "documents": [], **_ASKED, **changes}
    return world.cases.drafting.save(actor, cause(request_id, changes), **said)


def refusal(act: Any, *args: Any, **kwargs: Any) -> str:
    """The code of what is raised."""
    with pytest.raises(ServiceError) as caught:
        act(*args, **kwargs)
    return caught.value.code


def shown(world: World, actor: Actor = CITIZEN) -> list[str]:
    """The ids of somebody's drafts."""
    return [one["draft_id"] for one in world.cases.drafting.listed(actor, 50, None)["items"]]


def discard(world: World, request_id: str = "d1", actor: Actor = CITIZEN) -> Any:
    """Throw the draft away."""
    return world.cases.drafting.discard(actor, cause(request_id), DRAFT)


def test_what_was_typed_is_found_again_as_it_was_typed() -> None:
    world = World()
    saved = save(world)
    found = world.cases.drafting.get(CITIZEN, DRAFT)
    assert (saved["version"], found["version"]) == (1, 1)
    assert (found["form"], found["applicant"]) == (TYPED, {"phone": "09"})
    assert saved["expires_at"] - saved["saved_at"] == timedelta(days=SETTINGS.draft_days)


def test_the_second_of_two_devices_is_told_and_can_fetch_what_the_first_wrote() -> None:
    world = World()
    save(world)
    save(world, "s2", version=1, form={"label": "one"})
    assert refusal(save, world, "s3", version=1, form={"label": "other"}) == "intake.draft_changed"
    found = world.cases.drafting.get(CITIZEN, DRAFT)
    assert (found["form"], found["version"]) == ({"label": "one"}, 2)
    assert save(world, "s4", version=2, form={"label": "other"})["version"] == 3


def test_a_new_draft_under_an_id_that_is_taken_is_a_change_made_elsewhere() -> None:
    world = World()
    save(world)
    assert refusal(save, world, "s2") == "intake.draft_changed"


def test_a_repeated_save_answers_as_before_and_another_under_its_id_does_not() -> None:
    world = World()
    first = save(world)
    assert save(world) == first
    second = save(world, "s2", version=1)
    assert save(world, "s2", version=1) == second
    assert refusal(save, world, "s2", version=1, form={}) == "intake.request_id_reused"
    assert refusal(save, world) == "intake.draft_changed"  # late, and older than what is there


def test_others_have_drafts_of_their_own_under_the_same_id() -> None:
    world = World()
    save(world)
    assert refusal(world.cases.drafting.get, NEIGHBOUR, DRAFT) == "intake.unknown_draft"
    assert refusal(discard, world, actor=NEIGHBOUR) == "intake.unknown_draft"
    assert refusal(save, world, actor=NEIGHBOUR, version=1) == "intake.unknown_draft"
    save(world, actor=NEIGHBOUR, form={"label": "mine"})
    assert world.cases.drafting.get(CITIZEN, DRAFT)["form"] == TYPED
    assert shown(world, OFFICER) == []
    assert refusal(world.cases.drafting.listed, SYSTEM, 50, None) == "intake.applicant_only"


def test_drafts_are_listed_last_saved_first_page_by_page() -> None:
    world = World()
    ids = [str(UUID(int=number)) for number in range(1, 6)]
    for number, draft_id in enumerate(ids):
        save(world, f"s{number}", draft_id=draft_id)
        at = world.drafts.documents[Place(OWNER, draft_id).key]["saved_at"]
        world.drafts.documents[Place(OWNER, draft_id).key]["saved_at"] = at + timedelta(minutes=number)
    found, after = [], None
    while True:
        page = world.cases.drafting.listed(CITIZEN, 2, after)
        found += [one["draft_id"] for one in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert found == ids[::-1]
    assert all("form" not in one for one in page["items"])


def test_nobody_has_more_than_so_many_and_the_last_can_still_be_saved() -> None:
    world = World()
    for number in range(MOST_DRAFTS):
        save(world, f"s{number}", draft_id=str(UUID(int=number)))
    last = str(UUID(int=MOST_DRAFTS - 1))
    assert save(world, f"s{MOST_DRAFTS - 1}", draft_id=last)["version"] == 1
    assert save(world, "again", version=1, draft_id=last)["version"] == 2
    assert refusal(save, world, "more", draft_id=str(UUID(int=99))) == "intake.too_many_drafts"
    save(world, "neighbour", NEIGHBOUR)


def test_a_draft_that_was_changed_since_it_was_seen_is_not_discarded() -> None:
    world = World()
    save(world)
    save(world, "s2", version=1)
    drafting = world.cases.drafting
    assert refusal(drafting.discard, CITIZEN, cause("d1"), DRAFT, 1) == "intake.draft_changed"
    assert shown(world) == [DRAFT]
    for _ in range(2):
        assert drafting.discard(CITIZEN, cause("d2"), DRAFT, 2)["discarded"]
    assert shown(world) == []


def test_of_a_discarded_draft_nothing_typed_is_left_and_no_late_save_brings_it_back() -> None:
    world = World()
    save(world)
    assert discard(world) == discard(world) == {"draft_id": DRAFT, "discarded": True}
    assert refusal(save, world) == "intake.draft_gone"
    assert refusal(save, world, "s2", version=1) == "intake.draft_gone"
    assert shown(world) == []
    (rest,) = world.drafts.documents.values()
    assert set(rest) == {"_id", "cause", "gone", "expires_at"}


def test_papers_must_be_ones_own_and_not_in_a_dossier() -> None:
    world = World()
    own, open_, theirs = world.uploads.add(OWNER), world.uploads.add(OWNER, status="open"), world.uploads.add("x")
    named = world.uploads.add(OWNER)
    world.uploads.documents[named]["dossier_code"] = "c"
    papers = [{"component": "TP01", "upload_id": one} for one in (own, open_, theirs, named)]
    with pytest.raises(Invalid) as caught:
        save(world, documents=papers)
    assert problems(caught.value) == [
        ("documents.2", "unknown_upload"),
        ("documents.3", "upload_already_used"),
    ]
    save(world, documents=papers[:2])
    shown_ = world.cases.drafting.get(CITIZEN, DRAFT)["documents"]
    assert [(one["filename"], one["state"]) for one in shown_] == [
        ("to-khai.pdf", "finished"),
        ("to-khai.pdf", "upload_not_finished"),
    ]


def test_a_paper_that_is_gone_meanwhile_keeps_nobody_from_saving() -> None:
    world = World()
    papers = world.papers(OWNER, "TP01")
    save(world, documents=papers)
    world.uploads.documents.clear()
    assert save(world, "s2", version=1, documents=papers, form={"label": "more"})["version"] == 2
    (paper,) = world.cases.drafting.get(CITIZEN, DRAFT)["documents"]
    assert (paper["state"], paper["filename"]) == ("unknown_upload", None)


def test_a_paper_that_is_swept_away_at_that_moment_is_not_named() -> None:
    world = World()
    world.uploads.gone = True
    with pytest.raises(Invalid) as caught:
        save(world, documents=world.papers(OWNER, "TP01"))
    assert problems(caught.value) == [("documents", "unknown_upload")]


def test_a_submitted_draft_is_gone() -> None:
    world = World()
    save(world)
    submit(world, draft_id=DRAFT)
    assert shown(world) == []
    assert refusal(world.cases.drafting.get, CITIZEN, DRAFT) == "intake.unknown_draft"
    assert refusal(save, world, "s2", version=1) == "intake.draft_gone"


def test_a_submission_that_is_refused_leaves_the_draft() -> None:
    world = World()
    save(world)
    assert refusal(submit, world, draft_id=DRAFT, form={}) == "intake.invalid"
    assert shown(world) == [DRAFT]


def test_a_draft_that_is_not_there_keeps_nobody_from_submitting() -> None:
    assert submit(World(), draft_id=DRAFT)["status"] == "submitted"


def test_a_draft_of_which_a_dossier_was_made_is_never_shown_whatever_was_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    save(world)

    def lost(*_: Any) -> None:
        raise Unavailable("store.unavailable", "No.", "Không.")

    monkeypatch.setattr(world.drafts, "replace_one", lost)
    papers = world.papers(OWNER, "TP01", "TP02")
    first = submit(world, draft_id=DRAFT, documents=papers)
    assert shown(world) == []
    assert refusal(world.cases.drafting.get, CITIZEN, DRAFT) == "intake.unknown_draft"
    monkeypatch.undo()
    assert submit(world, draft_id=DRAFT, documents=papers) == first
    assert refusal(save, world, "s2", version=1) == "intake.draft_gone"


def test_a_draft_whose_submission_never_came_to_be_is_shown() -> None:
    world = World()
    save(world)
    world.cases.drafting.begin_submission(CITIZEN, cause("never"), DRAFT)
    assert shown(world) == [DRAFT]
    assert world.cases.drafting.get(CITIZEN, DRAFT)["form"] == TYPED


def test_what_is_typed_while_it_is_being_submitted_is_kept() -> None:
    world = World()
    save(world)
    world.cases.drafting.begin_submission(CITIZEN, cause("1"), DRAFT)
    save(world, "s2", version=1, form={"label": "later"})
    world.cases.drafting.end_submission(CITIZEN, cause("1"), DRAFT)
    assert world.cases.drafting.get(CITIZEN, DRAFT)["form"] == {"label": "later"}


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ({"$where": "1"}, "wrong_name"),
        ({"a.b": 1}, "wrong_name"),
        ({"_id": 1}, "wrong_name"),
        ({"rows": [{"$ne": 1}]}, "wrong_name"),
        ({"a": 2**60}, "too_large"),
        ({"a": "x" * 600_000}, "too_long"),
        ({"a": [[[[[[]]]]]]}, "too_deep"),
    ],
)
def test_what_no_form_could_hold_is_refused(typed: Any, code: str) -> None:
    said = {"request_id": "r", "draft_id": DRAFT, "version": 0, "tenant": "mic", "procedure": "p"}
    (message,) = schemas.SaveDraft().validate({**said, "form": typed})["form"]
    assert message.startswith(f"{code}\x1f")


def test_whatever_a_form_may_hold_is_taken() -> None:
    said = {"request_id": "r", "draft_id": DRAFT, "version": 0, "tenant": "mic", "procedure": "p"}
    assert schemas.SaveDraft().load({**said, "form": TYPED, "applicant": {"name": " a\n"}})["form"] == TYPED
