"""What is said of the end of a session, and how it is let go on."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import time_machine
from flask.testing import FlaskClient

from tests.unit.portal.fakes import CITIZEN, FakeServices, app, catalogue, procedure, visit

START: Final = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)  # 08:00 in Vietnam
IDLE: Final = timedelta(minutes=30)


def signed_in() -> FlaskClient:
    return visit(FakeServices(catalogue(procedure())), CITIZEN)


def told(browser: FlaskClient) -> Any:
    return browser.get("/phien").json


def gone_on(browser: FlaskClient) -> Any:
    return browser.post("/phien").json


def test_each_page_of_who_signed_in_says_without_scripts_when_the_session_ends() -> None:
    with time_machine.travel(START, tick=False):
        browser = signed_in()
        assert "Phiên đăng nhập kết thúc lúc 08 giờ 30 nếu bạn không" in browser.get("/").text
        assert "Your session ends at 08:30 unless you" in browser.get("/?lang=en").text
        anonymous = visit(FakeServices(catalogue(procedure()))).get("/").text
    assert "Phiên đăng nhập" not in anonymous
    assert "session.js" not in anonymous


def test_what_the_script_needs_stands_in_the_page() -> None:
    with time_machine.travel(START, tick=False):
        page = signed_in().get("/").text
    assert re.search(r'data-session data-seconds="1800" data-warn="300"', page)
    assert '<p role="status"></p>' in page
    assert re.search(r'<form method="post" action="/phien" hidden>.*Tiếp tục đăng nhập', page)


def test_to_ask_how_long_it_lasts_lets_nothing_go_on() -> None:
    with time_machine.travel(START, tick=False) as clock:
        browser = signed_in()
        clock.shift(timedelta(minutes=26))
        assert told(browser) == {
            "seconds": 240,
            "is_last": False,
            "say": "Phiên đăng nhập sẽ kết thúc lúc 08 giờ 30 nếu bạn không tiếp tục.",
            "foot": "Phiên đăng nhập kết thúc lúc 08 giờ 30 nếu bạn không mở hay lưu trang nào.",
        }
        clock.shift(timedelta(minutes=5))
        answer = browser.get("/phien")
        assert (answer.status_code, answer.json) == (401, {"seconds": 0})


def test_who_wants_to_stay_signed_in_does() -> None:
    with time_machine.travel(START, tick=False) as clock:
        browser = signed_in()
        clock.shift(timedelta(minutes=29))
        assert gone_on(browser)["seconds"] == IDLE.total_seconds()
        clock.shift(timedelta(minutes=29))
        assert told(browser)["seconds"] == 60
        clock.shift(timedelta(minutes=2))
        assert browser.post("/phien").status_code == 401


def test_a_session_that_cannot_go_on_says_so() -> None:
    with time_machine.travel(START, tick=False) as clock:
        browser = signed_in()
        for _ in range(28):
            clock.shift(timedelta(minutes=25))
            browser.get("/thu-tuc/")
        clock.shift(timedelta(minutes=19))
        last = gone_on(browser)
        assert (last["seconds"], last["is_last"]) == (60, True)
        assert "không kéo dài được nữa" in last["say"]
        assert "Phiên đăng nhập kết thúc lúc 20 giờ 00." in browser.get("/").text


def test_of_a_short_session_the_last_third_is_told_beforehand() -> None:
    browser = app(FakeServices(catalogue(procedure())))
    sessions: Any = browser.session_interface
    sessions._idle = timedelta(minutes=3)  # noqa: SLF001 – a ministry may set it
    client = browser.test_client()
    with client.session_transaction() as session:
        session["person"] = CITIZEN.kept()
    assert 'data-warn="60"' in client.get("/").text


def test_nobody_keeps_a_session_going_from_elsewhere() -> None:
    made = app(FakeServices(catalogue(procedure())))
    made.config["WTF_CSRF_ENABLED"] = True
    browser = made.test_client()
    with browser.session_transaction() as session:
        session["person"] = CITIZEN.kept()
    assert browser.post("/phien").status_code == 400
