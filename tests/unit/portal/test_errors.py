"""A service that is away: the page asks again by itself, and what was sent can be sent once more."""

import html
import io
import re
from datetime import timedelta
from typing import Any, Final

import pytest
from werkzeug.test import TestResponse

from services.chassis.errors import Denied, Refused, Unavailable
from tests.unit.portal.fakes import CITIZEN, FakeCollection, FakeServices, app, catalogue, procedure, visit

AWAY: Final = Unavailable("intake.unavailable", "intake does not answer.", "Dịch vụ chưa sẵn sàng.")
CODE: Final = "000.00.06.G14-261126-0001"
WITHDRAW: Final = f"/ho-so/{CODE}/rut"
OURS: Final = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
HOSTILE: Final = "\"><script>alert(1)</script>'{{7*7}}"


def services(**answers: Any) -> FakeServices:
    """The catalogue, and intake that is away."""
    away: dict[str, Any] = dict.fromkeys(("intake.get", "intake.withdraw", "intake.list_dossiers"), AWAY)
    given = away | {name.replace("__", "."): answer for name, answer in answers.items()}
    return FakeServices(catalogue(procedure()) | given)


def resent(page: TestResponse) -> list[tuple[str, str]]:
    """What the form of a page would send."""
    form = page.text.partition(f'<form method="post" action="{WITHDRAW}">')[2].partition("</form>")[0]
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form)
    return [(html.unescape(name), html.unescape(value)) for name, value in found]


def test_a_page_that_met_a_service_that_was_away_asks_again_by_itself() -> None:
    page = visit(services(), CITIZEN).get("/ho-so")
    assert page.status_code == 503
    assert page.headers["Retry-After"] == "10"
    assert page.headers["Refresh"] == "10;url=/ho-so?tu-tai=1"
    assert "Trang này tự thử lại sau 10 giây." in page.text


def test_whoever_wants_it_to_stay_as_it_is_has_that() -> None:
    browser = visit(services(), CITIZEN)
    address = re.search(r'href="([^"]*)" rel="nofollow">Không tự thử lại', browser.get("/ho-so?after=x").text)
    assert address
    page = browser.get(html.unescape(address[1]))
    assert page.status_code == 503
    assert "Refresh" not in page.headers
    assert "after=x" in address[1]


@pytest.mark.parametrize("error", [Refused("intake.no", "No.", "Không."), None])
def test_what_will_not_be_otherwise_in_a_moment_is_not_asked_again(error: Any) -> None:
    page = visit(services(intake__list_dossiers=error), CITIZEN).get("/ho-so")
    assert page.status_code in {404, 422}
    assert "Refresh" not in page.headers


def test_to_ask_again_by_itself_is_no_visit_and_what_is_followed_from_there_is_one() -> None:
    browser = visit(services(), CITIZEN)
    browser.get("/ho-so")  # the token of the forms is in the session from here on
    kept = browser.application.session_interface._collection.documents  # type: ignore[attr-defined]  # noqa: SLF001
    (session,) = kept.values()
    session["seen_at"] = seen_at = session["seen_at"] - timedelta(minutes=5)
    page = browser.get("/ho-so?after=x&tu-tai=1")
    assert session["seen_at"] == seen_at
    assert page.headers["Refresh"] == "10;url=/ho-so?after=x&tu-tai=1"
    assert '<a class="button primary" href="/ho-so?after=x">Thử lại</a>' in page.text
    browser.get("/ho-so?after=x")
    assert session["seen_at"] > seen_at


def test_what_was_sent_can_be_sent_once_more_as_it_was() -> None:
    sent = {"reason": f"Không cần nữa\n{HOSTILE}", "request_id": "r1", "csrf_token": "t1"}
    page = visit(services(), CITIZEN).post(WITHDRAW, data=sent, headers=OURS)
    assert page.status_code == 503
    assert "Refresh" not in page.headers
    assert dict(resent(page)) == sent
    assert "<script>alert" not in page.text


def test_several_values_of_one_name_are_all_sent_again_and_files_must_be_chosen_before_anything_is_done() -> None:
    sent = {"pick": ["a", "b"], "do": "send", "file": (io.BytesIO(b"%PDF"), "a.pdf")}
    page = visit(services(), CITIZEN).post(WITHDRAW, data=sent, headers=OURS)
    assert resent(page) == [("pick", "a"), ("pick", "b")]
    assert "<li>a.pdf</li>" in page.text


def test_once_the_service_is_back_the_same_request_goes_through_once() -> None:
    given = services()
    browser = visit(given, CITIZEN)
    page = browser.post(WITHDRAW, data={"reason": "Không cần nữa", "request_id": "r1"}, headers=OURS)
    given.answers["intake.withdraw"] = {"dossier_code": CODE}
    assert browser.post(WITHDRAW, data=dict(resent(page))).status_code == 303
    first, second = given.of("intake.withdraw")
    assert first == second == {"dossier_code": CODE, "reason": "Không cần nữa", "request_id": "r1"}


def test_while_sessions_cannot_be_read_what_was_sent_is_still_there_under_its_own_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    built = app(services())
    built.config["WTF_CSRF_ENABLED"] = True
    browser = built.test_client()
    with browser.session_transaction() as session:
        session["person"] = CITIZEN.kept()

    def nobody_answers(*_: Any) -> None:
        raise Unavailable("chassis.store_unavailable", "The store does not answer.", "Kho dữ liệu chưa sẵn sàng.")

    monkeypatch.setattr(FakeCollection, "find_one", nobody_answers)
    page = browser.post(WITHDRAW, data={"reason": "Không cần nữa", "csrf_token": "t1"}, headers=OURS)
    assert page.status_code == 503
    assert dict(resent(page)) == {"reason": "Không cần nữa", "csrf_token": "t1"}


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example"}, {**OURS, "Sec-Fetch-Site": "cross-site"}])
def test_what_another_site_wrote_is_not_offered_to_be_sent(headers: dict[str, str]) -> None:
    page = visit(services(), CITIZEN).post(WITHDRAW, data={"reason": "Của ai khác"}, headers=headers)
    assert page.status_code == 503
    assert resent(page) == []
    assert "Của ai khác" not in page.text


def test_what_a_mistake_of_ours_met_can_be_sent_once_more_as_well() -> None:
    def broken(**_: Any) -> Any:
        raise KeyError("odd")

    sent = {"reason": "Không cần nữa", "request_id": "r1"}
    page = visit(services(intake__withdraw=broken), CITIZEN).post(WITHDRAW, data=sent, headers=OURS)
    assert page.status_code == 500
    assert dict(resent(page)) == sent


@pytest.mark.parametrize("headers", [OURS, {"Origin": "https://evil.example"}])
def test_what_was_refused_is_shown_to_be_copied_where_we_wrote_the_form(headers: dict[str, str]) -> None:
    no = Denied("intake.no", "This is not for you.", "Bạn không được thực hiện việc này.")
    page = visit(services(intake__withdraw=no), CITIZEN).post(WITHDRAW, data={"reason": "Vì thế"}, headers=headers)
    assert page.status_code == 403
    assert resent(page) == []
    assert ("Vì thế" in page.text) == (headers is OURS)


def test_programs_are_told_and_have_nothing_shown() -> None:
    answer = visit(services(), CITIZEN).get("/api/v1/dossiers")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert "Refresh" not in answer.headers
