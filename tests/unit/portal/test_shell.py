"""What stands around every page: headers, errors, the ways on, who may see what."""

import re
from typing import Any

import pytest
from pymongo.errors import ConnectionFailure

from services.chassis.actor import Actor
from services.chassis.errors import Unavailable
from services.chassis.often import who_asks
from services.portal.people import read_person, recall
from services.portal.signin import _safe
from tests.unit.portal.cases import at_work
from tests.unit.portal.fakes import CITIZEN, CLERK, OFFICER, FakeServices, app, catalogue, procedure, visit

AWAY = Unavailable("registry.unavailable", "registry does not answer.", "Dịch vụ chưa sẵn sàng.")


def test_no_page_lets_a_foreign_or_inline_script_run() -> None:
    answer = visit(FakeServices(catalogue(procedure()))).get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert " style=" not in answer.text
    assert " onclick=" not in answer.text


def test_services_that_are_away_give_a_page_that_says_so() -> None:
    answer = visit(FakeServices({"registry.list_tenants": AWAY})).get("/thu-tuc/")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "Thử lại" in answer.text
    assert "Traceback" not in answer.text


def test_a_session_store_that_is_away_gives_a_page_too() -> None:
    browser = visit(FakeServices(catalogue(procedure())), CITIZEN)
    browser.application.session_interface._collection.find_one = _away  # type: ignore[attr-defined]  # noqa: SLF001
    assert browser.get("/thu-tuc/").status_code == 200
    answer = browser.get("/dang-nhap")
    assert answer.status_code == 503
    assert "Traceback" not in answer.text


def _away(*_: object) -> None:
    raise ConnectionFailure


def test_a_mistake_of_ours_tells_nothing_of_the_inside() -> None:
    answer = visit(FakeServices({"registry.list_tenants": {"items": [{"odd": 1}], "next": None}})).get("/thu-tuc/")
    assert answer.status_code == 500
    assert "KeyError" not in answer.text


def test_who_signed_in_is_named_and_has_the_way_out() -> None:
    services = FakeServices(catalogue(procedure()))
    page = visit(services, CITIZEN).get("/").text
    assert CITIZEN.name in page
    assert "Đăng xuất" in page
    assert CITIZEN.id not in page
    assert "Đăng nhập" in visit(services).get("/").text


@pytest.mark.parametrize(
    "onward", ["//evil.example", "/\\evil.example", "https://evil.example", "", "javascript:x", "/a\nb"]
)
def test_nobody_is_led_elsewhere_after_signing_in(onward: str) -> None:
    assert _safe(onward) == "/"


def test_a_page_of_ours_is_come_back_to() -> None:
    assert _safe("/thu-tuc/?q=a") == "/thu-tuc/?q=a"


def test_the_national_sign_on_and_the_staff_directory_name_people() -> None:
    citizen = read_person(
        {"LoaiTaiKhoan": "1", "SoDinhDanh": CITIZEN.id, "HoVaTen": CITIZEN.name, "ThuDienTu": CITIZEN.email}
    )
    assert citizen == CITIZEN
    enterprise = read_person({"LoaiTaiKhoan": "2", "MaSoThue": "9900000016", "TenDoanhNghiep": "Công ty Ví Dụ"})
    assert (enterprise.kind, enterprise.id) == ("organisation", "9900000016")
    staff = {"motcua_kind": "officer", "motcua_staff_id": OFFICER.id, "motcua_unit": "vnnic", "motcua_tenant": "mic"}
    assert read_person({**staff, "name": OFFICER.name, "motcua_duties": ["transfer", "sign"]}) == OFFICER


@pytest.mark.parametrize(
    ("stated", "duties"),
    [
        (None, ""),
        ([], ""),
        (["sign"], "sign"),
        ("transfer  sign", "sign transfer"),
        ("design", ""),
        (["sign", "rule", 5, None], "sign"),
        ({"sign": True}, ""),
        (True, ""),
    ],
)
def test_an_officer_has_the_duties_that_the_directory_states_and_nobody_else_has_any(stated: Any, duties: str) -> None:
    staff = {"motcua_kind": "officer", "motcua_staff_id": "a-1", "motcua_unit": "vnnic", "motcua_duties": stated}
    assert read_person(staff).actor == Actor("officer", "a-1", "vnnic", duties)
    assert read_person({**staff, "motcua_kind": "operator"}).duties == ""


def test_who_signed_in_before_there_were_duties_has_none() -> None:
    kept = {name: value for name, value in OFFICER.kept().items() if name != "duties"}
    assert recall(kept) == CLERK


OURS = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
FOREIGN: list[dict[str, str]] = [
    {"Origin": "http://localhost:8081", "Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "http://localhost", "Sec-Fetch-Site": "same-site"},
    {"Origin": "null"},
    {},
]


def without_token(headers: dict[str, str]) -> Any:
    made = app(FakeServices(catalogue(procedure())))
    made.config["WTF_CSRF_ENABLED"] = True
    return made.test_client().post("/ho-so/x/rut", data={"reason": "Đã gõ"}, headers=headers)


def test_a_form_of_ours_whose_session_has_ended_can_be_sent_once_more() -> None:
    answer = without_token(OURS)
    assert answer.status_code == 400
    assert 'value="Đã gõ"' in answer.text


@pytest.mark.parametrize("headers", FOREIGN)
def test_a_form_of_somebody_else_s_comes_back_with_no_token_and_no_session(headers: dict[str, str]) -> None:
    answer = without_token(headers)
    assert answer.status_code == 400
    assert "csrf_token" not in answer.text
    assert "Đã gõ" not in answer.text
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("name", ["_anchor", "_scheme", "_external", "_method", "endpoint", "q"])
def test_whatever_an_address_asks_the_way_to_the_other_language_is_there(name: str) -> None:
    page = visit(FakeServices(catalogue(procedure()))).get(f"/thu-tuc/?{name}=x%26y&{name}=z&theme=dark")
    assert page.status_code == 200
    assert f"{name}=x%26y&amp;{name}=z&amp;theme=dark&amp;lang=en" in page.text


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.10", "203.0.113.10"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
    ],
)
def test_whoever_has_a_network_of_addresses_is_counted_once(address: str, counted: str) -> None:
    with app(FakeServices({})).test_request_context(environ_base={"REMOTE_ADDR": address}):
        assert who_asks() == counted


@pytest.mark.parametrize("person", [None, OFFICER])
def test_no_choice_of_a_filter_leads_away_before_the_button_does(person: Any) -> None:
    browser = visit(at_work(), person)
    page = browser.get("/ban-lam-viec" if person else "/thu-tuc/")
    assert page.status_code == 200
    form = page.text.partition('role="search"')[2].partition("</form>")[0]
    assert "<select" in form
    assert "<button>Lọc</button>" in form
    assert "requestSubmit" not in browser.get("/static/portal.js").text


def test_what_is_printed_is_dark_on_white_whatever_the_screen_has() -> None:
    style = visit(FakeServices({})).get("/static/portal.css").text
    outside = re.sub(r"@media screen[^{]*\{(?:[^{}]*\{[^{}]*\})*\s*\}", "", style)
    assert style.count("color-scheme: dark;") == 2
    assert "color-scheme: dark;" not in outside
    assert "color-scheme: light" in outside
