"""Finding a procedure, and its page: what is needed, how long it takes, what it costs, what comes of it."""

from flask import Blueprint, render_template, request

from services.portal.language import say, words
from services.portal.offers import Wish, collated
from services.portal.wiring import portal

pages = Blueprint("offers", __name__, url_prefix="/thu-tuc")
_LONGEST_SEARCH = 200


@pages.get("/")
def find() -> str:
    """The procedures that fit what was typed and chosen."""
    asked = {name: request.args.get(name, "")[:_LONGEST_SEARCH] for name in ("tenant", "unit", "level", "who")}
    wish = Wish(text=request.args.get("q", "")[:_LONGEST_SEARCH], **asked)
    offers = portal().offers
    return render_template("offers/find.html", wish=wish, found=offers.find(wish), units=_units())


@pages.get("/<tenant>/<key>")
def show(tenant: str, key: str) -> str:
    """All about one procedure."""
    offers = portal().offers
    page = offers.procedure(tenant, key)
    unit = offers.unit(tenant, page["unit"])
    return render_template("offers/show.html", tenant=tenant, page=page, unit=unit)


def _units() -> list[tuple[str, str]]:
    """The units as choices, by the alphabet."""
    units = {offer.line["unit"]: words(offer.unit["name"]) for offer in portal().offers.all()}
    return [("", say("Mọi cơ quan")), *sorted(units.items(), key=lambda one: collated(one[1]))]
