"""What stands around every page: the way to other pages, its language, its light or dark."""

import hashlib
import hmac
from typing import Any, Final

from flask import Flask, current_app, g, get_flashed_messages, request, url_for
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from services.chassis.errors import Unavailable
from services.portal.addresses import address, same_page
from services.portal.language import say, sentence
from services.portal.people import Person
from services.portal.signin import person
from services.portal.staying import Stay, stay

_THEMES: Final = ("light", "dark")
_COOKIE: Final = "theme"
_ON_THE_WAY: Final = ("signin.finish", "signin.leave")
# endpoint, words, and whose it is: None for everybody
_DOORS: Final = (
    ("offers.find", sentence("Thủ tục"), None),
    ("dossiers.show_all", sentence("Hồ sơ của tôi"), ("citizen", "organisation")),
    ("lookup.ask", sentence("Tra cứu"), None),
    ("verify.ask", sentence("Kiểm tra giấy phép"), None),
    ("desk.queue", sentence("Bàn làm việc"), ("officer",)),
    ("board.show", sentence("Điều hành"), ("operator",)),
)


def surround(app: Flask) -> None:
    """Have templates know these; a choice of light or dark made in an address is kept."""

    @app.context_processor
    def _around() -> dict[str, Any]:
        return {
            "theme": _theme(),
            "navigation": navigation,
            "here": _here,
            "same_page": same_page,
            "csrf": _csrf,
            "visitor": _visitor(),
            "whose": _whose(),
            "flashes": _flashes(),
            "staying": _staying(),
        }

    @app.after_request
    def _keep(response: Any) -> Any:
        asked = request.args.get("theme")
        if asked in _THEMES and asked != request.cookies.get(_COOKIE):
            secure = app.config["SESSION_COOKIE_SECURE"]
            response.set_cookie(_COOKIE, asked, max_age=31_536_000, samesite="Lax", secure=secure, path="/")
        return response


def navigation() -> list[tuple[str, str]]:
    """The doors that this person has."""
    found = _visitor()
    kind = found.kind if found else None
    return [(endpoint, say(text)) for endpoint, text, kinds in _DOORS if kinds is None or kind in kinds]


def _visitor() -> Person | None:
    """Who has signed in; nobody while the store of sessions is away, so that a page can say so."""
    try:
        return person()
    except Unavailable:
        return None


def _staying() -> Stay | None:
    """When the session ends; nothing while the store of sessions is away."""
    try:
        return stay()
    except Unavailable:
        return None


def _whose() -> str | None:
    """Stands for whoever has signed in, on his device: the same for the same person, and tells nobody who."""
    found = _visitor()
    if found is None:
        return None
    secret = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(secret, f"device:{found.kind}:{found.id}".encode(), hashlib.sha256).hexdigest()[:16]


def _flashes() -> Any:
    try:
        return get_flashed_messages(with_categories=True)
    except Unavailable:
        return []


def _theme() -> str | None:
    asked = request.args.get("theme") or request.cookies.get(_COOKIE)
    return asked if asked in _THEMES else None


def _here() -> str:
    """The address of this page, to come back to; those that only signing in or out leads to are none.

    Of an answer to a form that is kept for whoever signs in, where that is sent once more.
    """
    if g.get("is_held"):
        return url_for("signin.resend")
    if request.endpoint in _ON_THE_WAY:
        return url_for("home.show")
    return address() if request.method == "GET" else request.path


def _csrf() -> Markup:
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())
