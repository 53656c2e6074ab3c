"""What the tests of notify are built from."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.chassis.cause import Cause
from services.contracts import events
from services.contracts.event import Event
from services.notify.domain import Notice
from services.notify.wording import Case, Dossier, Request, Told, Wish

CODE = "000.00.06.G14-260115-0001"
OWNER = "citizen:001801000001"
AT = datetime(2026, 1, 15, 2, 5, tzinfo=UTC)  # 09:05 in Vietnam
LATER = AT + timedelta(days=7)
UNIT: dict[str, Any] = {
    "name": {"vi": "Trung tâm Internet Việt Nam", "en": "Vietnam Internet Network Information Center"},
    "email": "vnnic@example.vn",
}
FORMER: dict[str, Any] = {"name": {"vi": "Cục Báo chí", "en": "Authority of Press"}, "email": "bao-chi@example.vn"}
PROCEDURE: dict[str, Any] = {
    "name": {"vi": "Đăng ký tên miền", "en": "Registration of a domain"},
    "components": [{"code": "TP01", "name": {"vi": "Bản khai", "en": "Form"}}],
    "form": [{"name": "label", "type": "text", "label": {"vi": "Tên miền", "en": "Domain label"}}],
    "result": {"record_fields": {"label": "label"}},
}
IN_ROWS = {**PROCEDURE, "form": [{**PROCEDURE["form"][0], "type": "table"}]}
DOSSIER = Dossier(
    dossier_code=CODE,
    tenant="mic",
    procedure="dk-ten-mien-vn",
    procedure_version="2016-01-01",
    unit="vnnic",
    owner=OWNER,
    name="Nguyễn Thị Mẫu",
    email="mau@example.vn",
)
CASE = Case(
    reasons={"rejected": "Không thuộc thẩm quyền.", "decided": "Tên miền đã cấp.", "stopped": "Quá hạn bổ sung."},
    requests={1: Request((Wish("TP01", "", "Ký lại bản khai."), Wish("", "label", "Viết rõ")), "Hồ sơ chưa đủ.")},
    notes={1: "Thuộc lĩnh vực báo chí."},
    due_at=LATER,
)
# One event of each type that somebody is told of, as its publisher would write it.
SAMPLES: dict[str, tuple[str, dict[str, Any]]] = {
    "dossier_submitted": (
        "intake",
        {
            "tenant": "mic",
            "procedure": "dk-ten-mien-vn",
            "procedure_version": "2016-01-01",
            "unit": "vnnic",
            "level": 4,
            "applicant_kind": "citizen",
            "channel": "online",
            "components": ["TP01"],
            "fee_inputs": {},
            "submitted_at": AT,
            "answer_due_at": LATER,
        },
    ),
    "dossier_supplemented": ("intake", {"round": 1, "components": ["TP01"], "supplemented_at": AT}),
    "dossier_withdrawn": ("intake", {"withdrawn_at": AT}),
    "dossier_resolved:granted": (
        "intake",
        {"outcome": "granted", "dataset": "ten-mien", "number": "12/2026", "resolved_at": AT},
    ),
    "dossier_resolved:refused": (
        "intake",
        {"outcome": "refused", "dataset": None, "number": None, "resolved_at": AT},
    ),
    "dossier_returned": ("intake", {"method": "online", "returned_at": AT}),
    "case_accepted": ("routing", {"unit": "vnnic", "accepted_at": AT, "due_at": LATER}),
    "case_rejected": ("routing", {"unit": "vnnic", "rejected_at": AT}),
    "supplement_requested": (
        "routing",
        {"round": 1, "components": ["TP01"], "requested_at": AT, "respond_by": LATER},
    ),
    "case_transferred": (
        "routing",
        {
            "tenant": "mic",
            "transfer": 1,
            "from_unit": "cuc-bao-chi",
            "to_unit": "vnnic",
            "reason": "not_competent",
            "transferred_at": AT,
        },
    ),
    "case_stopped": ("routing", {"unit": "vnnic", "stopped_at": AT}),
    "deadline_slipped:answer": ("routing", {"unit": "vnnic", "clock": "answer", "due_at": AT}),
    "deadline_slipped:decision": ("routing", {"unit": "vnnic", "clock": "decision", "due_at": AT}),
    "fee_requested": (
        "payment",
        {
            "order_id": f"{CODE}-S",
            "when_due": "on_submission",
            "amount_vnd": 1_550_000,
            "requested_at": AT,
            "pay_by": LATER,
        },
    ),
    "receipt_issued": (
        "payment",
        {
            "order_id": f"{CODE}-S",
            "template": "01BLP",
            "serial": "AA-26E",
            "number": 7,
            "amount_vnd": 1_550_000,
            "issued_at": AT,
        },
    ),
    "fee_failed:True": (
        "payment",
        {"order_id": f"{CODE}-S", "attempt": "P1", "response_code": "24", "failed_at": AT, "was_held": True},
    ),
    "fee_expired": ("payment", {"order_id": f"{CODE}-S", "expired_at": AT}),
    "record_revoked:by_decision": (
        "registry",
        {"dataset": "ten-mien", "number": "12/2026", "version": 2, "reason": "by_decision", "revoked_at": AT},
    ),
    "record_revoked:withdrawn": (
        "registry",
        {"dataset": "ten-mien", "number": "12/2026", "version": 2, "reason": "withdrawn", "revoked_at": AT},
    ),
}


def heard(key: str, **changed: Any) -> Event:
    """A sample event as a subscriber reads it: written and read by its schema."""
    source, data = SAMPLES[key]
    type_ = key.partition(":")[0]
    written = events.write(source, Event(type_, {"dossier_code": CODE, **data, **changed}))
    return events.read(source, type_, 1, written)


def told(key: str, **changed: Any) -> Told:
    """A sample event with everything around it."""
    return Told(heard(key, **changed), DOSSIER, UNIT, PROCEDURE, CASE, FORMER)


def cause(event_id: str) -> Cause:
    """The cause that an event of this id is."""
    return Cause(event_id, "thread", "00-" + "0" * 32 + "-" + "1" * 16 + "-01", {"kind": "event"})


def wanted(notice_id: str = "n-1", unit: str = "vnnic", audience: str = "applicant") -> Notice:
    """A notice to be asked for."""
    return Notice(
        notice_id=notice_id,
        dossier_code=CODE,
        moment="submitted",
        audience=audience,
        unit=unit,
        template_version=1,
        language="vi",
        channel="email",
        requested_at=AT,
    )
