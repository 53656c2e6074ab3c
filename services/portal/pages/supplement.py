"""What an officer asked for as one list, answered in one page: changed answers and further papers.

What is typed and brought is a draft of its own, found again on any device, until it is sent.
"""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from services.chassis import codec
from services.chassis.errors import Conflict, Invalid, NotFound, Refused, ServiceError, Unavailable
from services.contracts.words import APPLICANT_KINDS
from services.portal import drawing, forms
from services.portal.drafting import Difference, Draft, Stale, changes
from services.portal.errors import sent_texts
from services.portal.following import request_of
from services.portal.language import moment, say, words
from services.portal.pages.apply import (
    after_button,
    as_chosen,
    drafting,
    pages,
    posted_id,
    posted_version,
    quietly,
)
from services.portal.pages.asked import Wanted, awaited, changed, wanted_of
from services.portal.pages.further import MOST_PAPERS, brought_with, missing, plain
from services.portal.signin import signed_in, who
from services.portal.wiring import portal

__all__ = ["pages"]  # its pages stand among those of `apply`
Document = Mapping[str, Any]
Paper = dict[str, str]
Problem = dict[str, str]
_READ_OVER, _HAND_IN = "send", "hand_in"  # what the two buttons to send it do, one after the other
_ANYWAY: Final = "anyway"  # `send:anyway`: although papers are missing


@pages.get("/ho-so/<code>/bo-sung")
@signed_in(*APPLICANT_KINDS)
def supplement(code: str) -> ResponseReturnValue:
    """What is wanted, and room to answer it: as it was last saved, else as the dossier has it."""
    dossier = awaited(code)
    if dossier is None:
        return _onward(code, say("Hồ sơ này không chờ bổ sung."), "warn")
    wanted = _wanted(dossier)
    draft = drafting().find(wanted.draft_id) or wanted.as_it_is
    return _draw(wanted, draft, mark=draft.mark)


@pages.post("/ho-so/<code>/bo-sung")
@signed_in(*APPLICANT_KINDS)
def answer(code: str) -> ResponseReturnValue:
    """Keep what was typed and the files that came; show the answer once it is whole; send it once it was read over."""
    dossier = awaited(code)
    if dossier is None:
        return render_template("apply/over.html", code=code, texts=sent_texts()), Conflict.status
    wanted = _wanted(dossier)
    act, _, about = request.form.get("do", "").partition(":")
    typed = as_chosen(_typed(wanted))
    form, problems = after_button(wanted.asked, typed.form, act, about)
    typed = replace(typed, form=form)
    brought, refused = brought_with(wanted)
    problems += refused
    try:
        draft = _kept(typed, brought)
    except Stale as stale:
        saved = stale.saved
        mine = replace(typed, version=saved.version, documents=saved.documents)
        told = changes(mine, saved)
        return _draw(wanted, mine, problems, brought=brought, mark=saved.mark, differences=told, status=409)
    except (Conflict, NotFound, Invalid, Refused, Unavailable) as error:
        draft = replace(typed, documents=brought)
        if act not in {_READ_OVER, _HAND_IN} or problems or isinstance(error, Unavailable):
            problems += _placed(draft, error)
            return _draw(wanted, typed, problems, brought=brought, notice=error, status=error.status)
    else:
        brought = []
    if problems:
        return _draw(wanted, _shown(draft), problems, status=422)
    if act == _HAND_IN:
        return _send(wanted, draft, brought)
    lacking = missing(wanted, {one["component"] for one in draft.papers}) if act == _READ_OVER else []
    if lacking and about != _ANYWAY:
        shown = replace(draft, documents=()) if brought else _shown(draft)
        return _draw(wanted, shown, lacking, brought=brought, is_short=True, status=422)
    if act == _READ_OVER:
        return _read_over(wanted, draft, brought, is_short=bool(lacking))
    flash(say("Đã lưu bản nháp lúc %(at)s.", at=moment(draft.saved_at)), "good")
    anchor = f"f-form.{about.partition(':')[0]}" if about else None
    return redirect(url_for(".supplement", code=code, _anchor=anchor), 303)


@pages.post("/ho-so/<code>/bo-sung/luu")
@signed_in(*APPLICANT_KINDS)
def keep_quietly(code: str) -> ResponseReturnValue:
    """The same while one types, for the script: answers what the next save begins from, or why nothing was saved."""
    dossier = awaited(code)
    if dossier is None:
        return {"state": "refused", "say": say("Hồ sơ này không chờ bổ sung.")}, 409
    return quietly(_typed(wanted_of(dossier)), url_for(".supplement", code=code))


def _wanted(dossier: Document) -> Wanted:
    """What is missing in the officer's words; while they cannot be had, the papers alone."""
    return replace(wanted_of(dossier), request=request_of(dossier))


def _typed(wanted: Wanted) -> Draft:
    return wanted.draft(forms.read_posted("form", wanted.asked.fields, request.form), posted_version())


def _kept(typed: Draft, brought: Sequence[Paper]) -> Draft:
    """The draft with what was typed and brought, without what was dropped. Raises Stale and what intake refuses."""
    kept = drafting().keep(typed, request.form.get("mark", ""), posted_id())
    if brought:
        kept = drafting().bring(kept.id, f"{posted_id()}.papers", [plain(one) for one in brought])
    for place, upload_id in enumerate(request.form.getlist("drop")[:MOST_PAPERS]):
        kept = drafting().take_out(kept.id, f"{posted_id()}.out.{place}", upload_id)
    return kept


def _shown(draft: Draft) -> Draft:
    """The draft with the names of its papers, which saving does not answer."""
    try:
        found = drafting().find(draft.id)
    except Unavailable:
        found = None
    return replace(draft, documents=found.documents) if found else draft


def _read_over(wanted: Wanted, draft: Draft, brought: Sequence[Paper], *, is_short: bool) -> ResponseReturnValue:
    """What would be sent, and nothing sent yet. The page carries all of it: not every draft can be saved."""
    fields, before = wanted.asked.fields, wanted.dossier["form"] or {}
    return render_template(
        "apply/read_over.html",
        page=wanted.asked.page,
        dossier=wanted.dossier,
        draft=draft,
        changes=[
            (drawing.label_at(fields, who().kind, f"form.{name}"), before.get(name), now, f"form.{name}")
            for name, now in changed(fields, before, draft.form).items()
        ],
        kind=who().kind,
        documents=brought or _shown(draft).documents,
        brought=brought,
        typed=drawing.carried(fields, draft.form),
        mark=request.form.get("mark", "") if brought else draft.mark,
        is_short=is_short,
        request_id=str(uuid.uuid4()),
    )


def _send(wanted: Wanted, draft: Draft, brought: list[Paper]) -> ResponseReturnValue:
    """Hand the answer in; the papers that only this page has are in the draft beside the others."""
    dossier, code = wanted.dossier, wanted.dossier["dossier_code"]
    form = changed(wanted.asked.fields, dossier["form"] or {}, draft.form)
    content = {"form": form, "documents": draft.papers}
    digest = hashlib.sha256(codec.encode(content)).hexdigest()[:32]
    asked = {"dossier_code": code, "draft_id": draft.id, "request_id": f"{draft.id}.{digest}", **content}
    try:
        portal().services.ask(who().actor, "intake.supplement", **asked)
    except (Invalid, Refused, Conflict, Unavailable) as error:
        problems = _placed(draft, error)
        shown = replace(draft, documents=()) if brought else _shown(draft)
        return _draw(wanted, shown, problems, brought=brought, notice=error, status=error.status)
    return _onward(code, say("Đã gửi bổ sung cho hồ sơ %(code)s.", code=code), "good")


def _placed(draft: Draft, error: ServiceError) -> list[Problem]:
    """The problems with papers stand beside the component instead of their place in the list."""
    placed = []
    for one in error.errors:
        part, _, rest = one["field"].partition(".")
        if part == "documents" and rest.isdecimal() and int(rest) < len(draft.documents):
            one = {**one, "field": f"documents.{draft.documents[int(rest)]['component']}"}
        placed.append(one)
    return placed


def _onward(code: str, said: str, kind: str) -> ResponseReturnValue:
    flash(said, kind)
    return redirect(url_for("dossiers.show", code=code), 303)


def _draw(
    wanted: Wanted,
    draft: Draft,
    problems: Sequence[Problem] = (),
    *,
    brought: Sequence[Paper] = (),
    mark: str | None = None,
    notice: ServiceError | None = None,
    differences: Sequence[Difference] = (),
    is_short: bool = False,
    status: int = 200,
) -> ResponseReturnValue:
    fields = wanted.asked.fields
    names = {one["code"]: words(one["name"]) for one in wanted.asked.page["components"]}
    shown = drawing.shown_problems(fields, who().kind, forms.readable(fields, problems))
    listed = [
        {**one, "label": one["label"] or names.get(one["field"].partition(".")[2], "")} for one in shown["errors"]
    ]
    is_kept = status in {200, 422}
    page = render_template(
        "apply/supplement.html",
        page=wanted.asked.page,
        dossier=wanted.dossier,
        wanted=wanted,
        names=names,
        form=forms.drawable(fields, draft.form),
        brought=brought,
        errors=listed,
        wrong=shown["wrong"],
        notice=notice,
        differences=differences,
        is_short=is_short,
        is_saved=is_kept and draft.version > 0,
        mark=mark or (draft.mark if is_kept else request.form.get("mark", "")),
        request_id=str(uuid.uuid4()),
        draft=draft,
        pasted={name[6:]: text for name, text in request.form.items() if name.startswith("paste.") and problems},
    )
    return page, status
