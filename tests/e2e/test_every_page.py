"""Every page: nobody is kept out by how it is made; it fits a narrow screen; it works without scripts; it is light."""

from typing import Any, Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from deploy.local.stack import Stack
from services.cli.demo.town import Town
from tests.e2e.conftest import PHONE, Open
from tests.e2e.every_page import Opened, pages
from tests.e2e.told import tell

pytestmark = pytest.mark.servers
SUBJECTS: Final = sorted({opened.sub for opened in pages()}, key=str)
LARGEST_FIRST_PAGE: Final = 100_000  # bytes over the wire, with everything that it loads
WIDE: Final = """[...document.querySelectorAll("body *")]
    .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
    .map((one) => one.outerHTML.slice(0, 90)).slice(0, 8)"""
WCAG: Final = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}


@pytest.fixture(scope="module")
def axe() -> Axe:
    return Axe()


@pytest.fixture(scope="module")
def every_page(stack: Stack) -> list[Opened]:
    """All pages, those about dossiers among them."""
    town = Town(stack.env)
    told = sorted({*pages(), *tell(town).pages()}, key=str)
    town.close()
    return told


@pytest.fixture
def of(every_page: list[Opened], sub: str | None) -> list[str]:
    """The pages of one visitor, so that he signs in once."""
    return [opened.path for opened in every_page if opened.sub == sub]


def violations(axe: Axe, page: Page) -> list[str]:
    """What axe-core finds."""
    found: Any = axe.run(page, options=WCAG).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("sub", SUBJECTS)
def test_axe_finds_nothing_in_either_language(
    visit: Open, axe: Axe, sub: str | None, of: list[str], theme: str
) -> None:
    page = visit("/", sub=sub)
    wrong = {}
    for path in of:
        for language in ("vi", "en"):
            page.goto(f"{path}?lang={language}&theme={theme}")
            if found := violations(axe, page):
                wrong[path, language] = found
    assert not wrong


@pytest.mark.parametrize("sub", SUBJECTS)
def test_nothing_is_wider_than_a_narrow_phone(visit: Open, sub: str | None, of: list[str]) -> None:
    page = visit("/", sub=sub, viewport=PHONE)
    wide = {}
    for path in of:
        page.goto(path)
        if page.evaluate("document.documentElement.scrollWidth") > PHONE["width"]:
            wide[path] = page.evaluate(WIDE)
    assert not wide


@pytest.mark.parametrize("sub", SUBJECTS)
def test_every_page_has_its_content_without_scripts(visit: Open, sub: str | None, of: list[str]) -> None:
    page = visit("/", sub=sub, java_script_enabled=False)
    for path in of:
        page.goto(path)
        assert page.locator("h1").count() == 1, path
        assert page.locator("main").inner_text().strip(), path


@pytest.mark.parametrize("sub", SUBJECTS)
def test_no_page_says_that_something_broke(visit: Open, sub: str | None, of: list[str]) -> None:
    page = visit("/", sub=sub)
    broken = {path for path in of if (answer := page.goto(path)) is None or answer.status >= 500}
    assert not broken


def test_the_first_page_is_light(visit: Open) -> None:
    # another, and nothing is kept for it, so that what follows is counted from nothing
    page = visit("/phong-cach", service_workers="block")
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))
    page.goto("/", wait_until="networkidle")
    assert 0 < sum(sizes) < LARGEST_FIRST_PAGE
