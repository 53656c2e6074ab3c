"""The calls about what is printed of a dossier: its slips, its receipts, the words of a letter."""

from typing import Any, Final

from flask import Response

from services.portal import printing
from services.portal.api import answers, requests
from services.portal.api.door import Door, applicant, protect
from services.portal.belonging import notice_of

printed: Final = Door("api-printed", __name__, url_prefix="/api/v1", description="What can be printed of a dossier.")
printed.before_request(protect)
_PDF: Final = {"content_type": "application/pdf", "description": "The document, ready to be printed."}


@printed.get("/dossiers/<code:code>/slips")
@printed.etag
@printed.response(200, answers.Slips)
@printed.problems(401, 403)
def list_slips(code: str) -> dict[str, Any]:
    """The slips that there are of a dossier by now."""
    applicant()
    return {
        "items": [
            {"kind": one.kind, "form": one.form or None, "round": one.round, "title": one.titles}
            for one in printing.slips_of(code)
        ]
    }


@printed.get("/dossiers/<code:code>/slips/<key:kind>")
@printed.arguments(requests.SlipSearch, location="query")
@printed.response(200, **_PDF)
@printed.problems(401, 403)
def get_slip(wish: dict[str, Any], code: str, kind: str) -> Response:
    """One of them as PDF: in Vietnamese, which counts, and beside it in the language that `lang` names."""
    applicant()
    return printing.as_pdf(printing.slip(code, kind, round_=wish.get("round_")), f"{kind}-{code}")


@printed.get("/dossiers/<code:code>/receipts/<code:order_id>")
@printed.arguments(requests.Spoken, location="query")
@printed.response(200, **_PDF)
@printed.problems(401, 403)
def get_receipt(_wish: dict[str, Any], code: str, order_id: str) -> Response:
    """The receipt of a fee order as PDF, in the same languages."""
    applicant()
    return printing.as_pdf(printing.receipt(code, order_id), f"bien-lai-{order_id}")


@printed.get("/dossiers/<code:code>/notices/<code:notice_id>")
@printed.etag
@printed.response(200, answers.Letter)
@printed.problems(401, 403)
def get_notice(code: str, notice_id: str) -> Any:
    """A notice with its words."""
    applicant()
    return notice_of(code, notice_id)
