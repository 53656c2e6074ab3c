"""The slips of a dossier (forms 01 to 05 of TT 01/2018/TT-VPCP, receipts, results): which there are, what they hold."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from flask import g

from services.portal.language import LANGUAGES, in_both, say, sentence

Document = Mapping[str, Any]
_WHICH: Final = sentence("lần %(round)s")
_FRONTIER: Final = re.compile(r"\n-{10,}\n")  # between the two languages of a letter
_BETWEEN: Final = " / "  # the same in its subject


@dataclass(frozen=True, slots=True)
class Slip:
    """A kind of slip: the word in its address, the number of its form, its title, and the letter that words it.

    `round` says which of several it is: the applicant may be asked for a supplement more than once.
    """

    kind: str
    form: str
    title: str
    moment: str | None = None
    round: int | None = None

    @property
    def titles(self) -> dict[str, str]:
        """Its title in every language."""
        titles, which = in_both(self.title), in_both(_WHICH)
        if self.round is None:
            return titles
        return {name: f"{title} ({which[name] % {'round': self.round}})" for name, title in titles.items()}


ACKNOWLEDGEMENT: Final = Slip("da-nhan", "", sentence("Thông báo đã nhận hồ sơ"))
SLIPS: Final = {
    slip.kind: slip
    for slip in (
        ACKNOWLEDGEMENT,
        Slip("tiep-nhan", "01", sentence("Giấy tiếp nhận hồ sơ và hẹn trả kết quả")),
        Slip("bo-sung", "02", sentence("Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ")),
        Slip("tu-choi", "03", sentence("Phiếu từ chối tiếp nhận giải quyết hồ sơ"), "rejected"),
        Slip("xin-loi", "04", sentence("Phiếu xin lỗi và hẹn lại ngày trả kết quả"), "apology"),
        Slip("kiem-soat", "05", sentence("Phiếu kiểm soát quá trình giải quyết hồ sơ")),
        Slip("ket-qua", "", sentence("Kết quả giải quyết hồ sơ")),
    )
}
_STEPS: Final = {
    "case_opened": sentence("Nhận hồ sơ điện tử"),
    "case_accepted": sentence("Tiếp nhận"),
    "case_rejected": sentence("Đã từ chối tiếp nhận"),
    "supplement_requested": sentence("Đã yêu cầu bổ sung"),
    "supplement_received": sentence("Nhận bổ sung"),
    "case_assigned": sentence("Giao cán bộ thụ lý"),
    "case_transferred": sentence("Chuyển đơn vị khác"),
    "decision_proposed": sentence("Đề xuất quyết định"),
    "proposal_returned": sentence("Trả lại đề xuất"),
    "case_decided": sentence("Đã có quyết định"),
    "case_stopped": sentence("Đã dừng xử lý"),
    "case_withdrawn": sentence("Người nộp rút hồ sơ"),
    "case_fee_noted": sentence("Ghi nhận phí, lệ phí"),
    "deadline_slipped": sentence("Quá hạn"),
}

_PUNCTUALITY: Final = {
    "early": sentence("Trước hạn"),
    "on_time": sentence("Đúng hạn"),
    "late": sentence("Quá hạn"),
}


def there_are(dossier: Document, notices: Sequence[Document], *, for_officer: bool) -> list[Slip]:
    """The slips that can be shown of a dossier, in the order in which they arise."""
    result = dossier["result"]
    told = {one["moment"] for one in notices}
    holds = {
        "da-nhan": not dossier["case"]["accepted_at"],
        "tiep-nhan": bool(dossier["case"]["accepted_at"]),
        "bo-sung": dossier["supplement"] is not None,
        "tu-choi": bool(dossier["case"]["rejected_at"]),
        "xin-loi": "apology" in told,
        "kiem-soat": for_officer,
        "ket-qua": bool(result and result["outcome"] == "granted" and not result["revoked_at"]),
    }
    return [one for slip in SLIPS.values() if holds[slip.kind] for one in _each(slip, dossier)]


def chosen(there: Sequence[Slip], kind: str, round_: int | None) -> Slip | None:
    """That of a kind and a round; without a round the last one."""
    of_kind = [one for one in there if one.kind == kind and round_ in {None, one.round or 1}]
    return of_kind[-1] if of_kind else None


def _each(slip: Slip, dossier: Document) -> list[Slip]:
    rounds = dossier["supplement"]["round"] if slip.kind == "bo-sung" else 1
    return [replace(slip, round=one) for one in range(1, rounds + 1)] if rounds > 1 else [slip]


def in_language(letter: str) -> str:
    """Of a letter in Vietnamese and English the part in the language of the page; all of it where there is one."""
    parts = dict(by_language(letter))
    return parts.get(g.language) or parts[LANGUAGES[0]]


def by_language(letter: str) -> list[tuple[str, str]]:
    """Language and text of the parts of a letter, Vietnamese first; one that was not written in both is Vietnamese."""
    parts = _FRONTIER.split(letter, maxsplit=1) if letter else []
    return [(name, part.strip()) for name, part in zip(LANGUAGES, parts, strict=False)]


def subject_by_language(subject: str) -> list[tuple[str, str]]:
    """The same of its subject; where it cannot be told what is which, all of it is taken for Vietnamese."""
    parts = subject.split(_BETWEEN) if subject else []
    return list(zip(LANGUAGES, parts if len(parts) in {0, len(LANGUAGES)} else [subject], strict=False))


def step_words(event: str) -> str:
    """What was done with a case, as the process control slip names it."""
    return say(_STEPS[event]) if event in _STEPS else event


def punctuality_words(punctuality: str) -> str:
    """How what was done stands to the deadline that ran until then."""
    return say(_PUNCTUALITY[punctuality])
