"""Who works in the unit of the officer who asks, and whether a staff id that somebody typed is known there."""

from typing import Final

from services.chassis.errors import Refused
from services.portal.signin import who
from services.portal.wiring import portal

UNKNOWN: Final = "portal.unknown_officer"


def colleagues() -> list[str]:
    """The staff ids of whoever has cases of the unit, and of whoever asks."""
    return sorted({who().id, *portal().staff.of(who().unit or "", _with_cases)})


def check_officer(officer: str, sure_of: str) -> None:
    """Raises Refused for a staff id that is not known in the unit, unless whoever typed it said that it is right.

    Nobody keeps a list of a unit's staff: without this a case given to a mistyped id is nobody's, and not looked for.
    As long as it was never answered who works there, nothing can be said against anybody.
    """
    if not officer or officer == sure_of or officer in colleagues() or not portal().staff.is_told(who().unit or ""):
        return
    vi = f"Trong đơn vị chưa ai có mã “{officer}” đang thụ lý hồ sơ. Kiểm tra lại mã cán bộ trước khi giao."
    en = f"Nobody in the unit with the staff ID “{officer}” has cases. Check the staff ID before assigning."
    problem = {"field": "officer", "code": "unknown_officer", "vi": vi, "en": en}
    raise Refused(UNKNOWN, en, vi, [problem])


def note_officer(officer: str) -> None:
    """Know somebody to whom a case was given just now."""
    portal().staff.note(who().unit or "", officer)


def _with_cases() -> list[str]:
    load = portal().services.ask(who().actor, "routing.case_load")
    return [str(one["officer"]) for one in load["officers"]]
