"""Finding a procedure, and its page: what is needed, how long it takes, what it costs, what comes of it."""

from collections.abc import Mapping
from dataclasses import replace

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
    units = _units(wish.tenant)
    if wish.tenant and wish.unit not in dict(units):  # it was chosen before the ministry was
        wish = replace(wish, unit="")
    found = portal().offers.find(wish)
    return render_template("offers/find.html", wish=wish, found=found, ministries=_ministries(), units=units)


@pages.get("/<tenant>/<key>")
def show(tenant: str, key: str) -> str:
    """All about one procedure."""
    offers = portal().offers
    page = offers.procedure(tenant, key)
    unit = offers.unit(tenant, page["unit"])
    return render_template("offers/show.html", tenant=tenant, page=page, unit=unit)


def _ministries() -> list[tuple[str, str]]:
    """The ministries as choices, by the alphabet."""
    return _choices(say("Mọi bộ"), {one["key"]: words(one["name"]) for one in portal().offers.ministries()})


def _units(tenant: str) -> list[tuple[str, str]]:
    """The units of a ministry as choices, by the alphabet; of all where none is named."""
    offers = [one for one in portal().offers.all() if tenant in {"", one.tenant}]
    return _choices(say("Mọi cơ quan"), {one.line["unit"]: words(one.unit["name"]) for one in offers})


def _choices(all_of_them: str, names: Mapping[str, str]) -> list[tuple[str, str]]:
    return [("", all_of_them), *sorted(names.items(), key=lambda one: collated(one[1]))]
