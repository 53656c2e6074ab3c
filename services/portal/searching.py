"""The queue as it is asked for, also by whose the dossiers are.

Routing has no names: intake finds the codes, and routing the cases of these codes, by all the other filters. A name or
a number that somebody types is personal data: it stays in his session, and an address has a word for it that says
nothing. So the next page, the way back from a case and the case that follows are where they always are.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import session

from services.chassis.errors import Invalid, NotFound, ServiceError, Unavailable
from services.chassis.logs import log
from services.portal.language import say, words
from services.portal.signin import who
from services.portal.wiring import portal
from services.portal.worklist import Place

Document = Mapping[str, Any]
ROWS: Final = 50
_KEPT: Final = "searches"
_MOST_KEPT: Final = 20
LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Found:
    """A page of the queue: its lines, where the next one begins, what was typed to find it, what stood in the way.

    There is `more` where what was typed fits more dossiers than can be looked through.
    """

    lines: Sequence[Document] = ()
    next: str | None = None
    typed: str = ""
    more: bool = False
    problem: str = ""
    status: int = 200

    @property
    def codes(self) -> list[str]:
        """The dossier codes of its lines."""
        return [str(one["dossier_code"]) for one in self.lines]


def kept(text: str) -> str:
    """Keep what was typed for as long as the session lasts; the word that an address has for it."""
    text = " ".join(text.split())[:LONGEST]
    others = [one for one in session.get(_KEPT, ()) if one["text"] != text]
    word = next((one["word"] for one in session.get(_KEPT, ()) if one["text"] == text), secrets.token_urlsafe(6))
    session[_KEPT] = [*others[1 - _MOST_KEPT :], {"word": word, "text": text}]
    return str(word)


def found(place: Place) -> Found:
    """The page of the queue at this place. Raises what routing says."""
    if not place.wish.found:
        return _listed(place)
    typed = next((str(one["text"]) for one in session.get(_KEPT, ()) if one["word"] == place.wish.found), "")
    if not typed:
        return Found(problem=say("Lần tìm này không còn được lưu. Xin gõ lại."))
    try:
        sought = _ask("intake.find_codes", text=typed)
    except Invalid as error:
        return Found(typed=typed, problem=words(error.errors[0] if error.errors else error), status=error.status)
    except (Unavailable, NotFound) as error:  # an intake of the release before has no such method
        return _not_now(typed, error)
    if not sought["dossier_codes"]:
        return Found(typed=typed, more=sought["more"])
    try:
        return _listed(place, typed, sought["more"], dossier_codes=sought["dossier_codes"])
    except Invalid as error:
        if not any(one["field"] == "dossier_codes" for one in error.errors):
            raise
        return _not_now(typed, error)  # a routing of the release before


def _not_now(typed: str, error: ServiceError) -> Found:
    problem = say("Hiện chưa tìm được theo tên hoặc số của người nộp. Tìm theo mã hồ sơ vẫn được.")
    log.warning("search_by_name_not_possible", reason=error.code)
    return Found(typed=typed, problem=problem, status=Unavailable.status)


def _listed(place: Place, typed: str = "", more: bool = False, **only: Any) -> Found:
    page = _ask("routing.list_cases", limit=ROWS, **place.arguments(who().id), **only)
    return Found(page["items"], page["next"], typed, more)


def _ask(target: str, **arguments: Any) -> Any:
    return portal().services.ask(who().actor, target, **arguments)
