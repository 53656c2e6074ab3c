"""Keys alone: a citizen hands in a dossier, an officer works it; where the focus is can be seen at every step."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from services.cli.demo.town import SYSTEM, Town
from tests.conftest import eventually
from tests.e2e.acts import CODE, OFFICER, PROCEDURE
from tests.e2e.conftest import Open
from tests.e2e.keyboard import Keys

pytestmark = pytest.mark.servers


def test_from_the_search_to_the_receipt_and_at_the_desk(visit: Open, town: Town, paper: Path) -> None:
    code = hand_in(visit("/", sub="cong-dan-1"), town, paper)
    eventually(lambda: town.ask(OFFICER, "routing.count_cases", unit="vnnic")["opened"])
    work(visit("/ban-lam-viec", sub="vnnic-1"), code)
    eventually(lambda: town.ask(OFFICER, "intake.get", dossier_code=code)["status"] == "supplement_requested")


def hand_in(page: Page, town: Town, paper: Path) -> str:
    """Find, fill in, bring the papers, submit."""
    keys = Keys(page)
    page.on("filechooser", lambda opened: opened.set_files(paper))
    keys.go_to(page.locator('input[type="search"]')).write("ten mien")
    keys.press("Enter")
    keys.go_to(page.get_by_role("link", name=re.compile("Đăng ký sử dụng tên miền"))).press("Enter")
    keys.go_to(page.locator("aside").get_by_role("link", name=re.compile("Nộp hồ sơ"))).press("Enter")
    for name, value in town.ask(SYSTEM, "intake.get_procedure", **PROCEDURE)["example"]["form"].items():
        control = page.locator(f'[name="form.{name}"]')
        control.first.wait_for(state="attached")
        if isinstance(value, bool) or control.first.evaluate("(one) => one.tagName") == "SELECT":
            keys.choose(control, str(value).lower())
        else:
            keys.go_to(control).write(value)
    keys.go_to(page.get_by_role("button", name="Lưu và tiếp tục")).press("Enter")
    for component in ("TP01", "TP02"):
        section = page.locator(f'[id="f-documents.{component}"]')
        keys.go_to(section.locator('input[type="file"]'))
        with page.expect_navigation():  # the page shows itself anew when the file has arrived
            keys.press("Enter")
        expect(section.locator("[data-files] li")).to_have_count(1)
    keys.go_to(page.get_by_role("link", name="Tiếp tục: kiểm tra và nộp")).press("Enter")
    keys.go_to(page.get_by_role("checkbox")).press("Space")
    keys.go_to(page.get_by_role("button", name="Nộp hồ sơ")).press("Enter")
    page.wait_for_url(CODE)
    found = CODE.search(page.url)
    assert found
    return found[1]


def work(page: Page, code: str) -> None:
    """Look it up in the queue, receive it, take it, ask for what is missing."""
    keys = Keys(page)
    keys.press("j")
    expect(page.locator("[data-open]").first).to_be_focused()
    keys.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    keys.write(code)
    keys.press("Enter")
    page.wait_for_url(f"**/{code}")
    keys.go_to(page.get_by_role("button", name="Tiếp nhận hồ sơ")).press("Enter")
    keys.go_to(page.locator("summary").filter(has_text="Yêu cầu bổ sung").first).press("Enter")
    keys.go_to(page.locator('textarea[name^="request_supplement"]').first).write("Bản khai chưa có chữ ký.")
    keys.go_to(page.locator('[name="request_supplement-reason"]')).write("Thiếu chữ ký")
    keys.go_to(page.get_by_role("button", name=re.compile("Gửi yêu cầu"))).press("Enter")
    expect(page.get_by_role("heading", name=re.compile("Yêu cầu bổ sung lần 1"))).to_be_visible()
