"""What payment does for callers and about events."""

from datetime import timedelta
from typing import Any

import pytest

from services.chassis.errors import Invalid, NotFound, Unavailable
from services.payment import domain
from tests.unit.catalogue.projected import version
from tests.unit.payment.builders import CITIZEN, CODE, FOREIGN, NOW, OFFICER, STRANGER, SYSTEM, TEN_DAYS
from tests.unit.payment.fakes import FEES, Desk, cause_of


@pytest.fixture
def desk(now: list[Any]) -> Desk:
    """Payment, knowing nothing."""
    return Desk()


def test_a_dossier_gets_an_order_for_every_moment_its_procedure_knows_a_fee(desk: Desk) -> None:
    desk.submit()
    desk.submit()
    assert [(desk.order(letter).status, desk.order(letter).amount_vnd) for letter in "SAR"] == [
        ("requested", 600_000),
        ("assessed", 350_000),
        ("assessed", 10_000),
    ]
    assert desk.types("S") == ["fee_assessed", "fee_requested"]


def test_each_order_falls_due_at_its_own_moment(desk: Desk) -> None:
    desk.submit()
    desk.cases.fall_due(cause_of("accepted"), CODE, "on_acceptance")
    assert [desk.order(letter).status for letter in "SAR"] == ["requested", "requested", "assessed"]
    desk.cases.fall_due(cause_of("granted"), CODE, "before_result")
    assert desk.order("R").status == "requested"


def test_the_end_of_the_dossier_cancels_all_its_orders(desk: Desk) -> None:
    desk.submit()
    desk.cases.end(cause_of("withdrawn"), CODE, NOW)
    assert [desk.order(letter).status for letter in "SAR"] == ["cancelled"] * 3


def test_an_event_about_a_dossier_that_was_not_heard_of_comes_again_later(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.cases.fall_due(cause_of("accepted"), CODE, "on_acceptance")
    with pytest.raises(NotFound):
        desk.cases.end(cause_of("withdrawn"), CODE, NOW)


@pytest.mark.parametrize("numbers", [0, -1, True, "10", None])
def test_a_quantity_without_a_price_is_named_and_opens_nothing(desk: Desk, numbers: object) -> None:
    with pytest.raises(Invalid) as caught:
        desk.submit(numbers=numbers)
    assert caught.value.code == "payment.no_price"
    assert caught.value.errors[0]["field"] == "fee_inputs.numbers"
    with pytest.raises(NotFound):
        desk.order("S")


def test_the_version_of_the_procedure_that_intake_knows_is_waited_for(desk: Desk) -> None:
    with pytest.raises(Unavailable):
        desk.submit(under="2026-01-15")
    desk.projection.apply(version("procedure", "with-fees", "2026-01-15", fees=FEES[:1]))
    desk.submit(under="2026-01-15")
    assert desk.orders.bill(CODE).orders == (f"{CODE}-S",)


@pytest.mark.parametrize("ended", ["2026-01-14", None])
def test_a_dossier_received_before_todays_version_came_is_priced_under_the_earlier(
    desk: Desk, ended: str | None
) -> None:
    desk.projection.apply(version("procedure", "old", "2016-01-01", ended, fees=FEES))
    desk.projection.apply(version("procedure", "old", "2026-01-15", fees=[]))
    desk.submit("old")
    assert [desk.order(letter).amount_vnd for letter in "SAR"] == [600_000, 350_000, 10_000]


def test_amounts_are_those_of_the_day_of_submission_under_whatever_version(desk: Desk) -> None:
    dearer = [{**FEES[0], "valid_to": "2026-01-14"}, {**FEES[0], "valid_from": "2026-01-15", "amount_vnd": 700_000}]
    desk.projection.apply(version("procedure", "dearer", "2016-01-01", fees=dearer))
    desk.submit("dearer")
    assert desk.order().amount_vnd == 700_000


def test_a_dossier_without_fees_says_so_and_is_not_waited_for(desk: Desk) -> None:
    desk.submit("without-fees")
    with pytest.raises(NotFound) as caught:
        desk.cases.get_order(CITIZEN, CODE)
    assert caught.value.code == "payment.no_fee"
    desk.cases.end(cause_of("withdrawn"), CODE, NOW)


def test_the_order_that_matters_is_shown_to_those_who_may_see_it(desk: Desk) -> None:
    desk.submit()
    for actor in (CITIZEN, OFFICER, SYSTEM):
        shown = desk.cases.get_order(actor, CODE)
        assert (shown["order_id"], shown["receipt"]) == (f"{CODE}-S", None)
        assert shown["orders"] == [f"{CODE}-{letter}" for letter in "SAR"]
        assert desk.cases.find_order(actor, f"{CODE}-R")["lines"][0]["amount_vnd"] == 10_000
    for actor in (STRANGER, FOREIGN):
        with pytest.raises(NotFound):
            desk.cases.get_order(actor, CODE)
        with pytest.raises(NotFound):
            desk.cases.find_order(actor, f"{CODE}-R")


def test_a_repeated_request_gives_the_same_address_and_a_new_one_a_new_attempt(desk: Desk, now: list[Any]) -> None:
    desk.submit()
    first = desk.start("request-1")
    now[0] += timedelta(minutes=1)
    assert desk.start("request-1") == first
    second = desk.start("request-2")
    assert [first["attempt"], second["attempt"]] == [one.reference for one in desk.order().attempts]
    assert second["expires_at"] == NOW + timedelta(minutes=16)


def test_counter_money_keeps_its_collector_out_of_the_history(desk: Desk) -> None:
    desk.submit()
    done = desk.cases.record_counter_payment(OFFICER, cause_of("r"), f"{CODE}-S", 600_000, "Thủ quỹ Ví Dụ")
    assert (done["status"], done["collector"]) == ("paid", "Thủ quỹ Ví Dụ")
    assert "Thủ quỹ" not in str(desk.journal.history(f"{CODE}-S"))
    assert desk.journal.get(f"{CODE}-S").subject == {"collector": "Thủ quỹ Ví Dụ"}


def test_a_receipt_is_numbered_in_the_vietnamese_year_of_the_payment(desk: Desk, now: list[Any]) -> None:
    desk.submit()
    now[0] = NOW.replace(year=2026, month=12, day=31, hour=17, minute=0)  # midnight in Hà Nội
    desk.cases.record_counter_payment(OFFICER, cause_of("r"), f"{CODE}-S", 600_000, "TQ")
    paid = {"order_id": f"{CODE}-S", "paid_at": now[0]}
    desk.cases.issue_receipt(cause_of("fee_paid"), paid)
    desk.cases.issue_receipt(cause_of("fee_paid"), paid)
    assert desk.numbers.taken == {f"{CODE}-S": ("01BLP0-001/AA-27E", 1)}
    receipt = desk.order().receipt
    assert receipt is not None
    assert (receipt.template, receipt.serial, receipt.number) == ("01BLP0-001", "AA-27E", 1)
    assert desk.types().count("receipt_issued") == 1


def test_a_receipt_names_the_series_that_its_number_was_taken_from_also_when_another_is_set_since(desk: Desk) -> None:
    desk.submit()
    desk.cases.record_counter_payment(OFFICER, cause_of("r"), f"{CODE}-S", 600_000, "TQ")
    desk.numbers.take("01BLP0-001/AB-25E", f"{CODE}-S")  # and then the process died
    desk.cases.issue_receipt(cause_of("fee_paid"), {"order_id": f"{CODE}-S", "paid_at": NOW})
    receipt = desk.order().receipt
    assert receipt is not None
    assert (receipt.template, receipt.serial, receipt.number) == ("01BLP0-001", "AB-25E", 1)


def test_orders_that_nobody_paid_in_time_expire_once(desk: Desk, now: list[Any]) -> None:
    desk.submit()
    desk.cases.expire_overdue()
    assert desk.order().status == "requested"
    now[0] += TEN_DAYS
    desk.cases.expire_overdue()
    desk.cases.expire_overdue()
    assert desk.types().count("fee_expired") == 1


def test_a_dossier_that_was_handed_on_is_the_new_units_and_what_it_paid_before_the_old_ones_too(desk: Desk) -> None:
    moved = {"dossier_code": CODE, "transfer": 1, "from_unit": "vnnic", "to_unit": FOREIGN.unit, "transferred_at": NOW}
    with pytest.raises(NotFound):
        desk.cases.transfer(cause_of("moved"), moved)
    desk.submit()
    desk.cases.record_counter_payment(OFFICER, cause_of("r"), f"{CODE}-S", 600_000, "TQ")
    desk.cases.transfer(cause_of("moved"), {**moved, "transferred_at": NOW + timedelta(minutes=5)})
    desk.cases.transfer(cause_of("moved"), {**moved, "transferred_at": NOW + timedelta(minutes=5)})
    assert [desk.order(letter).unit for letter in "SAR"] == ["vnnic", FOREIGN.unit, FOREIGN.unit]
    assert desk.cases.get_order(FOREIGN, CODE)["orders"] == [f"{CODE}-{letter}" for letter in "SAR"]
    for letter in "SAR":
        assert desk.cases.find_order(FOREIGN, f"{CODE}-{letter}")["order_id"] == f"{CODE}-{letter}"
    assert desk.cases.find_order(OFFICER, f"{CODE}-S")["status"] == "paid"
    with pytest.raises(NotFound):
        desk.cases.find_order(OFFICER, f"{CODE}-A")
    with pytest.raises(NotFound):
        desk.cases.get_order(OFFICER, CODE)


def test_an_officer_lists_the_orders_of_his_unit(desk: Desk) -> None:
    desk.submit()
    page = desk.cases.list_orders(OFFICER, None, None, 2, None)
    assert [one["order_id"] for one in page["items"]] == [f"{CODE}-A", f"{CODE}-R"]
    assert domain.unit_to_list(OFFICER, None) == "vnnic"
