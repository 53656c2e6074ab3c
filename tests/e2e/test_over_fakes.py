"""Pages that stand at no address, or that hardly any dossier comes to, keep nobody out either.

axe-core, both languages, both themes, a narrow phone, scripts off: over fakes, without any server.
"""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import PHONE
from tests.e2e.over_fakes import Answer, show
from tests.e2e.refused import REFUSED
from tests.e2e.seldom import SELDOM, Seldom
from tests.e2e.test_every_page import COLOURS, UNFOLD, WIDE, violations

pytestmark = pytest.mark.servers  # none of these, but Chromium
ANSWERS: Final[dict[str, Answer | Seldom]] = {**REFUSED, **SELDOM}
CHOSEN: Final = "(theme) => { document.documentElement.dataset.theme = theme; }"  # as the portal says it of a choice


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    """A narrow phone."""
    size: Any = PHONE
    page = chromium.new_page(reduced_motion="reduce", viewport=size, service_workers="block")
    yield page
    page.close()


@pytest.fixture(scope="module")
def plain(chromium: Browser) -> Iterator[Page]:
    """One that runs no scripts."""
    page = chromium.new_page(java_script_enabled=False)
    yield page
    page.close()


@pytest.mark.parametrize("name", ANSWERS)
def test_axe_finds_nothing_and_nothing_is_too_wide(page: Page, name: str) -> None:
    wrong = {}
    for language in ("vi", "en"):
        browser, answer = ANSWERS[name].ask(f"?lang={language}&theme=light")
        assert answer.status_code == ANSWERS[name].status
        show(page, browser, answer)
        page.evaluate(UNFOLD)
        assert page.locator("h1").count() == 1
        wrong[language, "light"] = violations(page) + page.evaluate(WIDE)
        page.evaluate(CHOSEN, "dark")
        wrong[language, "dark"] = violations(page, COLOURS)
    assert {how: found for how, found in wrong.items() if found} == {}


@pytest.mark.parametrize("name", SELDOM)
def test_without_scripts_it_is_all_there(plain: Page, name: str) -> None:
    browser, answer = SELDOM[name].ask("")
    show(plain, browser, answer)
    for said in SELDOM[name].says:
        assert plain.locator("main").get_by_text(said).locator("visible=true").count(), said
