"""Signing in by OpenID Connect: what goes to the provider, and what is refused that comes back from it."""

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey
from requests.adapters import HTTPAdapter

from services.portal.sessions import COOKIE
from tests.unit.portal.fakes import CITIZEN, FakeServices, visit
from tests.unit.portal.provider import ISSUER, Site

ME: Final = "/api/v1/me"
RANDOM: Final = re.compile(r"[A-Za-z0-9_-]{20,}")
CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")  # SHA-256 in base64url (RFC 7636, 4.2)


@pytest.fixture(scope="module")
def site() -> Site:
    return Site()


@pytest.fixture
def provider(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(HTTPAdapter, "send", lambda _adapter, asked, **how: site.send(asked, **how))
    yield site
    site.forget()


@pytest.fixture
def browser(provider: Site) -> FlaskClient:
    return visit(FakeServices())


def begin(browser: FlaskClient, onward: str = "/ho-so") -> dict[str, str]:
    """What the provider is asked in the address that the browser is sent to."""
    answer = browser.get("/dang-nhap", query_string={"next": onward})
    there = urlsplit(answer.headers["Location"])
    assert (answer.status_code, there._replace(query="").geturl()) == (302, f"{ISSUER}/authorize")
    return dict(parse_qsl(there.query, strict_parsing=True))


def come_back(browser: FlaskClient, **said: str) -> Any:
    return browser.get("/dang-nhap/xong", query_string=said)


def finish(browser: FlaskClient, provider: Site, asked: dict[str, str]) -> Any:
    """With the code that the provider gives for what it was asked."""
    return come_back(browser, code=provider.authorize(asked), state=asked["state"])


def is_in(browser: FlaskClient) -> bool:
    return browser.get(ME).status_code == 200


def insist_refused(browser: FlaskClient, answer: Any) -> None:
    """A page that says so, and nobody has signed in."""
    assert answer.status_code == 400
    assert "Chưa đăng nhập được" in answer.text
    assert not is_in(browser)


def held(browser: FlaskClient) -> str:
    cookie = browser.get_cookie(COOKIE)
    assert cookie is not None
    return str(cookie.value)


def test_the_provider_is_asked_for_a_code_with_pkce_a_state_and_a_nonce(browser: FlaskClient) -> None:
    asked = begin(browser)
    assert (asked["response_type"], asked["client_id"]) == ("code", "portal")
    assert asked["redirect_uri"] == "http://localhost/dang-nhap/xong"
    assert "openid" in asked["scope"].split()
    assert asked["code_challenge_method"] == "S256"
    assert CHALLENGE.fullmatch(asked["code_challenge"])
    assert RANDOM.fullmatch(asked["state"])
    assert RANDOM.fullmatch(asked["nonce"])
    assert not {"client_secret", "code_verifier"} & set(asked)


def test_the_provider_sends_people_back_to_the_portal_whatever_host_a_request_names(provider: Site) -> None:
    browser = visit(FakeServices(), portal_url="https://dichvucong.example.vn")
    answer = browser.get("/dang-nhap", headers={"Host": "elsewhere.example"})
    asked = dict(parse_qsl(urlsplit(answer.location).query))
    assert asked["redirect_uri"] == "https://dichvucong.example.vn/dang-nhap/xong"


def test_none_of_them_is_ever_the_same_again(browser: FlaskClient) -> None:
    first, again, other = begin(browser), begin(browser), begin(visit(FakeServices()))
    for name in ("code_challenge", "state", "nonce"):
        assert len({first[name], again[name], other[name]}) == 3, name


def test_the_code_is_changed_for_who_it_is_and_the_session_gets_another_name(
    browser: FlaskClient, provider: Site
) -> None:
    asked = begin(browser, "/ho-so?after=x")
    before = held(browser)
    answer = finish(browser, provider, asked)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/ho-so?after=x")
    me: Any = browser.get(ME).json
    assert me["id"] == CITIZEN.id
    assert held(browser) != before
    (sent,) = provider.spent
    assert RANDOM.fullmatch(sent["code_verifier"])  # the site refuses one that does not fit the challenge


@pytest.mark.parametrize("state", ["", "another", None])
def test_a_state_that_is_not_this_browser_s_is_refused_before_its_code_is_used(
    browser: FlaskClient, provider: Site, state: str | None
) -> None:
    code = provider.authorize(begin(browser))
    insist_refused(browser, come_back(browser, code=code, **({} if state is None else {"state": state})))
    assert provider.spent == []


def test_who_is_led_to_the_end_of_somebody_else_s_sign_in_is_not_signed_in_as_him(
    browser: FlaskClient, provider: Site
) -> None:
    asked = begin(visit(FakeServices()))
    insist_refused(browser, finish(browser, provider, asked))
    assert provider.spent == []


def test_a_state_is_good_once(browser: FlaskClient, provider: Site) -> None:
    asked = begin(browser)
    finish(browser, provider, asked)
    again = finish(browser, provider, asked)
    assert again.status_code == 400
    assert len(provider.spent) == 1


def test_a_code_that_was_made_for_another_sign_in_is_refused_by_its_challenge(
    browser: FlaskClient, provider: Site
) -> None:
    stolen = provider.authorize(begin(visit(FakeServices())))
    insist_refused(browser, come_back(browser, code=stolen, state=begin(browser)["state"]))


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"iss": "http://elsewhere"},
        {"aud": "another"},
        {"exp": 1},
        {"sub": "s-2"},
        {"sub": None},
    ],
)
def test_an_identity_token_that_is_not_for_this_sign_in_is_refused(
    browser: FlaskClient, provider: Site, claims: dict[str, Any]
) -> None:
    asked = begin(browser)
    provider.claims = claims
    insist_refused(browser, finish(browser, provider, asked))
    assert len(provider.spent) == 1


@pytest.mark.parametrize("forged", ["x", "a.b.c", "e30.e30.", "signed by a stranger"])
def test_an_identity_token_that_the_provider_did_not_sign_is_refused(
    browser: FlaskClient, provider: Site, forged: str
) -> None:
    asked = begin(browser)
    if " " in forged:
        stranger = RSAKey.generate_key(2048, parameters={"kid": "k"})
        forged = provider.token(key=stranger, sub="s-1", iat=1, nonce=asked["nonce"])
    provider.id_token = forged
    insist_refused(browser, finish(browser, provider, asked))


@pytest.mark.parametrize("told", [{"sub": "s-2"}, {}])
def test_what_the_provider_tells_of_somebody_else_is_refused(
    browser: FlaskClient, provider: Site, told: dict[str, Any]
) -> None:
    asked = begin(browser)
    provider.told = told
    insist_refused(browser, finish(browser, provider, asked))


def test_whoever_the_provider_refused_is_told_and_not_quoted(browser: FlaskClient) -> None:
    said = "<script>alert(1)</script>"
    answer = come_back(browser, error="access_denied", error_description=said, state=begin(browser)["state"])
    insist_refused(browser, answer)
    assert "<script>alert(1)" not in answer.text


def test_who_signs_in_after_a_refusal_or_after_signing_out_comes_to_the_first_page(browser: FlaskClient) -> None:
    for page in (come_back(browser, error="access_denied", state="x"), browser.post("/dang-xuat")):
        (way,) = re.findall(r'href="(/dang-nhap\?[^"]*)"', page.text)
        browser.get(way)
        with browser.session_transaction() as session:
            assert session["next"] == "/"
