"""Cases and dossiers as routing and intake answer them, for the pages of officers."""

from typing import Any, Final

from tests.unit.portal.fakes import FakeServices, catalogue, procedure

CODE: Final = "000.00.06.G06-261126-0001"
CALENDAR: Final = {
    "key": "vn",
    "valid_from": "2026-01-01",
    "valid_to": "2026-12-31",
    "office_hours": [
        {
            "key": "standard",
            "weekdays": [1, 2, 3, 4, 5],
            "windows": [{"opens": "08:00", "closes": "12:00"}, {"opens": "13:00", "closes": "17:00"}],
        }
    ],
    "holidays": [{"date": "2026-09-02", "name": {"vi": "Quốc khánh", "en": "National Day"}}],
    "compensatory_off": [],
    "makeup_workdays": [],
}
COUNTS: Final = {
    "unit": "vnnic",
    "opened": 1200,
    "accepted": 9,
    "in_hand": 8,
    "proposed": 3,
    "supplement_requested": 4,
    "open": 1224,
    "mine": 7,
    "fee_awaited": 0,
    "at_risk": 2,
    "overdue": 5,
}
LOAD: Final = {
    "unit": "vnnic",
    "officers": [
        {"officer": "vnnic-1", "open": 7, "at_risk": 0, "overdue": 3},
        {"officer": "vnnic-2", "open": 1008, "at_risk": 2, "overdue": 0},
    ],
    "unassigned": {"open": 209, "at_risk": 1, "overdue": 2},
}
UNITS: Final = [
    {"key": "vnnic", "name": {"vi": "VNNIC", "en": "VNNIC"}},
    {"key": "cuc-bao-chi", "name": {"vi": "Cục Báo chí", "en": "Authority of Press"}},
]
REASONS: Final = {"reject": [{"key": "not_competent", "text": {"vi": "Không thuộc thẩm quyền.", "en": "Not ours."}}]}
PAPER: Final = {
    "component": "TP01",
    "upload_id": "0190-paper",
    "filename": "đơn.pdf",
    "content_type": "application/pdf",
    "size": 2_500_000,
    "round": 0,
}


def edition(**changes: Any) -> dict[str, Any]:
    """A procedure with two questions and a component."""
    return procedure(
        form=[
            {"name": "label", "type": "text", "label": {"vi": "Tên miền", "en": "Name"}},
            {
                "name": "servers",
                "type": "table",
                "label": {"vi": "Máy chủ", "en": "Servers"},
                "columns": [{"name": "host", "type": "text", "label": {"vi": "Tên máy", "en": "Host"}}],
            },
        ],
        result={
            "name": {"vi": "Thông báo", "en": "Notice"},
            "validity_years": None,
            "record_fields": {"hosts": "servers"},
        },
        components=[{"code": "TP01", "name": {"vi": "Đơn đăng ký", "en": "Application"}, "need": "required"}],
        clock={"on_supplement": "pause", "on_payment": "run"},
        **changes,
    )


def line(**changes: Any) -> dict[str, Any]:
    """A line of the queue."""
    plain: dict[str, Any] = {
        "dossier_code": CODE,
        "status": "opened",
        "awaiting": None,
        "tenant": "mic",
        "procedure": "dk-ten-mien-vn",
        "procedure_version": "2016-01-01",
        "unit": "vnnic",
        "officer": None,
        "submitted_at": "2026-11-26T01:00:00+00:00",
        "opened_at": "2026-11-26T01:00:01+00:00",
        "answer_due_at": "2026-11-26T10:00:00+00:00",
        "due_at": None,
        "next_due_at": "2026-11-26T10:00:00+00:00",
        "overdue": False,
        "at_risk": False,
    }
    return {**plain, **changes}


def case(**changes: Any) -> dict[str, Any]:
    """A whole case."""
    plain: dict[str, Any] = {
        **line(),
        "time_limit": {"kind": "working_days", "days": 1},
        "clock": {"on_supplement": "pause", "on_payment": "run"},
        "accepted_at": None,
        "assigned_at": None,
        "decided_at": None,
        "outcome": None,
        "items": [],
        "decision": "one_step",
        "proposal": None,
        "on_time": None,
        "rejected_at": None,
        "stopped_at": None,
        "withdrawn_at": None,
        "reasons": dict.fromkeys(("rejected", "proposed", "returned", "decided", "stopped")),
        "supplements": [],
        "transfers": [],
        "fees": [],
        "unpaid": [],
        "slipped": [],
        "steps": [step("case_opened")],
    }
    return {**plain, **changes}


def step(event: str, officer: str | None = None) -> dict[str, Any]:
    """A step of a history, of an officer or of nobody."""
    by = {"kind": "officer", "id": officer, "unit": "vnnic"} if officer else {"kind": "event"}
    return {"event": event, "at": "2026-11-26T01:00:00+00:00", "by": by}


def dossier(**changes: Any) -> dict[str, Any]:
    """The dossier of that case."""
    plain: dict[str, Any] = {
        "dossier_code": CODE,
        "status": "submitted",
        "tenant": "mic",
        "procedure": "dk-ten-mien-vn",
        "procedure_version": "2016-01-01",
        "unit": "vnnic",
        "submitted_at": "2026-11-26T01:00:00+00:00",
        "answer_due_at": "2026-11-26T10:00:00+00:00",
        "supplemented_at": None,
        "due_at": None,
        "revoked_at": None,
        "case": {"accepted_at": None, "rejected_at": None},
        "supplement": None,
        "result": None,
        "returned_at": None,
        "return_method": None,
        "applicant": {"kind": "citizen", "name": "Nguyễn Thị Mẫu", "id_number": "001801000001"},
        "form": {"label": "vi-du", "servers": [{"host": "ns1.example.vn"}]},
        "documents": [PAPER],
        "transfers": [],
        "fees": [],
    }
    return {**plain, **changes}


def at_work(**answers: Any) -> FakeServices:
    """Services of a unit with one case; keyword `routing__accept` stands for `routing.accept`."""
    table = {
        **catalogue(edition()),
        "registry.get_procedure": edition(),
        "registry.get_unit": {"key": "vnnic", "name": {"vi": "VNNIC", "en": "VNNIC"}, "calendar": "vn"},
        "registry.get_calendar": CALENDAR,
        "registry.list_units": {"items": UNITS, "next": None},
        "registry.get_tenant": {"key": "mic", "reasons": REASONS},
        "routing.list_cases": {"items": [line()], "next": None},
        "routing.count_cases": COUNTS,
        "routing.case_load": LOAD,
        "routing.get_case": case(),
        "intake.get": dossier(),
        "notify.list_notices": {"items": [], "next": None},
    }
    return FakeServices({**table, **{name.replace("__", "."): answer for name, answer in answers.items()}})
