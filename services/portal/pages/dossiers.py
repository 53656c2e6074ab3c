"""My dossiers: what needs doing first, drafts, and each dossier with its time line, papers, fees and letters."""

import uuid
from datetime import datetime
from functools import partial
from typing import Any, Final

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from services.chassis.errors import Invalid, Refused, ServiceError
from services.contracts.catalogue.dates import local_day
from services.portal import papers
from services.portal.answers import show_asked
from services.portal.belonging import notice_of
from services.portal.casework import may_collect
from services.portal.following import (
    Followed,
    earlier_of,
    follow,
    judged_of,
    notices_of,
    revocation_of,
    term_of,
    unit_name_of,
)
from services.portal.language import say
from services.portal.live import Live
from services.portal.progress import URGENT, duties, has_ended, may_withdraw, steps
from services.portal.signin import signed_in, who
from services.portal.slips import by_language, subject_by_language, there_are
from services.portal.wiring import portal

pages = Blueprint("dossiers", __name__, url_prefix="/ho-so")
_PAGE: Final = 20
_MOST_URGENT: Final = 20
MOST_DRAFTS: Final = 50  # as many as intake lets one person have
_LONGEST_CURSOR: Final = 200


@pages.get("")
@signed_in("citizen", "organisation")
def show_all() -> str:
    """Drafts and dossiers, what needs doing first."""
    ask, actor = portal().services.ask, who().actor
    after = request.args.get("after", "")[:_LONGEST_CURSOR] or None
    page = ask(actor, "intake.list_dossiers", limit=_PAGE, after=after)
    first = {} if after else _first()
    return render_template("dossiers/list.html", page=page, name_of=_name_of, after=after, **first)


@pages.get("/<code>")
@signed_in("citizen", "organisation")
def show(code: str) -> str:
    """One dossier."""
    followed = follow(code)
    happened, notices = _progress(followed), notices_of(code)
    names = {one["code"]: one["name"] for one in followed.procedure["components"]}
    return render_template(
        "dossiers/show.html",
        one=followed,
        answers=show_asked(followed.procedure["form"], followed.dossier["form"]),
        names=names,
        notices=notices,
        slips=there_are(followed.dossier, notices or (), for_officer=False),
        shown_types=papers.SHOWN,
        may_withdraw=may_withdraw(followed.dossier),
        live=Live(render_template("dossiers/progress.html", one=followed, **happened)),
        **happened,
    )


@pages.get("/<code>/hien-trang")
@signed_in("citizen", "organisation")
def progress(code: str) -> Response:
    """The part of the page that changes by itself, for the script that asks again; as long as nothing did: 304."""
    followed = follow(code)
    live = Live(render_template("dossiers/progress.html", one=followed, **_progress(followed)))
    return live.answer(is_final=has_ended(followed.dossier))


@pages.get("/<code>/giay-to/<upload_id>")
@signed_in("citizen", "organisation", "officer")
def paper(code: str, upload_id: str) -> Response:
    """A paper, as it was handed in: saved by the browser, or shown where that is harmless and asked for."""
    return papers.send(portal().services, who().actor, code, upload_id, save="xem" not in request.args)


@pages.get("/<code>/thong-bao/<notice_id>")
@signed_in("citizen", "organisation")
def notice(code: str, notice_id: str) -> str:
    """A letter that was written about a dossier."""
    found = notice_of(code, notice_id)
    return render_template(
        "dossiers/notice.html",
        code=code,
        notice=found,
        subject=subject_by_language(found.get("subject") or ""),
        parts=by_language(found.get("text") or ""),
    )


@pages.get("/<code>/rut")
@signed_in("citizen", "organisation")
def withdraw(code: str) -> str:
    """Take a dossier back: what that means, and why."""
    return _ask_to_withdraw(follow(code), "", ())


@pages.post("/<code>/rut")
@signed_in("citizen", "organisation")
def withdrawn(code: str) -> ResponseReturnValue:
    """It is taken back."""
    reason, request_id = request.form.get("reason", ""), request.form.get("request_id", "")
    try:
        portal().services.ask(
            who().actor, "intake.withdraw", dossier_code=code, reason=reason.strip(), request_id=request_id
        )
    except (Invalid, Refused) as error:
        wrong = error.errors or [{"field": "reason", "vi": error.vi, "en": error.en}]
        return _ask_to_withdraw(follow(code), reason, wrong), error.status
    flash(say("Hồ sơ đã được rút."), "good")
    return redirect(url_for(".show", code=code), 303)


@pages.get("/<code>/nhan-ket-qua")
@signed_in("citizen", "organisation")
def collect(code: str) -> str:
    """The result, to be taken on line."""
    followed = follow(code)
    return render_template(
        "dossiers/collect.html",
        one=followed,
        may_collect=may_collect(followed.dossier),
        revoked=revocation_of(followed.dossier),
        judged=judged_of(followed),
        request_id=str(uuid.uuid4()),
    )


@pages.post("/<code>/nhan-ket-qua")
@signed_in("citizen", "organisation")
def collected(code: str) -> ResponseReturnValue:
    """The applicant has it."""
    portal().services.ask(
        who().actor,
        "intake.return_result",
        dossier_code=code,
        method="online",
        request_id=request.form.get("request_id", ""),
    )
    flash(say("Bạn đã xác nhận nhận kết quả."), "good")
    return redirect(url_for(".show", code=code), 303)


def _progress(followed: Followed) -> dict[str, Any]:
    dossier = followed.dossier
    earlier = earlier_of(dossier)
    return {
        "steps": steps(dossier, partial(unit_name_of, dossier), earlier or ()),
        "is_whole": earlier is not None,
        "duties": duties(dossier),
        "term": term_of(followed),
        "has_ended": has_ended(dossier),
        "revoked": revocation_of(dossier),
        "judged": judged_of(followed),
    }


def _first() -> dict[str, Any]:
    """What waits for this person, and what he has begun."""
    ask, actor = portal().services.ask, who().actor
    waiting = [
        one
        for status in URGENT
        for one in ask(actor, "intake.list_dossiers", status=status, limit=_MOST_URGENT)["items"]
        if not one["revoked_at"]
    ]
    return {"waiting": waiting, "drafts": ask(actor, "intake.list_drafts", limit=MOST_DRAFTS)}


def _ask_to_withdraw(followed: Followed, reason: str, wrong: Any) -> str:
    return render_template(
        "dossiers/withdraw.html", one=followed, reason=reason, wrong=wrong, request_id=str(uuid.uuid4())
    )


def _name_of(line: Any) -> Any:
    """What the procedure of a dossier or draft is called, or was when it has ended; its key where nobody can say."""
    offers, place = portal().offers, (line["tenant"], line["procedure"])
    found = next((one for one in offers.all() if (one.tenant, one.key) == place), None)
    if found:
        return found.line["name"]
    day = local_day(datetime.fromisoformat(line.get("submitted_at") or line["saved_at"]))
    try:
        return offers.procedure_version(*place, day.isoformat())["name"]
    except ServiceError:
        return line["procedure"]
