"""The example of a procedure is itself a test: applicant, form and papers are valid and have a price at all times."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError

from services.contracts.catalogue.applicant import Applicant
from services.contracts.catalogue.fees import FeeInputInvalid, FeeInputMissing, price
from services.contracts.catalogue.forms import compile_form, fee_inputs, missing_components
from services.contracts.catalogue.shelf import Body, Finding, covers
from services.contracts.fields import explain
from services.contracts.words import WHEN_DUE


def example_is_valid(procedure: Body) -> Iterator[Finding]:
    """Every mistake of the example, at its own place."""
    example = procedure["example"]
    yield from _applicant(procedure, example["applicant"])
    problems, form = _checked(compile_form(procedure["form"]), example["form"], "example.form")
    if problems:
        yield from problems
        return
    codes = [given["component"] for given in example["documents"]]
    for problem in missing_components(procedure["components"], form, codes):
        yield Finding("example.documents", problem["vi"], problem["en"])
    yield from _prices(procedure, form)


def _applicant(procedure: Body, applicant: Mapping[str, Any]) -> Iterator[Finding]:
    problems, _ = _checked(Applicant(), applicant, "example.applicant")
    yield from problems
    if applicant.get("kind") not in procedure["applicant_kinds"]:
        vi, en = "Thủ tục không dành cho loại người nộp này.", "The procedure is not for this kind of applicant."
        yield Finding("example.applicant.kind", vi, en)


def _checked(schema: Schema, given: Mapping[str, Any], path: str) -> tuple[list[Finding], dict[str, Any]]:
    try:
        return [], schema.load(given)
    except ValidationError as wrong:
        return [Finding(one["field"], one["vi"], one["en"]) for one in explain(wrong.messages, path)], {}


def _prices(procedure: Body, form: Mapping[str, Any]) -> Iterator[Finding]:
    fees = procedure["fees"]
    inputs = fee_inputs(fees, form)
    changes = {procedure["valid_from"], *(fee["valid_from"] for fee in fees)}
    for day in sorted(change for change in changes if covers(procedure, change)):
        try:
            for moment in WHEN_DUE:
                price(fees, inputs, moment, date.fromisoformat(day))
        except (FeeInputMissing, FeeInputInvalid) as wrong:
            vi = f"Không tính được phí ngày {day}: {wrong.field}."
            yield Finding("example.form", vi, f"There is no price on {day}: {wrong}.")
