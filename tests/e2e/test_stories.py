"""A citizen on a phone takes a level-4 service from search to licence, an officer works it: scripts on and off."""

import re
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Locator, Page, expect

from services.cli.demo.town import SYSTEM, Town
from tests.conftest import eventually
from tests.e2e.conftest import DESKTOP, PHONE, Open

pytestmark = pytest.mark.servers
PROCEDURE: Final = {"tenant": "mic", "key": "dk-ten-mien-vn"}
PDF: Final = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)
CODE: Final = re.compile(r"/ho-so/([0-9A-Z.]+-\d{6}-\d{4,})")
PATIENCE_MS: Final = 30_000


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    """A scan."""
    file = tmp_path / "bản khai.pdf"
    file.write_bytes(PDF)
    return file


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_from_the_search_to_the_licence(visit: Open, town: Town, paper: Path, scripts: bool) -> None:
    phone = visit("/", sub="cong-dan-1", viewport=PHONE, java_script_enabled=scripts)
    find(phone, "ten mien")
    fill_in(phone, town)
    bring(phone, paper, "TP01", scripts=scripts)
    bring(phone, paper, "TP02", scripts=scripts)
    code = hand_in(phone)
    pay(phone, code, town)
    work(visit("/", sub="vnnic-1", viewport=DESKTOP, java_script_enabled=scripts), code)
    number = await_result(town, code)
    phone.goto(f"/ho-so/{code}")
    expect(phone.locator("main")).to_contain_text("đã xử lý xong")
    expect(phone.locator("main")).to_contain_text(number)
    stranger = visit(f"/kiem-tra/ten-mien-vn/{number}", java_script_enabled=scripts)
    expect(stranger.locator("main")).not_to_contain_text("Nguyễn Thị Mẫu")
    assert visit(f"/ho-so/{code}", sub="cong-dan-2").locator("h1").inner_text() == "Không tìm thấy"


def find(page: Page, words: str) -> None:
    """By the search of the first page to the form."""
    page.goto("/")
    page.locator('input[type="search"]').fill(words)
    page.get_by_role("button", name="Tìm", exact=True).click()
    page.get_by_role("link", name=re.compile("Đăng ký sử dụng tên miền")).click()
    page.locator("aside").get_by_role("link", name=re.compile("Nộp hồ sơ|Kê khai|Bắt đầu")).click()


def fill_in(page: Page, town: Town) -> None:
    """As the catalogue's example says; a mistake is shown beside its field, and nothing typed is lost by it."""
    form = town.ask(SYSTEM, "intake.get_procedure", **PROCEDURE)["example"]["form"]
    for name, value in form.items():
        answer(page, f"form.{name}", value)
    page.locator('[name="form.years"]').fill("99")
    go_on = page.get_by_role("button", name="Lưu và tiếp tục")
    go_on.click()
    expect(page.locator(".is-wrong").filter(has=page.locator('[name="form.years"]'))).to_be_visible()
    expect(page.locator('[name="form.label"]')).to_have_value(form["label"])
    page.locator('[name="form.years"]').fill(str(form["years"]))
    go_on.click()
    page.wait_for_url("**/giay-to")


def answer(page: Page, name: str, value: Any) -> None:
    """One question, whatever it is asked with."""
    control: Locator = page.locator(f'[name="{name}"]')
    kind = control.first.evaluate("(one) => one.tagName + ':' + (one.type || '')")
    said = str(value).lower() if isinstance(value, bool) else str(value)
    if kind == "INPUT:radio":
        page.locator(f'[name="{name}"][value="{said}"]').check()
    elif kind.startswith("SELECT"):
        control.select_option(said)
    else:
        control.fill(said)


def bring(page: Page, paper: Path, component: str, *, scripts: bool) -> None:
    """A scan of a paper."""
    section = page.locator(f'[id="f-documents.{component}"]')
    section.locator('input[type="file"]').set_input_files(paper)
    if not scripts:
        section.get_by_role("button", name="Tải lên").click()
    expect(page.locator(f'[id="f-documents.{component}"] [data-files] li')).to_have_count(1, timeout=PATIENCE_MS)


def hand_in(page: Page) -> str:
    """Read it over, declare it to be true, submit; the code."""
    page.get_by_role("link", name="Tiếp tục: kiểm tra và nộp").click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Nộp hồ sơ").click()
    page.wait_for_url(CODE)
    found = CODE.search(page.url)
    assert found
    return found[1]


def pay(page: Page, code: str, town: Town) -> None:
    """At the gateway, as soon as the fee is there; the page tells the truth whatever the browser brings back."""
    officer = {"kind": "officer", "id": "vnnic-1", "unit": "vnnic"}
    eventually(lambda: town.ask(officer, "intake.get", dossier_code=code)["status"] == "payment_required")
    page.goto(f"/ho-so/{code}")
    page.get_by_role("link", name=re.compile("^Nộp phí|^Thanh toán|^Nộp ")).first.click()
    page.get_by_role("button", name=re.compile(r"^Thanh toán [\d.]+")).click()
    page.wait_for_url("**/paymentv2/**")  # by itself, after a moment
    page.locator("button").filter(has_text="Thanh toán").first.click()
    page.wait_for_url("**/ho-so/**")
    eventually(lambda: town.ask(officer, "payment.get_order", dossier_code=code)["status"] == "paid")


def work(page: Page, code: str) -> None:
    """The officer receives it, takes it, and grants."""
    page.goto(f"/ban-lam-viec/{code}")
    do(page, "Tiếp nhận hồ sơ")
    do(page, "Nhận về mình")
    unfold(page, page.locator('[name="decide-outcome"]')).select_option("granted")
    do(page, "Ghi quyết định")


def do(page: Page, name: str) -> None:
    """Press a button, which may be folded away."""
    unfold(page, page.get_by_role("button", name=name, exact=True, include_hidden=True).first).click()


def unfold(page: Page, inside: Locator) -> Locator:
    """The same, where it can be seen."""
    inside.wait_for(state="attached")
    folded = page.locator("details:not([open])").filter(has=inside)
    if folded.count():
        folded.first.locator("summary").first.click()
    return inside


def await_result(town: Town, code: str) -> str:
    """The number of the licence, once it is there."""

    def number() -> Any:
        result = town.ask({"kind": "officer", "id": "vnnic-1", "unit": "vnnic"}, "intake.get", dossier_code=code)[
            "result"
        ]
        return result and result["number"]

    return str(eventually(number))
