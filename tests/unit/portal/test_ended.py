"""What becomes of a form whose session ended before it was sent: nothing typed is lost, nothing goes out half."""

import io
from typing import Any, Final

import pytest

from tests.unit.portal.drafts import DRAFT_ID
from tests.unit.portal.fakes import CITIZEN, FakeServices, app

SUPPLEMENT: Final = "/ho-so/000.00.06.G14-261126-0001/bo-sung"
PAPERS: Final = f"/ban-nhap/{DRAFT_ID}/giay-to"
OURS: Final = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
LARGE: Final = 5_000_000


def send(address: str, data: dict[str, Any], made: Any = None) -> Any:
    """A form of ours, from a browser whose session is over."""
    made = made or app(FakeServices())
    made.config["WTF_CSRF_ENABLED"] = True
    return made.test_client().post(address, data=data, headers=OURS)


def test_files_that_are_lost_are_named_and_the_rest_is_kept_but_not_handed_in() -> None:
    file = (io.BytesIO(b"%PDF"), "bản khai <1>.pdf")
    page = send(SUPPLEMENT, {"do": "send", "form.name": "Sách mới", "file.TP01": file})
    assert page.status_code == 400
    assert "<li>bản khai &lt;1&gt;.pdf</li>" in page.text
    assert "hãy chọn lại" in page.text
    assert 'name="form.name" value="Sách mới"' in page.text
    assert 'name="do"' not in page.text


def test_whoever_signs_in_by_the_head_of_the_page_finds_what_was_typed() -> None:
    made = app(FakeServices())
    made.config["WTF_CSRF_ENABLED"] = True
    browser = made.test_client()
    page = browser.post(SUPPLEMENT, data={"do": "send", "form.name": "Sách mới", "csrf_token": "x"}, headers=OURS)
    assert 'href="/dang-nhap?next=/dang-nhap/gui-lai"' in page.text
    kept = browser.get("/dang-nhap/gui-lai").text
    assert f'action="{SUPPLEMENT}"' in kept
    assert 'name="form.name" value="Sách mới"' in kept
    assert 'value="x"' not in kept


def test_what_anybody_may_ask_is_kept_for_nobody() -> None:
    made = app(FakeServices())
    made.config["WTF_CSRF_ENABLED"] = True
    browser = made.test_client()
    page = browser.post("/tra-cuu", data={"code": "x", "id_number": "001801000001"}, headers=OURS)
    assert 'name="id_number" value="001801000001"' in page.text
    with browser.session_transaction() as session:
        assert "001801000001" not in str(dict(session))


@pytest.mark.parametrize("path", ["/ho-so?after=x", "/ban-lam-viec?q=000&status="])
def test_a_filter_that_is_sent_without_a_session_leads_to_sign_in_by_a_page(path: str) -> None:
    browser = app(FakeServices()).test_client()
    answer = browser.get(path)
    page = browser.get(answer.location)
    assert page.status_code == 200
    assert 'http-equiv="refresh" content="0;url=/dang-nhap?next=' in page.text
    with browser.session_transaction() as session:
        session["person"] = CITIZEN.kept()
    assert browser.get(answer.location).location == path


def test_the_way_to_sign_in_leads_to_no_other_host() -> None:
    browser, path = app(FakeServices()).test_client(), "/dang-nhap/tiep?next=//elsewhere.example"
    assert 'content="0;url=/dang-nhap?next=/">' in browser.get(path).text
    with browser.session_transaction() as session:
        session["person"] = CITIZEN.kept()
    assert browser.get(path).location == "/"


def test_without_files_the_form_does_what_its_button_said() -> None:
    none = (io.BytesIO(b""), "")
    page = send(SUPPLEMENT, {"do": "send", "form.name": "Sách mới", "file.TP01": none})
    assert 'name="do" value="send"' in page.text
    assert "hãy chọn lại" not in page.text


@pytest.mark.parametrize(("address", "back"), [(SUPPLEMENT, SUPPLEMENT), (f"{PAPERS}/TP01", PAPERS)])
def test_large_files_without_a_session_lead_to_signing_in_not_to_a_limit(address: str, back: str) -> None:
    page = send(address, {"file": (io.BytesIO(b"x" * LARGE), "a.pdf")})
    assert page.status_code == 400
    assert "Phiên làm việc đã hết" in page.text
    assert f"/dang-nhap?next={back}" in page.text


def test_who_has_signed_in_sends_large_files_and_nobody_sends_them_elsewhere() -> None:
    made = app(FakeServices())
    browser = made.test_client()
    with browser.session_transaction() as session:
        session["person"] = CITIZEN.kept()
    large = {"file": (io.BytesIO(b"x" * LARGE), "a.pdf")}
    assert "Phiên làm việc đã hết" not in browser.post(f"{PAPERS}/TP01", data=large).text
    assert send("/tra-cuu", {"file": (io.BytesIO(b"x" * LARGE), "a.pdf")}).status_code == 413


@pytest.mark.parametrize("address", [f"/ban-nhap/{DRAFT_ID}/luu", f"{SUPPLEMENT}/luu"])
def test_a_script_that_saves_is_told_that_the_session_has_ended_and_makes_none(address: str) -> None:
    answer = send(address, {"form.name": "Sách mới"})
    assert answer.status_code == 401
    assert answer.json == {"state": "signed_out", "say": "Phiên làm việc đã hết; bấm “Lưu nháp” để đăng nhập lại."}
    assert "Set-Cookie" not in answer.headers
