"""Who may do what."""

import pytest

from services.chassis.actor import Actor
from services.chassis.errors import ServiceError
from services.intake import access
from services.intake.dossier import Dossier
from tests.unit.intake.builders import CITIZEN, COMPANY, NEIGHBOUR, NUMBER, OFFICER, OWNER, STRANGER, SYSTEM, UNIT, Book


def dossier(channel: str = "online") -> Dossier:
    """A dossier of `CITIZEN` at `UNIT`."""
    return Book().submitted(channel=channel).now


def said(check: object, *args: object) -> str | None:
    """The code of what a check raises."""
    try:
        check(*args)  # type: ignore[operator]
    except ServiceError as error:
        return error.code
    return None


@pytest.mark.parametrize(
    ("actor", "channel", "code"),
    [
        (CITIZEN, "online", None),
        (CITIZEN, "direct", "intake.officer_channel"),
        (NEIGHBOUR, "online", "intake.not_the_applicant"),
        (COMPANY, "online", "intake.not_the_applicant"),
        (Actor("organisation", NUMBER), "online", "intake.not_the_applicant"),
        (OFFICER, "online", "intake.applicant_only"),
        (OFFICER, "direct", None),
        (OFFICER, "post", None),
        (STRANGER, "direct", "intake.other_unit"),
        (SYSTEM, "online", "intake.applicant_only"),
    ],
)
def test_applicants_submit_for_themselves_and_officers_what_comes_by_hand(
    actor: Actor, channel: str, code: str | None
) -> None:
    assert said(access.may_submit, actor, OWNER, channel, UNIT) == code


@pytest.mark.parametrize(
    ("actor", "channel", "code"),
    [
        (CITIZEN, "online", None),
        (CITIZEN, "post", None),
        (NEIGHBOUR, "online", "intake.unknown_dossier"),
        (OFFICER, "online", "intake.applicant_only"),
        (OFFICER, "post", None),
        (STRANGER, "post", "intake.other_unit"),
        (SYSTEM, "online", "intake.applicant_only"),
    ],
)
def test_a_dossier_is_acted_on_by_its_owner_or_for_him_at_the_desk(
    actor: Actor, channel: str, code: str | None
) -> None:
    assert said(access.may_act, actor, dossier(channel), OWNER) == code


@pytest.mark.parametrize(
    ("actor", "code"),
    [
        (CITIZEN, None),
        (OFFICER, None),
        (SYSTEM, None),
        (NEIGHBOUR, "intake.unknown_dossier"),
        (COMPANY, "intake.unknown_dossier"),
        (STRANGER, "intake.unknown_dossier"),
    ],
)
def test_others_dossiers_are_unknown_dossiers(actor: Actor, code: str | None) -> None:
    assert said(access.may_see, actor, dossier(), OWNER) == code


@pytest.mark.parametrize(
    ("actor", "code"),
    [
        (CITIZEN, None),
        (OFFICER, None),
        (STRANGER, "intake.other_unit"),
        (NEIGHBOUR, "intake.unknown_dossier"),
        (SYSTEM, "intake.applicant_only"),
    ],
)
def test_a_result_is_handed_over_by_the_unit_or_taken_by_the_owner(actor: Actor, code: str | None) -> None:
    assert said(access.may_return, actor, dossier(), OWNER) == code


def test_nobody_owns_a_dossier_whose_personal_data_is_erased() -> None:
    assert said(access.may_see, CITIZEN, dossier(), "") == "intake.unknown_dossier"


def test_lists_are_cut_down_to_what_the_actor_may_see() -> None:
    assert access.list_scope(CITIZEN, None) == (OWNER, None)
    assert access.list_scope(OFFICER, None) == (None, UNIT)
    assert access.list_scope(OFFICER, UNIT) == (None, UNIT)
    assert access.list_scope(SYSTEM, None) == (None, None)
    assert said(access.list_scope, OFFICER, "cuc-bao-chi") == "intake.other_unit"


def test_the_system_brings_no_papers() -> None:
    assert said(access.may_upload, SYSTEM) == "intake.applicant_only"
    assert said(access.may_upload, OFFICER) is None
