"""Prices: every basis, the days an item is in force, when it falls due, and inputs that have no price."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts.catalogue.fees import FeeInputInvalid, FeeInputMissing, FeeLine, price
from services.contracts.catalogue.forms import fee_inputs

DAY = date(2026, 3, 10)


def fee(**details: Any) -> dict[str, Any]:
    """A flat fee due on acceptance, unless said otherwise."""
    return {
        "code": "P-1",
        "kind": "charge",
        "name": {"vi": "Phí", "en": "Charge"},
        "basis": "flat",
        "amount_vnd": 1000,
        "applies_if": None,
        "when_due": "on_acceptance",
        "refundable": False,
        "valid_from": "2017-01-01",
        "valid_to": None,
        **details,
    }


def total(fees: list[dict[str, Any]], inputs: dict[str, Any], on: date = DAY) -> int:
    """What is due on acceptance."""
    return sum(line.amount_vnd for line in price(fees, inputs, "on_acceptance", on))


def test_a_flat_fee_is_one_line() -> None:
    assert price([fee(refundable=True)], {}, "on_acceptance", DAY) == (
        FeeLine("P-1", "charge", "Phí", "Charge", 1, 1000, 1000, True),
    )


def test_a_fee_is_priced_only_at_its_own_moment() -> None:
    assert price([fee()], {}, "on_submission", DAY) == ()
    assert price([fee()], {}, "before_result", DAY) == ()


def test_a_fee_per_unit_counts_begun_units_and_leaves_out_free_ones() -> None:
    per_page = fee(basis="per_unit", quantity_field="pages", unit_size=1, free_quantity=0)
    assert total([per_page], {"pages": 7}) == 7000
    blocks = {**per_page, "unit_size": 15, "free_quantity": 1}
    assert [total([blocks], {"pages": minutes}) for minutes in (1, 15, 16, 30, 31)] == [0, 0, 1000, 1000, 2000]
    assert price([blocks], {"pages": 15}, "on_acceptance", DAY) == ()


def test_a_yearly_fee_is_multiplied_by_the_years() -> None:
    assert total([fee(basis="per_year", quantity_field="years", amount_vnd=350_000)], {"years": 3}) == 1_050_000


@pytest.mark.parametrize(("minutes", "amount"), [(1, 15), (50, 15), (51, 20), (100, 20), (101, 50), (9999, 50)])
def test_a_tier_reaches_up_to_and_including_its_edge(minutes: int, amount: int) -> None:
    tiers = [{"up_to": 50, "amount_vnd": 15}, {"up_to": 100, "amount_vnd": 20}, {"up_to": None, "amount_vnd": 50}]
    assert total([fee(basis="tiered", quantity_field="minutes", tiers=tiers)], {"minutes": minutes}) == amount


def test_beyond_the_last_tier_there_is_no_price() -> None:
    tiered = fee(basis="tiered", quantity_field="minutes", tiers=[{"up_to": 50, "amount_vnd": 15}])
    with pytest.raises(FeeInputInvalid, match="minutes"):
        total([tiered], {"minutes": 51})


@pytest.mark.parametrize("quantity", [0, -1, 1.5, "3", True])
def test_a_quantity_that_is_no_whole_number_above_zero_has_no_price(quantity: Any) -> None:
    with pytest.raises(FeeInputInvalid) as refused:
        total([fee(basis="per_unit", quantity_field="pages")], {"pages": quantity})
    assert refused.value.field == "pages"


@pytest.mark.parametrize("inputs", [{}, {"pages": None}])
def test_a_missing_quantity_has_no_price(inputs: dict[str, Any]) -> None:
    with pytest.raises(FeeInputMissing) as refused:
        total([fee(basis="per_unit", quantity_field="pages")], inputs)
    assert refused.value.field == "pages"


def test_a_condition_decides_and_its_answer_may_not_be_lost() -> None:
    printed = fee(applies_if={"field": "medium", "equals": "print"})
    assert total([printed], {"medium": "print"}) == 1000
    assert total([printed], {"medium": "video"}) == 0
    assert total([printed], {"medium": None}) == 0
    with pytest.raises(FeeInputMissing):
        total([printed], {})


def test_true_is_not_one() -> None:
    assert total([fee(applies_if={"field": "n", "equals": 1})], {"n": True}) == 0
    assert total([fee(applies_if={"field": "n", "in": [1, 2]})], {"n": 2}) == 1000


def test_only_the_item_in_force_on_the_day_is_charged() -> None:
    fees = [fee(valid_to="2023-05-31", amount_vnd=200), fee(valid_from="2023-06-01", amount_vnd=100)]
    days = (date(2016, 12, 31), date(2017, 1, 1), date(2023, 5, 31), date(2023, 6, 1), date(2030, 1, 1))
    assert [total(fees, {}, day) for day in days] == [0, 200, 200, 100, 100]


@given(st.integers(1, 10**6), st.integers(0, 10**7), st.integers(1, 100), st.integers(0, 100))
@settings(max_examples=150, deadline=None, database=None)
def test_a_line_is_its_quantity_times_its_unit_amount(quantity: int, amount: int, size: int, free: int) -> None:
    item = fee(basis="per_unit", quantity_field="n", amount_vnd=amount, unit_size=size, free_quantity=free)
    lines = price([item], {"n": quantity}, "on_acceptance", DAY)
    for line in lines:
        assert line.amount_vnd == line.quantity * line.unit_amount_vnd
        assert (line.quantity - 1 + free) * size < quantity <= (line.quantity + free) * size
    if not lines:
        assert quantity <= free * size


Procedures = dict[str, dict[str, Any]]


@pytest.mark.parametrize(
    ("key", "answers", "when_due", "on", "amount"),
    [
        ("dk-ten-mien-vn", {"suffix": "vn", "years": 2}, "on_submission", "2016-06-01", 350_000 + 2 * 480_000),
        ("dk-ten-mien-vn", {"suffix": "vn", "years": 2}, "on_submission", "2023-05-31", 200_000 + 2 * 350_000),
        ("dk-ten-mien-vn", {"suffix": "vn", "years": 2}, "on_submission", "2023-06-01", 100_000 + 2 * 350_000),
        ("dk-ten-mien-vn", {"suffix": "name.vn", "years": 1}, "on_submission", "2026-01-01", 10_000 + 20_000),
        ("dk-ten-mien-vn", {"suffix": "vn-1", "years": 1}, "on_submission", "2026-01-01", 100_000 + 40_000_000),
        ("ma-so-quan-ly-qc", {}, "on_acceptance", "2026-01-01", 200_000),
        ("pb-ma-so-vt", {"number_kind": "landline", "numbers": 10_000}, "on_acceptance", "2026-01-01", 350_000),
        ("pb-ma-so-vt", {"number_kind": "landline", "numbers": 10_000}, "before_result", "2026-01-01", 3_000_000),
        ("gp-xb-tl-khong-kd", {"medium": "print", "printed_pages": 120}, "on_acceptance", "2026-01-01", 1_800_000),
        ("cap-ip-asn", {"resource": "asn", "count": 2}, "before_result", "2026-01-01", 0),
        ("cap-ip-asn", {"resource": "asn", "count": 3}, "before_result", "2026-01-01", 1_000_000),
        ("gp-bieu-dien", {"minutes": 95}, "on_acceptance", "2026-01-01", 2_000_000),
        ("gp-ban-ghi", {"medium": "audio", "minutes": 40}, "on_acceptance", "2026-01-01", 200_000 + 2 * 150_000),
        ("gp-ban-ghi", {"medium": "video", "minutes": 15}, "on_acceptance", "2026-01-01", 300_000),
        ("cn-quyen-tac-gia", {"work_kind": "software"}, "on_acceptance", "2026-01-01", 600_000),
        ("gp-lu-hanh-qt", {}, "before_result", "2026-01-01", 3_000_000),
    ],
)
def test_the_catalogue_charges_what_the_circulars_say(
    procedures: Procedures, key: str, answers: dict[str, Any], when_due: str, on: str, amount: int
) -> None:
    fees = procedures[key]["fees"]
    lines = price(fees, fee_inputs(fees, answers), when_due, date.fromisoformat(on))
    assert sum(line.amount_vnd for line in lines) == amount
