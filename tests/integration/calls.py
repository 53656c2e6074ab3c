"""Every method of every service: its schema, a call that has the right shape, and calls that have not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from marshmallow import Schema, fields, validate

from services.chassis.rpc import Method
from services.cli.topology import service_classes
from services.contracts.events import PUBLISHERS
from services.contracts.fields import Choice, Day, Flag, Items, Part, Text, Whole

CODE: Final = "000.00.06.G14-260101-9999"  # of no dossier
DRAFT: Final = "00000000-0000-4000-8000-000000000000"  # of nobody
NO_WEBHOOK: Final = "11111111-1111-5111-8111-111111111111"
_ASK = {"request_id": "r-1"}
_APPLICANT = {
    "kind": "citizen",
    "name": "Nguyễn Thị Mẫu",
    "id_number": "001801000001",
    "email": "mau@example.vn",
    "phone": "0912345678",
    "address": "Số 1 phố Ví Dụ, Hà Nội",
}
_DOSSIER = {"dossier_code": CODE}
_RECORD = {"dataset": "ten-mien-vn", "number": "999999/2026/TM-VNNIC"}
_PAPER = {"component": "TP01", "upload_id": "0" * 32}
_SUBMISSION = {
    "tenant": "mic",
    "procedure": "dk-ten-mien-vn",
    "applicant": _APPLICANT,
    "form": {},
    "documents": [_PAPER],
    "channel": "online",
}
RIGHT: Final[dict[str, dict[str, Any]]] = {
    "intake.list_procedures": {"tenant": "mic"},
    "intake.get_procedure": {"tenant": "mic", "key": "dk-ten-mien-vn"},
    "intake.open_upload": {
        "filename": "to-khai.pdf",
        "content_type": "application/pdf",
        "size": 10,
        "sha256": "0" * 64,
        **_ASK,
    },
    "intake.save_draft": {
        "draft_id": DRAFT,
        "version": 0,
        "tenant": "mic",
        "procedure": "dk-ten-mien-vn",
        "applicant": {"phone": "09"},
        "form": {"label": "vi-"},
        "documents": [_PAPER],
        **_ASK,
    },
    "intake.get_draft": {"draft_id": DRAFT},
    "intake.list_drafts": {"limit": 20},
    "intake.discard_draft": {"draft_id": DRAFT, **_ASK},
    "intake.check": _SUBMISSION,
    "intake.submit": {**_SUBMISSION, **_ASK},
    "intake.supplement": {**_DOSSIER, "form": {"purpose": "x"}, "documents": [_PAPER], **_ASK},
    "intake.withdraw": {**_DOSSIER, "reason": "Không cần nữa", **_ASK},
    "intake.return_result": {**_DOSSIER, "method": "direct", **_ASK},
    "intake.get": _DOSSIER,
    "intake.find_owner": _DOSSIER,
    "intake.get_contact": _DOSSIER,
    "intake.find_last_applicant": {},
    "intake.track": {**_DOSSIER, "id_number": "001801000001"},
    "intake.count_dossiers": {"unit": "vnnic", "from_month": "2026-01", "days": True},
    "intake.list_dossiers": {"status": "submitted"},
    "intake.find_codes": {"text": "Nguyễn Thị Mẫu"},
    "intake.list_register": {"from_day": "2026-01-01", "to_day": "2026-01-31"},
    "routing.list_cases": {"unit": "vnnic"},
    "routing.count_cases": {"unit": "vnnic"},
    "routing.case_load": {"unit": "vnnic"},
    "routing.due_calendar": {"unit": "vnnic", "from_day": "2026-01-01", "to_day": "2026-01-31"},
    "routing.count_by_unit": {"from_day": "2026-01-01", "to_day": "2026-12-31"},
    "routing.get_case": _DOSSIER,
    "routing.get_supplements": _DOSSIER,
    "routing.get_reception": _DOSSIER,
    "routing.get_decision": _DOSSIER,
    "routing.accept": {**_DOSSIER, **_ASK},
    "routing.reject": {**_DOSSIER, "reason": "Sai thẩm quyền", **_ASK},
    "routing.request_supplement": {
        **_DOSSIER,
        "items": [{"component": "TP01", "guidance": "Ký lại"}],
        "reason": "Thiếu chữ ký",
        **_ASK,
    },
    "routing.assign": {**_DOSSIER, "officer": "cb-002", **_ASK},
    "routing.assign_many": {"dossier_codes": [CODE], "officer": "cb-002", **_ASK},
    "routing.propose": {**_DOSSIER, "outcome": "granted", **_ASK},
    "routing.return_proposal": {**_DOSSIER, "reason": "Chưa đủ căn cứ", **_ASK},
    "routing.decide": {**_DOSSIER, "outcome": "granted", **_ASK},
    "routing.stop": {**_DOSSIER, "reason": "Quá hạn bổ sung", **_ASK},
    "routing.transfer": {**_DOSSIER, "to_unit": "cuc-bao-chi", "reason": "not_competent", "note": "Báo chí", **_ASK},
    "payment.get_order": _DOSSIER,
    "payment.find_order": {"order_id": f"{CODE}-S"},
    "payment.list_orders": {"unit": "vnnic"},
    "payment.count_fees": {"unit": "vnnic", "from_day": "2026-12-01", "to_day": "2026-12-31"},
    "payment.start_payment": {"order_id": f"{CODE}-S", "return_url": "https://cong.example.vn/ve", **_ASK},
    "payment.record_counter_payment": {"order_id": f"{CODE}-S", "amount_vnd": 1000, "collector": "cb-001", **_ASK},
    "payment.confirm_refund": {"order_id": f"{CODE}-S", "refund": 1000, **_ASK},
    "registry.publish_catalogue": {
        "tenant": "mic",
        "documents": [{"kind": "unit", "key": "vnnic", "valid_from": "2016-01-01", "document": {"key": "vnnic"}}],
        **_ASK,
    },
    "registry.list_tenants": {},
    "registry.list_procedures": {"tenant": "mic"},
    "registry.get_procedure": {"tenant": "mic", "key": "dk-ten-mien-vn"},
    "registry.list_units": {"tenant": "mic"},
    "registry.get_unit": {"tenant": "mic", "key": "vnnic"},
    "registry.get_calendar": {},
    "registry.get_tenant": {"tenant": "mic"},
    "registry.get_dataset": {"tenant": "mic", "key": "ten-mien-vn"},
    "registry.get_record": _RECORD,
    "registry.find_records": {"dataset": "ten-mien-vn"},
    "registry.history": _RECORD,
    "registry.look_up": _RECORD,
    "registry.verify": {**_RECORD, "holder": "Nguyễn Thị Mẫu"},
    "registry.amend": {**_RECORD, "changes": {"label": "khac"}, "reason": "Sửa sai sót", **_ASK},
    "registry.revoke": {**_RECORD, "reason": "Cấp nhầm", **_ASK},
    "notify.list_notices": _DOSSIER,
    "notify.list_failed_notices": {},
    "notify.get_notice": {"notice_id": "0" * 36},
    "notify.resend": {"notice_id": "0" * 36, **_ASK},
    "notify.add_webhook": {"url": "https://vi-du.example.vn/", "tenant": "none", **_ASK},
    "notify.list_webhooks": {},
    "notify.rotate_webhook": {"webhook_id": NO_WEBHOOK, **_ASK},
    "notify.switch_webhook": {"webhook_id": NO_WEBHOOK, "enabled": False, **_ASK},
    "notify.remove_webhook": {"webhook_id": NO_WEBHOOK, **_ASK},
    "notify.list_webhook_deliveries": {"webhook_id": NO_WEBHOOK},
    "notify.repeat_webhook": {"webhook_id": NO_WEBHOOK, **_ASK},
    **{f"{service}.list_dead_letters": {} for service in PUBLISHERS},
    **{f"{service}.list_queues": {} for service in PUBLISHERS},
    **{f"{service}.replay_dead_letters": {"ids": ["none"], **_ASK} for service in PUBLISHERS},
}
STRANGE_NAMES: Final = ("$where", "a.b", "__proto__", "_id", "unknown", "")
OPERATORS: Final = ({"$ne": None}, {"$gt": ""}, {"$where": "sleep(9)"}, [{"$ne": 1}])
IMPOSSIBLE_DAYS: Final = ("2026-02-30", "2026-13-01", "30/02/2026", "0000-01-01", "9999-12-31", "2026-1-1")


@dataclass(frozen=True)
class Mistake:
    """A call with one thing wrong in it, and the field that is at fault."""

    field: str
    call: dict[str, Any]


def schemas() -> dict[str, Schema]:
    """The schema of every method but `health`, by `service.method`."""
    return {name: entry._schema for name, entry in methods().items() if not name.endswith(".health")}  # noqa: SLF001


def methods() -> dict[str, Method]:
    """The entrypoint of every method, by `service.method`."""
    return {
        f"{service.name}.{name}": entry
        for service in service_classes()
        for name in dir(service)
        for entry in getattr(getattr(service, name), "nameko_entrypoints", ())
        if isinstance(entry, Method)
    }


def mistakes(schema: Schema, right: Mapping[str, Any], path: str = "", *, brief: bool = False) -> Iterator[Mistake]:
    """The right call with one mistake at a time: what is unknown, missing, or not what it must be.

    `brief` leaves out what is refused by the same lines of code as another mistake.
    """
    for name in STRANGE_NAMES[:2] if brief else STRANGE_NAMES:
        yield Mistake(f"{path}{name}", {**right, name: 1})
    for name, field in schema.fields.items():
        if field.required:
            yield Mistake(f"{path}{name}", {key: value for key, value in right.items() if key != name})
        for value in wrong_values(field, right.get(name)) if not brief else few_values(field):
            yield Mistake(f"{path}{name}", {**right, name: value})
        for inner in _inside(field, right.get(name), f"{path}{name}", brief):
            yield Mistake(inner.field, {**right, name: inner.call[""]})


def few_values(field: fields.Field[Any]) -> Iterator[Any]:
    """Three things this field may not hold."""
    yield from ({"$ne": None}, "2026-02-30" if isinstance(field, Day) else None)
    if isinstance(field, Text):
        yield "a\x00b" if not isinstance(field, Choice) else "nonsense"


def wrong_values(field: fields.Field[Any], right: Any) -> Iterator[Any]:
    """What this field may not hold."""
    is_open = isinstance(field, fields.Dict)  # what it may hold is a matter of the procedure, checked inside
    yield from (one for one in OPERATORS if not (is_open and isinstance(one, dict)))
    yield from () if field.allow_none else (None,)
    if isinstance(field, Choice):
        yield from ("nonsense", 5, True)
    elif isinstance(field, Text):
        yield from (5, True, 1.5, "a\x00b", "a\x1bb", "a\u202eb", "", " ", "x" * (field.longest + 1))
        yield from () if field.lines else ("a\nb", "a\tb")
    elif isinstance(field, Whole):
        yield from ("1", 1.5, True, 10**30, -(10**30), *_outside(field))
    elif isinstance(field, Flag):
        yield from ("true", 1, "x")
    elif isinstance(field, Day):
        yield from (*IMPOSSIBLE_DAYS, 20260101, "x")
    elif isinstance(field, Items):
        yield from ("x", 5, {"0": 1}, (right or ["x"]) * (field.most + 1))
    else:
        yield from ("x", 5, [], True)


def _inside(field: fields.Field[Any], right: Any, path: str, brief: bool) -> Iterator[Mistake]:
    """Mistakes in a nested object, or in the first object of a list; the new value stands under ""."""
    if isinstance(field, Part) and right:
        for found in mistakes(field.schema, right, f"{path}.", brief=brief):
            yield Mistake(found.field, {"": found.call})
    elif isinstance(field, Items) and isinstance(field.inner, Part) and right:
        for found in mistakes(field.inner.schema, right[0], f"{path}.0.", brief=brief):
            yield Mistake(found.field, {"": [found.call, *right[1:]]})


def _outside(field: Whole) -> Iterator[int]:
    for check in field.validators:
        if isinstance(check, validate.Range):
            yield from (check.min - 1,) if check.min is not None else ()
            yield from (check.max + 1,) if check.max is not None else ()
