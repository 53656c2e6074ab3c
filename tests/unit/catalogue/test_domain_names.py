"""What a .vn name costs follows from the name: nobody can have a short one at the price of a long one."""

from datetime import date
from typing import Any

import pytest
from marshmallow import ValidationError

from services.contracts.catalogue.fees import price
from services.contracts.catalogue.forms import compile_form, fee_inputs
from services.contracts.fields import explain

DAY = date(2026, 1, 12)
LONG, TWO, ONE = 100_000 + 350_000, 100_000 + 10_000_000, 100_000 + 40_000_000  # TT 20/2023/TT-BTC, one year
COMMERCIAL, NAMED, VIETNAMESE = 100_000 + 250_000, 10_000 + 20_000, 10_000 + 20_000
A_LABEL = "xn--vng-9ka"  # vàng, as it stands in the DNS
Procedures = dict[str, dict[str, Any]]


@pytest.mark.parametrize(
    ("label", "suffix", "amount_vnd"),
    [
        ("cua-hang", "vn", LONG),
        ("abc", "vn", LONG),
        ("ab", "vn", None),
        ("a", "vn", None),
        ("A", "vn", None),
        ("vàng", "vn", None),
        ("cua-hang", "vn-2", None),
        ("ab", "vn-2", TWO),
        ("a1", "vn-2", TWO),
        ("a", "vn-2", None),
        ("đố", "vn-2", None),
        ("ab", "vn-1", None),
        ("a", "vn-1", ONE),
        ("9", "vn-1", ONE),
        ("ở", "vn-1", None),
        ("a", "com.vn", COMMERCIAL),
        ("cua-hang", "com.vn", COMMERCIAL),
        ("vàng", "com.vn", None),
        ("vàng", "province.vn", None),
        ("a", "name.vn", NAMED),
        ("vàng", "vietnamese", VIETNAMESE),
        ("ở", "vietnamese", VIETNAMESE),
        (A_LABEL, "vietnamese", VIETNAMESE),
        (A_LABEL, "vn", None),
        ("cua-hang", "vietnamese", None),
        ("a", "vietnamese", None),
    ],
)
def test_a_name_has_the_price_of_its_kind_or_none(
    procedures: Procedures, label: str, suffix: str, amount_vnd: int | None
) -> None:
    procedure = procedures["dk-ten-mien-vn"]
    answers = {**procedure["example"]["form"], "label": label, "suffix": suffix, "years": 1}
    form = compile_form(procedure["form"])
    if amount_vnd is None:
        with pytest.raises(ValidationError) as refused:
            form.load(answers)
        (found,) = explain(refused.value.messages, "form")
        assert (found["field"], found["code"]) == ("form.suffix", "does_not_fit")
        return
    fees = procedure["fees"]
    lines = price(fees, fee_inputs(fees, form.load(answers)), "on_submission", DAY)
    assert sum(line.amount_vnd for line in lines) == amount_vnd


def test_every_suffix_is_bound_to_the_name(procedures: Procedures) -> None:
    form = {field["name"]: field for field in procedures["dk-ten-mien-vn"]["form"]}
    assert {choice["only_if"]["field"] for choice in form["suffix"]["choices"]} == {"label"}
