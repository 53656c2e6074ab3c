"""Papers of a supplement in a browser, over fakes: they are waited for, and none is lost that no draft can keep."""

import re
from typing import Any, Final

import pytest
from playwright.sync_api import Locator, Page, expect

from services.chassis.errors import Refused
from tests.e2e.conftest import PATIENCE_MS, Opened, scan
from tests.e2e.test_scripts import PART, Parts
from tests.unit.portal.drafts import COMPONENT, PAGE
from tests.unit.portal.fakes import CITIZEN, FakeServices
from tests.unit.portal.test_handing_in import UPLOAD_ID
from tests.unit.portal.test_supplement import AT, asked

pytestmark = pytest.mark.servers  # none of these, but Chromium
NAME: Final = "bản quét rõ.pdf"
SCAN: Final = scan(PART + 9)  # comes in two parts
TOO_MANY: Final = Refused("intake.too_many_drafts", "Too many.", "Quá nhiều.")


def awaiting(**answers: Any) -> tuple[FakeServices, Parts]:
    """A dossier whose applicant is asked for a paper of up to 5 MB."""
    given, tickets = asked(**answers), Parts()
    given.answers["registry.get_procedure"] = {**PAGE, "components": [{**COMPONENT, "max_bytes": 5_000_000}]}
    given.tickets = tickets  # type: ignore[attr-defined]
    return given, tickets


def choose(page: Page) -> Locator:
    """The scan as the paper that is asked for; the place of that."""
    paper = page.locator('[id="f-documents.TP01"]')
    paper.locator('input[type="file"]').set_input_files({"name": NAME, "mimeType": "application/pdf", "buffer": SCAN})
    return paper


def test_a_form_that_is_sent_while_a_file_is_on_its_way_goes_out_once_it_is_here(opened: Opened) -> None:
    given, tickets = awaiting()
    page = opened(given, AT, CITIZEN)
    page.locator('[name="form.name"]').fill("Sách mới")
    expect(choose(page).locator("[data-sending] [data-state]")).to_have_text(
        re.compile(r"^9\d %$"), timeout=PATIENCE_MS
    )
    page.get_by_role("button", name="Tiếp tục: kiểm tra và gửi").click()
    assert page.locator("[data-sending] li").count() == 1
    tickets.may_go_on.set()
    expect(page.get_by_role("heading", name="Kiểm tra trước khi gửi bổ sung")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_role("row", name="Tên gọi")).to_contain_text("Sách mới")
    assert [one["upload_id"] for one in given.of("intake.save_draft")[-1]["documents"]] == [UPLOAD_ID]
    assert tickets.arrived == {UPLOAD_ID: SCAN}


def test_a_file_that_no_draft_can_keep_is_carried_by_the_page(opened: Opened) -> None:
    given, tickets = awaiting(intake__save_draft=TOO_MANY)
    tickets.may_go_on.set()
    page = opened(given, AT, CITIZEN)
    expect(choose(page).locator("[data-files] li")).to_have_text(f"Bỏ tệp {NAME}", timeout=PATIENCE_MS)
    page.get_by_role("button", name="Tiếp tục: kiểm tra và gửi").click()
    expect(page.get_by_role("heading", name="Kiểm tra trước khi gửi bổ sung")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_role("main")).to_contain_text(NAME)
    assert page.locator('input[name="paper"]').get_attribute("value") == f"TP01:{UPLOAD_ID}:{NAME}"
