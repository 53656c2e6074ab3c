"""The tus protocol (1.0.0, core) on the address of an upload ticket: HEAD tells how much is here, PATCH brings more.

https://tus.io/protocols/resumable-upload. An upload is made by `open_upload`, which stands in for tus' own creation.
"""

import re
from typing import Any, Final

from flask import Flask, Response, abort, request

from services.chassis.errors import Invalid
from services.intake.receiving import Body
from services.intake.resuming import Resuming

VERSION: Final = "1.0.0"
CONTENT_TYPE: Final = "application/offset+octet-stream"
_PATH: Final = "/uploads/"
_UNSUPPORTED_TYPE, _WRONG_VERSION = 415, 412


def speak(app: Flask) -> None:
    """Every answer of an upload address says which version is spoken here."""

    def sign(response: Response) -> Response:
        if request.path.startswith(_PATH):
            response.headers["Tus-Resumable"] = VERSION
            if response.status_code == _WRONG_VERSION or request.method == "OPTIONS":
                response.headers["Tus-Version"] = VERSION
        return response

    app.after_request(sign)


def tell(resuming: Resuming, upload_id: str, ticket: str) -> Response:
    """How much is here."""
    _insist_on_version()
    offset, size = resuming.offset(upload_id, ticket)
    return _answer(200, {"Upload-Offset": offset, "Upload-Length": size})


def go_on(resuming: Resuming, upload_id: str, ticket: str, body: Body) -> Response:
    """Some more of it, from the stated offset on."""
    _insist_on_version()
    if request.mimetype != CONTENT_TYPE:
        abort(_UNSUPPORTED_TYPE)
    return _answer(204, {"Upload-Offset": resuming.append(upload_id, ticket, _offset(), body)})


def _insist_on_version() -> None:
    if request.headers.get("Tus-Resumable") != VERSION:
        abort(_WRONG_VERSION)


def _offset() -> int:
    stated = request.headers.get("Upload-Offset", "")
    if not re.fullmatch(r"\d{1,12}", stated, re.ASCII):
        vi, en = "Phải là số byte đã nhận.", "Must be a number of bytes."
        problem = {"field": "Upload-Offset", "code": "wrong_format", "vi": vi, "en": en}
        raise Invalid("intake.invalid", "The request is not valid; see errors.", "Yêu cầu chưa hợp lệ.", [problem])
    return int(stated)


def _answer(status: int, headers: dict[str, Any]) -> Response:
    response = Response(status=status)
    for name, value in {**headers, "Cache-Control": "no-store"}.items():
        response.headers[name] = str(value)
    return response
