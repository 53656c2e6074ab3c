"""What an officer looks for in the queue of his unit: filters as an address has them, and as routing takes them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from services.portal.casework import STATUSES

_LONGEST: Final = 60
_STATUSES: Final = ("open", "closed", "any", *STATUSES)
_ORDERS: Final = ("due", "newest", "opened")
_LATE: Final = ("", "overdue", "at_risk")
ME, NOBODY = "me", "none"  # instead of a staff id


@dataclass(frozen=True, slots=True)
class Wish:
    """`officer` is a staff id, `me` or `none`; empty members do not matter."""

    status: str = "open"
    procedure: str = ""
    officer: str = ""
    late: str = ""
    order: str = "due"
    q: str = ""

    @classmethod
    def read(cls, address: Mapping[str, str]) -> "Wish":
        """The wish that an address states; what it cannot mean is passed over."""
        told = {one.name: address[one.name].strip()[:_LONGEST] for one in fields(cls) if address.get(one.name)}
        choices = {"status": _STATUSES, "late": _LATE, "order": _ORDERS}
        sound = {name: value for name, value in told.items() if value in choices.get(name, (value,))}
        return cls(**{**sound, **({"q": sound["q"].upper()} if "q" in sound else {})})

    def arguments(self, me: str) -> dict[str, Any]:
        """What `routing.list_cases` is asked; what matters not is not said."""
        asked: dict[str, Any] = {"status": self.status, "order": self.order}
        if self.officer == NOBODY:
            asked["unassigned"] = True
        elif self.officer:
            asked["officer"] = me if self.officer == ME else self.officer
        named = {"procedure": self.procedure, "search": self.q}
        asked |= {name: value for name, value in named.items() if value}
        return {**asked, **({self.late: True} if self.late else {})}

    def address(self) -> dict[str, Any]:
        """What it reads as in an address."""
        plain = asdict(Wish())
        return {name: value for name, value in asdict(self).items() if value != plain[name]}
