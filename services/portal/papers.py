"""A paper of a dossier on its way to a browser: PDFs and pictures are shown in the page, all else is saved."""

import re
from collections.abc import Iterator
from typing import Final

from flask import Response

from services.chassis.actor import Actor
from services.chassis.errors import NotFound
from services.portal.clients import Services

SHOWN: Final = ("application/pdf", "image/jpeg", "image/png")
_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)
_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,59}", re.ASCII)
_FILENAME: Final = re.compile(r"; ?filename\*=UTF-8''[A-Za-z0-9._~%-]+$", re.ASCII)
_PIECE: Final = 65_536
# Nothing runs from a paper. A picture opened by itself stands in a sandbox too; a PDF does not, for Safari's viewer
# shows none there, while Chromium takes such headers off PDFs anyway.
_PICTURE: Final = "sandbox; default-src 'none'; frame-ancestors 'self'"
_PDF: Final = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"


def send(services: Services, actor: Actor, dossier_code: str, upload_id: str, *, save: bool) -> Response:
    """The paper as it comes from intake. Raises NotFound, Unavailable."""
    if not (_NAME.fullmatch(upload_id) and _CODE.fullmatch(dossier_code)):
        raise NotFound("portal.no_paper", "There is no such document.", "Không có tài liệu này.")
    found = services.download(actor, dossier_code, upload_id)
    kind = found.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    is_shown = kind in SHOWN and not save

    def pieces() -> Iterator[bytes]:
        with found:
            yield from found.iter_content(_PIECE)

    answer = Response(pieces(), mimetype=kind if kind in SHOWN else "application/octet-stream")
    answer.call_on_close(found.close)
    if "Content-Length" in found.headers:
        answer.headers["Content-Length"] = found.headers["Content-Length"]
    name = _FILENAME.search(found.headers.get("Content-Disposition", ""))
    answer.headers["Content-Disposition"] = ("inline" if is_shown else "attachment") + (name[0] if name else "")
    answer.headers["Content-Security-Policy"] = _PDF if kind == "application/pdf" else _PICTURE
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
