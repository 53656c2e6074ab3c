"""For the script that says in time that a session is about to end: how long it lasts, and to let it go on."""

from typing import Final

from flask import Blueprint, session
from flask.typing import ResponseReturnValue

from services.portal.staying import stay

pages = Blueprint("staying", __name__)
_SIGNED_OUT: Final = 401


@pages.get("/phien")
def look() -> ResponseReturnValue:
    """How long it lasts. To ask is no visit."""
    session.is_visit = False  # type: ignore[attr-defined]
    return _told()


@pages.post("/phien")
def go_on() -> ResponseReturnValue:
    """As if a page had been opened."""
    session.modified = True
    return _told()


def _told() -> ResponseReturnValue:
    found = stay()
    return found.told() if found else ({"seconds": 0}, _SIGNED_OUT)
