"""What a page puts on paper, over fakes: what stands in its forms, typed or not, and nothing that is only operated."""

from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Opened
from tests.unit.portal import cases, drafts
from tests.unit.portal.fakes import CITIZEN, OFFICER

pytestmark = pytest.mark.servers  # none of these, but Chromium
OPERATED: Final = "header, footer, button, .button, [type=search], [type=file]"


def printed(page: Page) -> Page:
    """The same as a printer sees it, where nothing is left to be pressed."""
    page.emulate_media(media="print")
    assert page.locator(OPERATED).locator("visible=true").evaluate_all("(all) => all.map((one) => one.outerHTML)") == []
    return page


def test_a_queue_is_printed_with_its_rows_and_a_form_with_what_was_typed(opened: Opened) -> None:
    queue = printed(opened(cases.at_work(), "/ban-lam-viec", OFFICER))
    expect(queue.get_by_role("row").filter(has_text=cases.CODE)).to_be_visible()
    form = opened(drafts.services(drafts.FakeDrafts()), "/nop-ho-so/mic/dk-ten-mien-vn", CITIZEN)
    form.locator('[name="form.name"]').fill("Sách hay")
    name = printed(form).get_by_label("Tên gọi")
    expect(name).to_be_visible()
    expect(name).to_have_value("Sách hay")
