"""Papers of a supplement that come in parts, over fakes: they join its draft, and nothing that was typed is lost."""

from typing import Any, Final

import pytest

from services.chassis.errors import NotFound, Refused, Unavailable
from tests.unit.portal.fakes import CITIZEN, OTHER, visit
from tests.unit.portal.test_handing_in import UPLOAD_ID
from tests.unit.portal.test_supplement import AT, DOSSIER, POSTED, asked, kept_as

OPEN: Final = f"{AT}/TP01/mo"
DONE: Final = f"{AT}/TP01/xong"
FILE: Final = {"filename": "bản khai.pdf", "size": "9", "sha256": "0" * 64, "request_id": "file-1"}
SENT: Final = {"upload_id": UPLOAD_ID, "request_id": "file-1"}
AWAY: Final = Unavailable("intake.unavailable", "intake does not answer.", "Dịch vụ chưa sẵn sàng.")


def papers(given: Any) -> list[str]:
    """The uploads that the last saved draft names."""
    return [one["upload_id"] for one in given.of("intake.save_draft")[-1]["documents"]]


def test_each_paper_says_where_its_parts_go() -> None:
    page = visit(asked(), CITIZEN).get(AT).text
    assert f'data-open="{OPEN}" data-done="{DONE}"' in page
    assert 'name="file.TP01" type="file"' in page  # for a browser without scripts


def test_a_ticket_is_opened_for_a_file_of_the_paper() -> None:
    given = asked()
    told: Any = visit(given, CITIZEN).post(OPEN, data=FILE).json
    assert told["upload_id"] == UPLOAD_ID
    assert told["address"].startswith(f"/tai-len/{UPLOAD_ID}/")
    (opened,) = given.of("intake.open_upload")
    assert (opened["filename"], opened["size"], opened["request_id"]) == ("bản khai.pdf", 9, "file-1")
    refused = visit(given, CITIZEN).post(OPEN, data=FILE | {"filename": "a.exe"})
    assert (refused.status_code, refused.json) == (422, {"say": "Chỉ nhận tệp PDF."})


def test_a_file_begins_the_draft_and_what_is_typed_meanwhile_is_saved_over_it() -> None:
    given = asked()
    browser = visit(given, CITIZEN)
    began = kept_as(browser)
    assert browser.post(DONE, data=SENT).json == {"say": "Đã nhận.", "kept": True}
    assert papers(given) == [UPLOAD_ID]
    posted = POSTED | began | {"do": "keep", "form.name": "Sách mới"}
    assert browser.post(AT, data=posted).status_code == 303
    page = browser.get(AT).text
    assert 'value="Sách mới"' in page
    assert f'name="drop" value="{UPLOAD_ID}"' in page


def test_a_file_joins_the_draft_that_there_is() -> None:
    given = asked()
    browser = visit(given, CITIZEN)
    browser.post(AT, data=POSTED | kept_as(browser) | {"do": "keep", "form.name": "Sách mới"})
    browser.post(DONE, data=SENT)
    assert papers(given) == [UPLOAD_ID]
    assert 'value="Sách mới"' in browser.get(AT).text


def test_who_can_have_no_draft_keeps_the_file_in_the_page() -> None:
    given = asked(intake__save_draft=Refused("intake.too_many_drafts", "Too many.", "Quá nhiều."))
    browser = visit(given, CITIZEN)
    assert browser.post(DONE, data=SENT).json == {"say": "Đã nhận.", "kept": False}
    assert browser.post(AT, data=POSTED | {"paper": f"TP01:{UPLOAD_ID}:a.pdf"}).status_code == 303
    assert given.of("intake.supplement")[0]["documents"] == [{"component": "TP01", "upload_id": UPLOAD_ID}]


def test_while_intake_is_away_the_script_is_told_to_ask_again() -> None:
    answer = visit(asked(intake__save_draft=AWAY), CITIZEN).post(DONE, data=SENT)
    assert (answer.status_code, answer.json) == (503, {"say": "Dịch vụ chưa sẵn sàng."})


@pytest.mark.parametrize("at", [OPEN, DONE])
def test_a_dossier_that_waits_for_nothing_takes_no_file(at: str) -> None:
    given = asked(intake__get={**DOSSIER, "supplement": {**DOSSIER["supplement"], "open": False}})
    answer = visit(given, CITIZEN).post(at, data=FILE | SENT)
    assert (answer.status_code, answer.json) == (409, {"say": "Hồ sơ này không chờ bổ sung."})
    assert not given.of("intake.open_upload") + given.of("intake.save_draft")


@pytest.mark.parametrize("at", [OPEN, DONE])
def test_neither_another_persons_dossier_nor_an_unknown_paper_is_found(at: str) -> None:
    assert visit(asked(), CITIZEN).post(at.replace("TP01", "TP09"), data=FILE | SENT).status_code == 404
    given = asked(intake__get=NotFound("intake.unknown_dossier", "No.", "Không."))
    assert visit(given, OTHER).post(at, data=FILE | SENT).status_code == 404
    assert not given.of("intake.open_upload") + given.of("intake.save_draft")
