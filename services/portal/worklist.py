"""What an officer looks for in the queue of his unit: filters as an address has them, and as routing takes them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Final

from services.chassis import clock
from services.contracts.catalogue.dates import local_day, written_day
from services.contracts.catalogue.numbers import plain_code
from services.portal.casework import STATUSES

_LONGEST: Final = 60
_END_OF_CODE: Final = re.compile(r"\d{6}(-\d*)?", re.ASCII)  # a day, and how many-th of it
_CODE: Final = re.compile(  # as much of it as was typed: 000.00.06.G14-261126-0001
    r"\d{3}\.(\d{0,2}|\d\d\.(\d{0,2}|\d\d\.([A-Z][\dA-Z]*(\.[\dA-Z]+)*(-\d{0,6}|-\d{6}-\d*)?)?))", re.ASCII
)
_FIRST_DAY: Final = "2016-01-01"  # the first services of level 3 and 4
_STATUSES: Final = ("open", "closed", "any", *STATUSES)
_ORDERS: Final = ("due", "newest", "opened")
_LATE: Final = ("", "overdue", "at_risk")
ME, NOBODY = "me", "none"  # instead of a staff id


@dataclass(frozen=True, slots=True)
class Wish:
    """`officer` is a staff id, `me` or `none`; empty members do not matter.

    `q` is a code, or some of it; `found` stands for a name or a number that was searched for, which no address has.
    `due_from` and `due_to` are ISO days, both included, on which a term runs out. What is looked for by its date comes
    in the order of dates, whichever was wished for.
    """

    status: str = "open"
    procedure: str = ""
    officer: str = ""
    late: str = ""
    due_from: str = ""
    due_to: str = ""
    order: str = "due"
    q: str = ""
    found: str = ""

    @classmethod
    def read(cls, address: Mapping[str, str]) -> "Wish":
        """The wish that an address states; what it cannot mean is passed over."""
        told = {one.name: address[one.name].strip()[:_LONGEST] for one in fields(cls) if address.get(one.name)}
        choices = {"status": _STATUSES, "late": _LATE, "order": _ORDERS}
        sound = {name: value for name, value in told.items() if value in choices.get(name, (value,))}
        sound |= {"q": plain_code(sound["q"])} if "q" in sound else {}
        first, last = _days(sound.pop("due_from", ""), sound.pop("due_to", ""))
        order = {"order": "due"} if first or last or sound.get("late") else {}
        return cls(**{**sound, **order}, due_from=first, due_to=last)

    @property
    def of_any_day(self) -> "Wish":
        """The same whatever day it is due."""
        return replace(self, due_from="", due_to="")

    @property
    def of_any_status(self) -> "Wish":
        """The same whatever has become of it."""
        return replace(self, status="any")

    def coded(self, prefix: str) -> "Wish":
        """The same with a code in full, where all that was typed is what follows the unit's prefix in it."""
        return replace(self, q=f"{prefix}-{self.q}") if prefix and _END_OF_CODE.fullmatch(self.q) else self

    def arguments(self, me: str) -> dict[str, Any]:
        """What `routing.list_cases` is asked; what matters not is not said."""
        asked: dict[str, Any] = {"status": self.status, "order": self.order}
        if self.officer == NOBODY:
            asked["unassigned"] = True
        elif self.officer:
            asked["officer"] = me if self.officer == ME else self.officer
        named = {"procedure": self.procedure, "search": self.q, "due_from": self.due_from, "due_to": self.due_to}
        asked |= {name: value for name, value in named.items() if value}
        return {**asked, **({self.late: True} if self.late else {})}

    def address(self) -> dict[str, Any]:
        """What it reads as in an address."""
        plain = asdict(Wish())
        return {name: value for name, value in asdict(self).items() if value != plain[name]}


def is_code(typed: str) -> bool:
    """Whether that (`plain_code`) is some of a code, from its beginning or its day on; else it is a name or a number.

    Many tax codes and identity numbers begin like a day, but few like one on which a dossier can have come.
    """
    if _END_OF_CODE.fullmatch(typed):
        day = f"20{typed[:2]}-{typed[2:4]}-{typed[4:6]}"
        return written_day(day) is not None and _FIRST_DAY <= day <= local_day(clock.now()).isoformat()
    return _CODE.fullmatch(typed) is not None


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody is in the queue: what he looks for, and behind which case the page begins."""

    wish: Wish = field(default_factory=Wish)
    after: str = ""

    @classmethod
    def read(cls, address: Mapping[str, str]) -> "Place":
        """The place that an address states."""
        return cls(Wish.read(address), address.get("after", ""))

    def arguments(self, me: str) -> dict[str, Any]:
        """What `routing.list_cases` is asked."""
        return {**self.wish.arguments(me), **({"after": self.after} if self.after else {})}

    def address(self) -> dict[str, Any]:
        """What it reads as in an address."""
        return {**self.wish.address(), **({"after": self.after} if self.after else {})}


def _days(first: str, last: str) -> tuple[str, str]:
    """Both where they are days, in their order."""
    first, last = (one if written_day(one) else "" for one in (first, last))
    return (last, first) if first and last and first > last else (first, last)


def behind(codes: Sequence[str], code: str) -> str | None:
    """The code that follows on a page of the queue, the first where `code` is on it no more; None behind the last."""
    following = codes[codes.index(code) + 1 :] if code in codes else codes
    return following[0] if following else None
