"""Pages that answer with an error keep nobody out either: axe-core, both languages, both themes, a narrow phone."""

from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, Route
from werkzeug.test import TestResponse

from tests.e2e.conftest import PHONE
from tests.e2e.refused import ANSWERS
from tests.e2e.test_every_page import WIDE, violations

pytestmark = pytest.mark.servers  # none of these, but Chromium
ADDRESS: Final = "http://localhost/"
CHOICES: Final = ("?lang=vi&theme=light", "?lang=en&theme=dark")  # each language and each theme once


@pytest.mark.parametrize("name", ANSWERS)
def test_axe_finds_nothing_on_what_was_refused(chromium: Browser, name: str) -> None:
    axe, wrong = Axe(), {}
    page = chromium.new_page(reduced_motion="reduce", viewport={"width": PHONE["width"], "height": PHONE["height"]})
    try:
        for choice in CHOICES:
            browser, answer = ANSWERS[name].ask(choice)
            assert answer.status_code == ANSWERS[name].status
            show(page, browser, answer)
            found: list[Any] = violations(axe, page)
            if page.evaluate("document.documentElement.scrollWidth") > PHONE["width"]:
                found += page.evaluate(WIDE)
            if found or page.locator("h1").count() != 1:
                wrong[choice] = found
    finally:
        page.close()
    assert wrong == {}


def show(page: Page, browser: FlaskClient, answer: TestResponse) -> None:
    """The answer in a real browser, with the files that it names."""

    def fulfil(route: Route) -> None:
        asked = urlsplit(route.request.url)
        told = answer if asked.path == "/" else browser.get(f"{asked.path}?{asked.query}")
        headers = {name: value for name, value in told.headers.items() if name not in {"Set-Cookie", "Refresh"}}
        route.fulfill(status=told.status_code, headers=headers, body=told.data)

    page.unroute_all()
    page.route("**/*", fulfil)
    page.goto(ADDRESS)
