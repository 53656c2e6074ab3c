"""What may happen to a dossier: state and command in, events out; and how events make the state.

The applicant submits, supplements, withdraws; the result is handed over; everything else is heard from other services
and noted as a fact. Who may do what is in `access`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from services.chassis.errors import Conflict, Defect, NotFound, Refused
from services.contracts.event import Event
from services.intake.dossier import MOVES, Dossier, derived
from services.intake.facts import fact_of, joined, read_fact

STATUS_VI: Final = {
    "submitted": "mới đăng ký",
    "accepted": "được tiếp nhận",
    "rejected": "không được tiếp nhận",
    "processing": "đang xử lý",
    "supplement_requested": "chờ bổ sung giấy tờ",
    "payment_required": "chờ thực hiện nghĩa vụ tài chính",
    "withdrawn": "đã rút",
    "stopped": "dừng xử lý",
    "resolved": "đã xử lý xong",
    "returned": "đã trả kết quả",
}


@dataclass(frozen=True, slots=True)
class Submission:
    """A complete submission: everything of it that is not personal."""

    dossier_code: str
    tenant: str
    procedure: str
    procedure_version: str
    unit: str
    level: int
    applicant_kind: str
    channel: str
    components: tuple[str, ...]
    fee_inputs: Mapping[str, Any]
    submitted_at: datetime
    answer_due_at: datetime


def submit(dossier: Dossier | None, submission: Submission) -> list[Event]:
    """Open the dossier under its code. Raises Conflict when the code has one already."""
    if dossier is not None:
        raise Conflict("intake.code_taken", "The dossier code is taken; try again.", "Mã hồ sơ đã được dùng.")
    said = {name: getattr(submission, name) for name in Submission.__dataclass_fields__}
    return [Event("dossier_submitted", {**said, "components": list(submission.components)})]


def awaited_round(dossier: Dossier) -> int:
    """The number of the request that a supplement would answer. Raises Refused when nobody asks for one."""
    if dossier.status != "supplement_requested" or dossier.open_round is None:
        raise _not_now(dossier, "intake.no_supplement_requested", "nothing is to be supplemented", "không cần bổ sung")
    return dossier.open_round


def supplement(dossier: Dossier | None, round_: int, components: Sequence[str], at: datetime) -> list[Event]:
    """Answer request number `round_`. Raises Refused, and Conflict when another answer or request came first."""
    known = _known(dossier)
    if awaited_round(known) != round_:
        raise Conflict("intake.another_request", "Another supplement is asked for now.", "Yêu cầu bổ sung đã thay đổi.")
    said = {
        "dossier_code": known.dossier_code,
        "unit": known.unit,
        "round": round_,
        "components": list(dict.fromkeys(components)),
        "supplemented_at": at,
    }
    return [Event("dossier_supplemented", said)]


def withdraw(dossier: Dossier | None, at: datetime) -> list[Event]:
    """Take the dossier back, until it is decided or has ended otherwise. Raises Refused.

    A result that is granted and waits for its fee need not be bought. Should the fee have been paid meanwhile, registry
    revokes the record and payment gives back what is owed: a withdrawal wins.
    """
    known = _known(dossier)
    if known.status == "withdrawn":
        raise _not_now(known, "intake.already_withdrawn", "it is withdrawn already", "hồ sơ đã được rút trước đó")
    if known.fact("case_decided") and not known.awaits_last_fee:
        raise _not_now(known, "intake.already_decided", "it has been decided", "hồ sơ đã có quyết định")
    if "withdrawn" not in MOVES[known.status]:
        raise _not_now(known, "intake.already_ended", "it has ended", "hồ sơ đã kết thúc")
    said = {"dossier_code": known.dossier_code, "unit": known.unit, "withdrawn_at": at}
    return [Event("dossier_withdrawn", said)]


def return_result(dossier: Dossier | None, method: str, at: datetime) -> list[Event]:
    """The applicant has the result in hand. Raises Refused while there is none, when it was revoked or handed over."""
    known = _known(dossier)
    if known.status == "returned":
        raise _not_now(known, "intake.already_returned", "the result was handed over", "kết quả đã được trả")
    if "returned" not in MOVES[known.status]:
        raise _not_now(known, "intake.not_resolved", "there is no result to hand over", "chưa có kết quả để trả")
    if known.fact("record_revoked"):
        raise _not_now(known, "intake.result_revoked", "the result was revoked", "kết quả đã bị thu hồi")
    said = {"dossier_code": known.dossier_code, "method": method, "returned_at": at}
    return [Event("dossier_returned", said)]


def note(dossier: Dossier | None, heard: Event, at: datetime, sequence: int = 0) -> list[Event]:
    """Note what another service did; nothing when that is known. Says `dossier_resolved` once there is a result.

    `sequence` is the place of `heard` in the history it comes from.
    Raises NotFound while the dossier is unknown: its submission may be on its way.
    """
    known = _known(dossier)
    fact = fact_of(heard, sequence)
    after = derived(replace(known, facts=joined(known.facts, fact)))
    if after == known:
        return []
    said = {
        "dossier_code": known.dossier_code,
        "fact": fact.type,
        "fact_data": fact.data,
        "sequence": fact.sequence,
        "status": after.status,
        "dvcqg_status": after.dvcqg_status,
        "noted_at": at,
    }
    return [Event("dossier_progressed", said), *_resolution(after)]


def evolve(dossier: Dossier | None, event: Event) -> Dossier:
    """The dossier after one of its events."""
    if event.type == "dossier_submitted":
        data = {name: value for name, value in event.data.items() if name != "fee_inputs"}
        return derived(Dossier(**{**data, "components": tuple(data["components"])}))
    if dossier is None:
        raise Defect("intake.no_submission", "The history does not begin with a submission.", "Lịch sử không hợp lệ.")
    return derived(replace(dossier, **_CHANGES[event.type](dossier, event.data)))


def _resolution(dossier: Dossier) -> list[Event]:
    result = dossier.result
    if dossier.status != "resolved" or dossier.resolved or result is None:
        return []
    said = {
        "dossier_code": dossier.dossier_code,
        "unit": dossier.unit,
        "outcome": result.outcome,
        "dataset": result.dataset,
        "number": result.number,
        "resolved_at": result.at,
    }
    return [Event("dossier_resolved", said)]


def _supplemented(dossier: Dossier, data: Mapping[str, Any]) -> dict[str, Any]:
    components = tuple(dict.fromkeys((*dossier.components, *data["components"])))
    return {
        "components": components,
        "supplemented_round": max(dossier.supplemented_round, data["round"]),
        "supplemented_at": data["supplemented_at"],
    }


_CHANGES: Final[dict[str, Callable[[Dossier, Mapping[str, Any]], dict[str, Any]]]] = {
    "dossier_supplemented": _supplemented,
    "dossier_withdrawn": lambda _, data: {"withdrawn_at": data["withdrawn_at"]},
    "dossier_progressed": lambda dossier, data: {
        "facts": joined(dossier.facts, read_fact(data["fact"], dict(data["fact_data"]), data.get("sequence", 0)))
    },
    "dossier_resolved": lambda _, _data: {"resolved": True},
    "dossier_returned": lambda _, data: {"returned_at": data["returned_at"], "return_method": data["method"]},
}


def _known(dossier: Dossier | None) -> Dossier:
    if dossier is None:
        raise unknown_dossier()
    return dossier


def unknown_dossier() -> NotFound:
    """There is no such dossier, or it is not the asker's to see: nobody can tell which."""
    return NotFound("intake.unknown_dossier", "There is no such dossier.", "Không tìm thấy hồ sơ.")


def _not_now(dossier: Dossier, code: str, en: str, vi: str) -> Refused:
    status, status_vi = dossier.status, STATUS_VI[dossier.status]
    return Refused(code, f"Not possible: {en} (status: {status}).", f"Không thực hiện được: {vi} ({status_vi}).")
