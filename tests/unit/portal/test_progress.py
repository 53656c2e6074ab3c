"""The time line, what must be done, and the deadline told day by day."""

from collections.abc import Iterator
from typing import Any

import pytest

from services.portal.deadlines import running
from services.portal.progress import Duty, Step, duties, has_ended, may_withdraw, steps
from tests.unit.portal.answers import CALENDAR, RECEIPT, accepted, dossier, fee
from tests.unit.portal.fakes import FakeServices, app

PROCEDURE: dict[str, Any] = {
    "time_limit": {"kind": "working_days", "days": 1},
    "clock": {"on_supplement": "restart", "on_payment": "pause"},
}
SUPPLEMENT = {
    "round": 1,
    "components": ["CCCD"],
    "requested_at": "2026-01-15T04:00:00+00:00",
    "respond_by": "2026-02-14T10:30:00+00:00",
    "open": True,
}


@pytest.fixture(autouse=True)
def _in_vietnamese() -> Iterator[None]:
    with app(FakeServices()).test_request_context():
        from flask import g

        g.language = "vi"
        yield


NAMES = {"vnnic": {"vi": "VNNIC", "en": "VNNIC"}, "cuc-bao-chi": {"vi": "Cục Báo chí", "en": "Authority of Press"}}


def line(of: dict[str, Any], *earlier: dict[str, Any]) -> list[Step]:
    return steps(of, NAMES.__getitem__, earlier)


def told(of: dict[str, Any]) -> list[str]:
    return [f"{step.state} {step.text}" for step in line(of)]


def test_what_happened_is_told_in_the_order_in_which_it_happened() -> None:
    paid = fee("paid", paid_at="2026-01-15T03:06:00.000+00:00", receipt=RECEIPT)
    of = accepted("processing", fees=[paid], case={"assigned_at": "2026-01-15T03:30:00+00:00"})
    assert told(of) == [
        "done Hồ sơ được nộp",
        "done Hồ sơ được tiếp nhận",
        "done Có khoản phải nộp: 550.000\u00a0đ",
        "done Đã nộp 550.000\u00a0đ",
        "done Hồ sơ được giao cho cán bộ thụ lý",
        "now Cơ quan đang giải quyết",
        "ahead Trả kết quả",
    ]
    assert line(of)[3].more == "Biên lai AA-26E số 7."
    assert line(of)[5].due == of["due_at"]


def test_a_dossier_that_was_handed_on_says_from_where_to_where_and_why() -> None:
    moved = {"from_unit": "vnnic", "to_unit": "cuc-bao-chi", "reason": "not_competent"}
    of = accepted(transfers=[{**moved, "transferred_at": "2026-01-15T02:30:00+00:00"}])
    assert told(of)[:3] == [
        "done Hồ sơ được nộp",
        "done Hồ sơ được chuyển từ VNNIC sang Cục Báo chí",
        "done Hồ sơ được tiếp nhận",
    ]
    assert line(of)[1].more == "Hồ sơ không thuộc thẩm quyền giải quyết của đơn vị."


FIRST = {**SUPPLEMENT, "received_at": "2026-01-16T03:00:00+00:00"}
SECOND = {**SUPPLEMENT, "round": 2, "requested_at": "2026-01-17T04:00:00+00:00"}


def supplements(of: dict[str, Any], *earlier: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    found = line(of, *earlier)
    return [(step.text, step.more, step.at) for step in found if step.state == "done" and "bổ sung" in step.text]


def test_a_request_that_is_answered_is_told_with_its_answer() -> None:
    of = accepted("processing", supplement={**SUPPLEMENT, "open": False}, supplemented_at=FIRST["received_at"])
    assert supplements(of) == [
        ("Cơ quan yêu cầu bổ sung hồ sơ", "", SUPPLEMENT["requested_at"]),
        ("Hồ sơ được bổ sung", "", FIRST["received_at"]),
    ]


def test_each_request_for_a_supplement_is_told_and_each_answer_once() -> None:
    asked_again = accepted("supplement_requested", supplement=SECOND, supplemented_at=FIRST["received_at"])
    told = [
        ("Cơ quan yêu cầu bổ sung hồ sơ", "Lần 1.", SUPPLEMENT["requested_at"]),
        ("Hồ sơ được bổ sung", "", FIRST["received_at"]),
        ("Cơ quan yêu cầu bổ sung hồ sơ", "Lần 2.", SECOND["requested_at"]),
    ]
    assert supplements(asked_again, FIRST) == told
    at = "2026-01-18T03:00:00+00:00"
    answered = accepted("processing", supplement={**SECOND, "open": False}, supplemented_at=at)
    assert supplements(answered, FIRST) == [*told, ("Hồ sơ được bổ sung", "", at)]


def test_while_earlier_requests_cannot_be_had_what_is_known_is_told() -> None:
    of = accepted("supplement_requested", supplement=SECOND, supplemented_at=FIRST["received_at"])
    assert [text for text, _, _ in supplements(of)] == ["Hồ sơ được bổ sung", "Cơ quan yêu cầu bổ sung hồ sơ"]


def test_a_dossier_that_ended_awaits_nothing() -> None:
    of = dossier("withdrawn", withdrawn_at="2026-01-15T05:00:00+00:00", withdrawal_reason="Không còn nhu cầu")
    assert told(of) == ["done Hồ sơ được nộp", "done Hồ sơ được rút"]
    assert line(of)[1].more == "Không còn nhu cầu"
    assert not may_withdraw(of)


@pytest.mark.parametrize(
    ("status", "decided_at", "offered"),
    [
        ("processing", None, True),
        ("payment_required", None, True),
        ("payment_required", "2026-01-15T05:00:00+00:00", True),  # what was granted waits for its fee
        ("processing", "2026-01-15T05:00:00+00:00", False),
    ],
)
def test_a_withdrawal_is_offered_where_intake_takes_it(status: str, decided_at: str | None, offered: bool) -> None:
    assert may_withdraw(accepted(status, case={"decided_at": decided_at})) == offered


def test_a_refusal_is_told_as_such_and_a_revoked_result_too() -> None:
    case = {"decided_at": "2026-01-16T03:00:00+00:00", "outcome": "refused", "on_time": True}
    result = {"outcome": "refused", "at": "2026-01-16T03:00:00+00:00", "number": None, "revoked_at": None}
    assert told(accepted("resolved", case=case, result=result))[2:] == [
        "done Cơ quan quyết định không cấp",
        "now Chờ bạn xác nhận đã nhận kết quả",
    ]
    granted = {**result, "outcome": "granted", "number": "1/2026", "revoked_at": "2026-03-01T03:00:00+00:00"}
    assert told(accepted("returned", result=granted))[-2:] == ["done Đã có kết quả", "done Kết quả bị thu hồi"]


def test_a_result_revoked_before_it_was_collected_asks_nothing_of_the_applicant() -> None:
    at = "2026-03-01T03:00:00+00:00"
    result = {"outcome": "granted", "at": "2026-01-16T03:00:00+00:00", "number": "1/2026", "revoked_at": at}
    of = accepted("resolved", result=result, revoked_at=at)
    assert (duties(of), has_ended(of)) == ([], True)
    assert told(of)[-1] == "done Kết quả bị thu hồi"


def test_the_nearest_duty_comes_first() -> None:
    of = accepted("supplement_requested", fees=[fee()], supplement=SUPPLEMENT)
    assert duties(of) == [
        Duty("pay", "2026-01-25T03:00:01+00:00", 550_000),
        Duty("supplement", SUPPLEMENT["respond_by"]),  # type: ignore[arg-type]
    ]
    assert duties(accepted("resolved")) == [Duty("collect")]
    assert duties(dossier("withdrawn", fees=[fee()])) == []


def test_a_fee_that_is_paid_is_no_duty() -> None:
    assert duties(accepted("processing", fees=[fee("paid")])) == []
    assert duties(accepted("payment_required", fees=[fee("expired")]))[0].kind == "pay"


def test_the_answer_is_due_so_many_office_hours_after_receipt() -> None:
    term = running(dossier(), PROCEDURE, CALENDAR, "standard")
    assert term is not None
    assert (term.kind, term.hours, term.was_moved) == ("answer", 8, False)
    assert [(f"{one.day:%d/%m}", one.counted) for one in term.days] == [("15/01", True), ("16/01", True)]


def test_the_decision_is_due_by_the_term_of_the_procedure() -> None:
    term = running(accepted(), PROCEDURE, CALENDAR, "standard")
    assert term is not None
    assert (term.kind, term.was_moved) == ("decision", False)
    assert [(f"{one.day:%d/%m}", one.count) for one in term.days] == [("15/01", 0), ("16/01", 1)]


def test_a_supplement_starts_the_term_again() -> None:
    of = accepted("processing", supplemented_at="2026-01-20T03:00:00+00:00", due_at="2026-01-21T10:30:00+00:00")
    term = running(of, PROCEDURE, CALENDAR, "standard")
    assert term is not None
    assert not term.was_moved
    assert f"{term.days[0].day:%d/%m}" == "20/01"


def test_a_clock_that_stood_still_is_said_to_have() -> None:
    term = running(accepted(due_at="2026-01-19T02:00:00+00:00"), PROCEDURE, CALENDAR, "standard")
    assert term is not None
    assert term.was_moved
    assert f"{term.days[-1].day:%d/%m}" == "16/01"


def test_a_calendar_that_ends_too_early_explains_nothing_but_the_day_stands() -> None:
    short = {**CALENDAR, "valid_to": "2026-01-15"}
    term = running(accepted(), PROCEDURE, short, "standard")
    assert term is not None
    assert (term.days, term.due_at.isoformat()) == ((), "2026-01-16T10:30:00+00:00")


def test_no_term_runs_for_what_has_ended() -> None:
    assert running(accepted("resolved"), PROCEDURE, CALENDAR, "standard") is None
    assert running(dossier("rejected"), PROCEDURE, CALENDAR, "standard") is None
