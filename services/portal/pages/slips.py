"""Every slip of a dossier, as a page and as PDF."""

from flask import Blueprint, Response, request

from services.portal import printing
from services.portal.signin import signed_in

pages = Blueprint("slips", __name__, url_prefix="/ho-so/<code>")
_READERS = ("citizen", "organisation", "officer")


@pages.get("/phieu/<kind>")
@signed_in(*_READERS)
def show(code: str, kind: str) -> str:
    """A slip on a page; `lan` says of which round."""
    return printing.slip(code, kind, printing.PAGE, round_=_round())


@pages.get("/phieu/<kind>.pdf")
@signed_in(*_READERS)
def download(code: str, kind: str) -> Response:
    """A slip as PDF."""
    return printing.as_pdf(printing.slip(code, kind, round_=_round()), f"{kind}-{code}")


@pages.get("/bien-lai/<order_id>")
@signed_in(*_READERS)
def receipt(code: str, order_id: str) -> str:
    """A receipt on a page."""
    return printing.receipt(code, order_id, printing.PAGE)


@pages.get("/bien-lai/<order_id>.pdf")
@signed_in(*_READERS)
def receipt_pdf(code: str, order_id: str) -> Response:
    """A receipt as PDF."""
    return printing.as_pdf(printing.receipt(code, order_id), f"bien-lai-{order_id}")


def _round() -> int | None:
    return request.args.get("lan", type=int)
