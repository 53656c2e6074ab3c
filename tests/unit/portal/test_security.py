"""What every answer tells the browser to refuse, and what its cookies are good for."""

from typing import Any, Final

import pytest
from flask.testing import FlaskClient

from services.chassis.errors import Unavailable
from services.portal.sessions import COOKIE
from tests.unit.portal.cases import at_work
from tests.unit.portal.fakes import CITIZEN, OFFICER, FakeServices, app, catalogue, procedure, visit

AWAY: Final = Unavailable("intake.unavailable", "intake does not answer.", "Dịch vụ chưa sẵn sàng.")
OVER_TLS: Final = {"portal_url": "https://dichvucong.example.vn"}
HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
}
REFUSED: Final = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)
# address, status, and who asks
ANSWERS: Final = (
    ("/", 200, None),
    ("/thu-tuc/", 200, None),
    ("/there-is-no-such-page", 404, None),
    ("/ho-so", 302, None),
    ("/ho-so", 503, CITIZEN),
    ("/ho-so/x", 404, OFFICER),
    ("/ban-lam-viec", 200, OFFICER),
    ("/static/portal.css", 200, None),
    ("/sw.js", 200, None),
    ("/manifest.webmanifest", 200, None),
    ("/api/v1/", 200, None),
    ("/api/v1/openapi.json", 200, None),
    ("/api/v1/me", 401, None),
    ("/health/live", 200, None),
)
ABOUT_PEOPLE: Final = ("/ho-so", "/ban-lam-viec", "/api/v1/me")


def opened(person: Any, **changes: Any) -> FlaskClient:
    services = at_work(intake__list_dossiers=AWAY)
    return visit(services, person, **changes)


@pytest.mark.parametrize(("path", "status", "person"), ANSWERS)
def test_every_answer_has_every_header(path: str, status: int, person: Any) -> None:
    answer = opened(person).get(path)
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert set(REFUSED) <= set(policy)
    assert not [one for one in policy if "unsafe" in one or "*" in one or "http" in one]
    assert "Strict-Transport-Security" not in answer.headers


def test_a_form_that_is_refused_has_them_too() -> None:
    made = app(FakeServices())
    made.config["WTF_CSRF_ENABLED"] = True
    answer = made.test_client().post("/tra-cuu", data={"code": "x"})
    assert answer.status_code == 400
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(("path", "status", "person"), ANSWERS)
def test_over_tls_browsers_come_no_other_way_for_a_year(path: str, status: int, person: Any) -> None:
    answer = opened(person, **OVER_TLS).get(path)
    assert answer.status_code == status
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


@pytest.mark.parametrize("path", ABOUT_PEOPLE)
@pytest.mark.parametrize("person", [CITIZEN, OFFICER, None])
def test_what_is_about_somebody_is_kept_by_nobody(path: str, person: Any) -> None:
    assert opened(person).get(path).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("changes", [{}, OVER_TLS])
def test_no_cookie_is_sent_along_by_another_site_and_over_tls_none_goes_another_way(changes: Any) -> None:
    made = app(FakeServices(catalogue(procedure())), **changes)
    made.config["WTF_CSRF_ENABLED"] = True
    # the proxy in front ends TLS, so that the portal itself is asked by http
    answer = made.test_client().get("/tra-cuu?lang=en&theme=dark")
    cookies = {cookie.partition("=")[0]: cookie.split("; ")[1:] for cookie in answer.headers.getlist("Set-Cookie")}
    session = f"__Host-{COOKIE}" if changes else COOKIE
    assert set(cookies) == {session, "lang", "theme"}
    for name, flags in cookies.items():
        assert {"SameSite=Lax", "Path=/"} <= set(flags), name
        assert ("Secure" in flags) == bool(changes), name
        assert not [flag for flag in flags if flag.startswith("Domain")], name
    assert "HttpOnly" in cookies[session]
    assert 'data-theme="dark"' in answer.text
