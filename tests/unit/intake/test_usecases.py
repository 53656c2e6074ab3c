"""What else can be asked of a dossier, over stores in memory."""

from datetime import date
from typing import Any

import pytest

from services.chassis.errors import Denied, NotFound
from services.contracts.catalogue.dates import local_midnight
from services.intake import views
from services.intake.dossier import derived
from tests.unit.intake import builders as b
from tests.unit.intake.asking import note, submit
from tests.unit.intake.builders import CITIZEN, NEIGHBOUR, NUMBER, OFFICER, SYSTEM, UNIT
from tests.unit.intake.fakes import APPLICANT, World, cause


def test_the_reason_of_a_withdrawal_is_personal_data() -> None:
    world = World()
    code = submit(world)["dossier_code"]
    assert world.cases.withdraw(CITIZEN, cause("2"), code, "Tôi đổi ý")["status"] == "withdrawn"
    assert world.cases.get(CITIZEN, code)["withdrawal_reason"] == "Tôi đổi ý"
    assert "đổi ý" not in str(world.journal.history(code))


def test_the_public_status_needs_the_applicants_number_and_shows_no_name() -> None:
    world = World()
    code = submit(world)["dossier_code"]
    shown = world.cases.track(code, "001801000001")
    assert shown["status"] == "submitted"
    assert "Nguyễn" not in str(shown)
    for number in ("001801000002", "citizen:001801000001", ""):
        with pytest.raises(NotFound):
            world.cases.track(code, number)


def test_whoever_may_see_a_dossier_gets_its_papers_by_place_or_by_upload() -> None:
    world = World()
    code = submit(world)["dossier_code"]
    for which in ("1", "u2"):
        document, content = world.cases.document(OFFICER, code, which)
        assert (document["component"], b"".join(content)) == ("TP02", b"content")
    for actor, which in ((CITIZEN, "2"), (CITIZEN, "-1"), (CITIZEN, "u9"), (NEIGHBOUR, "0")):
        with pytest.raises(NotFound):
            world.cases.document(actor, code, which)


def test_after_erasure_the_status_stays_and_the_owner_is_nobody() -> None:
    world = World()
    code = submit(world)["dossier_code"]
    world.journal.collection.documents[code]["subject"] = {}
    assert world.cases.get(SYSTEM, code)["applicant"] is None
    assert world.cases.get_contact(SYSTEM, code)["applicant"] is None
    assert world.cases.find_owner(SYSTEM, code) == {"kind": None, "number": None, "unit": UNIT}
    with pytest.raises(NotFound):
        world.cases.track(code, "")
    with pytest.raises(NotFound):
        world.cases.get(CITIZEN, code)


def test_our_own_services_learn_whose_a_dossier_is_and_no_more() -> None:
    world = World()
    code = submit(world)["dossier_code"]
    assert world.cases.find_owner(SYSTEM, code) == {"kind": "citizen", "number": NUMBER, "unit": UNIT}
    assert world.cases.find_owner(SYSTEM, "unknown") is None
    assert world.cases.get_contact(SYSTEM, code) == {
        "dossier_code": code,
        "tenant": "mic",
        "procedure": "dk-ten-mien-vn",
        "procedure_version": "2016-01-01",
        "unit": UNIT,
        "applicant": {
            "kind": "citizen",
            "name": APPLICANT["name"],
            "number": NUMBER,
            "email": APPLICANT["email"],
        },
    }
    with pytest.raises(NotFound):
        world.cases.get_contact(SYSTEM, "unknown")
    for actor in (CITIZEN, OFFICER):
        for ask in (world.cases.find_owner, world.cases.get_contact):
            with pytest.raises(Denied):
                ask(actor, code)


def test_everything_that_happened_can_be_seen() -> None:
    world = World()
    code = submit(world)["dossier_code"]
    for event in (b.fee_requested(), b.fee_paid(), b.receipt(), b.accepted(), b.decided("granted"), b.issued()):
        note(world, code, event)
    whole = world.cases.get(OFFICER, code)
    assert whole["status"] == "resolved"
    assert (whole["case"]["outcome"], whole["case"]["on_time"]) == ("granted", True)
    assert [(fee["status"], fee["receipt"]["number"]) for fee in whole["fees"]] == [("paid", 1)]
    assert (whole["result"]["outcome"], whole["result"]["number"]) == ("granted", "1/2026")
    answer = world.cases.return_result(OFFICER, cause("9"), code, "direct")
    assert (answer["status"], answer["dvcqg_status"]) == ("returned", 10)


def test_an_event_about_an_unknown_dossier_is_tried_again_later() -> None:
    with pytest.raises(NotFound):
        World().cases.note(b.accepted(), cause("e"))


def test_what_is_noted_is_what_the_domain_says() -> None:
    world = World()
    code = submit(world)["dossier_code"]
    note(world, code, b.accepted())
    note(world, code, b.accepted())
    history = world.journal.history(code)
    assert [entry["type"] for entry in history] == ["dossier_submitted", "dossier_progressed"]
    assert world.journal.fold(history) == world.journal.get(code).state == derived(world.journal.get(code).state)


def test_the_register_of_a_unit_has_names_and_no_numbers_and_is_for_its_officers() -> None:
    world = World()
    code = submit(world)["dossier_code"]
    asked: list[Any] = []

    def found(*wanted: Any) -> Any:
        asked.append(wanted)
        return [world.journal.get(code)], None

    world.dossiers.registered = found  # type: ignore[assignment, method-assign]  # the real one is tried on a server
    page = world.cases.list_register(OFFICER, date(2026, 1, 1), date(2026, 1, 31), 50, None)
    assert asked == [(UNIT, local_midnight(date(2026, 1, 1)), local_midnight(date(2026, 2, 1)), 50, None)]
    (line,) = page["items"]
    assert line["applicant"] == {name: APPLICANT[name] for name in ("name", "phone", "address")}
    assert NUMBER not in str(line)
    for other in (CITIZEN, SYSTEM):
        with pytest.raises(Denied):
            world.cases.list_register(other, date(2026, 1, 1), date(2026, 1, 31), 50, None)


def test_the_register_keeps_a_line_of_what_was_erased() -> None:
    world = World()
    code = submit(world)["dossier_code"]
    assert views.registered(world.journal.get(code).state, {})["applicant"] is None
