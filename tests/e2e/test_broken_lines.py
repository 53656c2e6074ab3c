"""A session on two devices, a broken upload, a payment that is late: nothing is lost, and the page tells the truth."""

import re
from pathlib import Path
from typing import Final

import pytest
import requests
from playwright.sync_api import Page, Route, expect

from services.cli.demo.town import Town
from tests.conftest import eventually
from tests.e2e.acts import OFFICER, bring, fill_in, find, hand_in
from tests.e2e.conftest import DESKTOP, PHONE, Open, scan
from tests.e2e.told import begun as begun_at_the_unit

pytestmark = pytest.mark.servers
PART: Final = 1020 * 128  # what upload.js sends first; then twice as much, as long as the line bears it
LABEL, PURPOSE = '[name="form.label"]', '[name="form.purpose"]'


def test_a_draft_goes_on_at_another_device_and_a_conflict_keeps_both(visit: Open) -> None:
    phone = visit("/", sub="cong-dan-1", viewport=PHONE)
    find(phone, "ten mien")
    phone.locator(LABEL).fill("tu-dien-thoai")
    expect(phone.locator("[data-state]")).to_contain_text("Đã lưu lúc")
    desktop = visit(re.sub("^https?://[^/]+", "", phone.url), sub="cong-dan-1", viewport=DESKTOP)
    expect(desktop.locator(LABEL)).to_have_value("tu-dien-thoai")
    desktop.locator(PURPOSE).fill("Viết ở máy tính")
    desktop.get_by_role("button", name="Lưu nháp").locator("visible=true").click()
    expect(desktop.locator("[data-state]")).to_contain_text("Đã lưu lúc")
    phone.locator(PURPOSE).fill("Viết ở điện thoại")
    phone.get_by_role("button", name="Lưu nháp").locator("visible=true").click()
    both = phone.get_by_role("group", name="Mục đích sử dụng")
    expect(both).to_contain_text("Viết ở điện thoại")
    expect(both).to_contain_text("Viết ở máy tính")
    both.get_by_role("radio", name=re.compile("Đã lưu ở nơi khác")).check()
    phone.get_by_role("button", name="Lưu theo lựa chọn").click()
    expect(phone.locator(PURPOSE)).to_have_value("Viết ở máy tính")
    desktop.reload()
    expect(desktop.locator(LABEL)).to_have_value("tu-dien-thoai")


def test_saves_whose_answers_get_lost_are_no_other_persons(visit: Open) -> None:
    page = visit("/", sub="cong-dan-1")
    find(page, "ten mien")
    lost: list[str] = []

    def lose(route: Route) -> None:
        """What the first two saves are answered never comes."""
        answer = route.fetch()
        if len(lost) < 2:
            lost.append(str(answer.json()["version"]))
            route.abort("connectionreset")
        else:
            route.fulfill(response=answer)

    page.route("**/luu", lose)
    page.locator(LABEL).fill("da-luu")
    expect(page.locator("[data-state]")).to_contain_text("Chưa lưu được")
    page.locator(PURPOSE).fill("Gõ tiếp")
    page.get_by_role("button", name="Lưu nháp").locator("visible=true").click()
    expect(page.locator("[data-state]")).to_contain_text("Đã lưu lúc")
    page.reload()
    expect(page.locator(LABEL)).to_have_value("da-luu")
    expect(page.locator(PURPOSE)).to_have_value("Gõ tiếp")
    assert lost == ["1", "1"]


def test_a_broken_upload_goes_on_where_it_stopped(visit: Open, town: Town, tmp_path: Path) -> None:
    large = tmp_path / "bản quét lớn.pdf"
    large.write_bytes(scan(4 * PART))
    page = visit("/", sub="cong-dan-1")
    find(page, "ten mien")
    fill_in(page, town)
    begun = broken_once(page)
    bring(page, large, "TP01", scripts=True)
    assert begun == [0, PART, PART, 2 * PART, 4 * PART]


def test_a_supplement_is_answered_over_a_broken_line_and_nothing_typed_is_lost(
    visit: Open, town: Town, tmp_path: Path
) -> None:
    large = tmp_path / "bản quét rõ.pdf"
    large.write_bytes(scan(4 * PART))
    story = begun_at_the_unit(town)
    items = [{"component": "TP01", "guidance": "Bản quét mờ."}, {"field": "purpose", "guidance": "Ghi rõ hơn."}]
    story.act("request_supplement", items=items, reason="Thiếu bản rõ")
    story.await_status("supplement_requested")
    page = visit(f"/ho-so/{story.code}/bo-sung", sub="cong-dan-1")
    begun = broken_once(page)
    page.locator(PURPOSE).fill("Giới thiệu sách cho trẻ em")
    bring(page, large, "TP01", scripts=True)
    assert begun == [0, PART, PART, 2 * PART, 4 * PART]
    expect(page.locator(PURPOSE)).to_have_value("Giới thiệu sách cho trẻ em")
    page.get_by_role("button", name="Tiếp tục: kiểm tra và gửi").click()
    expect(page.get_by_role("row", name=re.compile("Mục đích sử dụng"))).to_contain_text("Giới thiệu sách cho trẻ em")
    expect(page.get_by_role("main")).to_contain_text(large.name)
    page.get_by_role("button", name="Gửi bổ sung").click()
    expect(page.get_by_text(f"Đã gửi bổ sung cho hồ sơ {story.code}.")).to_be_visible()
    sent = story.dossier()
    assert sent["form"]["purpose"] == "Giới thiệu sách cho trẻ em"
    assert [one["filename"] for one in sent["documents"]].count(large.name) == 1


def test_a_payment_that_is_late_is_waited_for_and_shows_by_itself(visit: Open, town: Town, paper: Path) -> None:
    page = visit("/", sub="cong-dan-1")
    find(page, "ten mien")
    fill_in(page, town)
    for component in ("TP01", "TP02"):
        bring(page, paper, component, scripts=True)
    code = hand_in(page)
    eventually(lambda: town.ask(OFFICER, "intake.get", dossier_code=code)["status"] == "payment_required")
    page.goto(f"/ho-so/{code}/phi")
    page.get_by_role("button", name=re.compile(r"^Thanh toán [\d.]+")).click()
    page.wait_for_url("**/paymentv2/**")
    token, gateway = page.locator('[name="token"]').input_value(), "/".join(page.url.split("/")[:3])
    come_back(page, code, town)
    expect(page.get_by_role("heading", name="Đang chờ xác nhận của cổng thanh toán")).to_be_visible()
    paid = requests.post(
        f"{gateway}/paymentv2/pay", data={"token": token, "outcome": "00"}, timeout=30, allow_redirects=False
    )
    assert paid.status_code == 302
    expect(page.get_by_role("heading", name=re.compile("^Đã nhận"))).to_be_visible(timeout=60_000)


def broken_once(page: Page) -> list[int]:
    """Let the first part of a file through, and break the line amid the second; the offsets at which parts are sent."""
    begun: list[int] = []

    def cut(route: Route) -> None:
        if route.request.method == "PATCH":
            begun.append(int(route.request.headers["upload-offset"]))
            if len(begun) == 2:
                route.abort("connectionreset")
                return
        route.continue_()

    page.route("**/*", cut)
    return begun


def come_back(page: Page, code: str, town: Town) -> None:
    """With an address that says that all is paid, before the gateway has said anything."""
    order_id = town.ask(OFFICER, "payment.get_order", dossier_code=code)["order_id"]
    page.goto(f"/ho-so/{code}/phi/{order_id}/ket-qua?vnp_ResponseCode=00&vnp_TransactionStatus=00")
