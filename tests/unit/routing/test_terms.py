"""What a case takes from the catalogue when it is opened."""

from datetime import date
from typing import Any

import pytest

from services.chassis.errors import Refused
from services.routing.terms import refuse_unlisted, terms_of

DAY = date(2026, 1, 12)
UNIT: dict[str, Any] = {"calendar": "vn", "office_hours": "early"}


def fee(when_due: str, amount_vnd: int = 200_000, **more: Any) -> dict[str, Any]:
    """A flat fee item in force since 2023."""
    return {
        "code": "LP",
        "kind": "fee",
        "name": {"vi": "Lệ phí", "en": "Fee"},
        "basis": "flat",
        "amount_vnd": amount_vnd,
        "when_due": when_due,
        "refundable": False,
        "valid_from": "2023-06-01",
        "valid_to": None,
        **more,
    }


def procedure(*fees: dict[str, Any]) -> dict[str, Any]:
    """A procedure with these fees."""
    return {
        "time_limit": {"kind": "working_days", "days": 5},
        "clock": {"on_supplement": "restart", "on_payment": "pause"},
        "fees": list(fees),
        "components": [{"code": "TP01"}],
        "form": [{"name": "suffix"}],
    }


def test_the_clock_rules_come_from_the_procedure_and_the_calendar_from_the_unit() -> None:
    terms = terms_of(procedure(), UNIT, {}, DAY)
    assert terms.time_limit == {"kind": "working_days", "days": 5}
    assert (terms.on_supplement, terms.on_payment) == ("restart", "pause")
    assert (terms.calendar, terms.office_hours) == ("vn", "early")
    assert terms.fees_awaited == ()


@pytest.mark.parametrize(
    ("fees", "inputs", "awaited"),
    [
        ([fee("on_submission"), fee("on_acceptance")], {}, ("on_submission", "on_acceptance")),
        ([fee("before_result")], {}, ()),
        ([fee("on_acceptance", 0)], {}, ()),
        ([fee("on_acceptance", valid_to="2025-12-31")], {}, ()),
        ([fee("on_acceptance", applies_if={"field": "suffix", "equals": "vn"})], {"suffix": "vn"}, ("on_acceptance",)),
        ([fee("on_acceptance", applies_if={"field": "suffix", "equals": "vn"})], {"suffix": "com.vn"}, ()),
        ([fee("on_acceptance", applies_if={"field": "suffix", "equals": "vn"})], {}, ("on_acceptance",)),
    ],
)
def test_a_decision_awaits_the_fees_that_this_dossier_has_to_pay_before_it(
    fees: list[dict[str, Any]], inputs: dict[str, Any], awaited: tuple[str, ...]
) -> None:
    assert terms_of(procedure(*fees), UNIT, inputs, DAY).fees_awaited == awaited


def test_only_what_the_procedure_lists_may_be_asked_for() -> None:
    refuse_unlisted(procedure(), [{"component": "TP01"}, {"field": "suffix"}, {"guidance": "Ghi rõ hơn."}])
    with pytest.raises(Refused) as caught:
        refuse_unlisted(procedure(), [{"component": "TP01"}, {"component": "TP99", "field": "prefix"}])
    assert caught.value.code == "routing.unlisted_item"
    assert [problem["field"] for problem in caught.value.errors] == ["items.1.component", "items.1.field"]
