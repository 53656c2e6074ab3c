"""A real Chromium, and people who sign in with it."""

import os
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from deploy.local.stack import Stack
from tests.e2e.over_fakes import served
from tests.unit.portal.fakes import FakeServices

PHONE: Final[ViewportSize] = {"width": 320, "height": 640}
DESKTOP: Final[ViewportSize] = {"width": 1280, "height": 800}
PATIENCE_MS: Final = 30_000
# A service worker that has a page keeps from `route` what the page asks.
ROUTED: Final[dict[str, Any]] = {"service_workers": "block"}
Open = Callable[..., Page]
Opened = Callable[..., Page]
# The first has no window at all: the same engine, as Playwright itself takes it where nobody looks on.
_NAMES: Final = ("chromium-headless-shell", "chromium", "chromium-browser")
_FAILED: Final = pytest.StashKey[bool]()


def browser_path() -> str:
    """Where Debian's Chromium is, or the one that was named."""
    path = os.environ.get("MOTCUA_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    assert path, "Chromium is missing. Type: deploy/local/setup.sh browser"
    return path


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browser_path(), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture
def portal(stack: Stack) -> str:
    """The address of the portal."""
    return stack.env["MOTCUA_PORTAL_URL"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that failed is known to have, so that its pages can say what they showed."""
    report = yield
    if report.when == "call":
        item.stash[_FAILED] = report.failed
    return report


@pytest.fixture
def visit(request: pytest.FixtureRequest, chromium: Browser, portal: str) -> Iterator[Open]:
    """A page in a browser of its own: `visit("/", sub="cong-dan-1", viewport=PHONE, javaScriptEnabled=False)`.

    No page of ours may have an error in its console; what a page asks of another host, its policy refuses there.
    """
    complaints: list[str] = []
    pages: list[Page] = []
    with ExitStack() as opened:

        def complain(page: Page, text: str) -> None:
            if page.url.startswith(portal):  # the provider's pages are not ours
                complaints.append(f"{page.url}: {text}")

        def visit(path: str = "/", *, sub: str | None = None, **options: Any) -> Page:
            context: BrowserContext = chromium.new_context(
                base_url=portal,
                **{"viewport": DESKTOP, "locale": "vi-VN", "reduced_motion": "reduce", **ROUTED, **options},
            )
            opened.callback(context.close)
            context.set_default_timeout(PATIENCE_MS)
            page = context.new_page()
            pages.append(page)
            page.on("pageerror", lambda error: complain(page, str(error)))
            page.on("console", lambda said: complain(page, said.text) if is_ours(said) else None)
            if sub is not None:
                sign_in(page, sub)
            page.goto(path)
            return page

        yield visit
        if request.node.stash.get(_FAILED, False):
            for page in pages:
                print(f"--- {page.url}\n{page.locator('body').inner_text()}")
    assert not complaints


@pytest.fixture
def opened(chromium: Browser) -> Iterator[Opened]:
    """A page of the portal over these services: `opened(services, "/ho-so", CITIZEN, script=…, viewport=PHONE)`."""
    complaints: list[str] = []
    with ExitStack() as until_then:

        def open_(services: FakeServices, path: str, person: Any = None, script: str = "", **options: Any) -> Page:
            there = until_then.enter_context(served(services, person))
            options = {"viewport": DESKTOP, "locale": "vi-VN", "reduced_motion": "reduce", **options}
            context = chromium.new_context(base_url=there.address, **ROUTED, **options)
            until_then.callback(context.close)
            context.set_default_timeout(PATIENCE_MS)
            context.add_cookies(there.cookies)
            page = context.new_page()
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", lambda said: complaints.append(said.text) if is_ours(said) else None)
            if script:
                page.add_init_script(script)
            page.goto(path)
            return page

        yield open_
    assert complaints == []


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    """A scan."""
    file = tmp_path / "bản khai.pdf"
    file.write_bytes(scan())
    return file


def scan(size: int = 0) -> bytes:
    """A whole PDF file, of at least so many bytes."""
    head = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    page = b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n"
    return head + page + b"%" + b"." * size + b"\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def is_ours(said: Any) -> bool:
    """An error that a page of ours made: refusals by status and broken lines are what is asked for here and there."""
    return said.type == "error" and "Failed to load resource" not in said.text


def sign_in(page: Page, sub: str) -> None:
    """At the provider: choose one of the people that the sandbox knows."""
    page.goto("/dang-nhap")
    page.locator(f'button[name="sub"][value="{sub}"]').click()
    page.wait_for_url("**/")


def saved(page: Page, folder: Path, name: str) -> None:
    """A picture of the whole page."""
    page.screenshot(path=folder / f"{name}.png", full_page=True)
