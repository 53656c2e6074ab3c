"""A session that is about to end is said to be, where scripts run, and goes on where that is wanted."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import DESKTOP, PHONE, Open
from tests.e2e.every_page import SUBS

pytestmark = pytest.mark.servers
SOON: Any = {"seconds": 200, "is_last": False, "say": "Sắp kết thúc lúc 09 giờ 30.", "foot": "Kết thúc lúc 09 giờ 30."}


def test_who_is_still_there_stays_signed_in_by_one_key(visit: Open) -> None:
    page = visit("/", sub="cong-dan-1", viewport=PHONE)
    page.clock.install()
    page.goto("/ho-so")
    said, stay = page.locator(".stay [role=status]"), page.get_by_role("button", name="Tiếp tục đăng nhập")
    page.clock.fast_forward("20:00")
    expect(said).to_be_empty()
    expect(stay).to_be_hidden()
    page.route("**/phien", lambda route: route.fulfill(json=SOON), times=1)  # the portal's clock goes on as it does
    page.clock.fast_forward("06:00")
    expect(said).to_have_text(SOON["say"])
    expect(page.locator("[data-session-end]")).to_have_text(SOON["foot"])
    stay.focus()
    page.keyboard.press("Enter")
    expect(said).to_have_text("Bạn vẫn đăng nhập.")
    expect(stay).to_be_hidden()
    expect(page.locator("main")).to_be_focused()
    expect(page.locator("[data-session-end]")).not_to_have_text(SOON["foot"])


def test_whose_session_has_ended_is_told_and_nothing_is_taken_from_the_page(visit: Open) -> None:
    page = visit("/", sub="cong-dan-1")
    page.clock.install()
    page.goto("/tra-cuu")
    page.get_by_label("Mã hồ sơ").fill("000.00.06.G14")
    page.context.clear_cookies()
    page.clock.fast_forward("26:00")
    expect(page.locator(".stay [role=status]")).to_contain_text("đã kết thúc")
    expect(page.get_by_label("Mã hồ sơ")).to_have_value("000.00.06.G14")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_what_is_sent_after_the_session_ended_comes_back_after_sign_in_and_is_kept(visit: Open, scripts: bool) -> None:
    page = visit("/nop-ho-so/mic/dk-ten-mien-vn", sub="cong-dan-1", viewport=DESKTOP, java_script_enabled=scripts)
    page.get_by_label("Địa chỉ").first.fill("Số 9 phố Ví Dụ")
    page.context.clear_cookies()
    page.get_by_role("button", name="Lưu nháp").last.click()
    page.get_by_role("button", name="Gửi lại").click()
    page.locator('button[name="sub"][value="cong-dan-1"]').click()  # at the provider, which is another origin
    page.get_by_role("button", name="Gửi lại").click()
    expect(page.locator(".notice.good")).to_contain_text("Đã lưu bản nháp")
    expect(page.get_by_label("Địa chỉ").first).to_have_value("Số 9 phố Ví Dụ")


def test_a_search_that_is_sent_after_the_session_ended_finds_after_sign_in(visit: Open) -> None:
    page = visit("/ban-lam-viec", sub="vnnic-1", viewport=DESKTOP)
    page.get_by_label("Mã hồ sơ").first.fill("000.00.06.G14")
    page.context.clear_cookies()
    page.get_by_label("Mã hồ sơ").first.press("Enter")
    page.get_by_role("button", name="Gửi lại").click()
    page.locator('button[name="sub"][value="vnnic-1"]').click()
    page.get_by_role("button", name="Gửi lại").click()
    expect(page.get_by_label("Mã hồ sơ").first).to_have_value("000.00.06.G14")


def test_days_that_are_asked_for_after_the_session_ended_are_shown_after_sign_in(visit: Open) -> None:
    page = visit("/dieu-hanh/", sub=SUBS["operator"], viewport=DESKTOP)
    page.get_by_label("Từ ngày").fill("2026-01-02")
    page.context.clear_cookies()
    page.get_by_label("Từ ngày").press("Enter")
    page.locator(f'button[name="sub"][value="{SUBS["operator"]}"]').click()
    expect(page.get_by_label("Từ ngày")).to_have_value("2026-01-02")
