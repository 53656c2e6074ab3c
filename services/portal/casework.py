"""A case as its officers see it: what it is at, what may be done now, what happened, what changed while one typed."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from flask import Flask

from services.chassis import clock
from services.chassis.actor import Actor
from services.contracts.catalogue.dates import local_day
from services.portal.language import number, say, sentence

Document = Mapping[str, Any]

# status of a case: its words, and the tone of its tag
_STATUSES: Final = {
    "opened": (sentence("chờ tiếp nhận"), "calm"),
    "accepted": (sentence("đã tiếp nhận"), "calm"),
    "in_hand": (sentence("đang thụ lý"), "calm"),
    "proposed": (sentence("chờ ký"), "calm"),
    "supplement_requested": (sentence("chờ bổ sung"), "warn"),
    "decided": (sentence("đã có quyết định"), "good"),
    "rejected": (sentence("không được tiếp nhận"), "bad"),
    "stopped": (sentence("đã dừng xử lý"), "bad"),
    "withdrawn": (sentence("đã rút"), ""),
}
STATUSES: Final = tuple(_STATUSES)
# what may be done with a case, and the statuses it may be done in; the unit's rules have the last word
ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "accept": ("opened",),
    "sign": ("proposed",),
    "return_proposal": ("proposed",),
    "decide": ("accepted", "in_hand"),
    "propose": ("in_hand", "proposed"),
    "assign": ("accepted", "in_hand", "proposed"),
    "request_supplement": ("opened", "accepted", "in_hand", "proposed"),
    "transfer": ("opened", "accepted", "in_hand", "supplement_requested"),
    "stop": ("accepted", "in_hand", "proposed", "supplement_requested", "decided"),
    "reject": ("opened",),
}
_STEPS: Final = {
    "case_opened": sentence("Hồ sơ đến đơn vị"),
    "case_accepted": sentence("Tiếp nhận hồ sơ"),
    "case_rejected": sentence("Đã từ chối tiếp nhận"),
    "supplement_requested": sentence("Đã yêu cầu bổ sung"),
    "supplement_received": sentence("Người nộp đã bổ sung"),
    "case_assigned": sentence("Giao xử lý"),
    "case_transferred": sentence("Chuyển đơn vị khác"),
    "case_fee_noted": sentence("Ghi nhận phí, lệ phí"),
    "decision_proposed": sentence("Đề xuất quyết định"),
    "proposal_returned": sentence("Trả lại đề xuất"),
    "case_decided": sentence("Đã có quyết định"),
    "case_stopped": sentence("Đã dừng xử lý"),
    "case_withdrawn": sentence("Người nộp rút hồ sơ"),
    "deadline_slipped": sentence("Quá hạn xử lý"),
}
_AT_WORK: Final = ("opened", "accepted", "in_hand", "proposed")
_OF_APPLICANTS: Final = ("case_opened", "supplement_received", "case_withdrawn")
_MEGABYTE: Final = 1_048_576
_QUIET: Final = ("case_fee_noted", "deadline_slipped")  # happen by themselves, and disturb nobody at work
_OUTCOMES: Final = {"granted": sentence("cấp"), "refused": sentence("không cấp")}
_WHEN_DUE: Final = {
    "on_submission": sentence("khi nộp hồ sơ"),
    "on_acceptance": sentence("khi tiếp nhận"),
    "before_result": sentence("trước khi trả kết quả"),
}
_FEES: Final = {
    "requested": (sentence("chờ nộp"), "warn"),
    "paid": (sentence("đã nộp"), "good"),
    "waived": (sentence("được miễn"), "good"),
    "cancelled": (sentence("đã hủy"), ""),
    "expired": (sentence("quá hạn nộp"), "bad"),
}
_NOTICES: Final = {
    "requested": (sentence("đang gửi"), "calm"),
    "sent": (sentence("đã gửi"), "good"),
    "failed": (sentence("không gửi được"), "bad"),
}
_AUDIENCES: Final = {"applicant": sentence("người nộp"), "unit": sentence("đơn vị")}
_MOMENTS: Final = {
    "submitted": sentence("Hồ sơ mới"),
    "accepted": sentence("Tiếp nhận hồ sơ"),
    "rejected": sentence("Từ chối tiếp nhận"),
    "supplement": sentence("Yêu cầu bổ sung"),
    "supplemented": sentence("Đã bổ sung hồ sơ"),
    "payment": sentence("Yêu cầu nộp phí"),
    "paid": sentence("Đã nộp phí"),
    "payment_expired": sentence("Quá hạn nộp phí"),
    "payment_failed": sentence("Giao dịch bị giữ đã không thành công"),
    "apology": sentence("Xin lỗi và hẹn lại ngày trả"),
    "transferred": sentence("Chuyển đơn vị khác"),
    "stopped": sentence("Dừng xử lý"),
    "resolved": sentence("Có kết quả"),
    "refused": sentence("Từ chối giải quyết"),
    "returned": sentence("Đã trả kết quả"),
    "withdrawn": sentence("Rút hồ sơ"),
    "revoked": sentence("Thu hồi kết quả"),
    "answer_slipped": sentence("Quá hạn trả lời tiếp nhận"),
    "decision_slipped": sentence("Quá hạn giải quyết"),
}


def case_words(status: str) -> str:
    """The status of a case at its unit."""
    return say(_STATUSES[status][0]) if status in _STATUSES else status


def case_tone(status: str) -> str:
    """The tone of its tag."""
    return _STATUSES.get(status, ("", ""))[1]


def step_words(step: Document) -> str:
    """One step of the history."""
    event = str(step["event"])
    return say(_STEPS[event]) if event in _STEPS else event


def actor_words(step: Document) -> str:
    """Who took a step: an officer by his staff id, an applicant or the system by what they are."""
    by = step.get("by") or {}
    if by.get("kind") == "officer":
        return str(by.get("id", ""))
    return say("người nộp") if step["event"] in _OF_APPLICANTS else say("hệ thống")


def outcome_words(outcome: str) -> str:
    """How a case was decided."""
    return say(_OUTCOMES[outcome]) if outcome in _OUTCOMES else outcome


def due_when_words(when: str) -> str:
    """When a fee falls due."""
    return say(_WHEN_DUE[when]) if when in _WHEN_DUE else when


def fee_words(status: str) -> str:
    """What became of a fee."""
    return say(_FEES[status][0]) if status in _FEES else status


def fee_tone(status: str) -> str:
    """The tone of its tag."""
    return _FEES.get(status, ("", ""))[1]


def sending_words(status: str) -> str:
    """Whether a notice has gone out."""
    return say(_NOTICES[status][0]) if status in _NOTICES else status


def sending_tone(status: str) -> str:
    """The tone of its tag."""
    return _NOTICES.get(status, ("", ""))[1]


def moment_words(moment: str) -> str:
    """What a notice is about."""
    return say(_MOMENTS[moment]) if moment in _MOMENTS else moment


def audience_words(audience: str) -> str:
    """To whom it goes."""
    return say(_AUDIENCES[audience]) if audience in _AUDIENCES else audience


def size_words(size: int) -> str:
    """How large a file is."""
    if size < _MEGABYTE:
        return f"{number(max(1, round(size / 1024)))} kB"
    return f"{number(round(size / _MEGABYTE, 1))} MB"


def urgency(line: Document) -> tuple[str, str]:
    """Words and tone for how a case stands with its deadline, where that asks for attention."""
    if line.get("overdue"):
        return say("quá hạn"), "bad"
    if line.get("at_risk"):
        return say("sắp đến hạn"), "warn"
    if line.get("awaiting") == "supplement":
        return say("chờ người nộp bổ sung"), ""
    if line.get("awaiting") == "fee":
        return say("chờ nộp phí"), ""
    return "", ""


def days_left(line: Document) -> int | None:
    """How many days after today the term ends that runs, below 0 when it is over; None while none runs."""
    if line["status"] not in _AT_WORK or line["awaiting"] or not line["next_due_at"]:
        return None
    return (local_day(datetime.fromisoformat(line["next_due_at"])) - local_day(clock.now())).days


def may_collect(dossier: Document) -> bool:
    """Whether there is a result that waits to be handed over: one that was revoked is not."""
    return dossier["status"] == "resolved" and not dossier["revoked_at"]


def actions(case: Document, dossier: Document | None, me: Actor) -> list[str]:
    """What this officer may do with the case now, in the order in which it is offered."""
    found = [name for name, statuses in ACTIONS.items() if case["status"] in statuses and _is_open_to(name, case, me)]
    is_ready = dossier is not None and may_collect(dossier)
    return [*found, *(["return_result"] if is_ready else [])]


def waits_for_fee(case: Document) -> bool:
    """Whether nothing but a fee stands before a decision."""
    return bool(case["unpaid"]) and case["status"] in {*ACTIONS["decide"], *ACTIONS["sign"]}


def awaits_last_fee(case: Document) -> bool:
    """Whether it was granted, and the applicant has been asked for what falls due before the result."""
    return case["outcome"] == "granted" and any(
        fee["when_due"] == "before_result" and fee["required_at"] and not fee["settled_at"] for fee in case["fees"]
    )


def _is_open_to(action: str, case: Document, me: Actor) -> bool:
    match action:
        case "request_supplement":  # once before acceptance and once after it
            before = case["accepted_at"] is None
            return not any(one["before_acceptance"] == before for one in case["supplements"])
        case "propose":
            return bool(case["officer"] == me.id)
        case "decide":
            return case["decision"] == "one_step" and not case["unpaid"]
        case "sign":
            return _by_another(case, me) and not case["unpaid"]
        case "return_proposal":
            return _by_another(case, me)
        case "stop":
            return case["status"] != "decided" or awaits_last_fee(case)
        case "transfer":
            return me.may("transfer")
    return True


def _by_another(case: Document, me: Actor) -> bool:
    """Whoever proposed does not sign, nor does who was not given that duty."""
    return me.may("sign") and case["proposal"] is not None and case["proposal"]["by"] != me.id


def news(case: Document, seen: int, me: str) -> list[Document]:
    """The steps that others took since somebody saw the first `seen` of them; what happens by itself is no news."""
    return [step for step in _since(case["steps"], seen) if step["event"] not in _QUIET and not _is_mine(step, me)]


def latest_news(case: Document, me: str) -> Document | None:
    """The last step of the history, where it is somebody else's and no step that happens by itself."""
    last = next((step for step in reversed(case["steps"]) if step["event"] not in _QUIET), None)
    return last if last and not _is_mine(last, me) else None


def standing(case: Document) -> str:
    """How a case stands, and who has it in hand, in one word for a form: what others may change meanwhile."""
    return f"{case['status']}:{case['officer'] or ''}"


def _since(steps: Sequence[Document], seen: int) -> Sequence[Document]:
    return steps[seen:] if 0 <= seen <= len(steps) else steps


def _is_mine(step: Document, me: str) -> bool:
    by = step.get("by") or {}
    return by.get("kind") == "officer" and by.get("id") == me


def teach(app: Flask) -> None:
    """Have templates know these."""
    app.jinja_env.globals.update({one.__name__: one for one in _TAUGHT})
    app.jinja_env.filters["size"] = size_words


_TAUGHT: Final[tuple[Callable[..., Any], ...]] = (
    standing,
    case_words,
    case_tone,
    step_words,
    actor_words,
    outcome_words,
    due_when_words,
    fee_words,
    fee_tone,
    sending_words,
    sending_tone,
    moment_words,
    audience_words,
    urgency,
    days_left,
)
