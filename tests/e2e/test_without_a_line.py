"""The portal as an app on a device whose line has gone: it says so, lists the drafts, and goes on by itself."""

import re
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.acts import find
from tests.e2e.conftest import PATIENCE_MS, PHONE, Open
from tests.e2e.test_every_page import violations

pytestmark = pytest.mark.servers
LABEL, PURPOSE = '[name="form.label"]', '[name="form.purpose"]'
LISTED: Final = "() => JSON.parse(localStorage.getItem('motcua.saved')).drafts.map((one) => one.address)"
PLACES: Final = "(links) => links.map((one) => one.pathname)"
KEPT: Final = "() => Object.keys(localStorage).filter((name) => name.startsWith('motcua.'))"


def test_without_a_line_the_drafts_are_listed_and_the_page_comes_back_by_itself(visit: Open) -> None:
    page = visit("/", sub="cong-dan-1", viewport=PHONE, service_workers="allow")
    find(page, "ten mien")
    page.locator(LABEL).fill("truoc-khi-mat-mang")
    expect(page.locator("[data-state]")).to_contain_text("Đã lưu lúc")
    draft = re.sub("^https?://[^/]+", "", page.url)
    lose_the_line(page)
    page.locator(PURPOSE).fill("Viết khi không có mạng")
    expect(page.locator("[data-state]")).to_contain_text("đang được giữ trên thiết bị này")

    page.goto("/ho-so")
    expect(page.get_by_role("heading", name="Chưa có kết nối mạng")).to_be_visible()
    typed, saved = page.locator("[data-drafts]"), page.locator("[data-saved]")
    expect(typed.get_by_role("link", name="Mở lại")).to_have_attribute("href", draft)
    typed.get_by_text("Đọc nội dung đã nhập").click()
    answers = typed.locator("dl")
    expect(answers).to_be_visible()
    for asked, said in (("Tên miền", "truoc-khi-mat-mang"), ("Mục đích sử dụng", "Viết khi không có mạng")):
        expect(answers.locator("dt", has_text=asked).locator("+ dd").filter(has_text=said)).to_have_count(1)
    expect(saved.get_by_role("link", name="Mở").first).to_have_attribute("href", draft)
    assert not violations(page)

    page.context.set_offline(False)
    back = page.get_by_role("heading", name="Hồ sơ của tôi")
    expect(back).to_be_visible(timeout=PATIENCE_MS)  # the worker may hear of the line a look later than the page
    assert page.evaluate(LISTED) == page.locator("[data-draft] a").evaluate_all(
        "(links) => links.map((one) => one.pathname)"
    )
    page.goto(draft)
    page.get_by_role("button", name="Lấy lại nội dung đó").click()
    expect(page.locator(PURPOSE)).to_have_value("Viết khi không có mạng")
    expect(page.locator("[data-state]")).to_contain_text("Đã lưu lúc")


def test_who_signs_out_leaves_no_list_of_drafts(visit: Open) -> None:
    page = visit("/", sub="cong-dan-1")
    find(page, "ten mien")
    page.locator(LABEL).fill("sap-dang-xuat")
    expect(page.locator("[data-state]")).to_contain_text("Đã lưu lúc")
    assert page.evaluate(KEPT) == ["motcua.saved"]
    page.get_by_role("button", name="Đăng xuất").click()
    expect(page.get_by_role("link", name="Đăng nhập")).to_be_visible()
    assert page.evaluate(KEPT) == []


def test_who_signs_out_in_one_window_leaves_nothing_in_another(visit: Open) -> None:
    page = visit("/", sub="cong-dan-1")
    find(page, "ten mien")
    page.locator(LABEL).fill("con-mo")
    expect(page.locator("[data-state]")).to_contain_text("Đã lưu lúc")
    other = page.context.new_page()
    other.goto("/")
    page.route("**/luu", lambda route: route.abort("connectionreset"))
    page.locator(PURPOSE).fill("Gõ trước khi đăng xuất")
    expect(page.locator("[data-state]")).to_contain_text("đang được giữ trên thiết bị này")
    other.on("dialog", lambda asked: asked.accept())
    other.get_by_role("button", name="Đăng xuất").click()
    expect(other.get_by_role("link", name="Đăng nhập")).to_be_visible()
    page.wait_for_function("() => !('whose' in document.documentElement.dataset)")
    page.unroute("**/luu")
    page.locator(PURPOSE).fill("Gõ sau khi đăng xuất")
    expect(page.locator("[data-state]")).to_contain_text("Phiên làm việc đã hết")
    assert page.evaluate(KEPT) == []
    expect(page.locator(PURPOSE)).to_have_value("Gõ sau khi đăng xuất")


def lose_the_line(page: Page) -> None:
    """Once the service worker has this page."""
    page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    page.context.set_offline(True)
