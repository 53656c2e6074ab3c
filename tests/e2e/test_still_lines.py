"""A line on which nothing moves any more is as good as none: the page says so, loses nothing and goes on by itself."""

import re
from typing import Any, Final

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.e2e.conftest import Opened, scan
from tests.e2e.test_scripts import FORM, PAPERS, PART, brought, papers
from tests.unit.portal import answers as following
from tests.unit.portal import drafts, test_board
from tests.unit.portal.drafts import FakeDrafts
from tests.unit.portal.fakes import CITIZEN, OPERATOR, FakeServices

pytestmark = pytest.mark.servers  # none of these, but Chromium
KEPT: Final = "() => Object.keys(localStorage).filter((name) => name.startsWith('motcua.draft.')).length"
SHOWN_AGAIN: Final = "() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))"
ASKED: Final = "() => fetch('/health/live').then((one) => one.text())"  # scripts have heard what came before this


def at(opened: Opened, services: FakeServices, path: str, person: Any) -> Page:
    """A page whose clock is the test's."""
    page = opened(services, "about:blank", person)
    page.clock.install()
    page.goto(path)
    return page


def still(page: Page, address: str, method: str, nth: int = 1) -> list[Request]:
    """The `nth` request of that kind gets no answer, ever; all of them, as they are made."""
    asked: list[Request] = []

    def answer(route: Route) -> None:
        if route.request.method == method:
            asked.append(route.request)
        if route.request.method != method or len(asked) != nth:
            route.continue_()

    page.route(address, answer)
    return asked


def request_id(save: Request) -> str:
    """By which a save is known when it comes again."""
    found = re.search(r'name="request_id"\s+(\S+)', (save.post_data_buffer or b"").decode())
    assert found
    return found[1]


def test_a_part_that_does_not_move_is_sent_again_and_smaller(opened: Opened) -> None:
    asked, tickets, kept = papers()
    tickets.may_go_on.set()
    page, content = at(opened, asked, PAPERS, CITIZEN), scan(4 * PART)
    parts = still(page, "**/tai-len/**", "PATCH", nth=2)
    with page.expect_request(lambda one: one.headers.get("upload-offset") == str(PART)):
        page.locator('form[data-upload] input[type="file"]').set_input_files(
            {"name": "a.pdf", "mimeType": "application/pdf", "buffer": content}
        )
    state = page.locator("[data-sending] [data-state]")
    expect(state).to_have_text("24 %")
    page.clock.fast_forward("00:29")
    page.evaluate(ASKED)
    expect(state).to_have_text("24 %")
    page.clock.fast_forward("01:00")
    expect(state).to_have_text("Đường truyền bị gián đoạn; sẽ tự gửi tiếp.")
    expect(page.locator("[data-files] li")).to_have_count(1)  # on the page that shows itself anew, when all is there
    assert (brought(kept), list(tickets.arrived.values())) == (1, [content])
    begun = [int(one.headers["upload-offset"]) for one in parts[:4]]
    assert begun == [0, PART, PART, 2 * PART]


def test_a_save_that_does_not_move_leaves_what_was_typed_here_and_is_tried_again(opened: Opened) -> None:
    stored = FakeDrafts()
    page = at(opened, drafts.services(stored), FORM, CITIZEN)
    saves = still(page, "**/luu", "POST")
    page.locator('[name="form.name"]').fill("Sách hay")
    with page.expect_request("**/luu"):
        page.clock.fast_forward("00:03")
    page.locator('[name="form.name"]').fill("Sách rất hay")
    page.clock.fast_forward("00:25")
    expect(page.locator("[data-state]")).to_contain_text("đang được giữ trên thiết bị này")
    assert page.evaluate(KEPT) == 1
    page.clock.fast_forward("00:16")
    expect(page.locator("[data-state]")).to_contain_text("Đã lưu lúc")
    assert request_id(saves[0]) == request_id(saves[1]), "what may have arrived is sent as it was"
    with page.expect_response("**/luu"):
        page.clock.fast_forward("00:03")
    page.wait_for_function(f"({KEPT})() === 0")
    assert [one["form"]["name"] for one in stored.kept.values()] == ["Sách rất hay"]


def test_a_dossier_is_looked_at_again_after_a_look_that_does_not_move(opened: Opened) -> None:
    told = following.services()
    page = at(opened, told, f"/ho-so/{following.CODE}", CITIZEN)
    still(page, "**/hien-trang", "GET")
    with page.expect_request("**/hien-trang"):
        page.clock.fast_forward("00:03")
    told.answers["intake.get"] = following.accepted()
    for _ in range(2):
        page.clock.fast_forward("00:25")
        page.evaluate(ASKED)
    expect(page.locator("[data-poll]")).to_contain_text("Hồ sơ được tiếp nhận10 giờ 00")


def test_the_board_says_that_its_figures_are_old_when_nothing_moves(opened: Opened) -> None:
    page = at(opened, test_board.answers(), "/dieu-hanh/", OPERATOR)
    page.route("**/dieu-hanh/", lambda _route: None)
    with page.expect_request("**/dieu-hanh/"):
        page.clock.fast_forward("00:16")
    page.clock.fast_forward("00:31")
    expect(page.locator("[data-stale]")).to_contain_text("Chưa cập nhật được")


def test_how_long_a_session_lasts_is_asked_again_after_an_answer_that_does_not_come(opened: Opened) -> None:
    page = at(opened, following.services(), f"/ho-so/{following.CODE}", CITIZEN)
    address = page.locator("[data-session] form").get_attribute("action")
    still(page, f"**{address}", "GET")
    with page.expect_request(f"**{address}"):
        page.evaluate(SHOWN_AGAIN)
    page.clock.fast_forward("00:21")
    page.evaluate(ASKED)
    with page.expect_response(f"**{address}"):
        page.evaluate(SHOWN_AGAIN)
