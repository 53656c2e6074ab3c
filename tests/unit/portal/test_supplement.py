"""Answering a request for a supplement, over fakes."""

import io
from typing import Any, Final

import pytest

from services.chassis.errors import Invalid, NotFound, Unavailable
from tests.unit.portal.drafts import PAGE, FakeDrafts, services
from tests.unit.portal.fakes import CITIZEN, FakeServices, visit
from tests.unit.portal.test_handing_in import OPENED, UPLOAD_ID, FakeTickets

CODE: Final = "000.00.06.G14-261126-0001"
AT: Final = f"/ho-so/{CODE}/bo-sung"
FORM: Final = {"name": "Sách hay", "abroad": False, "titles": [{"title": "Truyện", "pages": 120}]}
DOSSIER: Final[dict[str, Any]] = {
    "dossier_code": CODE,
    "tenant": "mic",
    "procedure": "dk-ten-mien-vn",
    "procedure_version": "2016-01-01",
    "unit": "vnnic",
    "form": FORM,
    "supplement": {"round": 1, "components": ["TP01"], "respond_by": "2026-12-26T03:00:00+00:00", "open": True},
}
NOTICES: Final = {"items": [{"notice_id": "n1", "audience": "applicant", "moment": "supplement"}], "next": None}
LETTER: Final = {"notice_id": "n1", "text": "Bản khai thiếu <chữ ký>."}
AWAY: Final = Unavailable("notify.unavailable", "notify does not answer.", "Dịch vụ chưa sẵn sàng.")
POSTED: Final = {
    "nonce": "n",
    "do": "send",
    "form.name": "Sách hay",
    "form.abroad": "false",
    "form.titles.0.title": "Truyện",
    "form.titles.0.pages": "120",
}


def asked(**answers: Any) -> FakeServices:
    """A dossier that waits for its applicant."""
    given = services(FakeDrafts(), get=DOSSIER, open_upload=OPENED, supplement={})
    given.answers |= {"registry.get_procedure": PAGE, "notify.list_notices": NOTICES, "notify.get_notice": LETTER}
    given.answers |= {name.replace("__", "."): answer for name, answer in answers.items()}
    given.tickets = FakeTickets()  # type: ignore[attr-defined]
    return given


def test_what_the_officer_wrote_is_shown_whole() -> None:
    page = visit(asked(), CITIZEN).get(AT)
    assert page.status_code == 200
    assert "Bản khai thiếu &lt;chữ ký&gt;." in page.text
    assert 'href="#f-documents.TP01"' in page.text


def test_while_the_list_cannot_be_had_the_papers_that_are_wanted_are_named() -> None:
    page = visit(asked(notify__get_notice=AWAY), CITIZEN).get(AT)
    assert "Chưa lấy được hướng dẫn" in page.text
    assert 'href="#f-documents.TP01"' in page.text


def test_another_persons_dossier_is_not_found_and_its_letters_are_not_asked_for() -> None:
    given = asked(intake__get=NotFound("intake.unknown_dossier", "No.", "Không."))
    assert visit(given, CITIZEN).get(AT).status_code == 404
    assert not given.of("notify.list_notices")


def test_only_what_changed_is_sent_with_further_papers() -> None:
    given = asked()
    posted = POSTED | {"form.name": "Sách mới", "form.abroad": "", "file.TP01": (io.BytesIO(b"%PDF"), "b.pdf")}
    assert visit(given, CITIZEN).post(AT, data=posted).status_code == 303
    sent = given.of("intake.supplement")[0]
    assert sent["form"] == {"name": "Sách mới", "abroad": None}
    assert sent["documents"] == [{"component": "TP01", "upload_id": UPLOAD_ID}]


def test_the_same_answer_has_the_same_request_id_and_another_has_another() -> None:
    given = asked()
    browser = visit(given, CITIZEN)
    for name in ("Sách mới", "Sách mới", "Sách khác"):
        browser.post(AT, data=POSTED | {"form.name": name})
    first, again, other = (one["request_id"] for one in given.of("intake.supplement"))
    assert first == again != other


@pytest.mark.parametrize(("error", "status"), [(AWAY, 503), (None, 400)])
def test_what_could_not_be_sent_stays_in_the_page(error: Any, status: int) -> None:
    problem = {"field": "form.name", "code": "too_long", "vi": "Quá dài.", "en": "Too long."}
    refused = error or Invalid("intake.invalid", "No.", "Chưa hợp lệ.", [problem])
    posted = POSTED | {"form.name": "Sách mới", "paper": f"TP01:{UPLOAD_ID}:b.pdf"}
    page = visit(asked(intake__supplement=refused), CITIZEN).post(AT, data=posted)
    assert page.status_code == status
    assert 'value="Sách mới"' in page.text
    assert f'name="paper" value="TP01:{UPLOAD_ID}:b.pdf"' in page.text


def test_files_are_kept_and_dropped_without_sending_anything() -> None:
    given = asked()
    browser = visit(given, CITIZEN)
    file = {"do": "keep", "file.TP01": (io.BytesIO(b"%PDF"), "b.pdf")}
    kept = f"TP01:{UPLOAD_ID}:b.pdf"
    assert f'name="paper" value="{kept}"' in browser.post(AT, data=POSTED | file).text
    assert kept not in browser.post(AT, data=POSTED | {"do": "keep", "paper": kept, "drop": kept}).text
    assert not given.of("intake.supplement")


def test_a_row_is_added_without_scripts() -> None:
    page = visit(asked(), CITIZEN).post(AT, data=POSTED | {"do": "add:titles"})
    assert 'name="form.titles.1.title"' in page.text


def test_a_dossier_that_waits_for_nothing_leads_away() -> None:
    done = {**DOSSIER, "supplement": {**DOSSIER["supplement"], "open": False}}
    assert visit(asked(intake__get=done), CITIZEN).get(AT).status_code == 303
