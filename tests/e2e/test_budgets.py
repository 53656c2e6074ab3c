"""What each main page may cost a phone: bytes, requests, scripts, elements; and nothing jumps. Counts, no times."""

import re
import time
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import pytest
from playwright.sync_api import Page, Route

from deploy.local.stack import Stack
from services.cli.demo.town import Town
from tests.e2e.conftest import PHONE, Open
from tests.e2e.every_page import SUBS
from tests.e2e.told import Told, tell

pytestmark = pytest.mark.servers


class Cost(NamedTuple):
    """Of one page that is opened for the first time."""

    kilobytes: float  # over the wire, with all that it loads
    requests: int
    scripts: int
    elements: int


BUDGET: Final = Cost(kilobytes=100, requests=10, scripts=4, elements=1500)
_MOST_SHIFT: Final = 0.01  # of the window: what nobody sees
_LATE_SECONDS: Final = 0.2
_SHIFT: Final = """() => new Promise((told) => {
    let sum = 0;
    new PerformanceObserver((list) => { for (const one of list.getEntries()) sum += one.value; })
        .observe({ type: "layout-shift", buffered: true });
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => told(sum))));
})"""


@pytest.fixture(scope="module")
def told(stack: Stack) -> Iterator[Told]:
    """Dossiers to look at."""
    town = Town(stack.env)
    yield tell(town)
    town.close()


def main_pages(told: Told) -> Iterator[tuple[str, str | None]]:
    """Their addresses, and who opens them."""
    citizen, officer = SUBS["citizen"], SUBS["officer"]
    for path in ("/", "/thu-tuc", "/thu-tuc/mic/dk-ten-mien-vn", "/tra-cuu"):
        yield path, None
    for path in ("", "/giay-to", "/kiem-tra"):
        yield f"/ban-nhap/{told.draft_id}{path}", citizen
    for path in ("/ho-so", f"/ho-so/{told.resolved}", f"/ho-so/{told.to_pay}/phi"):
        yield path, citizen
    yield from (("/ban-lam-viec", officer), (f"/ban-lam-viec/{told.handed_in}", officer))
    yield "/dieu-hanh", SUBS["operator"]


@pytest.mark.parametrize("sub", [None, SUBS["citizen"], SUBS["officer"], SUBS["operator"]])
def test_every_main_page_keeps_within_its_budget(visit: Open, told: Told, sub: str | None) -> None:
    page = visit("/", sub=sub, viewport=PHONE, service_workers="block")
    over = {}
    for path in (path for path, opened_by in main_pages(told) if opened_by == sub):
        cost, shift = cost_of(page, path)
        if shift > _MOST_SHIFT:  # by chance, where a busy browser has painted half; a page that jumps does so again
            shift = cost_of(page, path)[1]
        if any(spent > allowed for spent, allowed in zip(cost, BUDGET, strict=True)) or shift > _MOST_SHIFT:
            over[path] = cost, shift
    assert over == {}


@pytest.mark.parametrize("sub", [None, SUBS["citizen"], SUBS["officer"], SUBS["operator"]])
def test_nothing_jumps_when_scripts_come_late(visit: Open, told: Told, sub: str | None) -> None:
    page = visit("/", sub=sub, viewport=PHONE, service_workers="block")
    page.route(re.compile(r"[.]js[?]"), late)
    shifts = {
        path: cost_of(page, path)[1] for path in (path for path, opened_by in main_pages(told) if opened_by == sub)
    }
    assert {path: shift for path, shift in shifts.items() if shift > _MOST_SHIFT} == {}


def late(route: Route) -> None:
    """On a slow line a page is long there, and has been read, before its scripts are."""
    time.sleep(_LATE_SECONDS)
    route.continue_()


def cost_of(page: Page, path: str) -> tuple[Cost, float]:
    """What the page costs a browser that has nothing of it yet, and how far things moved on it while it came."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    asked: list[str] = []
    bytes_: list[float] = []

    def sent(told: Any) -> None:
        asked.append(told["type"])

    def finished(told: Any) -> None:
        bytes_.append(told["encodedDataLength"])

    session.on("Network.requestWillBeSent", sent)
    session.on("Network.loadingFinished", finished)
    page.goto(path, wait_until="networkidle")
    session.detach()
    assert sum(bytes_), "everything was there already"
    elements = page.evaluate("document.querySelectorAll('*').length")
    cost = Cost(sum(bytes_) / 1000, len(asked), asked.count("Script"), elements)
    return cost, page.evaluate(_SHIFT)
