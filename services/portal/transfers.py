"""Hand-overs of a dossier from unit to unit, in words."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from services.portal.language import say, sentence

Document = Mapping[str, Any]
_REASONS: Final = {
    "not_competent": sentence("Hồ sơ không thuộc thẩm quyền giải quyết của đơn vị"),
    "task_moved": sentence("Nhiệm vụ đã được giao cho đơn vị khác"),
    "misdirected": sentence("Hồ sơ được gửi nhầm đơn vị"),
    "other": sentence("Lý do khác"),
}


def reasons() -> list[tuple[str, str]]:
    """Why a dossier may be handed on: each code with its words."""
    return [(code, say(text)) for code, text in _REASONS.items()]


def transfer_words(reason: str) -> str:
    """Why it was handed on."""
    return say(_REASONS[reason]) if reason in _REASONS else reason


def beside(steps: Sequence[Document], transfers: Sequence[Document]) -> Iterator[tuple[Document, Document | None]]:
    """Each step of a case, and the hand-over that it was."""
    known = iter(transfers)
    for step in steps:
        yield step, next(known, None) if step["event"] == "case_transferred" else None
