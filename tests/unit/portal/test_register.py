"""The register of a unit: form 06, on a page and on sheets."""

from typing import Any, Final

import pytest
import time_machine

from services.chassis.errors import Invalid
from services.portal import pdf
from tests.unit.portal.cases import CODE, at_work
from tests.unit.portal.fakes import CITIZEN, OFFICER, OPERATOR, FakeServices, visit

HERE: Final = "/ban-lam-viec/so-theo-doi"
MOVED: Final = {
    "from_unit": "cuc-bao-chi",
    "to_unit": "vnnic",
    "reason": "misdirected",
    "transferred_at": "2026-11-27T03:00:00+00:00",
}
LINE: Final[dict[str, Any]] = {
    "dossier_code": CODE,
    "status": "returned",
    "tenant": "mic",
    "procedure": "dk-ten-mien-vn",
    "channel": "online",
    "submitted_at": "2026-11-25T17:30:00+00:00",
    "due_at": "2026-11-30T10:30:00+00:00",
    "accepted_at": "2026-11-26T03:00:00+00:00",
    "result": None,
    "returned_at": "2026-11-28T03:00:00+00:00",
    "return_method": "direct",
    "transfers": [MOVED],
    "applicant": {"name": "Nguyễn Thị <Mẫu>", "phone": "0912345678", "address": "Số 1 phố Ví Dụ"},
}


def kept(*lines: dict[str, Any], following: str | None = None) -> FakeServices:
    return at_work(intake__list_register={"items": list(lines), "next": following})


def test_a_register_is_for_officers() -> None:
    for end in ("", ".pdf"):
        assert visit(kept()).get(HERE + end).status_code == 302
        assert visit(kept(), CITIZEN).get(HERE + end).status_code == 404
        assert visit(kept(), OPERATOR).get(HERE + end).status_code == 404


def test_a_line_says_what_the_form_asks_for() -> None:
    page = visit(kept(LINE), OFFICER).get(f"{HERE}?tu=2026-11-01&den=2026-11-30").text
    for said in (
        "Mẫu số 06",
        "Hồ sơ nộp từ ngày 01/11/2026 đến ngày 30/11/2026",
        "Đăng ký sử dụng tên miền",
        "Nguyễn Thị &lt;Mẫu&gt;",
        "Số 1 phố Ví Dụ; 0912345678",
        ">26/11/2026<",  # the day in Vietnam
        ">30/11/2026<",
        ">28/11/2026<",
        ">Trực tiếp<",
        "đã trả kết quả; chuyển từ ",
        " ngày 27/11/2026",
    ):
        assert said in page


def test_without_a_period_it_is_this_month_up_to_today() -> None:
    services = kept()
    with time_machine.travel("2026-11-30T18:00:00+00:00", tick=False):
        page = visit(services, OFFICER).get(f"{HERE}?tu=no-day&den=&so=zz")
    assert page.status_code == 200
    assert services.of("intake.list_register") == [{"from_day": "2026-12-01", "to_day": "2026-12-01", "limit": 200}]
    assert "Không có hồ sơ nào" in page.text
    assert "PDF" not in page.text


def test_what_follows_goes_on_with_its_numbers() -> None:
    services = kept(LINE, {**LINE, "applicant": None}, following="c-2")
    browser = visit(services, OFFICER)
    page = browser.get(f"{HERE}?tu=2026-11-01&den=2026-11-30&sau=c-1&so=201").text
    assert services.of("intake.list_register")[0]["after"] == "c-1"
    assert ">201</td>" in page
    assert ">202</td>" in page
    assert "dữ liệu cá nhân đã xóa" in page
    onward = "tu=2026-11-01&amp;den=2026-11-30&amp;sau=c-2&amp;so=203"
    assert f'rel="next" href="{HERE}?{onward}"' in page


def test_a_period_that_cannot_be_is_said_beside_its_end() -> None:
    problem = {"field": "to_day", "code": "wrong_period", "vi": "Từ 1 đến 366 ngày.", "en": "1 to 366 days."}
    services = at_work(intake__list_register=Invalid("intake.invalid", "No.", "Chưa hợp lệ.", [problem]))
    page = visit(services, OFFICER).get(f"{HERE}?tu=2026-11-30&den=2026-11-01")
    assert page.status_code == 422
    assert 'id="w-den">Từ 1 đến 366 ngày.' in page.text
    assert 'value="2026-11-30"' in page.text


def test_its_file_is_the_same_page_without_what_stands_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    printed: list[str] = []
    monkeypatch.setattr(pdf, "_printed", lambda html: printed.append(html) or b"%PDF")  # type: ignore[func-returns-value]
    answer = visit(kept(LINE), OFFICER).get(f"{HERE}.pdf?tu=2026-11-01&den=2026-11-30&lang=en")
    assert (answer.data, answer.mimetype) == (b"%PDF", "application/pdf")
    assert "so-theo-doi-2026-11-01-2026-11-30.pdf" in answer.headers["Content-Disposition"]
    assert printed[0].count("slip-wide") == 2  # the legal text, and the English behind it
    assert "<form" not in printed[0]


def test_a_register_can_be_printed() -> None:
    assert visit(kept(LINE), OFFICER).get(f"{HERE}.pdf").data.startswith(b"%PDF-")
