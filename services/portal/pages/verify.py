"""Whether a licence is good, for anybody: by its number or the QR code on it. Whose it is nobody is told."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from services.chassis.errors import Invalid, NotFound, Refused, ServiceError
from services.portal.language import words
from services.portal.limits import limited
from services.portal.wiring import portal

pages = Blueprint("verify", __name__, url_prefix="/kiem-tra")
_LONGEST, _LONGEST_HOLDER = 100, 200


@pages.get("")
def ask() -> str:
    """The form, and the camera where the browser reads codes."""
    return _form("", "", ())


@pages.post("")
def go() -> ResponseReturnValue:
    """On to the page of that licence, which has an address of its own."""
    dataset, number = (request.form.get(name, "").strip()[:_LONGEST] for name in ("dataset", "number"))
    missing = [name for name, value in (("dataset", dataset), ("number", number)) if not value]
    if missing or ".." in number.split("/"):
        return _form(dataset, number, missing or ["number"]), 400
    return redirect(url_for(".show", dataset=dataset, number=number), 303)


@pages.get("/<dataset>/<path:number>")
@limited("verify")
def show(dataset: str, number: str) -> ResponseReturnValue:
    """Whether it is in force, and since when it is not."""
    try:
        standing = portal().services.ask(None, "registry.look_up", dataset=dataset, number=number)
    except (NotFound, Invalid, Refused) as error:
        return _not_one(dataset, number, error)
    return _standing(dataset, number, standing)


@pages.post("/<dataset>/<path:number>")
@limited("verify")
def compare(dataset: str, number: str) -> ResponseReturnValue:
    """Whether it belongs to the holder who is named: yes or no."""
    holder = request.form.get("holder", "").strip()[:_LONGEST_HOLDER]
    if not holder:
        return redirect(url_for(".show", dataset=dataset, number=number), 303)
    try:
        standing = portal().services.ask(None, "registry.verify", dataset=dataset, number=number, holder=holder)
    except (NotFound, Invalid, Refused) as error:
        return _not_one(dataset, number, error)
    return _standing(dataset, number, standing)


def _standing(dataset: str, typed: str, standing: Mapping[str, Any]) -> str:
    """Under the number as it was given out; a registry of the release before says none, and took none but that."""
    number = standing.get("number", typed)
    return render_template("verify/show.html", dataset=_named(dataset), key=dataset, number=number, standing=standing)


def _not_one(dataset: str, number: str, error: ServiceError) -> tuple[str, int]:
    if isinstance(error, Refused):
        return _form(dataset, number, (), several=words(error)), error.status
    return _form(dataset, number, (), is_unknown=True), NotFound.status


def _form(dataset: str, number: str, missing: object, *, is_unknown: bool = False, several: str = "") -> str:
    kinds = [(one["key"], words(one["name"])) for one in portal().offers.datasets()]
    return render_template(
        "verify/ask.html",
        kinds=kinds,
        dataset=dataset,
        number=number,
        missing=missing,
        is_unknown=is_unknown,
        several=several,
    )


def _named(dataset: str) -> object:
    """What a kind of licence is called; its key where no procedure leads to it any more."""
    return next((one["name"] for one in portal().offers.datasets() if one["key"] == dataset), dataset)
