"""A procedure changes under a draft, or ends: what was typed is shown and kept, and handed in is what is asked."""

import html
import re
from typing import Any, Final

from tests.unit.portal.drafts import DRAFT_ID, FIELDS, PAGE, TITLES, FakeDrafts, form, services, words
from tests.unit.portal.fakes import CITIZEN, catalogue, procedure, visit

AT: Final = f"/ban-nhap/{DRAFT_ID}"
SHORTER: Final = {**TITLES, "columns": TITLES["columns"][:1]}
NEWER: Final = procedure(
    form=[FIELDS[1], SHORTER, {"name": "why", "type": "text", "label": words("Lý do")}], version="2026-11-27"
)


def begun(drafts: FakeDrafts, **more: str) -> dict[str, Any]:
    """What is kept of a draft that was filled in under the procedure as it was."""
    browser = visit(services(drafts), CITIZEN)
    assert browser.post(AT, data=form(do="save", **{"form__titles__1__title": "Thơ", **more})).status_code == 303
    return dict(drafts.kept[DRAFT_ID]["form"])


def later(drafts: FakeDrafts, *procedures: dict[str, Any], **answers: Any) -> Any:
    """A browser after the catalogue has changed; registry knows what was asked before."""
    made = services(drafts, **answers)
    made.answers.update({**catalogue(*procedures), "registry.get_procedure": PAGE})
    return visit(made, CITIZEN), made


def controls(page: str) -> dict[str, str]:
    """What the form of a page sends, as far as it is input."""
    tags = re.findall(r"<input [^>]*>", page[: page.index("<template")])
    pairs = [(re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)) for tag in tags]
    return {name[1]: html.unescape(value[1]) for name, value in pairs if name and value}


def test_answers_that_a_new_version_does_not_ask_are_named_and_stay_in_the_draft() -> None:
    drafts = FakeDrafts()
    before = begun(drafts)
    browser, _ = later(drafts, NEWER)
    page = browser.get(AT).text
    assert "Thủ tục này đã thay đổi" in page
    assert "<dt>Tên gọi</dt><dd>Sách hay</dd>" in page
    assert "<dt>Đầu sách, dòng 1, Số trang</dt><dd>120</dd>" in page
    answer = browser.post(AT, data={**controls(page), "form.why": "Mới", "do": "save"})
    assert answer.status_code == 303
    kept = drafts.kept[DRAFT_ID]["form"]
    assert (kept["name"], kept["why"]) == (before["name"], "Mới")
    assert kept["titles"] == [{"title": "Truyện", "pages": "120"}, {"title": "Thơ"}]
    again = browser.get(AT).text
    assert "<dt>Tên gọi</dt><dd>Sách hay</dd>" in again
    assert controls(again)["form.abroad"] == "false"


def test_whoever_wants_what_is_not_asked_out_of_the_draft_has_that() -> None:
    drafts = FakeDrafts()
    begun(drafts)
    browser, _ = later(drafts, NEWER)
    page = browser.get(AT).text
    assert 'name="do" value="forget"' in page
    assert browser.post(AT, data={**controls(page), "do": "forget"}).status_code == 303
    assert drafts.kept[DRAFT_ID]["form"] == {"titles": [{"title": "Truyện"}, {"title": "Thơ"}]}
    assert 'value="forget"' not in browser.get(AT).text


def test_what_is_not_asked_is_not_handed_in() -> None:
    drafts = FakeDrafts()
    begun(drafts)
    browser, made = later(drafts, NEWER, check={"errors": [], "fees": []})
    assert browser.get(f"{AT}/kiem-tra").status_code == 200
    (asked,) = made.of("intake.check")
    assert asked["form"] == {"titles": [{"title": "Truyện"}, {"title": "Thơ"}]}


def test_a_script_that_saves_a_page_of_the_version_before_loses_nothing() -> None:
    drafts = FakeDrafts()
    begun(drafts)
    browser, _ = later(drafts, NEWER)
    saved = browser.post(f"{AT}/luu", data=form(1, form__name="Sách hay hơn", mark="x"))
    assert saved.status_code == 200
    assert drafts.kept[DRAFT_ID]["form"]["name"] == "Sách hay hơn"


def test_a_draft_of_a_retired_procedure_can_be_read_and_done_away_with() -> None:
    drafts = FakeDrafts()
    begun(drafts)
    browser, made = later(drafts, discard_draft={"draft_id": DRAFT_ID})
    page = browser.get(AT)
    assert page.status_code == 200
    assert "<dt>Tên gọi</dt><dd>Sách hay</dd>" in page.text
    assert "Tên sách: Truyện, Số trang: 120; Tên sách: Thơ" in page.text
    assert f'action="{AT}/xoa"' in page.text
    assert [browser.get(f"{AT}/{step}").location for step in ("giay-to", "kiem-tra")] == [AT, AT]
    assert browser.post(f"{AT}/xoa").status_code == 303
    assert made.of("intake.discard_draft")


def test_what_is_sent_for_a_retired_procedure_is_shown_again() -> None:
    browser, made = later(FakeDrafts())
    page = browser.post(AT, data=form(form__name="Gõ <rồi>"))
    assert page.status_code == 404
    assert "<dt>Tên gọi</dt><dd>Gõ &lt;rồi&gt;</dd>" in page.text
    assert "Nội dung vừa gửi chưa được lưu." in page.text
    made.answers["registry.get_procedure"] = None
    bare = later(FakeDrafts())[0].post(AT, data=form(form__name="Đã gõ", tenant="khac")).text
    assert "<dd>Đã gõ</dd>" in bare
    quiet = browser.post(f"{AT}/luu", data=form())
    assert (quiet.status_code, quiet.json["state"]) == (404, "refused")


def test_nothing_is_said_of_a_procedure_that_is_as_it_was() -> None:
    drafts = FakeDrafts()
    begun(drafts)
    assert "đã thay đổi" not in visit(services(drafts), CITIZEN).get(AT).text
