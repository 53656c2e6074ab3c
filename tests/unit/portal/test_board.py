"""The board: figures that add up, services that do not answer, dead letters that are sent back."""

import re
import threading
from datetime import date, timedelta
from typing import Any, Final

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import Unavailable
from services.contracts.events import PUBLISHERS
from services.portal import figures
from tests.unit.portal.fakes import CITIZEN, OFFICER, OPERATOR, FakeServices, catalogue, procedure, visit

AWAY: Final = Unavailable("routing.unavailable", "Away.", "Chưa sẵn sàng.")
HEALTH: Final = {"ready": True, "relay": {"waiting": 3, "oldest_seconds": 1.25}, "dead_letters": 2}
UNIT: Final[dict[str, Any]] = {"unit": "vnnic", "open": 5, "at_risk": 1, "overdue": 2}
COUNTS: Final[dict[str, Any]] = {
    "total": 8,
    "by_status": {"submitted": 6, "returned": 2},
    "by_unit": {"cuc-an-toan-tt": {"submitted": 2}, "vnnic": {"submitted": 4, "returned": 2}},
    "by_level": {"3": 2, "4": 6},
    "by_channel": {"online": 4, "direct": 4},
}
PAID: Final = {"unit": "vnnic", "day": "2026-12-01", "orders": 1, "amount_vnd": 350_000}
LETTER: Final[dict[str, Any]] = {
    "id": "letter-1",
    "queue": "routing.open_case",
    "type": "dossier_submitted",
    "dossier_code": "000.00.06.G14-261201-0001",
    "attempts": 6,
    "failed_at": "2026-12-01T02:00:00+00:00",
    "reason": "<b>Invalid</b>",
}


def queues(name: str, *more: dict[str, Any]) -> dict[str, Any]:
    """What a service says of its queues: a request and four events wait, and one that is tried again."""
    waiting = (("requests", f"rpc-{name}", 1, 2), ("work", f"{name}.hear", 4, 2), ("retry", f"{name}.retry.1s", 1, 0))
    lines = [dict(zip(("kind", "queue", "waiting", "consumers"), line, strict=True)) for line in waiting]
    return {"items": [*lines, *more], "as_of": "2026-11-26T02:00:00+00:00"}


def answers(**changes: Any) -> FakeServices:
    """Services that all answer, but for the changes."""
    told = {
        **catalogue(procedure()),
        "intake.count_dossiers": COUNTS,
        "routing.count_by_unit": {"units": [{**UNIT, "decided": {"early": 6, "on_time": 3, "late": 1}}]},
        "payment.count_fees": {"paid": [PAID], "refunded": []},
        **{f"{name}.health": HEALTH for name in PUBLISHERS},
        **{f"{name}.list_dead_letters": {"items": [], "total": 0} for name in PUBLISHERS},
        **{f"{name}.list_queues": queues(name) for name in PUBLISHERS},
    }
    return FakeServices({**told, **{name.replace("__", "."): value for name, value in changes.items()}})


def test_shares_and_sums_are_those_of_what_was_counted() -> None:
    page = visit(answers(), OPERATOR).get("/dieu-hanh/").text
    for figure in ("90 %", "75 %", "25 %", "50 %", "350.000\u00a0đ", "Trung tâm Internet Việt Nam"):
        assert figure in page, figure


def test_the_states_of_dossiers_stand_unit_by_unit() -> None:
    page = visit(answers(), OPERATOR).get("/dieu-hanh/").text
    table = page.partition("Trạng thái theo đơn vị</summary>")[2].partition("</table>")[0]
    rows = [re.sub(r"<[^>]+>", "|", row).strip("|").split("||") for row in re.findall(r"<tr>(.*?)</tr>", table)]
    heads, *units = [[cell.strip("|") for cell in row if cell.strip("|")] for row in rows]
    counts = {unit: dict(zip(heads[1:], cells, strict=True)) for unit, *cells in units}
    assert counts["cuc-an-toan-tt"] == {"mới đăng ký": "2", "đã trả kết quả": "0"}
    assert counts["Trung tâm Internet Việt Nam"] == {"mới đăng ký": "4", "đã trả kết quả": "2"}


def test_a_service_that_does_not_answer_is_shown_as_that_and_the_rest_is_there() -> None:
    page = visit(answers(routing__count_by_unit=AWAY, routing__health=AWAY), OPERATOR).get("/dieu-hanh/")
    assert page.status_code == 200
    assert "không trả lời" in page.text
    assert "350.000\u00a0đ" in page.text
    assert cells(line_of(page.text, "Dịch vụ", "routing")) == ["–", "–", "–"]


def line_of(page: str, table: str, service: str) -> str:
    """What a table under that head says of a service."""
    below = page.partition(f"<h2>{table}</h2>")[2].partition("</table>")[0]
    return below.partition(f'data-label="Dịch vụ">{service}</th>')[2].partition("</tr>")[0]


def cells(line: str) -> list[str]:
    """The figures of a line."""
    return re.findall(r'<td class="number"[^>]*>([\d.,–]+)</td>', line)


def test_what_waits_is_told_by_service_and_queue_by_queue() -> None:
    left = {"kind": "work", "queue": "routing.note_fee", "waiting": 1207, "consumers": 0}
    page = visit(answers(routing__list_queues=queues("routing", left)), OPERATOR).get("/dieu-hanh/").text
    health = line_of(page, "Dịch vụ", "routing")
    assert cells(health) == ["3", "1,2", "2"]  # events to be sent, seconds that the oldest waits, dead letters
    assert ">hoạt động<" in health
    line = line_of(page, "Hàng đợi", "routing")
    assert cells(line) == ["1", "1.211", "1"]
    assert "1 hàng đợi không có nơi nhận" in line
    assert '<th scope="row" class="code">routing.note_fee</th><td class="number">1.207</td>' in page
    assert page.count("hàng đợi không có nơi nhận") == 1  # nobody takes from a rung, and nobody should


def letters_of(total: int) -> dict[str, Any]:
    """So many dead letters of routing, told page by page."""

    def listed(limit: int, skip: int) -> dict[str, Any]:
        items = [{**LETTER, "id": f"letter-{place}"} for place in range(total)]
        return {"items": items[skip : skip + limit], "total": total}

    return {"routing__list_dead_letters": listed}


def test_every_dead_letter_can_be_come_to() -> None:
    browser, address, seen = visit(answers(**letters_of(120)), OPERATOR), "/dieu-hanh/thu-chet", []
    while address:
        page = browser.get(address).text
        seen += re.findall(r'name="id" value="([^"]+)"', page)
        (address, *_) = re.findall(r'rel="next" href="([^"]+)"', page) or [""]
        address = address.replace("&amp;", "&")
    assert seen == [f"letter-{place}" for place in range(120)]
    assert "Về đầu danh sách" in page


@pytest.mark.parametrize(
    "query", ["dich-vu=routing&sau=-1", "dich-vu=routing&sau=x", "dich-vu=nobody&sau=50", "sau=50"]
)
def test_a_place_among_dead_letters_that_is_none_is_the_first(query: str) -> None:
    page = visit(answers(**letters_of(120)), OPERATOR).get(f"/dieu-hanh/thu-chet?{query}")
    assert (page.status_code, 'value="letter-0"' in page.text) == (200, True)


def test_queues_that_are_not_known_are_not_empty() -> None:
    lost = {"kind": "work", "queue": "intake.mirror_case", "waiting": None, "consumers": None}
    changes = {"routing__list_queues": AWAY, "intake__list_queues": queues("intake", lost)}
    page = visit(answers(**changes), OPERATOR).get("/dieu-hanh/").text
    lines = {name: line_of(page, "Hàng đợi", name) for name in ("intake", "routing")}
    assert cells(lines["intake"]) == ["1", "–", "1"]
    assert cells(lines["routing"]) == ["–", "–", "–"]
    assert "không trả lời" in lines["routing"]
    assert ">đủ<" not in lines["intake"]


@time_machine.travel("2026-11-26T02:00:00+00:00", tick=False)
def test_figures_are_said_to_be_of_the_days_that_were_counted() -> None:
    services = answers()
    page = visit(services, OPERATOR).get("/dieu-hanh/?days=7").text
    days = {"from_day": "2026-11-20", "to_day": "2026-11-26"}
    for target in ("intake.count_dossiers", "routing.count_by_unit", "payment.count_fees"):
        assert services.of(target) == [days], target
    assert "20/11/2026 – 26/11/2026 · Số liệu lúc 09 giờ 00, 26/11/2026" in page
    assert 'href="/dieu-hanh/?days=7" aria-current="true"' in page


@time_machine.travel("2026-11-26T02:00:00+00:00", tick=False)
def test_days_can_be_chosen_and_stand_in_the_form() -> None:
    services = answers()
    page = visit(services, OPERATOR).get("/dieu-hanh/?from_day=2026-10-31&to_day=2026-11-02").text
    assert services.of("intake.count_dossiers") == [{"from_day": "2026-10-31", "to_day": "2026-11-02"}]
    assert "31/10/2026 – 02/11/2026" in page
    assert 'name="from_day" type="date" value="2026-10-31"' in page
    assert "aria-current" not in page.partition("data-refresh")[2]


@time_machine.travel("2026-11-26T02:00:00+00:00", tick=False)
@pytest.mark.parametrize(
    "asked",
    [
        "from_day=2026-11-02&to_day=2026-10-31",
        "from_day=2025-11-01&to_day=2026-11-02",
        "from_day=2026-02-30",
        "to_day=x",
    ],
)
def test_days_that_are_none_or_too_many_are_said_to_be_and_the_usual_ones_shown(asked: str) -> None:
    services = answers()
    page = visit(services, OPERATOR).get(f"/dieu-hanh/?{asked}").text
    assert services.of("intake.count_dossiers") == [{"from_day": "2026-10-28", "to_day": "2026-11-26"}]
    assert "nhiều nhất 366 ngày" in page


@time_machine.travel("2026-12-02T02:00:00+00:00", tick=False)
def test_what_a_chart_shows_is_there_in_figures_too() -> None:
    less = {**PAID, "day": "2026-11-28", "amount_vnd": 70_000}
    services = answers(payment__count_fees={"paid": [PAID, less], "refunded": []})
    page = visit(services, OPERATOR).get("/dieu-hanh/?days=7").text
    chart = page.partition('<svg class="columns-chart" viewBox="0 0 70 100"')[2].partition("</svg>")[0]
    bar = r'<rect x="(\d+)" y="([\d.]+)" width="8" height="([\d.]+)" class="bar good"><title>([\d/]+): ([\d.]+)\u00a0đ<'
    bars = {day: drawn for *drawn, day, _ in re.findall(bar, chart)}
    assert len(bars) == 7
    assert bars["28/11/2026"] == ["21", "80.0", "20.0"]  # x, y from above, height: of the dearest day's 100
    assert bars["30/11/2026"] == ["41", "100.0", "0.0"]
    assert bars["01/12/2026"] == ["51", "0.0", "100.0"]
    assert '<th scope="row">01/12/2026</th><td class="number">350.000\u00a0đ</td>' in page
    assert '<th scope="row">28/11/2026</th><td class="number">70.000\u00a0đ</td>' in page
    assert '<th scope="row">30/11/2026</th><td class="number">0\u00a0đ</td>' in page
    states = page.partition("<h2>Hồ sơ theo trạng thái</h2>")[2].partition("</table>")[0]
    line = r'<td class="number">(\d+)</td><td class="chart"><svg viewBox="0 0 100 10"[^>]*><rect width="([\d.]+)"'
    assert re.findall(line, states) == [("6", "100.0"), ("2", "33.3")]


@pytest.mark.parametrize(("headers", "status"), [({"X-Again": "yes"}, 302), ({}, 200)])
def test_a_board_that_renews_itself_keeps_no_session_alive(headers: dict[str, str], status: int) -> None:
    with time_machine.travel("2026-11-26T02:00:00+00:00", tick=False) as now:
        browser = visit(answers(), OPERATOR)
        browser.get("/dieu-hanh/")
        now.shift(timedelta(minutes=25))
        assert browser.get("/dieu-hanh/", headers=headers).status_code == 200
        now.shift(timedelta(minutes=10))
        assert browser.get("/dieu-hanh/").status_code == status


def test_the_board_is_for_operators() -> None:
    assert visit(answers(), CITIZEN).get("/dieu-hanh/").status_code == 404
    assert visit(answers(), OFFICER).get("/dieu-hanh/thu-chet").status_code == 404
    assert visit(answers()).get("/dieu-hanh/").status_code == 302


def test_a_dead_letter_is_shown_with_what_it_blocks_and_sent_back() -> None:
    services = answers(
        routing__list_dead_letters={"items": [LETTER], "total": 1}, routing__replay_dead_letters={"replayed": 1}
    )
    browser = visit(services, OPERATOR)
    page = browser.get("/dieu-hanh/thu-chet").text
    assert "Đang bị chặn: Đưa hồ sơ vào hàng chờ của đơn vị." in " ".join(page.split())
    assert "&lt;b&gt;Invalid" in page
    after = browser.post(
        "/dieu-hanh/thu-chet/routing", data={"id": "letter-1", "request_id": "r"}, follow_redirects=True
    ).text
    assert services.of("routing.replay_dead_letters") == [{"ids": ["letter-1"], "request_id": "r"}]
    assert "Đã gửi lại 1 thông điệp." in after


def test_who_looks_at_one_service_stays_with_it_after_a_replay() -> None:
    services = answers(
        routing__list_dead_letters={"items": [LETTER], "total": 1}, routing__replay_dead_letters={"replayed": 1}
    )
    browser = visit(services, OPERATOR)
    of_one = browser.get("/dieu-hanh/thu-chet?dich-vu=routing").text
    assert '<input type="hidden" name="dich-vu" value="routing">' in of_one
    assert 'name="dich-vu"' not in browser.get("/dieu-hanh/thu-chet").text
    to = "/dieu-hanh/thu-chet/routing"
    kept = browser.post(to, data={"id": "letter-1", "request_id": "r", "dich-vu": "routing"})
    assert kept.location == "/dieu-hanh/thu-chet?dich-vu=routing"
    assert browser.post(to, data={"id": "letter-1", "request_id": "r"}).location == "/dieu-hanh/thu-chet"


def test_dead_letters_are_asked_of_all_services_together() -> None:
    all_asked = threading.Barrier(len(PUBLISHERS), timeout=30)

    def tell(**_: Any) -> dict[str, Any]:
        all_asked.wait()
        return {"items": [LETTER], "total": 1}

    page = visit(answers(**{f"{name}__list_dead_letters": tell for name in PUBLISHERS}), OPERATOR)
    assert page.get("/dieu-hanh/thu-chet").text.count("routing.open_case") == len(PUBLISHERS)


def test_nothing_chosen_sends_nothing() -> None:
    services = answers()
    browser = visit(services, OPERATOR)
    browser.post("/dieu-hanh/thu-chet/routing", data={})
    browser.post("/dieu-hanh/thu-chet/nobody", data={"id": "x"})
    assert not [target for _, target, _ in services.asked if target.endswith("replay_dead_letters")]


def test_every_day_of_a_period_has_its_bar() -> None:
    days = figures.by_day([PAID, PAID], date(2026, 11, 30), date(2026, 12, 2))
    assert days == [(date(2026, 11, 30), 0), (date(2026, 12, 1), 700_000), (date(2026, 12, 2), 0)]


@given(st.lists(st.tuples(st.text(), st.integers(min_value=0, max_value=10**12))))
def test_the_longest_bar_is_whole_and_none_is_longer(rows: list[tuple[str, int]]) -> None:
    lengths = [bar.length for bar in figures.bars(rows)]
    assert all(0 <= length <= 100 for length in lengths)
    assert not any(value for _, value in rows) or max(lengths) == 100


def test_of_nothing_there_is_no_share() -> None:
    assert figures.on_time({}) is None
    assert figures.share(0, 0) is None
