"""What happened to a dossier, what comes next, and what its applicant must do now: read out of what intake answers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from services.portal.casework import may_collect
from services.portal.language import say, sentence, vnd, words
from services.portal.transfers import transfer_words

Document = Mapping[str, Any]
State = Literal["done", "now", "ahead"]
URGENT: Final = ("payment_required", "supplement_requested", "resolved")  # the applicant's turn
ENDED: Final = ("rejected", "withdrawn", "stopped", "returned")
_WITHDRAWABLE: Final = ("submitted", "accepted", "processing", "supplement_requested", "payment_required")
_METHODS: Final = {
    "online": sentence("nhận trực tuyến"),
    "direct": sentence("nhận trực tiếp"),
    "post": sentence("nhận qua bưu chính"),
}
# What the unit did last, by the name of its moment in `case`.
_CASE: Final = (
    ("accepted_at", sentence("Hồ sơ được tiếp nhận")),
    ("assigned_at", sentence("Hồ sơ được giao cho cán bộ thụ lý")),
    ("rejected_at", sentence("Hồ sơ không được tiếp nhận")),
    ("stopped_at", sentence("Cơ quan dừng xử lý hồ sơ")),
)
_WAITING: Final = {
    "submitted": (sentence("Chờ cơ quan kiểm tra và trả lời"), "answer_due_at"),
    "accepted": (sentence("Cơ quan đang giải quyết"), "due_at"),
    "processing": (sentence("Cơ quan đang giải quyết"), "due_at"),
    "supplement_requested": (sentence("Chờ bạn bổ sung hồ sơ"), None),
    "payment_required": (sentence("Chờ nộp phí, lệ phí"), None),
    "resolved": (sentence("Chờ bạn xác nhận đã nhận kết quả"), None),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One point of the time line: `at` is when it happened, `due` until when what is under way should be over."""

    state: State
    text: str
    at: str | None = None
    more: str = ""
    due: str | None = None


@dataclass(frozen=True, slots=True)
class Duty:
    """Something that the applicant must do now: `pay`, `supplement` or `collect`."""

    kind: Literal["pay", "supplement", "collect"]
    due: str | None = None
    amount_vnd: int | None = None


def steps(dossier: Document, unit_name: Callable[[str], Document], earlier: Sequence[Document] = ()) -> list[Step]:
    """The whole time line: what happened, in order, what is under way, what is still to come.

    `earlier` are the requests for a supplement before the last, as routing tells them.
    """
    handed_on = [_handed_on(one, unit_name) for one in dossier["transfers"]]
    told = [*_happened(dossier), *_supplements(dossier, earlier), *handed_on]
    happened = sorted(told, key=lambda step: datetime.fromisoformat(str(step.at)))
    return [*happened, *_to_come(dossier)]


def duties(dossier: Document) -> list[Duty]:
    """What the applicant must do now, the nearest deadline first."""
    supplement = dossier["supplement"]
    found = [
        Duty("pay", fee["pay_by"], fee["amount_vnd"])
        for fee in dossier["fees"]
        if fee["status"] in {"requested", "expired"} and dossier["status"] not in ENDED
    ]
    if dossier["status"] == "supplement_requested" and supplement:
        found.append(Duty("supplement", supplement["respond_by"]))
    if may_collect(dossier):
        found.append(Duty("collect"))
    return sorted(found, key=lambda duty: duty.due or "9999")


def may_withdraw(dossier: Document) -> bool:
    """Whether the applicant may still take it back, as far as the status tells; intake has the last word."""
    is_decided, is_unpaid = dossier["case"]["decided_at"] is not None, dossier["status"] == "payment_required"
    return dossier["status"] in _WITHDRAWABLE and (is_unpaid or not is_decided)


def has_ended(dossier: Document) -> bool:
    """Whether nothing more will happen by itself."""
    return dossier["status"] in ENDED or (dossier["status"] == "resolved" and not may_collect(dossier))


def _happened(dossier: Document) -> Iterator[Step]:
    yield Step("done", say("Hồ sơ được nộp"), dossier["submitted_at"])
    yield from _done_by_unit(dossier)
    for fee in dossier["fees"]:
        yield from _fee(fee)
    if dossier["withdrawn_at"]:
        yield Step("done", say("Hồ sơ được rút"), dossier["withdrawn_at"], dossier["withdrawal_reason"] or "")
    yield from of_result(dossier)


def _done_by_unit(dossier: Document) -> Iterator[Step]:
    case = dossier["case"]
    for name, text in _CASE:
        if case[name]:
            yield Step("done", say(text), case[name])
    if case["decided_at"]:
        text = say("Cơ quan quyết định không cấp") if case["outcome"] == "refused" else say("Cơ quan quyết định cấp")
        told = {True: say("Đúng hạn."), False: say("Quá hạn.")}.get(case["on_time"], "")
        yield Step("done", text, case["decided_at"], told)


def _handed_on(transfer: Document, unit_name: Callable[[str], Document]) -> Step:
    old, new = (words(unit_name(transfer[name])) for name in ("from_unit", "to_unit"))
    text = say("Hồ sơ được chuyển từ %(old)s sang %(new)s", old=old, new=new)
    return Step("done", text, transfer["transferred_at"], f"{transfer_words(transfer['reason'])}.")


def _supplements(dossier: Document, earlier: Sequence[Document]) -> Iterator[Step]:
    """Each round; while one is open, the answer that the dossier itself tells is that of the round before."""
    last, answered_at = dossier["supplement"], dossier["supplemented_at"]
    for one in earlier:
        yield _asked(one, say_round=True)
        if one["received_at"]:
            yield _answered(one["received_at"])
    if last:
        yield _asked(last, say_round=last["round"] > 1)
    if answered_at and not (earlier and last["open"]):
        yield _answered(answered_at)


def _asked(request: Document, *, say_round: bool) -> Step:
    more = say("Lần %(round)s.", round=request["round"]) if say_round else ""
    return Step("done", say("Cơ quan yêu cầu bổ sung hồ sơ"), request["requested_at"], more)


def _answered(at: str) -> Step:
    return Step("done", say("Hồ sơ được bổ sung"), at)


def _fee(fee: Document) -> Iterator[Step]:
    amount = vnd(fee["amount_vnd"])
    if fee["requested_at"] and fee["amount_vnd"]:
        yield Step("done", say("Có khoản phải nộp: %(amount)s", amount=amount), fee["requested_at"])
    if fee["paid_at"]:
        receipt = fee["receipt"]
        more = say("Biên lai %(serial)s số %(number)s.", **_of(receipt, "serial", "number")) if receipt else ""
        yield Step("done", say("Đã nộp %(amount)s", amount=amount), fee["paid_at"], more)


def of_result(dossier: Document) -> Iterator[Step]:
    """Its result as it was issued, revoked and handed over, for those too who see the steps of its case beside it."""
    result = dossier["result"]
    if result and result["outcome"] == "granted":
        yield Step("done", say("Đã có kết quả"), result["at"], say("Số %(number)s.", number=result["number"]))
    if result and result["revoked_at"]:
        yield Step("done", say("Kết quả bị thu hồi"), result["revoked_at"])
    if dossier["returned_at"]:
        method = dossier["return_method"]
        more = say(_METHODS[method]) if method in _METHODS else ""
        yield Step("done", say("Kết quả đã được nhận"), dossier["returned_at"], more)


def _to_come(dossier: Document) -> Iterator[Step]:
    status = dossier["status"]
    if status not in _WAITING or has_ended(dossier):
        return
    text, due = _WAITING[status]
    yield Step("now", say(text), due=dossier[due] if due else next((duty.due for duty in duties(dossier)), None))
    if status == "submitted" and not dossier["case"]["accepted_at"]:
        yield Step("ahead", say("Tiếp nhận và giải quyết"))
    if status in {"supplement_requested", "payment_required"}:
        yield Step("ahead", say("Cơ quan giải quyết tiếp"), due=dossier["due_at"])
    if status != "resolved":
        yield Step("ahead", say("Trả kết quả"))


def _of(document: Document, *names: str) -> dict[str, Any]:
    return {name: document[name] for name in names}
