"""The register of a unit (form 06 of TT 01/2018/TT-VPCP): what it received in a period, on a page and on sheets."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final

from flask import Blueprint, Response, request, url_for

from services.chassis import clock
from services.chassis.errors import Invalid
from services.contracts.catalogue.dates import local_day
from services.portal import printing
from services.portal.language import day, in_both, sentence, words
from services.portal.pages.desk import tabs
from services.portal.signin import signed_in, who
from services.portal.wiring import portal

Document = Mapping[str, Any]
pages = Blueprint("register", __name__, url_prefix="/ban-lam-viec")
_TITLE: Final = sentence("Sổ theo dõi hồ sơ")
_LINES: Final = 200  # on one page, and in one file: more take the printer longer than anybody waits
_LONGEST_NUMBER: Final = 7


@dataclass(frozen=True, slots=True)
class Stretch:
    """A period and the place in it: the cursor `after` which the page begins, with its `number`-th dossier."""

    since: date
    until: date
    after: str = ""
    number: int = 1

    @classmethod
    def read(cls, address: Mapping[str, str]) -> "Stretch":
        """What an address states; by default this month up to today."""
        today = local_day(clock.now())
        since, until = _day(address.get("tu"), today.replace(day=1)), _day(address.get("den"), today)
        number = address.get("so", "")
        sound = number.isascii() and number.isdecimal() and len(number) <= _LONGEST_NUMBER
        return cls(since, until, address.get("sau", ""), int(number) if sound else 1)

    def address(self, after: str, number: int) -> dict[str, Any]:
        """The address of a place in the same period."""
        place = {"sau": after, "so": number} if after else {}
        return {"tu": self.since.isoformat(), "den": self.until.isoformat(), **place}


@dataclass(frozen=True, slots=True)
class Book:
    """The unit whose register it is, and its period as it is called."""

    unit: Document
    code: str
    is_mine: bool = False


@pages.get("/so-theo-doi")
@signed_in("officer")
def show() -> Any:
    """A page of the register."""
    stretch = Stretch.read(request.args)
    try:
        return _draw(stretch, "slips/register.html", _found(stretch))
    except Invalid as error:
        problem = words(error.errors[0]) if error.errors else words(error)
        return _draw(stretch, "slips/register.html", {"items": [], "next": None}, problem), 422


@pages.get("/so-theo-doi.pdf")
@signed_in("officer")
def download() -> Response:
    """The same as a file. Raises Invalid."""
    stretch = Stretch.read(request.args)
    drawn = _draw(stretch, printing.SHEET, _found(stretch))
    return printing.as_pdf(drawn, f"so-theo-doi-{stretch.since}-{stretch.until}")


def _found(stretch: Stretch) -> Document:
    asked = {"from_day": stretch.since.isoformat(), "to_day": stretch.until.isoformat(), "limit": _LINES}
    after = {"after": stretch.after} if stretch.after else {}
    found: Document = portal().services.ask(who().actor, "intake.list_register", **asked, **after)
    return found


def _draw(stretch: Stretch, layout: str, found: Document, problem: str = "") -> str:
    offers, tenant, unit = portal().offers, who().tenant or "", who().unit or ""
    here, onward = stretch.address(stretch.after, stretch.number), None
    if found["next"]:
        onward = url_for(".show", **stretch.address(found["next"], stretch.number + len(found["items"])))
    return printing.drawn(
        "slips/so-theo-doi.html",
        layout,
        title=in_both(_TITLE),
        ministry=printing.ministry_name(tenant),
        one=Book(offers.unit_known(tenant, unit), f"{day(stretch.since)} – {day(stretch.until)}"),
        stretch=stretch,
        lines=found["items"],
        names={one.key: one.line["name"] for one in offers.all() if one.tenant == tenant},
        unit_name=partial(offers.unit_name, tenant),
        onward=onward,
        problem=problem,
        pdf=url_for(".download", **here),
        tabs=tabs(None) if layout != printing.SHEET else (),
    )


def _day(text: str | None, default: date) -> date:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return default
