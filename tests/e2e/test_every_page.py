"""Every page: nobody is kept out by how it is made; it fits a narrow screen; it works without scripts; it is light."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urljoin

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from deploy.local.stack import Stack
from services.cli.demo.town import Town
from tests.e2e.conftest import DESKTOP, PHONE, Open
from tests.e2e.every_page import NOT_THERE, Opened, pages
from tests.e2e.told import tell

pytestmark = pytest.mark.servers
SUBJECTS: Final = sorted({opened.sub for opened in pages()}, key=str)
LARGEST_FIRST_PAGE: Final = 100_000  # bytes over the wire, with everything that it loads
UNFOLD: Final = "document.querySelectorAll('details').forEach((one) => { one.open = true; })"  # axe sees what is shown
WIDE: Final = """document.documentElement.scrollWidth <= innerWidth ? [] : ["too wide", ...
    [...document.querySelectorAll("body *")]
    .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
    .map((one) => one.outerHTML.slice(0, 90)).slice(0, 8)]"""
WCAG: Final = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    "resultTypes": ["violations"],  # of all else that it looks at, it need tell nothing
}
COLOURS: Final = {**WCAG, "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
AXE: Final = """async (options) => (await axe.run(document, options)).violations
    .map((one) => one.id + ": " + one.nodes[0].html.slice(0, 120))"""


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


def opened(page: Page, path: str, choice: str = "") -> None:
    """Go to a page, and unfold it: it is that very page, neither an error nor the way to sign in."""
    address = urljoin(page.url, path + choice)
    answer = page.goto(address)
    assert answer is not None
    assert (answer.status, page.url) == (404 if path == NOT_THERE else 200, address)
    page.evaluate(UNFOLD)


def violations(page: Page, rules: Mapping[str, Any] = WCAG) -> list[str]:
    """What axe-core finds; a page is given it once. In another theme the rules of `COLOURS` alone may find more."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[str] = page.evaluate(AXE, rules)
    return found


@pytest.mark.timeout(600)  # every page of somebody, in four ways
@pytest.mark.parametrize("sub", SUBJECTS)
def test_axe_finds_nothing_and_nothing_is_wider_than_a_narrow_phone(
    visit: Open, sub: str | None, of: list[str]
) -> None:
    page = visit("/", sub=sub)
    wrong = {}
    for path in of:
        for language in ("vi", "en"):
            opened(page, path, f"?lang={language}")
            wrong[path, language, "light"] = violations(page)
            page.emulate_media(color_scheme="dark")
            wrong[path, language, "dark"] = violations(page, COLOURS)
            page.set_viewport_size(PHONE)
            wrong[path, language, "phone"] = page.evaluate(WIDE)
            page.set_viewport_size(DESKTOP)
            page.emulate_media(color_scheme="light")
    assert {where: found for where, found in wrong.items() if found} == {}


@pytest.mark.parametrize("sub", SUBJECTS)
def test_every_page_has_its_content_without_scripts(visit: Open, sub: str | None, of: list[str]) -> None:
    page = visit("/", sub=sub, java_script_enabled=False)
    for path in of:
        opened(page, path)
        assert page.locator("h1").count() == 1, path
        assert page.locator("main").inner_text().strip(), path


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
