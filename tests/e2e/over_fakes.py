"""The portal over fakes in a real browser: one answer with what it loads, or all of it, served on this machine."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from flask.testing import FlaskClient
from playwright.sync_api import Page, Route
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from services.portal.sessions import COOKIE
from tests.unit.portal.fakes import CITIZEN, FakeServices, app, visit

OURS: Final = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
ADDRESS: Final = "http://localhost/"

Answered = tuple[FlaskClient, TestResponse]  # the browser goes on to ask for what the page loads


class Answer(NamedTuple):
    """What is asked of the portal, as `?lang=en&theme=dark` has it, and the status that it answers with."""

    status: int
    ask: Callable[[str], Answered]


def got(services: FakeServices, path: str, person: Any = CITIZEN, **changes: Any) -> Callable[[str], Answered]:
    """A page."""

    def ask(choice: str) -> Answered:
        browser = visit(services, person, **changes)
        return browser, browser.get(path + choice)

    return ask


def sent(
    make: Callable[[], FakeServices],
    path: str,
    data: Mapping[str, Any],
    person: Any = CITIZEN,
    *before: Mapping[str, Any],
) -> Callable[[str], Answered]:
    """What answers to a form, after others."""

    def ask(choice: str) -> Answered:
        browser = visit(make(), person)
        for earlier in before:
            browser.post(path, data=earlier)
        return browser, browser.post(path + choice, data=data, headers=OURS)

    return ask


def show(page: Page, browser: FlaskClient, answer: TestResponse) -> None:
    """The answer in a real browser, with the files that it names; it leads nowhere by itself."""

    def fulfil(route: Route) -> None:
        asked = urlsplit(route.request.url)
        is_onward = route.request.is_navigation_request() and asked.path != "/"
        if is_onward or not route.request.url.startswith(ADDRESS):
            route.abort("aborted")
            return
        told = answer if asked.path == "/" else browser.get(f"{asked.path}?{asked.query}")
        headers = {name: value for name, value in told.headers.items() if name not in {"Set-Cookie", "Refresh"}}
        route.fulfill(status=told.status_code, headers=headers, body=told.data)

    page.unroute_all()
    page.route("**/*", fulfil)
    page.goto(ADDRESS)


class Served(NamedTuple):
    """Where the portal is, and the cookie of who has signed in there."""

    address: str
    cookies: list[Any]


@contextmanager
def served(services: FakeServices, person: Any = None) -> Iterator[Served]:
    """The portal over these services, for as long as it is looked at."""
    built = app(services)
    built.config["WTF_CSRF_ENABLED"] = True
    client = built.test_client()
    if person is not None:
        with client.session_transaction() as session:
            session["person"] = person.kept()
    server = make_server("127.0.0.1", 0, built, threaded=True)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    address, cookie = f"http://127.0.0.1:{server.server_port}", client.get_cookie(COOKIE)
    try:
        yield Served(address, [{"name": COOKIE, "value": cookie.value, "url": address}] if cookie else [])
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
