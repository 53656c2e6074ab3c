"""Sessions: what a browser may know, and when they end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask, request, session
from flask.testing import FlaskClient

from services.portal.renaming import OVERLAP, RENAME_AFTER
from services.portal.sessions import COOKIE, Sessions
from tests.unit.portal.fakes import SECRET, FakeCollection

IDLE, LONGEST = timedelta(minutes=30), timedelta(hours=12)
START = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)


@pytest.fixture
def kept() -> FakeCollection:
    return FakeCollection()


@pytest.fixture
def app(kept: FakeCollection) -> Flask:
    app = Flask(__name__)
    app.testing = True
    app.session_interface = Sessions(kept, SECRET, idle=IDLE, longest=LONGEST)
    app.add_url_rule("/see", "see", lambda: session.get("number", "nothing"))
    app.add_url_rule("/public", "public", lambda: "public")

    @app.route("/set/<value>")
    def put(value: str) -> str:
        session["number"] = value
        return value

    @app.route("/renew/<value>")
    def renew(value: str) -> str:
        session.renew()  # type: ignore[attr-defined]
        session["number"] = value
        return value

    @app.route("/end")
    def end() -> str:
        session.clear()
        return ""

    return app


def test_a_public_page_makes_no_session(app: Flask, kept: FakeCollection) -> None:
    assert "Set-Cookie" not in app.test_client().get("/public").headers
    assert not kept.documents


def test_the_cookie_holds_a_name_and_nothing_that_is_known(app: Flask) -> None:
    cookie = app.test_client().get("/set/001801000001").headers["Set-Cookie"]
    assert "001801000001" not in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_what_was_put_in_is_there_again(app: Flask) -> None:
    browser = app.test_client()
    browser.get("/set/7")
    assert browser.get("/see").text == "7"
    assert app.test_client().get("/see").text == "nothing"


def test_a_name_that_we_did_not_sign_opens_nothing(app: Flask, kept: FakeCollection) -> None:
    app.test_client().get("/set/7")
    stranger = app.test_client()
    stranger.set_cookie(COOKIE, f"{next(iter(kept.documents))}.forged")
    assert stranger.get("/see").text == "nothing"


def test_after_signing_in_the_old_name_is_worth_nothing(app: Flask) -> None:
    browser, thief = app.test_client(), app.test_client()
    browser.get("/set/before")
    stolen = browser.get_cookie(COOKIE)
    assert stolen is not None
    thief.set_cookie(COOKIE, stolen.value)
    browser.get("/renew/after")
    assert browser.get("/see").text == "after"
    assert thief.get("/see").text == "nothing"


def test_a_session_ends_some_time_after_the_last_visit(app: Flask) -> None:
    browser = app.test_client()
    with time_machine.travel(START, tick=False) as clock:
        browser.get("/set/7")
        clock.shift(IDLE - timedelta(minutes=1))
        assert browser.get("/see").text == "7"
        clock.shift(IDLE - timedelta(minutes=1))
        assert browser.get("/see").text == "7"
        clock.shift(IDLE + timedelta(minutes=1))
        assert browser.get("/see").text == "nothing"


def test_a_session_ends_at_last_however_often_it_is_used(app: Flask) -> None:
    browser = app.test_client()
    with time_machine.travel(START, tick=False) as clock:
        browser.get("/set/7")
        for _ in range(int(LONGEST / timedelta(minutes=20))):
            clock.shift(timedelta(minutes=20))
            last = browser.get("/see").text
        assert last == "nothing"


def test_an_emptied_session_is_gone(app: Flask, kept: FakeCollection) -> None:
    browser = app.test_client()
    browser.get("/set/7")
    browser.get("/end")
    assert not kept.documents
    assert browser.get_cookie(COOKIE) is None


def test_what_was_under_way_when_somebody_signed_out_brings_nothing_back(app: Flask, kept: FakeCollection) -> None:
    @app.route("/slow")
    def slow() -> str:
        session["number"] = "late"
        kept.documents.clear()  # meanwhile, by another request
        return ""

    browser = app.test_client()
    browser.get("/set/7")
    assert "Set-Cookie" not in browser.get("/slow").headers
    assert not kept.documents


def test_over_https_no_other_host_can_name_a_session(app: Flask) -> None:
    app.config["SESSION_COOKIE_SECURE"] = True
    cookie = app.test_client().get("/set/7").headers["Set-Cookie"]
    assert cookie.startswith(f"__Host-{COOKIE}=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


def held(browser: FlaskClient) -> str:
    """The cookie that a browser has."""
    cookie = browser.get_cookie(COOKIE)
    assert cookie is not None
    return str(cookie.value)


def with_cookie(app: Flask, value: str) -> FlaskClient:
    browser = app.test_client()
    browser.set_cookie(COOKIE, value)
    return browser


def test_a_session_gets_another_name_while_it_lasts_and_keeps_what_it_has(app: Flask, kept: FakeCollection) -> None:
    browser = app.test_client()
    with time_machine.travel(START, tick=False) as clock:
        browser.get("/set/7")
        first = held(browser)
        clock.shift(RENAME_AFTER - timedelta(seconds=1))
        browser.get("/see")
        assert held(browser) == first
        clock.shift(timedelta(minutes=2))
        assert browser.get("/see").text == "7"
        assert held(browser) != first
        assert len(kept.documents) == 1


def test_the_old_name_opens_nothing_once_the_new_one_has_come_and_some_minutes_passed(app: Flask) -> None:
    browser = app.test_client()
    with time_machine.travel(START, tick=False) as clock:
        old = offered_another(browser, clock)
        clock.shift(timedelta(minutes=2))
        browser.get("/see")  # the browser comes with the new name
        clock.shift(OVERLAP - timedelta(seconds=1))
        late = with_cookie(app, old)
        assert late.get("/see").text == "7"
        assert held(late) == old  # a thief of the old name gets no new one
        clock.shift(timedelta(seconds=2))
        assert with_cookie(app, old).get("/see").text == "nothing"
        assert browser.get("/see").text == "7"


def test_an_answer_that_gets_lost_costs_nobody_his_session(app: Flask) -> None:
    browser = app.test_client()
    with time_machine.travel(START, tick=False) as clock:
        old = offered_another(browser, clock)
        offered = held(browser)
        clock.shift(IDLE - timedelta(minutes=1))
        offline = with_cookie(app, old)  # it never heard of the new name
        assert offline.get("/see").text == "7"
        assert held(offline) == offered


def test_of_two_that_come_at_once_both_keep_the_session_and_agree_on_its_name(app: Flask) -> None:
    names: list[str] = []

    @app.route("/together")
    def together() -> str:
        if not names:
            names.append(held(with_answer(app, request.cookies[COOKIE])))
        return str(session["number"])

    browser = app.test_client()
    with time_machine.travel(START, tick=False) as clock:
        browser.get("/set/7")
        old = held(browser)
        clock.shift(RENAME_AFTER)
        session_read_first = browser.get("/together")
        assert session_read_first.text == "7"
        clock.shift(timedelta(minutes=2))
        assert browser.get("/see").text == "7"
        assert names != [old]
        assert held(browser) == names[0]


def with_answer(app: Flask, cookie: str) -> FlaskClient:
    """A browser after another request of its own under the same cookie."""
    browser = with_cookie(app, cookie)
    browser.get("/see")
    return browser


def test_when_it_ends_is_known_beforehand(app: Flask) -> None:
    told: list[datetime] = []
    sessions: Any = app.session_interface

    @app.route("/end-of")
    def end_of() -> str:
        session.get("number")
        told.append(sessions.end_of(session))
        return ""

    @app.route("/again")
    def again() -> str:
        session.is_visit = False  # type: ignore[attr-defined]
        session.get("number")
        told.append(sessions.end_of(session))
        return ""

    browser = app.test_client()
    with time_machine.travel(START, tick=False) as clock:
        browser.get("/set/7")
        clock.shift(timedelta(minutes=10))
        browser.get("/again")
        browser.get("/end-of")
        clock.shift(timedelta(seconds=30))
        browser.get("/end-of")
        for _ in range(29):
            clock.shift(timedelta(minutes=25))
            browser.get("/end-of")
    minutes = [(one - START) / timedelta(minutes=1) for one in told]
    assert minutes[:3] == [30, 40, 40]
    assert max(minutes[:-1]) == LONGEST / timedelta(minutes=1)


def offered_another(browser: FlaskClient, clock: time_machine.Traveller) -> str:
    """A session that has just been offered its next name; the one that it began with."""
    browser.get("/set/7")
    old = held(browser)
    clock.shift(RENAME_AFTER)
    browser.get("/see")
    return old
