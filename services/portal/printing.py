"""The slips and receipts of a dossier as documents: each out of one template, on a page or on sheets of paper."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from flask import Response, g, render_template, url_for
from markupsafe import Markup

from services.chassis.errors import NotFound
from services.portal.answers import show_asked
from services.portal.belonging import order_of
from services.portal.following import (
    Followed,
    follow,
    judged_of,
    letter_of,
    read_notices,
    reception_of,
    request_of,
    unit_name_of,
    wishes_of,
)
from services.portal.language import LANGUAGES, in_both, sentence, speaking
from services.portal.pdf import printed
from services.portal.qr import qr
from services.portal.signin import who
from services.portal.slips import SLIPS, Slip, chosen, in_language, punctuality_words, step_words, there_are
from services.portal.spoken import spoken_vnd
from services.portal.transfers import beside, transfer_words
from services.portal.wiring import portal

PAGE: Final = "slips/page.html"
SHEET: Final = "slips/sheet.html"
_RECEIPT: Final = sentence("Biên lai thu phí, lệ phí")


def slips_of(code: str) -> list[Slip]:
    """The slips that there are of a dossier.

    Raises NotFound, also where it is not for this person to see; Unavailable where some cannot be known of.
    """
    followed = follow(code)
    return _there_are(followed, read_notices(code))


def slip(code: str, kind: str, layout: str = SHEET, *, round_: int | None = None) -> str:
    """A slip in HTML, where there is one for each round the last one unless another is named.

    Raises NotFound; Unavailable while what it has to say cannot be had.
    """
    followed = follow(code)
    known = SLIPS.get(kind)
    notices = read_notices(code) if known and known.moment else ()
    found = chosen(_there_are(followed, notices), kind, round_)
    if found is None:
        raise _none()
    return drawn(
        f"slips/{kind}.html",
        layout,
        title=followed.procedure["result"]["name"] if kind == "ket-qua" else found.titles,
        slip=found,
        pdf=url_for("slips.download", code=code, kind=kind, lan=found.round),
        **{**_common(followed), **_of(found, followed, notices)},
    )


def receipt(code: str, order_id: str, layout: str = SHEET) -> str:
    """The receipt of a fee order in HTML. Raises NotFound."""
    followed = follow(code)
    order = order_of(code, order_id)
    if not order["receipt"]:
        raise _none()
    return drawn(
        "slips/bien-lai.html",
        layout,
        title=in_both(_RECEIPT),
        order=order,
        in_words=spoken_vnd(order["amount_vnd"]),
        pdf=url_for("slips.receipt_pdf", code=code, order_id=order_id),
        **_common(followed),
    )


def drawn(template: str, layout: str, **context: Any) -> str:
    """A document on a page or on sheets: in Vietnamese, which counts, and beside it in the language of the page."""
    texts = [_in(language, template, context) for language in dict.fromkeys((LANGUAGES[0], g.language))]
    return render_template(layout, texts=texts, **context)


def _in(language: str, template: str, context: Mapping[str, Any]) -> Markup:
    with speaking(language):
        return Markup(render_template(template, **context))  # noqa: S704 – a template of ours, which escapes


def ministry_name(tenant: str) -> Any:
    """What a ministry is called; its key where the catalogue has it no more."""
    return next((one.ministry["name"] for one in portal().offers.all() if one.tenant == tenant), tenant)


def as_pdf(html: str, name: str) -> Response:
    """The same as a file. Raises Unavailable while others are printed."""
    return Response(
        printed(html), mimetype="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}.pdf"'}
    )


def _there_are(followed: Followed, notices: Sequence[Mapping[str, Any]]) -> list[Slip]:
    return there_are(followed.dossier, notices, for_officer=not followed.is_mine)


def _none() -> NotFound:
    return NotFound("portal.no_slip", "There is no such slip.", "Không có giấy tờ này.")


def _common(followed: Followed) -> dict[str, Any]:
    """What every slip has: the dossier, the ministry, and the address under which anybody with the number looks on."""
    dossier = followed.dossier
    address = f"{portal().settings.portal_url}{url_for('lookup.ask', ma=followed.code)}"
    return {
        "one": followed,
        "dossier": dossier,
        "ministry": ministry_name(dossier["tenant"]),
        "address": address,
        "qr": qr,
        "unit_name": partial(unit_name_of, dossier),
    }


def _of(slip: Slip, followed: Followed, notices: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What this one has besides."""
    if slip.kind == "bo-sung":
        return _request(followed, slip.round)
    if slip.moment:
        return {"letter": letter_of(notices, slip.moment), "in_language": in_language}
    if slip.kind == "kiem-soat":
        case = portal().services.ask(who().actor, "routing.get_case", dossier_code=followed.code)
        return {
            "case": case,
            "steps": list(beside(case["steps"], case["transfers"])),
            "step_words": step_words,
            "transfer_words": transfer_words,
            "punctuality_words": punctuality_words,
        }
    if slip.kind == "ket-qua":
        return _result(followed)
    names = {one["code"]: one["name"] for one in followed.procedure["components"]}
    counts: dict[str, int] = {}
    for paper in followed.dossier["documents"]:
        counts[paper["component"]] = counts.get(paper["component"], 0) + 1
    papers = [(names.get(component, component), count) for component, count in counts.items()]
    return {"papers": papers, "reception": reception_of(followed.code) if slip.kind == "tiep-nhan" else None}


def _request(followed: Followed, round_: int | None) -> dict[str, Any]:
    request, last = request_of(followed.dossier, round_), followed.dossier["supplement"]
    told = last if round_ in {None, last["round"]} else request or {}
    return {
        "asked": request,
        "wishes": wishes_of(request, followed.procedure),
        "respond_by": told.get("respond_by"),
    }


def _result(followed: Followed) -> dict[str, Any]:
    result, dossier = followed.dossier["result"], followed.dossier
    named = {"dataset": result["dataset"], "number": result["number"]}
    record = portal().services.ask(who().actor, "registry.get_record", **named)
    dataset = portal().offers.standing("dataset", result["dataset"], dossier["tenant"])
    verify_at = f"{portal().settings.portal_url}{url_for('verify.show', **named)}"
    return {
        "record": record,
        "dataset": dataset,
        "show_asked": show_asked,
        "judged": judged_of(followed),
        "address": verify_at,
    }
