"""The design system on one page: every component, as pages use it."""

from flask import Blueprint, render_template

from services.portal.language import say
from services.portal.qr import qr
from services.portal.wiring import portal

pages = Blueprint("style", __name__)


@pages.get("/phong-cach")
def show() -> str:
    """Colours, type, and each component in each of its states."""
    return render_template("style.html", sample=qr(portal().settings.portal_url, say("Mã QR")))
