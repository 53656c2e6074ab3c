"""The API on what pages explain: the term day by day, a unit, a licence whoever holds it, one of several fees."""

from typing import Any, Final

import pytest

from services.chassis.errors import NotFound, Unavailable
from tests.unit.portal.answers import CALENDAR, CODE, ORDER_ID, accepted, dossier, order, services
from tests.unit.portal.fakes import CITIZEN, ENDED, ENDED_UNIT, OFFICER, FakeServices, ended, visit

API: Final = "/api/v1"
TERM: Final = f"{API}/dossiers/{CODE}/term"
SECOND: Final = f"{CODE}-R"
PAYMENTS: Final = f"{API}/dossiers/{CODE}/orders/{SECOND}/payments"
KEY: Final = {"Idempotency-Key": "one"}
BACK: Final = {"return_url": "https://app.example.vn/xong"}
STANDING: Final = {"valid": True, "status": "valid", "issued_at": "2026-01-15T02:00:00+00:00"}
AWAY: Final = Unavailable("registry.unavailable", "Away.", "Chưa sẵn sàng.")


def term_of(made: FakeServices) -> Any:
    """What the API tells of the term."""
    told: Any = visit(made, CITIZEN).get(TERM).json
    assert told["dossier_code"] == CODE
    return told["term"]


def test_the_term_of_a_dossier_is_told_day_by_day_in_both_languages() -> None:
    term = term_of(services(accepted()))
    assert (term["kind"], term["due_at"], term["was_moved"]) == ("decision", "2026-01-16T10:30:00+00:00", False)
    received, counted = term["days"]
    assert (received["day"], received["counted"], received["why"]) == ("2026-01-15", False, "received")
    assert received["words"] == {"vi": "ngày nhận, chưa tính", "en": "day of receipt, not counted yet"}
    assert (counted["day"], counted["counted"], counted["why"], counted["count"]) == (
        "2026-01-16",
        True,
        "working_day",
        1,
    )


def test_until_it_is_received_the_term_is_that_of_the_answer_in_office_hours() -> None:
    term = term_of(services(dossier()))
    assert (term["kind"], term["hours"]) == ("answer", 8)
    assert [(one["day"], one["minutes"]) for one in term["days"]] == [("2026-01-15", 420), ("2026-01-16", 480)]


def test_where_no_term_runs_there_is_none() -> None:
    assert term_of(services(dossier("withdrawn"))) is None


def test_a_calendar_that_cannot_be_had_is_no_term_that_does_not_run() -> None:
    answer = visit(services(accepted(), registry__get_calendar=AWAY), CITIZEN).get(TERM)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")


@pytest.mark.parametrize(("person", "status"), [(None, 401), (OFFICER, 403)])
def test_the_term_is_for_applicants_who_signed_in(person: Any, status: int) -> None:
    assert visit(services(accepted()), person).get(TERM).status_code == status


def test_anybody_is_told_how_a_unit_is_reached() -> None:
    unit = {
        "key": "vnnic",
        "name": {"vi": "Trung tâm", "en": "Centre"},
        "phone": "02438000006",
        "email": "a@example.vn",
    }
    asks = visit(FakeServices({"registry.get_unit": {**unit, "calendar": "vn"}}))
    first = asks.get(f"{API}/units/mic/vnnic")
    assert first.json == {**unit, "tenant": "mic"}
    assert asks.get(f"{API}/units/mic/vnnic", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


def test_a_unit_that_has_ended_is_told_as_it_last_was_with_its_last_day() -> None:
    answer = visit(FakeServices({"registry.get_unit": ENDED_UNIT})).get(f"{API}/units/mic/vnnic")
    assert answer.json == {**ENDED, "tenant": "mic"}


def test_a_unit_that_never_was_is_not_there() -> None:
    assert visit(FakeServices()).get(f"{API}/units/mic/vnnic").status_code == 404


def test_a_term_is_counted_by_the_calendar_of_the_day_on_which_the_dossier_came_also_when_that_has_ended() -> None:
    made = services(accepted(), registry__get_calendar=ended(CALENDAR))
    assert term_of(made)["days"]
    assert {one["as_of"] for one in made.of("registry.get_calendar")} == {"2026-01-15"}


def test_a_licence_is_verified_without_naming_its_holder() -> None:
    made = FakeServices({"registry.look_up": STANDING})
    asked = {"dataset": "ten-mien-vn", "number": "1/TM"}
    assert visit(made).post(f"{API}/verifications", json=asked).json == STANDING
    assert made.asked == [(None, "registry.look_up", asked)]


def test_with_a_holder_it_is_said_whether_it_is_his() -> None:
    made = FakeServices({"registry.verify": {**STANDING, "holder_matches": False, "valid": False}})
    asked = {"dataset": "ten-mien-vn", "number": "1/TM", "holder": "001801000001"}
    answer: Any = visit(made).post(f"{API}/verifications", json=asked).json
    assert answer["holder_matches"] is False
    assert made.asked == [(None, "registry.verify", asked)]


def test_a_fee_that_is_not_the_one_that_matters_now_can_be_paid_by_its_id() -> None:
    second = order(order_id=SECOND, when_due="before_result")
    made = services(payment__find_order=second, payment__start_payment={"redirect_url": "https://gateway.example.vn/p"})
    answer = visit(made, CITIZEN).post(PAYMENTS, json=BACK, headers=KEY)
    assert (answer.status_code, answer.json) == (201, {"redirect_url": "https://gateway.example.vn/p"})
    assert made.of("payment.find_order") == [{"order_id": SECOND}]
    (started,) = made.of("payment.start_payment")
    assert started == {"order_id": SECOND, "request_id": "one", "ip_address": "127.0.0.1", **BACK}


@pytest.mark.parametrize(
    "found", [NotFound("payment.unknown_order", "No.", "Không."), {**order(), "dossier_code": f"{CODE}9"}]
)
def test_a_fee_of_another_dossier_cannot(found: Any) -> None:
    made = services(payment__find_order=found, payment__start_payment={"redirect_url": "https://gateway.example.vn/p"})
    assert visit(made, CITIZEN).post(PAYMENTS, json=BACK, headers=KEY).status_code == 404
    assert made.of("payment.start_payment") == []


def test_the_one_that_matters_now_is_paid_without_knowing_its_id() -> None:
    made = services(payment__get_order=order(), payment__start_payment={"redirect_url": "https://gateway.example.vn/p"})
    visit(made, CITIZEN).post(f"{API}/dossiers/{CODE}/order/payments", json=BACK, headers=KEY)
    assert made.of("payment.start_payment")[0]["order_id"] == ORDER_ID
