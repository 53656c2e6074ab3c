"""Whether a submission is what its procedure asks for: applicant, channel, answers, papers, and a price it can have."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from marshmallow import Schema, ValidationError

from services.chassis import codec
from services.chassis.errors import Invalid, Refused
from services.contracts.catalogue.fees import FeeInputInvalid, FeeInputMissing, price
from services.contracts.catalogue.forms import fee_inputs, missing_components
from services.contracts.fields import explain
from services.contracts.words import WHEN_DUE

LARGEST_FORM_BYTES: Final = 500_000
_NOTHING: Final[Mapping[str, Any]] = {}
Problem = dict[str, str]
Procedure = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Given:
    """A paper as it was handed in: which component, and the upload of that id if the actor has one."""

    component: str
    upload_id: str
    upload: Mapping[str, Any] | None

    @property
    def state(self) -> str:
        """`finished`, or why it cannot be used."""
        if self.upload is None:
            return "unknown_upload"
        if self.upload["dossier_code"] is not None:
            return "upload_already_used"
        return "finished" if self.upload["status"] == "finished" else "upload_not_finished"


_PAPER_PROBLEMS: Final = {
    "unknown_upload": ("Không có tệp tải lên này.", "There is no such upload."),
    "upload_not_finished": ("Tệp chưa được tải lên xong.", "The upload is not finished."),
    "upload_already_used": ("Tệp đã được dùng cho hồ sơ khác.", "The upload was named in a dossier already."),
    "named_twice": ("Tệp được nêu hai lần.", "The upload is named twice."),
    "type_not_accepted": ("Thành phần này không nhận loại tệp đó.", "The component does not accept this type of file."),
    "too_large": ("Tệp lớn hơn mức cho phép của thành phần này.", "The file is larger than the component allows."),
}


def check_kind(procedure: Procedure, applicant_kind: str) -> None:
    """The procedure is for such applicants. Raises Refused."""
    if applicant_kind not in procedure["applicant_kinds"]:
        raise _refused(
            "applicant_kind",
            "applicant.kind",
            "The procedure is not for this kind of applicant.",
            "Thủ tục không dành cho loại người nộp này.",
        )


def check_channel(procedure: Procedure, channel: str) -> None:
    """The procedure is offered through that channel. Raises Refused."""
    if channel not in procedure["channels"]:
        raise _refused(
            "channel", "channel", "The procedure is not offered this way.", "Thủ tục không nhận theo hình thức này."
        )


def checked_answers(form: Schema, answers: Mapping[str, Any], given: Mapping[str, Any] = _NOTHING) -> dict[str, Any]:
    """The answers in their canonical writing. Raises Invalid with every field at fault.

    What stands as it was `given` earlier was judged on its own day, and is not found too early or too late since.
    """
    try:
        checked: dict[str, Any] = form.load(answers)
    except ValidationError as error:
        stale = {name for name in _mistakes(form, given) if answers.get(name) == given.get(name)}
        wrong = {name: said for name, said in error.messages_dict.items() if name not in stale}
        if wrong:
            raise invalid(explain(wrong, "form")) from None
        valid: dict[str, Any] = error.valid_data  # type: ignore[assignment]  # a form's is a dict
        checked = {**valid, **{name: given[name] for name in stale}}
    if len(codec.encode(checked)) > LARGEST_FORM_BYTES:
        problem = {"field": "form", "code": "too_long", "vi": "Biểu mẫu quá lớn.", "en": "The form is too large."}
        raise invalid([problem])
    return checked


def _mistakes(form: Schema, given: Mapping[str, Any]) -> dict[str, Any]:
    return form.validate(given) if given else {}


def check_papers(procedure: Procedure, answers: Mapping[str, Any], new: Sequence[Given], known: Iterable[str]) -> None:
    """New papers are whole, accepted and named once; with those of `known` components nothing is missing."""
    components = {component["code"]: component for component in procedure["components"]}
    problems = [
        paper_problem(place, code)
        for place, given in enumerate(new)
        for code in _wrong_with(given, components.get(given.component), new[:place])
    ]
    codes = [*known, *(given.component for given in new)]
    problems += missing_components(procedure["components"], answers, codes)
    if problems:
        raise invalid(problems)


def priced_inputs(procedure: Procedure, answers: Mapping[str, Any], on: date) -> dict[str, Any]:
    """The answers that its fees depend on. Raises Invalid when they have no price: payment could never ask for it."""
    inputs = fee_inputs(procedure["fees"], answers)
    try:
        _prices(procedure, inputs, on)
    except (FeeInputMissing, FeeInputInvalid) as wrong:
        vi, en = "Không tính được phí với giá trị này.", "There is no price with this answer."
        raise invalid([{"field": f"form.{wrong.field}", "code": "no_price", "vi": vi, "en": en}]) from None
    return inputs


def check_same_price(procedure: Procedure, earlier: Mapping[str, Any], later: Mapping[str, Any], on: date) -> None:
    """A supplement does not change the fees: they were priced at submission and may be paid. Raises Refused, Invalid.

    The version may have been mended since, so that it has no price for what was answered before: then what was
    answered must stay, and may.
    """
    before = fee_inputs(procedure["fees"], earlier)
    if fee_inputs(procedure["fees"], later) == before:
        return
    after = priced_inputs(procedure, later, on)
    changed = [name for name in before if before[name] != after[name]]
    try:
        same = _prices(procedure, before, on) == _prices(procedure, after, on)
    except (FeeInputMissing, FeeInputInvalid):
        changed = [name for name in changed if before[name] is not None]
        same = not changed
    if not same:
        vi = "Không đổi được thông tin tính phí sau khi nộp; xin rút hồ sơ và nộp lại."
        en = "What the fee depends on cannot change after submission; withdraw and submit again."
        problems = [{"field": f"form.{name}", "code": "fee_would_change", "vi": vi, "en": en} for name in changed]
        raise Refused("intake.fee_would_change", en, vi, problems)


def _prices(procedure: Procedure, inputs: Mapping[str, Any], on: date) -> list[Any]:
    return [price(procedure["fees"], inputs, moment, on) for moment in WHEN_DUE]


def invalid(problems: list[Problem]) -> Invalid:
    """The request is not valid, for these reasons."""
    return Invalid(
        "intake.invalid",
        "The request is not valid; see errors.",
        "Yêu cầu chưa hợp lệ; xem chi tiết từng trường.",
        problems,
    )


def _wrong_with(given: Given, component: Mapping[str, Any] | None, before: Sequence[Given]) -> list[str]:
    if given.upload_id in {other.upload_id for other in before}:
        return ["named_twice"]
    if given.upload is None or given.state != "finished":
        return [given.state]
    if component is None:
        return []  # `missing_components` names it
    wrong_type = given.upload["type"] not in component["accepts"]
    too_large = given.upload["size"] > component["max_bytes"]
    return [code for code, broken in (("type_not_accepted", wrong_type), ("too_large", too_large)) if broken]


def paper_problem(place: int, code: str) -> Problem:
    """What is wrong with the paper at that place of the list."""
    vi, en = _PAPER_PROBLEMS[code]
    return {"field": f"documents.{place}", "code": code, "vi": vi, "en": en}


def _refused(code: str, field: str, en: str, vi: str) -> Refused:
    problem = {"field": field, "code": f"{code}_not_accepted", "vi": vi, "en": en}
    return Refused(f"intake.{code}_not_accepted", en, vi, [problem])
