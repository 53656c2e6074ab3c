"""Filling in over fakes: what is typed is kept, wherever it goes wrong."""

import html
import io
import re
from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from services.chassis.errors import Conflict, Refused, Unavailable
from services.portal.people import read_person
from tests.unit.portal.drafts import DRAFT_ID, FakeDrafts, form, services
from tests.unit.portal.fakes import CITIZEN, OFFICER, visit

AT = f"/ban-nhap/{DRAFT_ID}"
HOSTILE = "\"><script>alert(1)</script>'&{{7*7}}"
AWAY = Unavailable("intake.unavailable", "intake does not answer.", "Dịch vụ chưa sẵn sàng.")


def value(page: TestResponse, name: str) -> str:
    """What stands in a control."""
    tag = re.search(rf'<input [^>]*name="{re.escape(name)}"[^>]*>', page.text)
    assert tag, name
    found = re.search(r'value="([^"]*)"', tag[0])
    return html.unescape(found[1]) if found else ""


def test_a_new_form_knows_who_has_signed_in_and_keeps_nothing_yet() -> None:
    drafts = FakeDrafts()
    page = visit(services(drafts), CITIZEN).get("/nop-ho-so/mic/dk-ten-mien-vn")
    assert page.status_code == 200
    assert value(page, "applicant.email") == CITIZEN.email
    assert CITIZEN.id in page.text
    assert not drafts.kept


def test_what_an_account_says_of_whose_it_is_stands_in_a_new_form() -> None:
    account = {"LoaiTaiKhoan": "2", "MaSoThue": "9900000016", "TenDoanhNghiep": "Công ty Ví Dụ"}
    details = {"ThuDienTu": "vi.du@example.vn", "SoDienThoai": "0912345678", "DiaChi": "Số 1 phố Ví Dụ"}
    page = visit(services(FakeDrafts()), read_person(account | details)).get("/nop-ho-so/mic/dk-ten-mien-vn")
    filled = [value(page, f"applicant.{name}") for name in ("name", "email", "phone", "address")]
    assert filled == ["Công ty Ví Dụ", *details.values()]
    assert "9900000016" in page.text


def test_browsers_are_told_what_is_asked_about_the_applicant_and_fill_in_nothing_else() -> None:
    page = visit(services(FakeDrafts()), CITIZEN).get("/nop-ho-so/mic/dk-ten-mien-vn").text
    named = dict(re.findall(r'<input [^>]*name="([^"]*)"[^>]*autocomplete="([^"]*)"', page))
    applicant = {"name": "name", "email": "email", "phone": "tel", "address": "street-address"}
    assert named == {f"applicant.{name}": token for name, token in applicant.items()}


def test_a_page_that_holds_what_was_typed_has_no_link_that_loses_it() -> None:
    browser = visit(services(FakeDrafts()), CITIZEN)
    assert 'hreflang="en"' in browser.get("/nop-ho-so/mic/dk-ten-mien-vn").text
    page = browser.post(AT, data=form(form__name=""))
    assert page.status_code == 422
    assert "hreflang" not in page.text
    assert "theme=" not in page.text


def test_who_has_not_signed_in_does_so_and_comes_back() -> None:
    page = visit(services(FakeDrafts())).get("/nop-ho-so/mic/dk-ten-mien-vn")
    assert page.location == "/dang-nhap?next=/nop-ho-so/mic/dk-ten-mien-vn"


def test_an_officer_has_no_such_page() -> None:
    assert visit(services(FakeDrafts()), OFFICER).get("/nop-ho-so/mic/dk-ten-mien-vn").status_code == 404


def test_a_right_form_is_saved_and_goes_on_to_the_papers() -> None:
    drafts = FakeDrafts()
    page = visit(services(drafts), CITIZEN).post(AT, data=form())
    assert (page.status_code, page.location) == (303, f"{AT}/giay-to")
    assert drafts.kept[DRAFT_ID]["form"] == {
        "name": "Sách hay",
        "abroad": False,
        "titles": [{"title": "Truyện", "pages": 120}],
    }


def test_what_is_wrong_stands_beside_its_field_with_what_was_typed() -> None:
    drafts = FakeDrafts()
    wrong = form(form__price="rất đắt", form__abroad="", form__titles__0__pages="không rõ")
    page = visit(services(drafts), CITIZEN).post(AT, data=wrong)
    assert page.status_code == 422
    assert value(page, "form.price") == "rất đắt"
    assert value(page, "form.titles.0.pages") == "không rõ"
    assert 'id="w-form.price"' in page.text
    assert 'href="#f-form.titles.0.pages">Đầu sách, dòng 1, Số trang: ' in page.text
    assert drafts.kept[DRAFT_ID]["form"]["price"] == "rất đắt"


def test_hostile_values_come_back_escaped_in_their_fields() -> None:
    names = ("form__name", "form__price", "form__first_on", "form__titles__0__title", "form__titles__0__printed_on")
    page = visit(services(FakeDrafts()), CITIZEN).post(AT, data=form(0, **dict.fromkeys(names, HOSTILE)))
    assert page.status_code == 422
    assert "<script>alert" not in page.text
    assert "{{7*7}}" in page.text
    assert all(value(page, name.replace("__", ".")) == HOSTILE for name in names)


def test_a_hostile_choice_comes_back_chosen_and_wrong() -> None:
    page = visit(services(FakeDrafts()), CITIZEN).post(AT, data=form(form__country=HOSTILE))
    assert page.status_code == 422
    assert 'value="&#34;&gt;&lt;script&gt;' in page.text


def test_names_that_nobody_asked_are_not_kept() -> None:
    drafts = FakeDrafts()
    strange = {"form.$where": "1", "form.a.b.c": "1", "form.titles.0.$x": "1", "form.__proto__": "1", "form.": "1"}
    assert visit(services(drafts), CITIZEN).post(AT, data=form() | strange).status_code == 303
    assert set(drafts.kept[DRAFT_ID]["form"]) == {"name", "abroad", "titles"}


def test_rows_are_added_and_removed_without_scripts() -> None:
    drafts = FakeDrafts()
    browser = visit(services(drafts), CITIZEN)
    page = browser.post(AT, data=form(do="add:titles"))
    assert page.status_code == 303
    assert page.location.endswith("#f-form.titles")
    assert drafts.kept[DRAFT_ID]["form"]["titles"] == [{"title": "Truyện", "pages": 120}, {}]
    browser.post(AT, data=form(1, do="remove:titles:0", form__titles__1__title="Thơ"))
    assert drafts.kept[DRAFT_ID]["form"]["titles"] == [{"title": "Thơ"}]


PASTED = "Thơ\tba\nKịch\t80"
SAVED = "Số trang;Tên sách\r\nba;Thơ\r\n80;Kịch\r\n"


@pytest.mark.parametrize(
    ("pasted", "file"),
    [(PASTED, b""), ("", SAVED.encode()), ("", SAVED.encode("utf-8-sig")), ("", PASTED.encode("utf-16"))],
    ids=["pasted", "a file", "a file of Excel", "a file of Excel in Unicode"],
)
def test_rows_of_a_spreadsheet_join_the_table_and_their_mistakes_name_the_row(pasted: str, file: bytes) -> None:
    browser = visit(services(FakeDrafts()), CITIZEN)
    sheet = (io.BytesIO(file), "sách.csv" if file else "")  # a browser posts the control also when nothing was chosen
    data = {**form(do="paste:titles", paste__titles=pasted), "csv.titles": sheet}
    page = browser.post(AT, data=data, follow_redirects=True)
    assert page.status_code == 200
    assert [value(page, f"form.titles.{row}.title") for row in range(3)] == ["Truyện", "Thơ", "Kịch"]
    assert [value(page, f"form.titles.{row}.pages") for row in range(3)] == ["120", "ba", "80"]
    assert "Đầu sách, dòng 2, Số trang" in page.text


def test_a_sheet_that_is_too_long_stays_where_it_was_pasted() -> None:
    drafts = FakeDrafts()
    sheet = "\n".join(f"Sách {place}\t1" for place in range(3000))
    page = visit(services(drafts), CITIZEN).post(AT, data=form(do="paste:titles", paste__titles=sheet))
    assert page.status_code == 422
    assert "Sách 2999" in page.text
    assert "nhiều nhất 3 dòng; sẽ có 3.001 dòng" in page.text
    assert drafts.kept[DRAFT_ID]["form"]["titles"] == [{"title": "Truyện", "pages": 120}]


def test_while_intake_is_away_the_page_says_so_and_keeps_what_was_typed() -> None:
    drafts = FakeDrafts()
    browser = visit(services(drafts), CITIZEN)
    browser.get("/nop-ho-so/mic/dk-ten-mien-vn")
    drafts.away = AWAY
    page = browser.post(AT, data=form(form__name="Đã gõ"))
    assert page.status_code == 503
    assert value(page, "form.name") == "Đã gõ"
    assert value(page, "version") == "0"
    assert browser.post(f"{AT}/luu", data=form()).status_code == 503


def test_a_draft_changed_elsewhere_is_told_field_by_field() -> None:
    drafts = FakeDrafts()
    browser = visit(services(drafts), CITIZEN)
    browser.post(AT, data=form())
    browser.post(AT, data=form(1, form__name="Ở nhà", form__price="5"))
    page = browser.post(AT, data=form(1, request_id="late", form__name="Ở xa"))
    assert page.status_code == 409
    assert value(page, "form.name") == "Ở xa"
    assert "Ở nhà" in page.text
    assert value(page, "version") == "2"
    assert drafts.kept[DRAFT_ID]["form"]["name"] == "Ở nhà"
    chosen = form(2, request_id="chosen", form__name="Ở xa") | {"take.form.price": "saved", "take.form.name": "mine"}
    assert browser.post(AT, data=chosen).status_code == 303
    assert drafts.kept[DRAFT_ID]["form"] | {"titles": 0} == {"name": "Ở xa", "price": 5, "abroad": False, "titles": 0}


def test_papers_brought_elsewhere_meanwhile_are_no_other_text() -> None:
    drafts = FakeDrafts()
    browser = visit(services(drafts), CITIZEN)
    browser.post(AT, data=form(do="save"))
    mark = value(browser.get(AT), "mark")
    drafts.kept[DRAFT_ID] |= {"version": 2, "documents": [{"component": "TP01", "upload_id": "u"}]}
    page = browser.post(AT, data=form(1, mark=mark, request_id="later", form__name="Khác"))
    assert page.status_code == 303
    assert drafts.kept[DRAFT_ID]["form"]["name"] == "Khác"
    assert [one["upload_id"] for one in drafts.kept[DRAFT_ID]["documents"]] == ["u"]


def test_the_same_form_sent_twice_is_saved_once() -> None:
    drafts = FakeDrafts()
    browser = visit(services(drafts), CITIZEN)
    assert [browser.post(AT, data=form()).status_code for _ in range(2)] == [303, 303]
    assert drafts.kept[DRAFT_ID]["version"] == 1


def test_what_is_typed_on_after_a_save_without_an_answer_is_no_other_persons() -> None:
    drafts = FakeDrafts()
    browser = visit(services(drafts), CITIZEN)
    browser.post(f"{AT}/luu", data=form())  # its answer got lost: the page knows of no version
    page = browser.post(AT, data=form(form__name="Gõ tiếp"))
    assert page.status_code == 303
    assert drafts.kept[DRAFT_ID]["form"]["name"] == "Gõ tiếp"
    assert drafts.kept[DRAFT_ID]["version"] == 2


@pytest.mark.parametrize(("act", "status"), [("paste:titles", 422), ("save", 303)])
def test_a_spreadsheet_that_is_too_large_takes_nothing_away_that_was_typed(act: str, status: int) -> None:
    drafts = FakeDrafts()
    large = (io.BytesIO(b"x" * 5_000_000), "bảng.csv")
    data = {**form(form__name="Đã gõ", do=act), "csv.titles": large}
    page = visit(services(drafts), CITIZEN).post(AT, data=data)
    assert page.status_code == status
    assert drafts.kept[DRAFT_ID]["form"]["name"] == "Đã gõ"
    assert status == 303 or (value(page, "form.name"), "Tệp CSV quá lớn." in page.text) == ("Đã gõ", True)


def test_a_quiet_save_that_is_refused_says_so_by_its_status() -> None:
    refused = Refused("intake.too_many_drafts", "You have 50 drafts.", "Đang có 50 bản nháp.")
    answer = visit(services(FakeDrafts(), save_draft=refused), CITIZEN).post(f"{AT}/luu", data=form())
    assert (answer.status_code, answer.get_json()["state"]) == (refused.status, "refused")


def test_a_draft_that_is_gone_is_offered_as_a_new_one() -> None:
    gone = Conflict("intake.draft_gone", "It was submitted.", "Đã nộp.")
    browser = visit(services(FakeDrafts(), save_draft=gone), CITIZEN)
    page = browser.post(AT, data=form(3, form__name="Đã gõ"))
    assert page.status_code == 409
    assert value(page, "form.name") == "Đã gõ"
    assert value(page, "version") == "0"
    assert DRAFT_ID not in page.text


def test_a_form_whose_session_has_ended_is_kept_and_sent_once_more() -> None:
    browser = visit(services(FakeDrafts()))
    answer = browser.post(AT, data=form(form__name="Đã gõ"))
    assert (answer.status_code, answer.location) == (303, "/dang-nhap/tiep?next=/dang-nhap/gui-lai")
    way = browser.get(answer.location)
    assert way.status_code == 200  # a form may lead to no other host, not by way of ours either: a page may
    assert '<meta http-equiv="refresh" content="0;url=/dang-nhap?next=/dang-nhap/gui-lai">' in way.text
    assert '<a class="button primary" href="/dang-nhap?next=/dang-nhap/gui-lai">' in way.text
    page = browser.get("/dang-nhap/gui-lai")
    assert (value(page, "form.name"), f'action="{AT}"' in page.text) == ("Đã gõ", True)
    with browser.session_transaction() as session:
        session["person"] = CITIZEN.kept()
    assert browser.post(AT, data=form()).status_code == 303
    assert browser.get("/dang-nhap/gui-lai").location == "/"


def test_who_signs_in_too_late_for_what_was_sent_is_told_that_it_is_gone_and_then_no_more() -> None:
    browser = visit(services(FakeDrafts()))
    browser.post(AT, data=form(form__name="Đã gõ"))
    with browser.session_transaction() as session:
        session["person"] = CITIZEN.kept()
        session["stash"]["at"] -= timedelta(minutes=16)
        session.modified = True
    answer = browser.get("/dang-nhap/gui-lai")
    assert answer.location == "/"
    assert "chỉ được giữ 15 phút, nay không còn" in browser.get("/").text
    assert browser.get("/dang-nhap/gui-lai?lang=en").location == "/"
    assert "15 minutes" not in browser.get("/").text
    with browser.session_transaction() as session:
        assert "Đã gõ" not in str(dict(session))


@pytest.mark.parametrize("path", ["/ban-nhap/khong-phai-uuid", "/nop-ho-so/mic/khong-co", "/nop-ho-so/khong/khong"])
def test_what_is_not_there_is_not_found(path: str) -> None:
    assert visit(services(FakeDrafts()), CITIZEN).get(path).status_code == 404


def test_a_script_is_told_what_the_next_save_begins_from() -> None:
    drafts = FakeDrafts()
    browser = visit(services(drafts), CITIZEN)
    answer = browser.post(f"{AT}/luu", data=form()).get_json()
    assert (answer["state"], answer["version"]) == ("kept", 1)
    again = browser.post(f"{AT}/luu", data=form(1, mark=answer["mark"], request_id=answer["request_id"]))
    assert again.get_json()["version"] == 2
    late = browser.post(f"{AT}/luu", data=form(0, request_id="late", form__name="Cũ"))
    assert (late.status_code, late.get_json()["state"]) == (409, "changed")


def test_a_table_has_a_sample_file() -> None:
    answer = visit(services(FakeDrafts())).get("/nop-ho-so/mic/dk-ten-mien-vn/titles.csv")
    assert answer.text.lstrip("\ufeff").startswith("Tên sách,Số trang")
    assert visit(services(FakeDrafts())).get("/nop-ho-so/mic/dk-ten-mien-vn/name.csv").status_code == 404
