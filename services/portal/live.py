"""Parts of pages that change by themselves: follow.js asks for them again under a mark of what it has."""

import hashlib
from typing import Final

from flask import Response, make_response, request, session
from markupsafe import Markup

_MARK: Final = 20


_AGAIN: Final = "X-Again"  # header of what a script asks for by itself


def mind_who_asks() -> None:
    """What a page asks for again by itself is no visit: it keeps no session alive."""
    if _AGAIN in request.headers:
        session.is_visit = False  # type: ignore[attr-defined]


class Live:
    """A rendered part, and the mark (an ETag) of its content."""

    def __init__(self, rendered: str) -> None:
        self.html = Markup(rendered)  # noqa: S704 – rendered by a template, which escapes
        self.mark = f'"{hashlib.sha256(rendered.encode()).hexdigest()[:_MARK]}"'

    def answer(self, *, is_final: bool, onward: str | None = None) -> Response:
        """The part, or 304 to who has it; after a final one nobody need ask again; `onward` is where to go now.

        Who asks again by himself is no visitor: it keeps no session alive.
        """
        session.is_visit = False  # type: ignore[attr-defined]
        response = make_response(self.html)
        response.headers["ETag"] = self.mark
        if is_final:
            response.headers["X-Final"] = "yes"
        if onward:
            response.headers["X-Onward"] = onward
        if not (is_final or onward):  # a 304 would tell neither
            response.make_conditional(request)
        return response
