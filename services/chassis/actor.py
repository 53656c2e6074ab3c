"""Who acts, as domain functions take it. Whether he really is he, `tokens` says."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.chassis.errors import Denied
from services.contracts.words import STAFF_ID

KINDS: Final = ("citizen", "organisation", "officer", "operator", "system")
_LONGEST = 100
_MEMBERS = ("kind", "id", "unit", "duties")
_UNKNOWN_KIND = ("not_a_choice", f"Chỉ nhận: {', '.join(KINDS)}.", f"Must be one of: {', '.join(KINDS)}.")
_NOT_A_WORD = ("wrong_format", "Phải là 1 đến 100 ký tự in được.", "Must be 1 to 100 printable characters.")
_NOT_STAFF = ("wrong_format", "Phải là mã cán bộ.", "Must be a staff id.")
_NO_UNIT = ("required", "Cán bộ phải nêu đơn vị.", "An officer names his unit.")
_NO_DUTIES = ("not_an_officer", "Chỉ cán bộ có nhiệm vụ được giao.", "Only officers have duties.")
_NO_SUCH = ("unknown_field", "Không có trường này.", "There is no such field.")


@dataclass(frozen=True, slots=True)
class Actor:
    """`id` is an identity number for a citizen, a tax code for an organisation, a staff id for an officer of `unit`.

    `duties` are words with blanks between them: what an officer may do that not every officer of his unit may. An
    operator keeps the system running and sees nobody's data; `system` is one of our own programs.
    """

    kind: str
    id: str
    unit: str | None = None
    duties: str = ""

    def may(self, duty: str) -> bool:
        """Whether this is among the actor's duties; nobody has one that he was not given."""
        return duty in self.duties.split()

    def traced(self) -> dict[str, str]:
        """What a history may keep of the actor: never a citizen's number."""
        if self.kind != "officer":
            return {"kind": self.kind}
        return {"kind": self.kind, "id": self.id, "unit": self.unit or ""}


ANYBODY: Final = Actor("anybody", "")  # who asks what needs no actor; no token can say so


def read_actor(claim: Mapping[str, Any]) -> Actor:
    """The actor that verified members name. Raises Denied with all that is wrong with them."""
    kind, id_, unit, duties = (claim.get(name) for name in _MEMBERS)
    errors = [
        {"field": field, "code": code, "vi": vi, "en": en}
        for field, (code, vi, en) in _mistakes(kind, id_, unit, duties, set(claim) - set(_MEMBERS))
    ]
    if errors:
        raise Denied(
            "actor.malformed", "The call's actor is malformed; see errors.", "Người thực hiện không hợp lệ.", errors
        )
    return Actor(str(kind), str(id_), unit, duties or "")


def _mistakes(
    kind: Any, id_: Any, unit: Any, duties: Any, others: set[Any]
) -> Iterator[tuple[str, tuple[str, str, str]]]:
    if kind not in KINDS:
        yield "kind", _UNKNOWN_KIND
    if not _is_word(id_):
        yield "id", _NOT_A_WORD
    elif kind == "officer" and not re.fullmatch(STAFF_ID, id_):
        yield "id", _NOT_STAFF
    if unit is None and kind == "officer":
        yield "unit", _NO_UNIT
    elif unit is not None and not _is_word(unit):
        yield "unit", _NOT_A_WORD
    if duties is not None and kind != "officer":
        yield "duties", _NO_DUTIES
    elif duties is not None and not _is_word(duties):  # one that is not known here is none
        yield "duties", _NOT_A_WORD
    yield from ((str(name)[:_LONGEST], _NO_SUCH) for name in sorted(others, key=str)[:_LONGEST])


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST and value.isprintable()
