"""Where things stand on a screen, over fakes."""

import pytest
from playwright.sync_api import FloatRect, Page

from tests.e2e.conftest import DESKTOP, PHONE, Opened
from tests.unit.portal.fakes import OFFICER
from tests.unit.portal.test_case_page import HERE, Papers

pytestmark = pytest.mark.servers  # none of these, but Chromium


def box(page: Page, heading: str) -> FloatRect:
    """Where the part under a heading stands."""
    found = page.locator(f'section[aria-labelledby="{heading}"]').bounding_box()
    assert found
    return found


def test_the_answers_and_a_paper_stand_side_by_side_where_there_is_room_for_both(opened: Opened) -> None:
    page = opened(Papers("application/pdf"), HERE, OFFICER, viewport=DESKTOP)
    answers, papers = box(page, "answers"), box(page, "documents")
    assert answers["y"] == papers["y"]
    assert answers["x"] + answers["width"] <= papers["x"]
    viewer = page.locator("iframe[name=paper]").bounding_box()
    assert viewer
    assert viewer["width"] > DESKTOP["width"] / 3
    page.set_viewport_size(PHONE)
    answers, papers = box(page, "answers"), box(page, "documents")
    assert answers["x"] == papers["x"]
    assert answers["y"] + answers["height"] <= papers["y"]
