"""Read over, declared true, and handed in once, however often the button is pressed."""

import time
import uuid
from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from services.chassis.errors import Conflict, Invalid, NotFound, Refused, ServiceError, Unavailable
from services.contracts.catalogue.applicant import NUMBER_OF
from services.contracts.words import APPLICANT_KINDS
from services.portal import drawing, forms
from services.portal.drafting import Draft
from services.portal.language import say, words
from services.portal.pages.apply import drafting
from services.portal.pages.asked import Asked
from services.portal.signin import signed_in, who
from services.portal.wiring import portal

pages = Blueprint("review", __name__)
_HANDED_IN: Final = "handed_in"
_MOST_REMEMBERED: Final = 20
_LOOKS: Final = 15
_PAUSE_SECONDS: Final = 0.1


@pages.get("/ban-nhap/<uuid:draft_id>/kiem-tra")
@signed_in(*APPLICANT_KINDS)
def show(draft_id: uuid.UUID) -> ResponseReturnValue:
    """All that would be handed in, what is wrong with it, and what it costs."""
    draft = drafting().get(str(draft_id))
    try:
        return _draw(draft)
    except NotFound:  # the procedure was retired: the first step says so
        return redirect(url_for("apply.resume", draft_id=draft.id))


@pages.post("/ban-nhap/<uuid:draft_id>/kiem-tra")
@signed_in(*APPLICANT_KINDS)
def submit(draft_id: uuid.UUID) -> ResponseReturnValue:
    """Hand it in: once for each version of the draft, also when asked twice."""
    code = _code_of(str(draft_id))
    if code:
        return _onward(str(draft_id), code)
    try:
        draft = drafting().get(str(draft_id))
    except NotFound:
        code = _code_meanwhile(str(draft_id))
        return _onward(str(draft_id), code) if code else _to_all()
    if request.form.get("version") != str(draft.version):
        flash(say("Bản nháp vừa được sửa ở nơi khác: hãy xem lại trước khi nộp."), "warn")
        return redirect(url_for(".show", draft_id=draft.id), 303)
    if request.form.get("declared") != "yes":
        return _draw(draft, status=422, undeclared=True)
    try:
        done = portal().services.ask(
            who().actor,
            "intake.submit",
            request_id=f"draft.{draft.id}.{draft.version}",
            draft_id=draft.id,
            channel="online",
            **_content(draft),
        )
    except (Invalid, Refused, Conflict, Unavailable) as error:
        return _draw(draft, error, error.status, declared=True)
    return _onward(draft.id, done["dossier_code"])


def _code_of(draft_id: str) -> str | None:
    """The dossier that was made of the draft a moment ago, in this session."""
    code: str | None = session.get(_HANDED_IN, {}).get(draft_id)
    return code


def _code_meanwhile(draft_id: str) -> str | None:
    """The same where the button was pressed twice: the first request may just be writing down what it did."""
    for _ in range(_LOOKS):
        kept = session.as_kept(_HANDED_IN) or {}  # type: ignore[attr-defined]
        if draft_id in kept:
            return str(kept[draft_id])
        time.sleep(_PAUSE_SECONDS)
    return None


def _onward(draft_id: str, code: str) -> ResponseReturnValue:
    """To the dossier. Each request of a browser writes its whole session: so each writes this down."""
    kept = session.get(_HANDED_IN, {})
    session[_HANDED_IN] = dict([*kept.items(), (draft_id, code)][-_MOST_REMEMBERED:])
    flash(say("Đã nộp hồ sơ. Mã hồ sơ: %(code)s.", code=code), "good")
    return redirect(url_for("dossiers.show", code=code), 303)


def _to_all() -> ResponseReturnValue:
    """Where he finds it, if it was handed in by a request that no answer came to."""
    flash(say("Bản nháp này đã được nộp hoặc đã xóa. Hồ sơ đã nộp, nếu có, ở trong danh sách dưới đây."), "warn")
    return redirect(url_for("dossiers.show_all"), 303)


def _content(draft: Draft) -> dict[str, Any]:
    """The draft as a submission."""
    return {
        "tenant": draft.tenant,
        "procedure": draft.procedure,
        "applicant": forms.applicant_of(who(), draft.applicant),
        "form": forms.answers(Asked.of(draft).fields, draft.form),
        "documents": draft.papers,
    }


def _checked(draft: Draft) -> Mapping[str, Any]:
    """What would be refused, and what it would cost."""
    answer: Mapping[str, Any] = portal().services.ask(who().actor, "intake.check", channel="online", **_content(draft))
    return answer


def _checked_if_possible(draft: Draft) -> Mapping[str, Any]:
    """The same after an attempt: whoever was refused, or had no answer, is told that whatever else fails."""
    try:
        return _checked(draft)
    except ServiceError:
        return {"errors": [], "fees": None}


def _draw(draft: Draft, notice: ServiceError | None = None, status: int = 200, **more: Any) -> ResponseReturnValue:
    asked, one = Asked.of(draft), who()
    checked = _checked_if_possible(draft) if notice else _checked(draft)
    problems = (notice.errors if notice else []) or checked["errors"]
    applicant = forms.applicant_of(one, draft.applicant)
    asked_of = forms.applicant_fields(one.kind)
    number = say("Mã số thuế") if one.kind == "organisation" else say("Số định danh")
    facts = [(words(field["label"]), applicant.get(field["name"])) for field in asked_of]
    page = render_template(
        "apply/review.html",
        page=asked.page,
        draft=draft,
        form=forms.drawable(asked.fields, forms.answers(asked.fields, draft.form)),
        applicant_facts=[*facts[:1], (number, applicant[NUMBER_OF[one.kind]]), *facts[1:]],
        errors=_placed(asked, draft, problems),
        fees=checked["fees"],
        **{"notice": notice, "undeclared": False, "declared": False, **more},
    )
    return page, status


def _placed(asked: Asked, draft: Draft, problems: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Each problem with its label and the page where it can be mended."""
    components = {one["code"]: one for one in asked.page["components"]}
    placed = []
    for problem in forms.readable(asked.fields, problems):
        part, _, rest = problem["field"].partition(".")
        if part == "documents":
            at = draft.papers[int(rest)]["component"] if rest.isdecimal() and int(rest) < len(draft.papers) else rest
            label = words(components[at]["name"]) if at in components and rest.isdecimal() else ""
            anchor = f"f-documents.{at}" if at in components else None
            address = url_for("uploads.show", draft_id=draft.id, _anchor=anchor)
        else:
            label = drawing.label_at(asked.fields, who().kind, problem["field"])
            address = url_for("apply.resume", draft_id=draft.id, soat="tat-ca", _anchor=f"f-{problem['field']}")
        placed.append({**problem, "label": label, "address": address})
    return placed
