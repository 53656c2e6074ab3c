"""What the checks of the catalogue let pass, payment can publish: a fee that nobody can be told of stops a dossier."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from services.contracts import events
from services.contracts.catalogue.fees import price
from services.contracts.catalogue.loading import load
from services.contracts.catalogue.procedure import LARGEST_LINE_VND
from services.contracts.catalogue.procedure_checks import procedure_findings
from services.contracts.catalogue.schema import normal
from services.contracts.catalogue.shelf import Shelf
from services.payment import domain
from tests.unit.catalogue.conftest import SMALL_FOLDER
from tests.unit.payment.builders import NOW, TEN_DAYS, assessment

BODIES = [document.body for document in load(SMALL_FOLDER).documents]
(PROCEDURE,) = (body for body in BODIES if body["kind"] == "procedure")
SHELF = Shelf.of(BODIES, BODIES)
PLAIN = {**PROCEDURE["fees"][0], "applies_if": None, "valid_from": "2026-01-01"}
ON = date(2026, 6, 1)

letters = st.text(st.sampled_from("aế\u0301 đ{}“"), min_size=1, max_size=9)
odd = st.text(st.sampled_from("a\n\t\u200b\x00"), min_size=1, max_size=3)
names = st.one_of(letters, st.builds(lambda text, times: text * times, letters, st.sampled_from([30, 300])), odd)
edges = st.sampled_from([0, 1, 10**6, LARGEST_LINE_VND - 1, LARGEST_LINE_VND, LARGEST_LINE_VND + 1, 10**15])
amounts = st.one_of(st.integers(0, 10**6), edges)
quantities = st.sampled_from([1, 10**3, 10**6, 10**9, 10**12, 10**15, None])
bases: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(lambda amount: {"basis": "flat", "amount_vnd": amount, "quantity_field": None}, amounts),
    st.builds(lambda amount: {"basis": "per_year", "amount_vnd": amount}, amounts),
    st.builds(
        lambda amount, size, free: {
            "basis": "per_unit",
            "amount_vnd": amount,
            "unit_size": size,
            "free_quantity": free,
        },
        amounts,
        st.integers(1, 10**6),
        st.integers(0, 10**6),
    ),
    st.builds(
        lambda low, high: {
            "basis": "tiered",
            "amount_vnd": None,
            "tiers": [{"up_to": 10, "amount_vnd": low}, {"up_to": None, "amount_vnd": high}],
        },
        amounts,
        amounts,
    ),
)
fees = st.builds(
    lambda basis, vi, en: {**PLAIN, **basis, "name": {"vi": vi, "en": en}}, bases, names, st.just("Charge")
)


@settings(max_examples=300, deadline=None)
@given(st.lists(fees, min_size=1, max_size=2), quantities)
def test_a_price_that_the_checks_let_pass_is_an_event_that_can_be_published(
    items: list[dict[str, Any]], most: int | None
) -> None:
    procedure = checked(items, most)
    event("let pass" if procedure else "a mistake")
    if procedure is None:
        return
    for pages in (1, most or 1):
        lines = price(procedure["fees"], {"pages": pages}, "on_acceptance", ON)
        (made,) = domain.assess(None, assessment("on_acceptance"), lines, TEN_DAYS, NOW)
        assert events.read("payment", made.type, made.v, events.write("payment", made)) == made


def test_the_dearest_procedure_that_can_be_is_let_pass_and_published() -> None:
    whole = checked([{**PLAIN, "amount_vnd": LARGEST_LINE_VND, "basis": "per_year"}] * 100, 1)
    assert whole is not None
    lines = price(whole["fees"], {"pages": 1}, "on_acceptance", ON)
    (made,) = domain.assess(None, assessment("on_acceptance"), lines, TEN_DAYS, NOW)
    read = events.read("payment", made.type, made.v, events.write("payment", made))
    assert read.data["amount_vnd"] == 100 * LARGEST_LINE_VND


def checked(items: list[dict[str, Any]], most: int | None) -> dict[str, Any] | None:
    """The small procedure with these fees, each under a code of its own; None where a check finds a mistake."""
    pages = {**PROCEDURE["form"][1], "min": 1, "max": most}
    form = [PROCEDURE["form"][0], _without_nulls(pages), *PROCEDURE["form"][2:]]
    coded = [_without_nulls({**item, "code": f"P-{place}"}) for place, item in enumerate(items)]
    example = {**PROCEDURE["example"], "form": {**PROCEDURE["example"]["form"], "pages": most or 1}}
    try:
        body = normal({**PROCEDURE, "form": form, "fees": coded, "example": example})
    except ValidationError:
        return None
    return None if any(procedure_findings(body, SHELF)) else body


def _without_nulls(item: dict[str, Any]) -> dict[str, Any]:
    return dict(_given(item))


def _given(item: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in item.items():
        if value is not None:
            yield name, value
