"""The catalogue itself: both ministries, all promised procedures, examples that are valid, nothing real."""

import json
import re
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.contracts.catalogue.applicant import Applicant
from services.contracts.catalogue.fees import price
from services.contracts.catalogue.forms import compile_form, fee_inputs, missing_components, record_of
from services.contracts.catalogue.loading import Loaded
from services.contracts.catalogue.schema import normal
from services.contracts.catalogue.worktime import Calendar
from services.intake.settings import IntakeSettings

Procedures = dict[str, dict[str, Any]]
MIC = (
    "the-nha-bao-in-dt",
    "the-nha-bao-pt-th",
    "gp-trang-ttdt-th",
    "gp-mang-xa-hoi",
    "xn-dk-xuat-ban",
    "gp-thanh-lap-nxb",
    "gp-nk-tb-vtd",
    "pb-ma-so-vt",
    "ma-so-quan-ly-qc",
    "dk-ten-mien-vn",
    "gp-bao-in",
    "gp-phu-truong",
    "gp-kenh-qc",
    "gp-nk-xbp-kd",
    "gp-nk-tb-in",
    "gp-xb-tl-khong-kd",
    "gp-nk-sp-attt",
    "cap-ip-asn",
)
MCST = (
    "gp-san-xuat-phim",
    "gp-bieu-dien",
    "gp-ban-ghi",
    "gd-van-hoa-pham",
    "gp-nk-co-vat",
    "gp-lu-hanh-qt",
    "cn-quyen-tac-gia",
)
MOMENTS = ("on_submission", "on_acceptance", "before_result")


@pytest.fixture(scope="module")
def promised(procedures: Procedures) -> Procedures:
    """What the project ships and vouches for; whoever runs it may offer more beside it."""
    return {key: procedures[key] for key in (*MIC, *MCST)}


def test_the_catalogue_has_no_mistake(catalogue: Loaded) -> None:
    assert [str(mistake) for mistake in catalogue.mistakes] == []


def test_no_paper_may_be_larger_than_any_file_that_intake_takes_where_nothing_is_set(catalogue: Loaded) -> None:
    largest = IntakeSettings.model_fields["upload_max_bytes"].default
    shipped = [one for one in catalogue.documents if one.kind == "procedure" and one.key in {*MIC, *MCST}]
    assert {one.key for one in shipped} == {*MIC, *MCST}
    papers = [(one.key, paper) for one in shipped for paper in one.body["components"]]
    assert [(key, paper["code"]) for key, paper in papers if paper["max_bytes"] > largest] == []


def test_a_document_with_its_defaults_is_the_same_when_read_again(catalogue: Loaded) -> None:
    for document in catalogue.documents:
        assert normal(json.loads(json.dumps(document.body))) == document.body


def test_both_ministries_offer_what_they_promise(catalogue: Loaded) -> None:
    assert {document.key for document in catalogue.of_kind("procedure", "mic")} >= set(MIC)
    assert {document.key for document in catalogue.of_kind("procedure", "mcst")} >= set(MCST)
    assert all(len(catalogue.of_kind("unit", tenant)) >= 6 for tenant in ("mic", "mcst"))
    assert {one.body["agency_code"][-3:] for one in catalogue.of_kind("unit", "mic")} == {"G14"}
    assert {one.body["agency_code"][-3:] for one in catalogue.of_kind("unit", "mcst")} == {"G16"}


@pytest.mark.parametrize("key", [*MIC, *MCST])
def test_an_example_can_be_submitted_today_and_its_result_recorded(
    catalogue: Loaded, procedures: Procedures, calendar: Calendar, key: str
) -> None:
    procedure = procedures[key]
    example = procedure["example"]
    form = compile_form(procedure["form"]).load(example["form"])
    Applicant().load(example["applicant"])
    codes = [document["component"] for document in example["documents"]]
    assert missing_components(procedure["components"], form, codes) == []
    inputs = fee_inputs(procedure["fees"], form)
    for moment in MOMENTS:
        assert all(line.amount_vnd > 0 for line in price(procedure["fees"], inputs, moment, date(2026, 11, 24)))
    datasets = {one.key: one.body for one in catalogue.of_kind("dataset", procedure["tenant"])}
    dataset = datasets[procedure["result"]["dataset"]]
    record = record_of(procedure["result"]["record_fields"], dataset["fields"], form)
    assert compile_form(dataset["fields"]).load(record) == record
    assert calendar.due_at(procedure["time_limit"], datetime(2026, 11, 24, 3, tzinfo=UTC))


def test_every_procedure_is_offered_today_and_has_one_version_a_day(promised: Procedures) -> None:
    assert all(procedure["valid_to"] is None for procedure in promised.values())


def test_a_procedure_keeps_the_version_of_its_day(catalogue: Loaded) -> None:
    versions = [one.body for one in catalogue.of_kind("procedure") if one.key == "gp-nk-sp-attt"]
    assert [version["time_limit"]["days"] for version in versions] == [7, 5]
    assert [version["valid_to"] for version in versions] == ["2022-09-04", None]


def test_every_basis_moment_kind_and_clock_is_in_use(procedures: Procedures) -> None:
    fees = [fee for procedure in procedures.values() for fee in procedure["fees"]]
    assert {fee["basis"] for fee in fees} == {"flat", "per_unit", "tiered", "per_year"}
    assert {fee["when_due"] for fee in fees} == set(MOMENTS)
    assert {fee["refundable"] for fee in fees} == {True, False}
    assert {one["time_limit"]["kind"] for one in procedures.values()} == {"working_days", "days", "batch"}
    assert {kind for one in procedures.values() for kind in one["applicant_kinds"]} == {"citizen", "organisation"}


def test_a_batch_counts_from_the_day_on_which_the_dossier_was_whole(promised: Procedures) -> None:
    batches = [one for one in promised.values() if one["time_limit"]["kind"] == "batch"]
    assert {one["clock"]["on_supplement"] for one in batches} == {"restart"}


def test_a_charge_for_appraisal_is_not_given_back(promised: Procedures) -> None:
    fees = [fee for procedure in promised.values() for fee in procedure["fees"]]
    assert not any(fee["refundable"] for fee in fees if "thẩm định" in fee["name"]["vi"])


def test_no_fee_looks_at_personal_data(procedures: Procedures) -> None:
    for procedure in procedures.values():
        types = {field["name"]: field["type"] for field in procedure["form"]}
        inputs = fee_inputs(procedure["fees"], procedure["example"]["form"])
        assert {types[name] for name in inputs} <= {"number", "choice", "flag", "table"}
        assert all(isinstance(value, (int, str, bool, type(None))) for value in inputs.values())


def test_nothing_in_an_example_belongs_to_a_real_person(procedures: Procedures) -> None:
    for procedure in procedures.values():
        text = str(procedure["example"])
        assert all(number[3] in "89" for number in re.findall(r"'(\d{12})'", text))
        assert set(re.findall(r"'(\d{10})'", text)) <= {"9900000016", "0912345678"}
        assert all(address.endswith("@example.vn") for address in re.findall(r"'(\S+@\S+)'", text))


def test_what_is_not_confirmed_is_marked(promised: Procedures) -> None:
    for procedure in promised.values():
        assert {"name", "level", "time_limit", "fees"} <= set(procedure["marks"])
    assert promised["gp-mang-xa-hoi"]["marks"]["time_limit"] == "unsure"
    assert promised["ma-so-quan-ly-qc"]["superseded_note"] is not None


def test_both_ministries_offer_reasons_for_whatever_must_be_reasoned(catalogue: Loaded) -> None:
    for tenant in catalogue.of_kind("tenant"):
        reasons = tenant.body["reasons"]
        for act in ("reject", "supplement", "refuse", "stop", "return_proposal"):
            assert len(reasons[act]) >= 2, (tenant.key, act)
            assert all(one["text"]["vi"] != one["text"]["en"] for one in reasons[act])


def test_some_procedures_are_decided_in_two_steps_and_the_others_in_one(promised: Procedures) -> None:
    two = {key for key, procedure in promised.items() if procedure["decision"] == "two_step"}
    assert two == {"gp-thanh-lap-nxb", "gp-mang-xa-hoi"}
