"""Where things stand on a screen, over fakes."""

import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import DESKTOP, PHONE, Opened
from tests.unit.portal.fakes import OFFICER
from tests.unit.portal.test_case_page import HERE, Papers

pytestmark = pytest.mark.servers  # none of these, but Chromium


# Both at one moment: the page may scroll between two questions.
_BOXES = """headings => headings.map(one =>
  document.querySelector(`section[aria-labelledby="${one}"]`).getBoundingClientRect().toJSON())"""


def boxes(page: Page, *headings: str) -> list[dict[str, float]]:
    """Where the parts under these headings stand."""
    found: list[dict[str, float]] = page.evaluate(_BOXES, list(headings))
    return found


def test_the_answers_and_a_paper_stand_side_by_side_where_there_is_room_for_both(opened: Opened) -> None:
    page = opened(Papers("application/pdf"), HERE, OFFICER, viewport=DESKTOP)
    answers, papers = boxes(page, "answers", "documents")
    assert answers["y"] == papers["y"]
    assert answers["x"] + answers["width"] <= papers["x"]
    viewer = page.locator("iframe[name=paper]").bounding_box()
    assert viewer
    assert viewer["width"] > DESKTOP["width"] / 3
    page.set_viewport_size(PHONE)
    answers, papers = boxes(page, "answers", "documents")
    assert answers["x"] == papers["x"]
    assert answers["y"] + answers["height"] <= papers["y"]
