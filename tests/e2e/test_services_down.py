"""The broker goes, then intake's own door too, while somebody fills in a form.

It is saved as long as one of them is there, stays in the page when none is, and is saved when they are back.
"""

from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from deploy.local.stack import Stack
from services.cli.demo.town import Town
from tests.e2e.acts import find
from tests.e2e.conftest import PATIENCE_MS, PHONE, Open
from tests.e2e.told import CITIZEN

pytestmark = pytest.mark.servers
LABEL, PURPOSE = '[name="form.label"]', '[name="form.purpose"]'
AWAY: Final = ("rabbitmq", "intake-http")


@pytest.fixture
def ending(stack: Stack) -> Iterator[Stack]:
    """A system of which parts are stopped; everything runs again afterwards."""
    yield stack
    for program in AWAY:
        stack.start(program)
    stack.wait_ready()


def test_what_is_typed_outlives_the_broker_and_intake(visit: Open, ending: Stack, town: Town) -> None:
    page = visit("/", sub="cong-dan-1", viewport=PHONE, java_script_enabled=False)
    officer = visit("/ban-lam-viec", sub="vnnic-1")
    find(page, "ten mien")
    page.locator(LABEL).fill("khi-con-du")

    ending.stop("rabbitmq")
    page.locator(PURPOSE).fill("Viết khi không có hàng đợi")
    save(page)
    expect(page.locator(".notice.good")).to_contain_text("Đã lưu bản nháp lúc")
    draft = page.url
    answer = officer.goto("/ban-lam-viec")
    assert answer
    assert (answer.status, answer.headers["retry-after"]) == (503, "10")

    ending.stop("intake-http")
    page.locator(PURPOSE).fill("Viết khi không có gì")
    with page.expect_response(draft) as answered:
        save(page)
    assert answered.value.status == 503
    expect(page.get_by_role("alert")).to_contain_text("nội dung bạn nhập vẫn còn nguyên trong trang này")
    expect(page.locator(LABEL)).to_have_value("khi-con-du")
    expect(page.locator(PURPOSE)).to_have_value("Viết khi không có gì")

    for program in AWAY:
        ending.start(program)
    ending.wait_ready()
    save(page)
    expect(page.locator(".notice.good")).to_contain_text("Đã lưu bản nháp lúc")
    page.goto(draft)
    expect(page.locator(PURPOSE)).to_have_value("Viết khi không có gì")
    kept = town.ask(CITIZEN, "intake.get_draft", draft_id=draft.rpartition("/")[2])
    assert (kept["form"]["label"], kept["form"]["purpose"]) == ("khi-con-du", "Viết khi không có gì")
    # it asks again by itself, every ten seconds
    expect(officer.get_by_role("heading", name="Bàn làm việc")).to_be_visible(timeout=PATIENCE_MS)


def save(page: Page) -> None:
    page.get_by_role("button", name="Lưu nháp").locator("visible=true").click()
