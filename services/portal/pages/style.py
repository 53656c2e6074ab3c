"""The design system on one page: every component, as pages use it."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from services.portal.qr import qr
from services.portal.wiring import portal

pages = Blueprint("style", __name__)


@pages.get("/phong-cach")
def show() -> str:
    """Colours, type, and each component in each of its states."""
    return render_template("style.html", qr=qr, address=portal().settings.portal_url)


@pages.get("/style")
def lead() -> ResponseReturnValue:
    """The way there for who looks for it in English."""
    return redirect(url_for(".show"))
