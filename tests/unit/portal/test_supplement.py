"""Answering a request for a supplement, over fakes."""

import html
import io
import re
from typing import Any, Final

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.chassis.errors import Invalid, NotFound, Refused, Unavailable
from tests.unit.portal.drafts import COMPONENT, PAGE, FakeDrafts, services
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
    "submitted_at": "2026-11-26T02:00:00+00:00",
    "form": FORM,
    "supplement": {"round": 1, "components": ["TP01"], "respond_by": "2026-12-26T03:00:00+00:00", "open": True},
}
ROUND: Final = {
    "round": 1,
    "items": [
        {"component": "TP01", "guidance": "Bản khai thiếu <chữ ký>."},
        {"field": "name", "guidance": "Ghi đủ tên."},
        {"guidance": "Mang bản chính đến đối chiếu."},
    ],
    "reason": "Hồ sơ chưa đủ.",
    "requested_at": "2026-11-26T03:00:00+00:00",
    "respond_by": "2026-12-26T03:00:00+00:00",
    "received_at": None,
}
ROUNDS: Final = {"dossier_code": CODE, "items": [{**ROUND, "round": 0, "reason": "Lần trước."}, ROUND]}
AWAY: Final = Unavailable("routing.unavailable", "routing does not answer.", "Dịch vụ chưa sẵn sàng.")
POSTED: Final = {
    "do": "hand_in",
    "form.name": "Sách hay",
    "form.abroad": "false",
    "form.titles.0.title": "Truyện",
    "form.titles.0.pages": "120",
}


def asked(**answers: Any) -> FakeServices:
    """A dossier that waits for its applicant."""
    given = services(FakeDrafts(), get=DOSSIER, open_upload=OPENED, supplement={})
    given.answers |= {"registry.get_procedure": PAGE, "routing.get_supplements": ROUNDS}
    given.answers |= {name.replace("__", "."): answer for name, answer in answers.items()}
    given.tickets = FakeTickets()  # type: ignore[attr-defined]
    return given


def hidden(page: TestResponse) -> dict[str, str]:
    """What a page says of the draft that it was made from."""
    found = re.findall(r'<input type="hidden" name="(version|mark|request_id)" value="([^"]*)"', page.text)
    assert len(found) == 3
    return dict(found)


def kept_as(browser: FlaskClient) -> dict[str, str]:
    """The same of the page as it opens."""
    return hidden(browser.get(AT))


def carried(page: TestResponse) -> dict[str, str]:
    """All that a page sends on."""
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page.text)
    return {name: html.unescape(value) for name, value in found}


def test_what_the_officer_wrote_is_shown_whole() -> None:
    page = visit(asked(), CITIZEN).get(AT)
    assert page.status_code == 200
    for said in ("Hồ sơ chưa đủ.", "Bản khai thiếu &lt;chữ ký&gt;.", "Ghi đủ tên.", "Mang bản chính đến đối chiếu."):
        assert said in page.text
    assert "Lần trước." not in page.text
    assert 'href="#f-documents.TP01">Bản khai</a>' in page.text
    assert 'href="#f-form.name">Tên gọi</a>' in page.text


def test_while_the_list_cannot_be_had_the_papers_that_are_wanted_are_named() -> None:
    page = visit(asked(routing__get_supplements=AWAY), CITIZEN).get(AT)
    assert "Chưa lấy được hướng dẫn" in page.text
    assert 'href="#f-documents.TP01"' in page.text


def test_another_persons_dossier_is_not_found_and_its_requests_are_not_asked_for() -> None:
    given = asked(intake__get=NotFound("intake.unknown_dossier", "No.", "Không."))
    assert visit(given, CITIZEN).get(AT).status_code == 404
    assert not given.of("routing.get_supplements")


def test_only_what_changed_is_sent_with_further_papers() -> None:
    given = asked()
    posted = POSTED | {"form.name": "Sách mới", "form.abroad": "", "file.TP01": (io.BytesIO(b"%PDF"), "b.pdf")}
    assert visit(given, CITIZEN).post(AT, data=posted).status_code == 303
    sent = given.of("intake.supplement")[0]
    assert sent["form"] == {"name": "Sách mới", "abroad": None}
    assert sent["documents"] == [{"component": "TP01", "upload_id": UPLOAD_ID}]


def test_what_the_mended_version_asks_no_more_is_neither_read_over_nor_taken_back() -> None:
    earlier = {**FORM, "old": "Câu cũ", "titles": [{"title": "Truyện", "pages": 120, "gone": "Cột cũ"}]}
    given = asked(intake__get={**DOSSIER, "form": earlier})
    browser = visit(given, CITIZEN)
    page = browser.post(AT, data=POSTED | {"do": "send:anyway", "form.name": "Sách mới"})
    assert page.text.count('<th scope="row" data-label="Nội dung">') == 1
    assert browser.post(AT, data=carried(page) | {"do": "hand_in"}).status_code == 303
    assert given.of("intake.supplement")[0]["form"] == {"name": "Sách mới"}


def test_it_does_not_go_out_without_what_the_officer_wants_unless_that_is_meant() -> None:
    given = asked()
    browser = visit(given, CITIZEN)
    page = browser.post(AT, data=POSTED | kept_as(browser) | {"do": "send", "form.name": "Sách mới"})
    assert page.status_code == 422
    assert 'href="#f-documents.TP01">Bản khai: Chưa có tệp nào' in page.text
    assert 'value="send:anyway"' in page.text
    assert 'value="Sách mới"' in page.text
    assert not given.of("intake.supplement")
    assert "send:anyway" not in browser.get(AT).text
    page = browser.post(AT, data=POSTED | hidden(page) | {"do": "send:anyway", "form.name": "Sách mới"})
    assert page.status_code == 200
    assert "Còn thiếu giấy tờ mà cơ quan yêu cầu" in page.text
    assert not given.of("intake.supplement")
    assert browser.post(AT, data=carried(page) | {"do": "hand_in"}).status_code == 303
    assert given.of("intake.supplement")[0]["documents"] == []


def test_it_is_read_over_before_it_goes_out_also_when_nothing_is_missing() -> None:
    given = asked()
    browser = visit(given, CITIZEN)
    file = {"file.TP01": (io.BytesIO(b"%PDF"), "bản <khai>.pdf")}
    page = browser.post(AT, data=POSTED | {"do": "send", "form.name": "Sách <mới>", "form.abroad": ""} | file)
    assert page.status_code == 200
    for said in ("Kiểm tra trước khi gửi bổ sung", "Tên gọi", "Sách hay", "Sách &lt;mới&gt;", "Bản khai"):
        assert said in page.text
    assert "Truyện" not in page.text.replace('value="Truyện"', "")  # what was not changed is not read over
    assert not given.of("intake.supplement")
    assert browser.post(AT, data=carried(page) | {"do": "hand_in"}).status_code == 303
    (sent,) = given.of("intake.supplement")
    assert sent["form"] == {"name": "Sách <mới>", "abroad": None}
    assert sent["documents"] == [{"component": "TP01", "upload_id": UPLOAD_ID}]


def test_who_reads_it_over_can_still_change_it() -> None:
    given = asked()
    browser = visit(given, CITIZEN)
    file = {"file.TP01": (io.BytesIO(b"%PDF"), "b.pdf")}
    page = browser.post(AT, data=POSTED | {"do": "send", "form.name": "Sách mới"} | file)
    back = browser.post(AT, data=carried(page) | {"do": "keep"})
    assert (back.status_code, back.location) == (303, AT)
    assert 'value="Sách mới"' in browser.get(AT).text
    assert not given.of("intake.supplement")


def test_what_was_changed_elsewhere_meanwhile_does_not_go_out_as_it_was_read() -> None:
    given = asked()
    here, there = visit(given, CITIZEN), visit(given, CITIZEN)
    page = here.post(AT, data=POSTED | {"do": "send:anyway", "form.name": "Ở đây"})
    there.post(AT, data=POSTED | kept_as(there) | {"do": "keep", "form.name": "Ở kia"})
    assert here.post(AT, data=carried(page) | {"do": "hand_in"}).status_code == 409
    assert not given.of("intake.supplement")


def test_papers_that_only_the_page_has_are_read_over_and_sent_on() -> None:
    given = asked(intake__save_draft=Refused("intake.too_many_drafts", "Too many.", "Quá nhiều."))
    browser = visit(given, CITIZEN)
    page = browser.post(AT, data=POSTED | {"do": "send", "paper": f"TP01:{UPLOAD_ID}:b.pdf"})
    assert page.status_code == 200
    assert "<strong>b.pdf</strong>" in page.text
    assert browser.post(AT, data=carried(page) | {"do": "hand_in"}).status_code == 303
    assert given.of("intake.supplement")[0]["documents"] == [{"component": "TP01", "upload_id": UPLOAD_ID}]


def test_papers_that_only_the_page_has_are_not_lost_when_others_are_missing() -> None:
    elsewhere = [{**COMPONENT, "code": "TP02"}, COMPONENT]
    given = asked(intake__save_draft=Refused("intake.too_many_drafts", "Too many.", "Quá nhiều."))
    given.answers["registry.get_procedure"] = {**PAGE, "components": elsewhere}
    page = visit(given, CITIZEN).post(AT, data=POSTED | {"do": "send", "paper": f"TP02:{UPLOAD_ID}:b.pdf"})
    assert page.status_code == 422
    assert page.text.count(f'value="{UPLOAD_ID}"') == 1
    assert f'name="paper" value="TP02:{UPLOAD_ID}:b.pdf"' in page.text


def test_the_same_answer_has_the_same_request_id_and_another_has_another() -> None:
    given = asked()
    browser = visit(given, CITIZEN)
    for name in ("Sách mới", "Sách mới", "Sách khác"):
        browser.post(AT, data=POSTED | kept_as(browser) | {"form.name": name})
    first, again, other = (one["request_id"] for one in given.of("intake.supplement"))
    assert first == again != other


@pytest.mark.parametrize(("error", "status"), [(AWAY, 503), (None, 400)])
def test_what_could_not_be_sent_stays_in_the_page(error: Any, status: int) -> None:
    problem = {"field": "documents.0", "code": "too_long", "vi": "Quá dài.", "en": "Too long."}
    refused = error or Invalid("intake.invalid", "No.", "Chưa hợp lệ.", [problem])
    posted = POSTED | {"form.name": "Sách mới", "file.TP01": (io.BytesIO(b"%PDF"), "b.pdf")}
    page = visit(asked(intake__supplement=refused), CITIZEN).post(AT, data=posted)
    assert page.status_code == status
    assert 'value="Sách mới"' in page.text
    assert f'name="drop" value="{UPLOAD_ID}"' in page.text
    assert bool(error) or 'href="#f-documents.TP01">Bản khai: Quá dài.' in page.text


def test_what_was_typed_for_a_round_that_was_closed_meanwhile_is_shown() -> None:
    over = {**DOSSIER, "supplement": {**DOSSIER["supplement"], "open": False}}
    headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    data = {**POSTED, "form.name": "Sách mới", "do": "send"}
    page = visit(asked(intake__get=over), CITIZEN).post(AT, data=data, headers=headers)
    assert page.status_code == 409
    assert '<div class="letter">Sách mới</div>' in page.text
    assert f'href="{AT.removesuffix("/bo-sung")}"' in page.text


def test_an_answer_is_gone_on_with_on_another_device() -> None:
    given = asked()
    file = {"do": "keep", "form.name": "Sách mới", "file.TP01": (io.BytesIO(b"%PDF"), "b.pdf")}
    done = visit(given, CITIZEN).post(AT, data=POSTED | file)
    assert (done.status_code, done.location) == (303, AT)
    page = visit(given, CITIZEN).get(AT)
    assert 'value="Sách mới"' in page.text
    assert f'name="drop" value="{UPLOAD_ID}"' in page.text
    assert not given.of("intake.supplement")
    (saved, *_) = given.of("intake.save_draft")
    assert (saved["dossier_code"], saved["applicant"]) == (CODE, {})


def test_a_file_is_dropped_again() -> None:
    given = asked()
    browser = visit(given, CITIZEN)
    browser.post(AT, data=POSTED | {"do": "keep", "file.TP01": (io.BytesIO(b"%PDF"), "b.pdf")})
    browser.post(AT, data=POSTED | kept_as(browser) | {"do": "keep", "drop": UPLOAD_ID})
    assert UPLOAD_ID not in browser.get(AT).text


def test_the_answer_that_is_sent_ends_its_draft_and_another_round_has_another() -> None:
    again = {**DOSSIER, "supplement": {**DOSSIER["supplement"], "round": 2}}
    first, second = asked(), asked(intake__get=again)
    for given in (first, second):
        assert visit(given, CITIZEN).post(AT, data=POSTED).status_code == 303
    (one,), (two,) = first.of("intake.supplement"), second.of("intake.supplement")
    assert one["draft_id"] == first.of("intake.save_draft")[0]["draft_id"]
    assert one["draft_id"] != two["draft_id"]


def test_what_was_typed_elsewhere_is_not_overwritten_unseen() -> None:
    given = asked()
    here, there = visit(given, CITIZEN), visit(given, CITIZEN)
    began = kept_as(here)
    there.post(AT, data=POSTED | {"do": "keep", "form.name": "Ở kia"})
    page = here.post(AT, data=POSTED | began | {"do": "send", "form.name": "Ở đây"})
    assert page.status_code == 409
    assert 'value="Ở đây"' in page.text
    assert "đã được sửa ở nơi khác" in page.text
    assert "Bạn vừa nhập: <strong>Ở đây</strong>" in page.text
    assert "Đã lưu ở nơi khác: <strong>Ở kia</strong>" in page.text
    assert re.findall(r'name="take\.([^"]+)"', page.text) == ["form.name"] * 2  # and of nothing that is the same
    assert not given.of("intake.supplement")
    done = here.post(AT, data=POSTED | hidden(page) | {"do": "keep", "form.name": "Ở đây"})
    assert done.status_code == 303
    assert 'value="Ở đây"' in there.get(AT).text


def changed_in_two_places(given: FakeServices) -> tuple[FlaskClient, dict[str, str]]:
    """The name was changed here, elsewhere the name and the price: the browser here, what its page is saved with."""
    here, there = visit(given, CITIZEN), visit(given, CITIZEN)
    began = kept_as(here)
    there.post(AT, data=POSTED | {"do": "keep", "form.name": "Ở kia", "form.price": "5"})
    page = here.post(AT, data=POSTED | began | {"do": "keep", "form.name": "Ở đây"})
    assert page.status_code == 409
    return here, POSTED | hidden(page) | {"form.name": "Ở đây"}


def test_of_two_answers_each_is_kept_that_was_chosen() -> None:
    given = asked()
    here, typed = changed_in_two_places(given)
    chosen = {"do": "keep", "take.form.name": "mine", "take.form.price": "saved"}
    assert here.post(AT, data=typed | chosen).status_code == 303
    assert [given.of("intake.save_draft")[-1]["form"][name] for name in ("name", "price")] == ["Ở đây", 5]


def test_what_was_chosen_is_what_is_read_over_and_sent() -> None:
    given = asked()
    here, typed = changed_in_two_places(given)
    chosen = {"do": "send:anyway", "take.form.name": "saved", "take.form.price": "saved"}
    page = here.post(AT, data=typed | chosen)
    assert page.status_code == 200
    assert "Ở kia" in page.text
    assert "Ở đây" not in page.text
    assert here.post(AT, data=carried(page) | {"do": "hand_in"}).status_code == 303
    assert given.of("intake.supplement")[0]["form"] == {"name": "Ở kia", "price": 5}


def test_nothing_is_saved_over_the_other_answer_while_one_chooses() -> None:
    given = asked()
    here, typed = changed_in_two_places(given)
    before = len(given.of("intake.save_draft"))
    told = here.post(f"{AT}/luu", data=typed | {"take.form.name": "mine"})
    assert (told.status_code, told.json and told.json["state"]) == (409, "changed")
    assert len(given.of("intake.save_draft")) == before


@pytest.mark.parametrize("act", ["keep", "send", "hand_in", "add:titles"])
def test_while_drafts_cannot_be_saved_all_stays_in_the_page(act: str) -> None:
    given = asked(intake__save_draft=AWAY)
    posted = POSTED | {"do": act, "form.name": "Sách mới", "file.TP01": (io.BytesIO(b"%PDF"), "b.pdf")}
    page = visit(given, CITIZEN).post(AT, data=posted)
    assert page.status_code == 503
    assert 'value="Sách mới"' in page.text
    assert f'name="paper" value="TP01:{UPLOAD_ID}:b.pdf"' in page.text
    assert not given.of("intake.supplement")


def test_who_has_too_many_drafts_can_answer_all_the_same() -> None:
    given = asked(intake__save_draft=Refused("intake.too_many_drafts", "Too many.", "Quá nhiều."))
    posted = POSTED | {"form.name": "Sách mới", "paper": f"TP01:{UPLOAD_ID}:b.pdf"}
    browser = visit(given, CITIZEN)
    assert browser.post(AT, data=posted | {"do": "keep"}).status_code == 422
    assert browser.post(AT, data=posted).status_code == 303
    (sent,) = given.of("intake.supplement")
    assert sent["documents"] == [{"component": "TP01", "upload_id": UPLOAD_ID}]


def test_it_is_saved_while_one_types() -> None:
    given = asked()
    browser = visit(given, CITIZEN)
    told = browser.post(f"{AT}/luu", data=POSTED | kept_as(browser) | {"form.name": "Sách mới"}).json
    assert told is not None
    assert (told["state"], told["version"], told["address"]) == ("kept", 1, AT)
    assert 'value="Sách mới"' in browser.get(AT).text


def test_a_draft_of_an_answer_is_opened_where_it_belongs_and_is_no_draft_of_a_submission() -> None:
    given = asked()
    browser = visit(given, CITIZEN)
    browser.post(AT, data=POSTED | {"do": "keep"})
    draft_id = given.of("intake.save_draft")[0]["draft_id"]
    assert browser.get(f"/ban-nhap/{draft_id}").location == AT
    assert "đang làm dở" not in browser.get("/nop-ho-so/mic/dk-ten-mien-vn").text


def test_a_row_is_added_without_scripts() -> None:
    browser = visit(asked(), CITIZEN)
    done = browser.post(AT, data=POSTED | {"do": "add:titles"})
    assert (done.status_code, done.location) == (303, f"{AT}#f-form.titles")
    assert 'name="form.titles.1.title"' in browser.get(AT).text


def test_a_dossier_that_waits_for_nothing_leads_away() -> None:
    done = {**DOSSIER, "supplement": {**DOSSIER["supplement"], "open": False}}
    assert visit(asked(intake__get=done), CITIZEN).get(AT).status_code == 303
