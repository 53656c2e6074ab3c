"""Who acts. A claim of the caller for now; domain functions take an Actor, so a verified token can replace it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.chassis.errors import Denied
from services.contracts.words import STAFF_ID

KINDS: Final = ("citizen", "organisation", "officer", "system")
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Actor:
    """`id` is an identity number for a citizen, a tax code for an organisation, a staff id for an officer of `unit`."""

    kind: str
    id: str
    unit: str | None = None

    def traced(self) -> dict[str, str]:
        """What a history may keep of the actor: never a citizen's number."""
        if self.kind != "officer":
            return {"kind": self.kind}
        return {"kind": self.kind, "id": self.id, "unit": self.unit or ""}


def read_actor(claim: Any) -> Actor:
    """The actor that a call's context data claims. Raises Denied when there is none or it is malformed."""
    if not isinstance(claim, Mapping):
        raise _denied("actor.missing", "The call names no actor.", "Yêu cầu không nêu người thực hiện.")
    kind, id_, unit = claim.get("kind"), claim.get("id"), claim.get("unit")
    well_formed = kind in KINDS and _is_word(id_) and (unit is None or _is_word(unit))
    if kind == "officer":
        well_formed = well_formed and unit is not None and re.fullmatch(STAFF_ID, str(id_)) is not None
    if not well_formed or set(claim) - {"kind", "id", "unit"}:
        raise _denied("actor.malformed", "The call's actor is malformed.", "Người thực hiện không hợp lệ.")
    return Actor(str(kind), str(id_), unit)


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST and value.isprintable()


def _denied(code: str, en: str, vi: str) -> Denied:
    return Denied(code, en, vi)
