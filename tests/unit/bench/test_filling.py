"""A dossier cast again is another dossier in every id, and the same in everything else."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

import bson
import pytest
from bson import ObjectId

from services.contracts import events
from services.intake.finding import found_by
from services.notify.domain import notice_id
from services.routing.wiring import CASE
from tests.bench.fill import _Caster, _priced_as_then, instants
from tests.bench.moulds import Document, Pattern, mould_of
from tests.bench.outcome import NotMeasured

AGENCY: Final = "000.00.03.G14"
CODE: Final = f"{AGENCY}-261126-0007"
AT: Final = datetime(2026, 11, 26, 9, 10, 30, 33000, tzinfo=UTC)
DUE_AT: Final = datetime(2026, 12, 7, 10, 30, tzinfo=UTC)  # written without a fraction of a second
THEN: Final = datetime(2024, 8, 30, 2, 0, tzinfo=UTC)
SUBMITTED, OPENED = "01a2171e-e3b5-745e-b4ed-4aa459cd1ce0", "01a2171e-e3c1-731a-88d7-b74f141d33cb"
ACCEPTED: Final = "01a2171e-e3d8-730d-825e-f2678877a69c"
NOTICE: Final = notice_id(SUBMITTED, "submitted", "applicant", "email")
DATASET: Final = {"number_pattern": "{seq}/{year}/XN-CXB"}
TERMS: Final = {
    "fee_before_decision": False,
    "fees_awaited": [],
    "time_limit": {"kind": "working_days", "days": 7},
    "on_supplement": "restart",
    "on_payment": "run",
    "calendar": "vn",
    "office_hours": "standard",
}


def test_all_that_makes_two_dossiers_differ_is_put_in() -> None:
    one, other = cast(2)
    assert [one["intake.dossiers"]["_id"], other["intake.dossiers"]["_id"]] == [
        f"{AGENCY}-240830-0001",
        f"{AGENCY}-240830-0002",
    ]
    assert [found["registry.records"]["_id"] for found in (one, other)] == ["xn/10/2024/XN-CXB", "xn/11/2024/XN-CXB"]
    numbers = [found["registry.numbers"] for found in (one, other)]
    assert [(found["series"], found["number"]) for found in numbers] == [("xn/2024", 10), ("xn/2024", 11)]
    assert [found["payment.receipts"]["number"] for found in (one, other)] == [1, 2]
    assert one["payment.receipts"]["series"] == "01/AA-24E"
    assert one["payment.orders"]["state"]["attempts"][0]["reference"] == "0000003G142408300001AP1"
    assert one["intake.dossiers"]["opened_by"] != other["intake.dossiers"]["opened_by"]
    assert one["registry.numbers"]["_id"] != other["registry.numbers"]["_id"]
    subject = one["intake.dossiers"]["subject"]
    assert subject["applicant"]["tax_code"] == "8000000005"
    assert set(subject["found_by"]) == set(found_by(subject["applicant"], one["intake.dossiers"]["_id"]))


def test_what_refers_to_another_document_still_does() -> None:
    (one,) = cast(1)
    code, submitted = one["intake.dossiers"]["_id"], one["intake.dossiers"]["history"][0]
    assert one["routing.cases"]["history"][0]["cause"] == submitted["id"] != SUBMITTED
    assert one["registry.numbers"]["owner"] == f"xn:{code}"
    assert one["payment.receipts"]["owner"] == one["payment.orders"]["_id"] == f"{code}-A"
    told = one["notify.notices"]
    assert told["_id"] == notice_id(submitted["id"], "submitted", "applicant", "email")
    assert told["subject"]["letter"] == f"Hồ sơ {code} đã nộp 30/08/2024 / submitted on 30 August 2024"


def test_a_history_still_makes_its_state() -> None:
    (one,) = cast(1)
    state: Any = None
    for entry in one["routing.cases"]["history"]:
        state = CASE.evolve(state, events.read("routing", entry["type"], entry["v"], entry["data"]))
    assert state.due_at == one["routing.cases"]["state"]["due_at"]
    assert state.due_at - state.accepted_at == DUE_AT - AT


def test_a_dossier_is_cast_only_on_days_on_which_it_cost_what_it_does() -> None:
    dear, free = Pattern([], None, "2024-08-30"), Pattern([], None)
    assert _priced_as_then([dear, free], THEN) is free
    assert _priced_as_then([dear, free], THEN + timedelta(days=1)) is dear
    with pytest.raises(NotMeasured):
        _priced_as_then([dear], THEN)


def test_instants_are_in_order_on_working_days_of_their_years() -> None:
    found = list(instants([2023, 2025], 1000))
    assert found == sorted(found)
    assert {at.year for at in found} == {2023, 2025}
    assert {at.weekday() for at in found} == {0, 1, 2, 3, 4}
    assert len(found) == 1000


def cast(dossiers: int) -> list[dict[str, Document]]:
    """So many dossiers of the pattern, after nine that have numbers of the same series."""
    pattern = Pattern(documents(), DATASET)
    mould = mould_of(pattern, THEN, 2)
    caster, counted = _Caster(mould, pattern, Random(1)), Counter({"xn/2024": 9})  # noqa: S311 – the same each time
    return [
        {
            name.removeprefix("motcua_"): bson.decode(raw, bson.CodecOptions(tz_aware=True))
            for name, raw in mould.cast(caster.marks(5, counted))
        }
        for _ in range(dossiers)
    ]


def documents() -> list[tuple[str, Document]]:
    """As the services keep them, no more than what is changed."""
    applicant = {"kind": "organisation", "name": "Nhà xuất bản Ví Dụ", "tax_code": "9900000016"}
    applied = {"owner": "organisation:9900000016", "applicant": applicant, "found_by": found_by(applicant, CODE)}
    asked = {"moment": "submitted", "audience": "applicant", "channel": "email", "requested_at": AT}
    letter = f"Hồ sơ {CODE} đã nộp 26/11/2026 / submitted on 26 November 2026"
    return [
        (
            "motcua_intake.dossiers",
            {
                "_id": CODE,
                "state": {"dossier_code": CODE, "submitted_at": AT, "status": "resolved"},
                "history": [{"id": SUBMITTED, "cause": "fd715df3-04a2-58d8-b9ce-d0e3a7452655"}],
                "subject": {**applied, "documents": []},
                "opened_by": "fd715df3-04a2-58d8-b9ce-d0e3a7452655",
            },
        ),
        ("motcua_routing.cases", case()),
        (
            "motcua_payment.orders",
            {"_id": f"{CODE}-A", "state": {"attempts": [{"reference": "0000003G142611260007AP1"}]}},
        ),
        (
            "motcua_payment.receipts",
            {"_id": ObjectId(), "series": "01/AA-26E", "number": 4, "owner": f"{CODE}-A"},
        ),
        (
            "motcua_registry.records",
            {
                "_id": "xn/3/2026/XN-CXB",
                "state": {"dataset": "xn", "number": "3/2026/XN-CXB", "dossier_code": CODE},
                "subject": {"holder": {"id": "9900000016", "folded": "nha xuat ban vi du"}},
            },
        ),
        ("motcua_registry.numbers", {"_id": ObjectId(), "series": "xn/2026", "number": 3, "owner": f"xn:{CODE}"}),
        (
            "motcua_notify.notices",
            {"_id": NOTICE, "state": asked, "history": [{"cause": SUBMITTED}], "subject": {"letter": letter}},
        ),
    ]


def case() -> Document:
    """A case as its history makes it."""
    opened = {
        "dossier_code": CODE,
        "tenant": "mic",
        "procedure": "xn",
        "procedure_version": "2016-01-01",
        "unit": "cuc-xb-in-ph",
        "submitted_at": AT.isoformat(),
        "opened_at": AT.isoformat(),
        "answer_due_at": (AT + timedelta(days=1)).isoformat(),
        **TERMS,
    }
    accepted = {
        "dossier_code": CODE,
        "unit": "cuc-xb-in-ph",
        "accepted_at": AT.isoformat(),
        "due_at": DUE_AT.isoformat(),
    }
    history = [
        {"id": OPENED, "cause": SUBMITTED, "type": "case_opened", "v": 1, "data": opened},
        {"id": ACCEPTED, "cause": ACCEPTED, "type": "case_accepted", "v": 1, "data": accepted},
    ]
    state = {"due_at": DUE_AT, "next_due_at": DUE_AT, "overdue_at": None, "rings_at": None}
    return {"_id": CODE, "state": state, "history": history}


@pytest.mark.parametrize("width", [1, 3])
def test_a_number_has_the_width_that_was_left_for_it(width: int) -> None:
    mould = mould_of(Pattern(documents(), DATASET), THEN, width)
    assert mould.number == f"{'^' * width}/2024/XN-CXB"
