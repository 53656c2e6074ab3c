"""Every slip of a dossier, as a page and as PDF, out of one template each."""

from typing import Any

from flask import Blueprint, Response, abort, render_template, url_for

from services.portal.answers import show_asked
from services.portal.following import Followed, follow, letter_of, notices_of
from services.portal.pdf import printed
from services.portal.qr import qr
from services.portal.signin import signed_in, who
from services.portal.slips import SLIPS, Slip, in_language, step_words, there_are
from services.portal.spoken import spoken_vnd
from services.portal.wiring import portal

pages = Blueprint("slips", __name__, url_prefix="/ho-so/<code>")
_READERS = ("citizen", "organisation", "officer")
_PAGE, _SHEET = "slips/page.html", "slips/sheet.html"


@pages.get("/phieu/<kind>")
@signed_in(*_READERS)
def show(code: str, kind: str) -> str:
    """A slip on a page."""
    return _slip(code, kind, _PAGE)


@pages.get("/phieu/<kind>.pdf")
@signed_in(*_READERS)
def download(code: str, kind: str) -> Response:
    """A slip as PDF."""
    return _pdf(_slip(code, kind, _SHEET), f"{kind}-{code}.pdf")


@pages.get("/bien-lai/<order_id>")
@signed_in(*_READERS)
def receipt(code: str, order_id: str) -> str:
    """A receipt on a page."""
    return _receipt(code, order_id, _PAGE)


@pages.get("/bien-lai/<order_id>.pdf")
@signed_in(*_READERS)
def receipt_pdf(code: str, order_id: str) -> Response:
    """A receipt as PDF."""
    return _pdf(_receipt(code, order_id, _SHEET), f"bien-lai-{order_id}.pdf")


def _slip(code: str, kind: str, layout: str) -> str:
    followed = follow(code)
    slip = SLIPS.get(kind)
    notices = notices_of(code) if slip and slip.moment else []
    if slip is None or slip not in there_are(followed.dossier, notices, for_officer=not followed.is_mine):
        abort(404)
    return render_template(
        f"slips/{kind}.html",
        layout=layout,
        slip=slip,
        pdf=url_for(".download", code=code, kind=kind),
        **{**_common(followed), **_of(slip, followed)},
    )


def _receipt(code: str, order_id: str, layout: str) -> str:
    followed = follow(code)
    order = portal().services.ask(who().actor, "payment.find_order", order_id=order_id)
    if order["dossier_code"] != code or not order["receipt"]:
        abort(404)
    return render_template(
        "slips/bien-lai.html",
        layout=layout,
        order=order,
        in_words=spoken_vnd(order["amount_vnd"]),
        pdf=url_for(".receipt_pdf", code=code, order_id=order_id),
        **_common(followed),
    )


def _common(followed: Followed) -> dict[str, Any]:
    """What every slip has: the dossier, the ministry, and the address under which anybody with the number looks on."""
    dossier = followed.dossier
    ministry = next(
        (one.ministry["name"] for one in portal().offers.all() if one.tenant == dossier["tenant"]), dossier["tenant"]
    )
    address = f"{portal().settings.portal_url}{url_for('lookup.ask', ma=followed.code)}"
    return {"one": followed, "dossier": dossier, "ministry": ministry, "address": address, "qr": qr}


def _of(slip: Slip, followed: Followed) -> dict[str, Any]:
    """What this one has besides."""
    if slip.moment:
        letter = letter_of(followed.code, slip.moment)
        return {"letter": in_language(letter["text"]) if letter and letter["text"] else None}
    if slip.kind == "kiem-soat":
        case = portal().services.ask(who().actor, "routing.get_case", dossier_code=followed.code)
        return {"case": case, "step_words": step_words}
    if slip.kind == "ket-qua":
        return _result(followed)
    names = {one["code"]: one["name"] for one in followed.procedure["components"]}
    counts: dict[str, int] = {}
    for paper in followed.dossier["documents"]:
        counts[paper["component"]] = counts.get(paper["component"], 0) + 1
    return {"papers": [(names.get(component, component), count) for component, count in counts.items()]}


def _result(followed: Followed) -> dict[str, Any]:
    result, dossier = followed.dossier["result"], followed.dossier
    named = {"dataset": result["dataset"], "number": result["number"]}
    record = portal().services.ask(who().actor, "registry.get_record", **named)
    dataset = portal().services.ask(None, "registry.get_dataset", tenant=dossier["tenant"], key=result["dataset"])
    verify_at = f"{portal().settings.portal_url}{url_for('verify.show', **named)}"
    contents = show_asked(dataset["fields"], record["fields"])
    return {"record": record, "contents": contents, "address": verify_at}


def _pdf(html: str, name: str) -> Response:
    return Response(
        printed(html), mimetype="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'}
    )
