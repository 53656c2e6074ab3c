"""What intake, payment and notify answer of one dossier, as the pages about it see it."""

from typing import Any, Final

from services.chassis.errors import NotFound
from tests.unit.portal.fakes import FakeServices, catalogue, procedure

CODE: Final = "000.00.06.G14-260115-0001"
ORDER_ID: Final = f"{CODE}-A"
CALENDAR: Final = {
    "key": "vn",
    "valid_from": "2026-01-01",
    "valid_to": "2026-12-31",
    "office_hours": [
        {
            "key": "standard",
            "weekdays": [1, 2, 3, 4, 5],
            "windows": [{"opens": "08:00", "closes": "12:00"}, {"opens": "13:30", "closes": "17:30"}],
        }
    ],
    "holidays": [
        {"date": "2026-02-17", "name": {"vi": "Tết Nguyên đán", "en": "Lunar New Year"}, "mark": "known"},
    ],
    "compensatory_off": [],
    "makeup_workdays": [],
}
LABEL: Final = {"vi": "Tên miền", "en": "Domain"}
PAPER: Final = {
    "component": "CCCD",
    "upload_id": "u-1",
    "filename": "cccd.pdf",
    "content_type": "application/pdf",
    "size": 2048,
}


def dossier(status: str = "submitted", **changes: Any) -> dict[str, Any]:
    """A dossier of a citizen, handed in on Thursday 15 January 2026 at 09:00 in Vietnam."""
    whole: dict[str, Any] = {
        "dossier_code": CODE,
        "status": status,
        "dvcqg_status": 1,
        "tenant": "mic",
        "procedure": "dk-ten-mien-vn",
        "procedure_version": "2016-01-01",
        "unit": "vnnic",
        "level": 4,
        "applicant_kind": "citizen",
        "channel": "online",
        "submitted_at": "2026-01-15T02:00:00+00:00",
        "answer_due_at": "2026-01-16T02:00:00+00:00",
        "due_at": None,
        "revoked_at": None,
        "supplemented_at": None,
        "withdrawn_at": None,
        "withdrawal_reason": None,
        "returned_at": None,
        "return_method": None,
        "case": dict.fromkeys(
            ("accepted_at", "assigned_at", "decided_at", "rejected_at", "stopped_at", "outcome", "on_time")
        )
        | {"rows": []},
        "transfers": [],
        "supplement": None,
        "fees": [],
        "result": None,
        "applicant": {
            "kind": "citizen",
            "name": "Nguyễn Thị Mẫu",
            "id_number": "001801000001",
            "email": "nguyen.thi.mau@example.vn",
            "phone": "0912345678",
            "address": "Số 1 phố Ví Dụ",
        },
        "form": {"label": "vi-du"},
        "documents": [PAPER],
    }
    case = {**whole["case"], **changes.pop("case", {})}
    return {**whole, "case": case, **changes}


def accepted(status: str = "accepted", **changes: Any) -> dict[str, Any]:
    """The same, accepted within the hour, due on the working day after."""
    case = {"accepted_at": "2026-01-15T03:00:00+00:00", **changes.pop("case", {})}
    return dossier(status, **{"due_at": "2026-01-16T10:30:00+00:00", **changes, "case": case})


REJECTED: Final = dossier("rejected", case={"rejected_at": "2026-01-15T04:00:00+00:00"})
LETTER: Final = "Kính gửi: Mẫu\n\nThiếu bản rõ.\n\n----------------------------------------\n\nTo: Mẫu\n\nNot legible."


def fee(status: str = "requested", **changes: Any) -> dict[str, Any]:
    """A fee as a dossier tells it."""
    told = {
        "order_id": ORDER_ID,
        "when_due": "on_acceptance",
        "status": status,
        "amount_vnd": 550_000,
        "requested_at": "2026-01-15T03:00:01+00:00",
        "pay_by": "2026-01-25T03:00:01+00:00",
        "paid_at": None,
        "receipt": None,
    }
    return {**told, **changes}


def attempt(outcome: str = "open", **changes: Any) -> dict[str, Any]:
    """A way to the gateway."""
    told = {
        "attempt": "P1",
        "method": "vnpay",
        "started_at": "2026-01-15T03:05:00+00:00",
        "expires_at": "2026-01-15T03:20:00+00:00",
        "outcome": outcome,
        "response_code": None,
        "held_since": None,
    }
    return {**told, **changes}


def order(status: str = "requested", **changes: Any) -> dict[str, Any]:
    """A fee order of two lines."""
    line = {"kind": "fee", "quantity": 1, "refundable": False, "name_en": "Fee"}
    whole = {
        "order_id": ORDER_ID,
        "dossier_code": CODE,
        "procedure": "dk-ten-mien-vn",
        "unit": "vnnic",
        "status": status,
        "when_due": "on_acceptance",
        "amount_vnd": 550_000,
        "pay_by": "2026-01-25T03:00:01+00:00",
        "expired_at": None,
        "cancelled_at": None,
        "waived_at": None,
        "paid_at": None,
        "method": None,
        "transaction": None,
        "receipt": None,
        "lines": [
            {**line, "code": "A", "name_vi": "Lệ phí đăng ký", "unit_amount_vnd": 200_000, "amount_vnd": 200_000},
            {**line, "code": "B", "name_vi": "Phí duy trì", "unit_amount_vnd": 350_000, "amount_vnd": 350_000},
        ],
        "attempts": [],
        "refunds": [],
        "orders": [ORDER_ID],
    }
    return {**whole, **changes}


RECEIPT: Final = {"template": "01BLP0-001", "serial": "AA-26E", "number": 7, "issued_at": "2026-01-15T03:06:01+00:00"}
PAID: Final = {"paid_at": "2026-01-15T03:06:00+00:00", "method": "vnpay"}


def services(of: dict[str, Any] | None = None, **answers: Any) -> FakeServices:
    """Services that know this dossier; further answers by target, `__` for the dot."""
    page = procedure(
        form=[{"name": "label", "type": "text", "label": LABEL, "required": True}],
        components=[{"code": "CCCD", "name": {"vi": "Căn cước công dân", "en": "Identity card"}}],
        clock={"on_supplement": "restart", "on_payment": "pause"},
    )
    known = of or dossier()
    table: dict[str, Any] = {
        **catalogue(page),
        "registry.get_procedure": page,
        "registry.get_calendar": CALENDAR,
        "intake.get": lambda dossier_code: (
            known if dossier_code == CODE else NotFound("intake.unknown_dossier", "No.", "Không tìm thấy hồ sơ.")
        ),
        "intake.list_dossiers": {"items": [], "next": None},
        "intake.list_drafts": {"items": [], "next": None},
        "notify.list_notices": {"items": [], "next": None},
        **{target.replace("__", "."): answer for target, answer in answers.items()},
    }
    return FakeServices(table)


def with_letter(of: dict[str, Any], moment: str, **answers: Any) -> FakeServices:
    """Services that know this dossier, and a letter to its applicant."""
    notice = {"notice_id": "n-1", "dossier_code": CODE, "moment": moment, "audience": "applicant"}
    written = {"notify__list_notices": {"items": [notice], "next": None}, "notify__get_notice": {"text": LETTER}}
    return services(of, **{**written, **answers})
