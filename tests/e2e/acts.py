"""What people do on the pages: find a service, fill in its form, bring papers, hand in, pay, work a case."""

import re
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Locator, Page, expect

from services.cli.demo.town import SYSTEM, Town
from tests.conftest import eventually
from tests.e2e.conftest import PATIENCE_MS

PROCEDURE: Final = {"tenant": "mic", "key": "dk-ten-mien-vn"}
NAME: Final = "Đăng ký sử dụng tên miền"
CODE: Final = re.compile(r"/ho-so/([0-9A-Z.]+-\d{6}-\d{4,})")
OFFICER: Final = {"kind": "officer", "id": "vnnic-1", "unit": "vnnic"}


def find(page: Page, words: str, name: str = NAME) -> None:
    """By the search of the first page to the form."""
    page.goto("/")
    page.locator('input[type="search"]').fill(words)
    page.get_by_role("button", name="Tìm", exact=True).click()
    page.get_by_role("link", name=re.compile(name)).click()
    page.locator("aside").get_by_role("link", name=re.compile("Nộp hồ sơ|Kê khai|Bắt đầu")).click()


def fill_in(page: Page, town: Town) -> None:
    """As the catalogue's example says; a mistake is shown beside its field, and nothing typed is lost by it."""
    form = answer_all(page, town, PROCEDURE)
    page.locator('[name="form.years"]').fill("99")
    go_on = page.get_by_role("button", name="Lưu và tiếp tục")
    go_on.click()
    expect(page.locator(".is-wrong").filter(has=page.locator('[name="form.years"]'))).to_be_visible()
    expect(page.locator('[name="form.label"]')).to_have_value(form["label"])
    page.locator('[name="form.years"]').fill(str(form["years"]))
    go_on.click()
    page.wait_for_url("**/giay-to")


def answer_all(page: Page, town: Town, procedure: dict[str, str]) -> dict[str, Any]:
    """The questions about the matter, as the catalogue's example answers them."""
    form: dict[str, Any] = town.ask(SYSTEM, "intake.get_procedure", **procedure)["example"]["form"]
    for name, value in form.items():
        answer(page, f"form.{name}", value)
    return form


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
    eventually(lambda: town.ask(OFFICER, "intake.get", dossier_code=code)["status"] == "payment_required")
    page.goto(f"/ho-so/{code}")
    page.get_by_role("link", name=re.compile("^Nộp phí|^Thanh toán|^Nộp ")).first.click()
    page.get_by_role("button", name=re.compile(r"^Thanh toán [\d.]+")).click()
    page.wait_for_url("**/paymentv2/**")  # by itself, after a moment
    page.locator("button").filter(has_text="Thanh toán").first.click()
    page.wait_for_url("**/ho-so/**")
    eventually(lambda: town.ask(OFFICER, "payment.get_order", dossier_code=code)["status"] == "paid")


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
        result = town.ask(OFFICER, "intake.get", dossier_code=code)["result"]
        return result and result["number"]

    return str(eventually(number))
