"""The officers' queue: what it asks of routing, what it shows, and whose it is."""

import re
from typing import Any
from urllib.parse import unquote

import pytest
import time_machine
from flask.testing import FlaskClient

from services.chassis.errors import Invalid, NotFound, Unavailable
from tests.unit.portal.cases import CODE, at_work, case, line, step
from tests.unit.portal.fakes import CITIZEN, OFFICER, OPERATOR, FakeServices, visit

PLACES = ("/ban-lam-viec", "/ban-lam-viec/lich", "/ban-lam-viec/khoi-luong", f"/ban-lam-viec/{CODE}")
DUE = {"unit": "vnnic", "days": [{"day": "2026-09-03", "due": 12}], "overdue": 2}


@pytest.mark.parametrize("place", PLACES)
def test_the_desk_is_for_officers(place: str) -> None:
    assert visit(at_work()).get(place).status_code == 302
    assert visit(at_work(), CITIZEN).get(place).status_code == 404
    assert visit(at_work(), OPERATOR).get(place).status_code == 404


def test_a_queue_of_fifty_costs_as_many_calls_as_one_of_one() -> None:
    def calls(count: int) -> int:
        lines = [line(dossier_code=f"{CODE[:-2]}{number:02}") for number in range(count)]
        services = at_work(routing__list_cases={"items": lines, "next": None})
        browser = visit(services, OFFICER)
        browser.get("/ban-lam-viec")
        services.asked.clear()
        assert lines[-1]["dossier_code"] in browser.get("/ban-lam-viec").text
        return len(services.asked)

    assert calls(50) == calls(1)


def test_what_is_late_is_said_in_words_too() -> None:
    lines = [line(overdue=True), line(dossier_code="000.00.06.G06-261126-0002", at_risk=True)]
    page = visit(at_work(routing__list_cases={"items": lines, "next": None}), OFFICER).get("/ban-lam-viec").text
    assert re.search(r'<tr class="is-bad">.*?quá hạn.*?<tr class="is-warn">.*?sắp đến hạn', page, re.DOTALL)


def test_filters_reach_routing_and_stay_in_the_page() -> None:
    services = at_work()
    asked = "/ban-lam-viec?status=in_hand&procedure=dk-ten-mien-vn&officer=me&late=at_risk&order=newest"
    page = visit(services, OFFICER).get(asked).text
    assert services.of("routing.list_cases") == [
        {
            "limit": 50,
            "status": "in_hand",
            "order": "due",
            "officer": "vnnic-1",
            "procedure": "dk-ten-mien-vn",
            "at_risk": True,
        }
    ]
    assert page.count(" selected>") == 5


def test_a_day_can_be_looked_for_and_left_again() -> None:
    services = at_work()
    page = visit(services, OFFICER).get("/ban-lam-viec?status=accepted&due_from=2026-09-03&due_to=2026-09-03").text
    (asked,) = services.of("routing.list_cases")
    assert (asked["due_from"], asked["due_to"], asked["order"]) == ("2026-09-03", "2026-09-03", "due")
    assert "Đến hạn ngày 03/09/2026" in page
    assert 'href="/ban-lam-viec?status=accepted">Bỏ lọc theo ngày' in page
    assert page.count('name="due_from" value="2026-09-03"') == 2  # with views, and with what is assigned
    assert page.count('name="due_from" type="date" value="2026-09-03"') == 1


def test_a_code_typed_in_full_opens_its_case() -> None:
    answer = visit(at_work(), OFFICER).get(f"/ban-lam-viec?q={CODE.lower()}")
    assert answer.location == f"/ban-lam-viec/{CODE}"


def test_a_code_typed_in_full_opens_its_case_also_where_the_filters_leave_it_out() -> None:
    def cases(**asked: Any) -> Any:
        return {"items": [line()] if asked["status"] == "any" and "officer" not in asked else [], "next": None}

    answer = visit(at_work(routing__list_cases=cases), OFFICER).get(f"/ban-lam-viec?q={CODE}&officer=me")
    assert answer.location == f"/ban-lam-viec/{CODE}"


def test_some_of_a_code_that_fits_nothing_at_work_is_looked_for_among_what_has_ended() -> None:
    services = at_work(routing__list_cases={"items": [], "next": None})
    page = visit(services, OFFICER).get("/ban-lam-viec?q=000.00.06.G06-2611").text
    assert "Tìm cả trong hồ sơ đã kết thúc" in page


def test_the_next_page_keeps_the_filters() -> None:
    services = at_work(routing__list_cases={"items": [line()], "next": "cursor"})
    page = visit(services, OFFICER).get("/ban-lam-viec?status=opened").text
    assert "/ban-lam-viec?after=cursor&amp;status=opened" in page


def test_several_cases_are_given_at_once_and_each_refusal_is_told() -> None:
    told = [
        {"dossier_code": "A", "assigned": True, "status": "in_hand", "error": None},
        {"dossier_code": "B", "assigned": False, "status": None, "error": {"vi": "Chưa tiếp nhận.", "en": "Not yet."}},
    ]
    rows = [line(dossier_code=code, status="accepted") for code in "AB"]
    services = at_work(routing__assign_many={"items": told}, routing__list_cases={"items": rows, "next": None})
    browser = visit(services, OFFICER)
    form = {"code": ["A accepted:", "B accepted:"], "to": "vnnic-2", "request_id": "one", "status": "accepted"}
    answer = browser.post("/ban-lam-viec/giao", data=form)
    assert (answer.status_code, answer.location) == (303, "/ban-lam-viec?status=accepted")
    assert services.of("routing.assign_many") == [
        {"dossier_codes": ["A", "B"], "officer": "vnnic-2", "request_id": "one"}
    ]
    page = browser.get(answer.location).text
    assert "Đã giao 1 hồ sơ cho vnnic-2." in page
    assert "B: Chưa tiếp nhận." in page


def test_cases_that_others_changed_since_the_page_was_drawn_are_not_given_and_it_is_told_why() -> None:
    codes = ["KEPT", "TAKEN", "DECIDED", "GONE", "MINE"]
    rows = [line(dossier_code=code, status="accepted") for code in codes]
    shelf = {"items": rows, "next": None}
    told = [{"dossier_code": code, "assigned": True, "status": "in_hand", "error": None} for code in ("KEPT", "MINE")]
    histories = {
        "TAKEN": case(steps=[step("case_assigned", "vnnic-3"), step("case_fee_noted")]),
        "DECIDED": case(steps=[step("case_assigned", "vnnic-1"), step("case_decided", "vnnic-4")]),
        "MINE": case(steps=[step("case_assigned", "vnnic-3"), step("case_assigned", "vnnic-1")]),
    }
    services = at_work(
        routing__list_cases=lambda **_: shelf,
        routing__assign_many={"items": told},
        routing__get_case=lambda dossier_code: histories.get(dossier_code) or NotFound("routing.no", "No.", "Không."),
    )
    browser = visit(services, OFFICER)
    shown = re.findall(r'name="code" value="([^"]+)"', browser.get("/ban-lam-viec").text)
    shelf["items"] = [
        rows[0],
        {**rows[1], "status": "in_hand", "officer": "vnnic-3"},
        {**rows[2], "status": "decided"},
        {**rows[4], "status": "in_hand", "officer": "vnnic-1"},
    ]
    answer = browser.post("/ban-lam-viec/giao", data={"code": shown, "to": "vnnic-2", "request_id": "one"})
    (given,) = services.of("routing.assign_many")
    assert given == {"dossier_codes": ["KEPT", "MINE"], "officer": "vnnic-2", "request_id": "one"}
    page = browser.get(answer.location).text
    assert "Đã giao 2 hồ sơ cho vnnic-2." in page
    changed = "chưa giao, vì hồ sơ đã thay đổi từ khi bạn mở trang"
    assert f"TAKEN: {changed}: vnnic-3 – Giao xử lý." in page
    assert f"DECIDED: {changed}: vnnic-4 – Đã có quyết định." in page
    assert "GONE: chưa giao, vì hồ sơ không còn ở đơn vị." in page
    assert "KEPT: " not in page


def test_where_others_changed_every_case_none_is_given() -> None:
    taken = case(steps=[step("case_assigned", "vnnic-3")])
    rows = {"items": [line(status="in_hand", officer="vnnic-3")], "next": None}
    services = at_work(routing__list_cases=rows, routing__get_case=taken)
    browser = visit(services, OFFICER)
    answer = browser.post(
        "/ban-lam-viec/giao", data={"code": f"{CODE} accepted:", "to": "vnnic-2", "request_id": "one"}
    )
    assert services.of("routing.assign_many") == []
    assert f"{CODE}: chưa giao" in browser.get(answer.location).text


def test_what_could_not_be_given_keeps_the_page_the_ticks_and_the_name() -> None:
    services = at_work(routing__list_cases={"items": [line(status="accepted")], "next": None})
    browser = visit(services, OFFICER)
    form = {"code": f"{CODE} accepted:", "to": "", "status": "accepted", "after": "cursor"}
    answer = browser.post("/ban-lam-viec/giao", data=form)
    assert answer.status_code == 422
    assert services.of("routing.list_cases")[-1]["after"] == "cursor"
    assert re.search(rf'value="{CODE} accepted:" checked', answer.text)
    assert 'name="after" value="cursor"' in answer.text
    assert "Chọn ít nhất một hồ sơ" in answer.text


def test_a_staff_id_that_nobody_knows_is_asked_about_once() -> None:
    told = {"dossier_code": CODE, "assigned": True, "status": "in_hand", "error": None}
    rows = {"items": [line(status="accepted")], "next": None}
    services = at_work(routing__list_cases=rows, routing__assign_many={"items": [told]})
    browser = visit(services, OFFICER)
    form = {"code": f"{CODE} accepted:", "to": "vnnic-22", "request_id": "one", "after": "cursor"}
    answer = browser.post("/ban-lam-viec/giao", data=form)
    assert answer.status_code == 422
    assert 'name="sure" value="vnnic-22"' in answer.text
    assert 'name="to" type="text" value="vnnic-22"' in answer.text
    assert browser.post("/ban-lam-viec/giao", data={**form, "sure": "vnnic-2 2"}).status_code == 422
    assert services.of("routing.assign_many") == []
    given = browser.post("/ban-lam-viec/giao", data={**form, "sure": "vnnic-22"})
    assert given.location == "/ban-lam-viec?after=cursor"
    assert browser.post("/ban-lam-viec/giao", data=form).status_code == 303


def test_a_case_is_opened_with_the_way_back_to_where_it_stood() -> None:
    page = visit(at_work(), OFFICER).get("/ban-lam-viec?status=opened&after=cursor").text
    assert f'href="/ban-lam-viec/{CODE}?status=opened&amp;after=cursor"' in page


@time_machine.travel("2026-11-26T02:00:00+00:00", tick=False)
def test_the_days_that_are_left_are_told_while_a_term_runs() -> None:
    lines = [
        line(next_due_at="2026-11-29T10:00:00+00:00"),
        line(next_due_at="2026-11-26T10:00:00+00:00"),
        line(next_due_at="2026-11-24T10:00:00+00:00", overdue=True),
        line(next_due_at="2026-12-20T10:00:00+00:00", awaiting="supplement", status="supplement_requested"),
        line(next_due_at="2026-12-21T10:00:00+00:00", status="decided"),
    ]
    page = visit(at_work(routing__list_cases={"items": lines, "next": None}), OFFICER).get("/ban-lam-viec").text
    assert re.findall(r"còn \d+ ngày|hạn trong hôm nay|quá \d+ ngày", page) == [
        "còn 3 ngày",
        "hạn trong hôm nay",
        "quá 2 ngày",
    ]


@pytest.mark.parametrize(
    ("typed", "sought"),
    [
        ("261126-0001", "000.00.06.G06-261126-0001"),
        ("261126", "000.00.06.G06-261126"),
        ("000.00.06", "000.00.06"),
        ("2611", "2611"),
    ],
)
def test_the_end_of_a_code_is_enough(typed: str, sought: str) -> None:
    unit = {"key": "vnnic", "name": {"vi": "VNNIC", "en": "VNNIC"}, "agency_code": "000.00.06.G06"}
    services = at_work(registry__get_unit=unit)
    visit(services, OFFICER).get(f"/ban-lam-viec?q={typed}")
    assert services.of("routing.list_cases")[0]["search"] == sought


def test_the_queue_is_there_while_its_figures_are_not() -> None:
    away = Unavailable("routing.unavailable", "Away.", "Chưa sẵn sàng.")
    services = at_work(routing__count_cases=away, routing__case_load=away)
    answer = visit(services, OFFICER).get("/ban-lam-viec")
    assert answer.status_code == 200
    assert CODE in answer.text


def test_each_tab_of_the_queue_has_its_count_and_leads_to_what_it_counts() -> None:
    page = visit(at_work(), OFFICER).get("/ban-lam-viec").text
    tabs = page.partition('<nav class="tabs')[2].partition("</nav>")[0]
    counted = re.findall(r'<a href="([^"]+)"[^>]*>([^<]+) <span class="count">([\d.]+)</span>', tabs)
    assert counted == [
        ("/ban-lam-viec", "Đang xử lý", "1.224"),
        ("/ban-lam-viec?officer=me", "Của tôi", "7"),
        ("/ban-lam-viec?status=opened", "Chờ tiếp nhận", "1.200"),
        ("/ban-lam-viec?status=proposed", "Chờ ký", "3"),
        ("/ban-lam-viec?status=supplement_requested", "Chờ bổ sung", "4"),
        ("/ban-lam-viec?late=at_risk", "Sắp đến hạn", "2"),
        ("/ban-lam-viec?late=overdue", "Quá hạn", "5"),
    ]
    assert tabs.count('aria-current="page"') == 1


def test_who_has_how_much_stands_officer_by_officer_and_what_nobody_has_below() -> None:
    page = visit(at_work(), OFFICER).get("/ban-lam-viec/khoi-luong").text
    table = page.partition("Hồ sơ đang mở của mỗi người</caption>")[2].partition("</table>")[0]
    heads = re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', table)
    assert heads == ["Cán bộ", "Đang mở", "Sắp đến hạn", "Quá hạn", "Việc"]
    found = r'<th scope="row"[^>]*><a class="hit" href="([^"]+)">([^<]+)</a></th>(.*?)</tr>'
    lines = [
        (to, name, dict(re.findall(r'<td class="number" data-label="([^"]+)">([\d.]+)</td>', rest)))
        for to, name, rest in re.findall(found, table)
    ]
    columns = ("Đang mở", "Sắp đến hạn", "Quá hạn")
    assert [(to, name, *(figures[column] for column in columns)) for to, name, figures in lines] == [
        ("/ban-lam-viec?officer=vnnic-1", "vnnic-1", "7", "0", "3"),
        ("/ban-lam-viec?officer=vnnic-2", "vnnic-2", "1.008", "2", "0"),
        ("/ban-lam-viec?officer=none", "Chưa giao", "209", "1", "2"),
    ]


def test_who_works_in_the_unit_is_not_counted_for_every_page() -> None:
    services = at_work()
    browser = visit(services, OFFICER)
    pages = [browser.get("/ban-lam-viec").text for _ in range(2)]
    assert all('<option value="vnnic-2">' in page for page in pages)
    assert len(services.of("routing.case_load")) == 1


def test_a_view_is_kept_for_the_officer_wherever_he_signs_in() -> None:
    browser = visit(at_work(), OFFICER)
    browser.post("/ban-lam-viec/goc-nhin", data={"name": " <b>Gấp</b> ", "late": "overdue"})
    other = browser.application.test_client()
    with other.session_transaction() as session:
        session["person"] = OFFICER.kept()
    page = other.get("/ban-lam-viec").text
    assert 'href="/ban-lam-viec?late=overdue"' in page
    assert "&lt;b&gt;Gấp&lt;/b&gt;" in page
    other.post("/ban-lam-viec/goc-nhin", data={"forget": "<b>Gấp</b>"})
    assert "Gấp" not in browser.get("/ban-lam-viec").text.partition("Bộ lọc đã lưu")[2]


def test_a_month_shows_what_is_due_and_which_days_are_off() -> None:
    services = at_work(routing__due_calendar=DUE)
    page = visit(services, OFFICER).get("/ban-lam-viec/lich?thang=2026-09").text
    assert services.of("routing.due_calendar") == [{"from_day": "2026-09-01", "to_day": "2026-09-30"}]
    assert re.search(r'class="is-off"><time datetime="2026-09-02">.*?Quốc khánh', page, re.DOTALL)
    day = r'datetime="2026-09-03">3</time>\s*<a class="hit due" href="([^"]*)">12 hồ sơ'
    assert re.findall(day, page) == ["/ban-lam-viec?due_from=2026-09-03&amp;due_to=2026-09-03"]
    assert "2 hồ sơ đã quá hạn" in page


def test_load_leads_to_what_can_be_given_away() -> None:
    page = visit(at_work(), OFFICER).get("/ban-lam-viec/khoi-luong").text
    assert 'href="/ban-lam-viec?officer=vnnic-2"' in page
    assert 'href="/ban-lam-viec?officer=none"' in page
    assert 'href="/ban-lam-viec?status=accepted&amp;officer=none&amp;to=vnnic-2"' in page


CODES = [CODE, "000.00.06.G06-261126-0002"]
FOUND = {"dossier_codes": CODES, "more": False}


def searched(services: FakeServices, **form: str) -> tuple[FlaskClient, str]:
    """A browser after a search, and the address it was sent to."""
    browser = visit(services, OFFICER)
    answer = browser.post("/ban-lam-viec", data=form)
    assert answer.status_code == 303
    return browser, answer.location


def test_a_name_is_looked_up_at_intake_and_is_in_no_address() -> None:
    services = at_work(intake__find_codes=FOUND, routing__list_cases={"items": [line()], "next": "cursor"})
    browser, address = searched(services, q="  trần   Thị Hoà ", status="in_hand", officer="me")
    assert re.fullmatch(r"/ban-lam-viec\?status=in_hand&officer=me&found=[\w-]+", address)
    page = browser.get(address).text
    assert services.of("intake.find_codes") == [{"text": "trần Thị Hoà"}]
    (asked,) = services.of("routing.list_cases")
    assert asked == {
        "limit": 50,
        "status": "in_hand",
        "order": "due",
        "officer": "vnnic-1",
        "dossier_codes": CODES,
    }
    assert 'type="search" value="trần Thị Hoà"' in page
    word = address.partition("found=")[2]
    assert f'href="/ban-lam-viec/{CODE}?status=in_hand&amp;officer=me&amp;found={word}"' in page
    assert f"after=cursor&amp;status=in_hand&amp;officer=me&amp;found={word}" in page
    assert not [at for at in re.findall(r'(?:href|action)="([^"]*)"', page) if "hoà" in unquote(at).lower()]


def test_a_case_that_was_found_leads_on_to_the_next_one_found() -> None:
    lines = [line(), line(dossier_code=CODES[1])]
    services = at_work(intake__find_codes=FOUND, routing__list_cases={"items": lines, "next": None})
    browser, address = searched(services, q="Mẫu")
    page = browser.get(f"/ban-lam-viec/{CODE}?{address.partition('?')[2]}").text
    assert f"/ban-lam-viec/000.00.06.G06-261126-0002?{address.partition('?')[2]}" in page


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        (CODE.lower(), f"q={CODE}"),
        ("000.00", "q=000.00"),
        ("000.00.06.g06-2611", "q=000.00.06.G06-2611"),
        ("261126", "q=261126"),
        ("261126-0012", "q=261126-0012"),
        ("261126 – 0012", "q=261126-0012"),
        (CODE.replace("-", "\u2011"), f"q={CODE}"),
        (f"０{CODE[1:].lower()}".replace("-", " − "), f"q={CODE}"),
        (" ", ""),
    ],
)
def test_a_code_or_some_of_it_is_looked_up_at_its_address(typed: str, address: str) -> None:
    services = at_work()
    _, sent_to = searched(services, q=typed)
    assert sent_to == f"/ban-lam-viec{'?' if address else ''}{address}"
    assert not services.of("intake.find_codes")


@pytest.mark.parametrize(
    "typed",
    [
        *("001801000001", "001.801.000.001", "001801", "0012", "0100109106-001", "G06", "Mẫu"),
        *("010124", "030112", "001203", "001203-004567", "991231"),  # like days on which no dossier came
    ],
)
def test_whatever_else_is_typed_stays_in_the_session(typed: str) -> None:
    assert "found=" in searched(at_work(), q=typed)[1]
    assert "q=" not in searched(at_work(), q=typed)[1]


def test_more_than_can_be_looked_through_is_said() -> None:
    browser, address = searched(at_work(intake__find_codes={**FOUND, "more": True}), q="Nguyễn")
    assert "Có nhiều hồ sơ khớp hơn" in browser.get(address).text


def test_whom_nobody_knows_is_not_asked_for_at_routing_and_the_ended_are_offered() -> None:
    services = at_work(intake__find_codes={"dossier_codes": [], "more": False})
    browser, address = searched(services, q="Zz")
    page = browser.get(address).text
    assert "Không có hồ sơ nào như vậy." in page
    assert f"/ban-lam-viec?status=any&amp;{address.partition('?')[2]}" in page
    assert not services.of("routing.list_cases")


def test_while_intake_is_away_the_page_says_so_and_codes_are_still_found() -> None:
    services = at_work(intake__find_codes=Unavailable("intake.unavailable", "Away.", "Chưa sẵn sàng."))
    browser, address = searched(services, q="Nguyễn Thị Mẫu")
    answer = browser.get(address)
    assert answer.status_code == 503
    assert "Tìm theo mã hồ sơ vẫn được." in answer.text
    assert 'value="Nguyễn Thị Mẫu"' in answer.text
    assert browser.post("/ban-lam-viec", data={"q": CODE}).location == f"/ban-lam-viec?q={CODE}"
    assert browser.get(f"/ban-lam-viec?q={CODE}").location == f"/ban-lam-viec/{CODE}"


@pytest.mark.parametrize(
    "of_old",
    [
        {"intake__find_codes": NotFound("rpc.unknown_method", "No.", "Không có.")},
        {
            "intake__find_codes": FOUND,
            "routing__list_cases": Invalid("routing.invalid", "No.", "Không có.", [{"field": "dossier_codes"}]),
        },
    ],
)
def test_services_of_the_release_before_are_not_found_fault_with(of_old: dict[str, Any]) -> None:
    browser, address = searched(at_work(**of_old), q="Nguyễn Thị Mẫu")
    answer = browser.get(address)
    assert answer.status_code == 503
    assert "Tìm theo mã hồ sơ vẫn được." in answer.text


def test_a_text_that_intake_refuses_is_told() -> None:
    problem = {"field": "text", "code": "control_characters", "vi": "Có ký tự điều khiển.", "en": "Control characters."}
    services = at_work(intake__find_codes=Invalid("intake.invalid", "No.", "Không.", [problem]))
    browser, address = searched(services, q="a\u200bb")
    answer = browser.get(address)
    assert (answer.status_code, "Có ký tự điều khiển." in answer.text) == (400, True)


def test_a_search_of_another_session_finds_nothing_and_says_why() -> None:
    services = at_work(intake__find_codes=FOUND)
    _, address = searched(services, q="Mẫu")
    page = visit(services, OFFICER).get(address)
    assert (page.status_code, "Lần tìm này không còn được lưu" in page.text) == (200, True)
    assert CODE not in page.text


def test_a_session_keeps_the_last_searches_each_once() -> None:
    browser = visit(at_work(), OFFICER)
    sent = [browser.post("/ban-lam-viec", data={"q": f"Mẫu {number % 25}"}).location for number in range(26)]
    assert sent[0] != sent[25] != sent[24]  # the first was forgotten meanwhile
    assert browser.post("/ban-lam-viec", data={"q": "Mẫu 24"}).location == sent[24]
    with browser.session_transaction() as session:
        assert [one["text"] for one in session["searches"][-2:]] == ["Mẫu 0", "Mẫu 24"]
        assert len(session["searches"]) == 20


def test_a_view_is_kept_without_what_was_searched_for() -> None:
    browser, address = searched(at_work(intake__find_codes=FOUND), q="Mẫu", late="overdue")
    word = address.partition("found=")[2]
    browser.post("/ban-lam-viec/goc-nhin", data={"name": "Gấp", "late": "overdue", "found": word})
    assert 'href="/ban-lam-viec?late=overdue">Gấp' in browser.get("/ban-lam-viec").text
