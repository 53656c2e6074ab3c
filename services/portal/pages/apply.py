"""From the page of a procedure to a draft that is filled in: drawn from the catalogue, saved at each step.

What the ministry knows already stands in the form with its source (`prefill`), and may be answered otherwise.
"""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from services.chassis.errors import Conflict, Invalid, NotFound, Refused, ServiceError, Unavailable
from services.contracts.words import APPLICANT_KINDS
from services.portal import drawing, forms, prefill, sheets, unasked
from services.portal.drafting import Draft, Drafting, Stale, changes, taking
from services.portal.language import LANGUAGES, current, moment, say
from services.portal.pages.asked import Asked
from services.portal.pages.retired import as_posted, show_retired
from services.portal.signin import signed_in, who
from services.portal.wiring import portal

pages = Blueprint("apply", __name__)
Problem = dict[str, str]
_EVERYTHING: Final = "tat-ca"
_GONE: Final = frozenset({"intake.draft_gone", "intake.unknown_draft"})
_LONGEST_KEY: Final = 60
_TAKE, _FORGET = "known", "forget"
_CHOICE: Final = "take."  # controls that ask which of two answers is to stay
_OF_A_TABLE: Final = frozenset({"add", "remove", "paste"})


@pages.get("/nop-ho-so/<tenant>/<key>")
@signed_in(*APPLICANT_KINDS)
def start(tenant: str, key: str) -> ResponseReturnValue:
    """A new form, with what is known already in it; nothing is kept before something is typed."""
    asked = Asked(portal().offers.procedure(tenant, key))
    if not asked.is_for(who()):
        return render_template("apply/closed.html", page=asked.page, tenant=tenant), 403
    draft = Draft(str(uuid.uuid4()), tenant, key)
    known = prefill.gather(portal(), who(), tenant, asked.page)
    return _draw(asked, known.fill(draft), mark=draft.mark, others=_others(tenant, key), known=known)


@pages.get("/nop-ho-so/<tenant>/<key>/<table>.csv")
def template(tenant: str, key: str, table: str) -> Response:
    """A CSV file with the heads of a table."""
    fields = portal().offers.procedure(tenant, key)["form"]
    found = next((one for one in fields if one["name"] == table and one["type"] == "table"), None)
    if found is None:
        raise NotFound("portal.no_page", "There is nothing at this address.", "Không có trang này.")
    answer = Response(sheets.template(found, current()), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{table}.csv"'
    return answer


@pages.get("/ban-nhap/<uuid:draft_id>")
@signed_in(*APPLICANT_KINDS)
def resume(draft_id: uuid.UUID) -> ResponseReturnValue:
    """A draft as it was last saved; `soat` asks for what is wrong with it, or with one table of it."""
    draft = drafting().get(str(draft_id))
    if draft.dossier_code:
        return redirect(url_for(".supplement", code=draft.dossier_code))
    try:
        asked = Asked.of(draft)
    except NotFound:
        return show_retired(draft)
    wanted = request.args.get("soat", "")
    problems = asked.problems(draft, who()) if wanted else []
    if wanted and wanted != _EVERYTHING:
        problems = [one for one in problems if one["field"].startswith(f"form.{wanted}.")]
    return _draw(asked, draft, problems)


@pages.post("/ban-nhap/<uuid:draft_id>")
@signed_in(*APPLICANT_KINDS)
def save(draft_id: uuid.UUID) -> ResponseReturnValue:
    """What was typed is kept; then on to the papers, or a row more or less, as the button says."""
    try:
        asked, typed = _typed(str(draft_id))
    except NotFound as error:
        return show_retired(as_posted(str(draft_id), posted_version()), error.status)
    act, _, about = request.form.get("do", "save").partition(":")
    typed, problems = _changed(asked, typed, act, about)
    try:
        kept = drafting().keep(typed, request.form.get("mark", ""), posted_id())
    except Stale as stale:
        mine = replace(typed, version=stale.saved.version, documents=stale.saved.documents)
        return _draw(asked, mine, problems, mark=stale.saved.mark, differences=changes(mine, stale.saved), status=409)
    except (Conflict, NotFound, Invalid, Refused, Unavailable) as error:
        return _kept_here(asked, typed, problems, error)
    if act == "next":
        problems = asked.problems(kept, who())
        return _draw(asked, kept, problems, status=422) if problems else redirect(asked.after_form(kept), 303)
    if problems:
        return _draw(asked, kept, problems, pasted={about: request.form.get(f"paste.{about}", "")}, status=422)
    if act == "save":
        flash(say("Đã lưu bản nháp lúc %(at)s.", at=moment(kept.saved_at)), "good")
        return redirect(url_for(".resume", draft_id=kept.id), 303)
    looked_at = about if act == "paste" else None
    changed = _first_of(asked, about) if act == _TAKE else about.partition(":")[0]
    anchor = f"f-form.{changed}" if changed else None
    return redirect(url_for(".resume", draft_id=kept.id, soat=looked_at, _anchor=anchor), 303)


@pages.post("/ban-nhap/<uuid:draft_id>/luu")
@signed_in(*APPLICANT_KINDS)
def save_quietly(draft_id: uuid.UUID) -> ResponseReturnValue:
    """The same while one types: answers what the next save begins from, or why nothing was saved."""
    try:
        typed = _typed(str(draft_id))[1]
    except ServiceError as error:
        return _unsaved(error)
    return quietly(typed, url_for(".resume", draft_id=draft_id))


def quietly(typed: Draft, address: str) -> ResponseReturnValue:
    """Keep what was typed, for the script; `address` is where the draft is gone on with.

    Nothing is kept while the page asks to choose between two answers: it would take the one away.
    """
    if any(name.startswith(_CHOICE) for name in request.form):
        return jsonify(state="changed", say=say("Chưa lưu: hãy chọn cho từng mục khác nhau, rồi lưu lại.")), 409
    try:
        kept = drafting().keep(typed, request.form.get("mark", ""), posted_id())
    except Stale:
        return jsonify(state="changed", say=say("Bản nháp đã được sửa ở nơi khác. Bấm “Lưu nháp” để xem.")), 409
    except ServiceError as error:
        return _unsaved(error)
    return jsonify(
        state="kept",
        say=say("Đã lưu lúc %(at)s.", at=moment(kept.saved_at)),
        version=kept.version,
        mark=kept.mark,
        request_id=str(uuid.uuid4()),
        address=address,
    )


def _unsaved(error: ServiceError) -> ResponseReturnValue:
    state = "away" if isinstance(error, Unavailable) else "refused"
    return jsonify(state=state, say=drawing.told(error)), error.status


@pages.post("/ban-nhap/<uuid:draft_id>/xoa")
@signed_in(*APPLICANT_KINDS)
def discard(draft_id: uuid.UUID) -> ResponseReturnValue:
    """Nothing is left of the draft."""
    drafting().discard(str(draft_id), posted_id())
    flash(say("Đã xóa bản nháp."), "good")
    return redirect(url_for("home.show"), 303)


def drafting() -> Drafting:
    """The drafts of whoever has signed in."""
    return Drafting(portal().services, who().actor)


def _typed(draft_id: str) -> tuple[Asked, Draft]:
    """What the posted form holds."""
    posted = request.form
    tenant, key = (posted.get(name, "")[:_LONGEST_KEY] for name in ("tenant", "procedure"))
    asked = Asked(portal().offers.procedure(tenant, key))
    return asked, Draft(
        draft_id,
        tenant,
        key,
        version=posted_version(),
        applicant=forms.read_posted("applicant", forms.applicant_fields(who().kind), posted),
        form={**unasked.read("form", asked.fields, posted), **forms.read_posted("form", asked.fields, posted)},
    )


def _changed(asked: Asked, typed: Draft, act: str, about: str) -> tuple[Draft, list[Problem]]:
    """The draft after what the button does to it, and why it could not."""
    typed = as_chosen(typed)
    if act == _FORGET:
        return replace(typed, form=forms.answers(asked.fields, typed.form)), []
    form, problems = _taken(asked, typed, about) if act == _TAKE else after_button(asked, typed.form, act, about)
    return replace(typed, form=form), problems


def as_chosen(typed: Draft) -> Draft:
    """What was typed, with those answers as they were saved elsewhere that the person chose so. Raises Unavailable."""
    chosen = [name for name, value in request.form.items() if name.startswith(_CHOICE) and value == "saved"]
    saved = drafting().find(typed.id) if chosen else None
    return taking(typed, saved, [name.removeprefix(_CHOICE) for name in chosen]) if saved else typed


def _taken(asked: Asked, typed: Draft, dataset: str) -> tuple[Mapping[str, Any], list[Problem]]:
    """The answers with those of the record that was chosen, if it is his who asks."""
    known = prefill.gather(portal(), who(), typed.tenant, asked.page)
    held = known.of(dataset)
    record = held.record(request.form.get(f"known.{dataset}", "")) if held else None
    if held and record:
        return {**typed.form, **held.answers(record)}, []
    said = say("Chưa lấy được thông tin này; hãy thử lại sau ít phút.") if known.unheard else say("Hãy chọn giấy tờ.")
    return typed.form, [{"field": f"known.{dataset}", "code": "not_chosen", **dict.fromkeys(LANGUAGES, said)}]


def _first_of(asked: Asked, dataset: str) -> str:
    """The first question that the dataset answers."""
    return next(iter(prefill.datasets(asked.page).get(dataset, ())), "")


def after_button(
    asked: Asked, form: Mapping[str, Any], act: str, about: str
) -> tuple[Mapping[str, Any], list[Problem]]:
    """The answers after a button of a table did its work, and why it could not."""
    name, _, row = about.partition(":")
    table = asked.table(name)
    if table is None or act not in _OF_A_TABLE:
        return form, []
    rows = list(form.get(name) or [{}])
    problems: list[Problem] = []
    if act == "add":
        rows.append({})
    elif act == "remove":
        rows = [one for place, one in enumerate(rows) if str(place) != row]
    else:
        rows, problems = _pasted(table, [one for one in rows if one])
    return {**form, name: rows}, problems


def _pasted(table: Mapping[str, Any], rows: list[Any]) -> tuple[list[Any], list[Problem]]:
    name = table["name"]
    try:
        file = request.files.get(f"csv.{name}")
        text = sheets.decoded(file.read(sheets.LONGEST + 1)) if file and file.filename else ""
        text = text or request.form.get(f"paste.{name}", "")
        return [*rows, *sheets.read_sheet(table, text, len(rows))], []
    except sheets.Unreadable as error:
        said = drawing.unreadable_words(error)
        return rows or [{}], [{"field": f"paste.{name}", "code": error.code, **dict.fromkeys(LANGUAGES, said)}]


def _kept_here(asked: Asked, typed: Draft, problems: list[Problem], error: ServiceError) -> ResponseReturnValue:
    """Nothing was saved: all that was typed stays in the page."""
    if error.code in _GONE:
        typed = replace(typed, id=str(uuid.uuid4()), version=0, documents=())
        return _draw(asked, typed, problems, mark=Draft("", "", "").mark, notice="gone", status=409)
    return _draw(asked, typed, problems, mark=request.form.get("mark"), notice=error, status=error.status)


def _draw(
    asked: Asked,
    draft: Draft,
    problems: list[Problem] | None = None,
    *,
    status: int = 200,
    mark: str | None = None,
    known: prefill.Known | None = None,
    **more: Any,
) -> ResponseReturnValue:
    kind = who().kind
    if known is None:
        is_away = isinstance(more.get("notice"), Unavailable)
        known = prefill.Known() if is_away else prefill.gather(portal(), who(), draft.tenant, asked.page)
    page = render_template(
        "apply/form.html",
        page=asked.page,
        draft=draft,
        form=forms.drawable(asked.fields, draft.form),
        applicant=forms.drawable(forms.applicant_fields(kind), draft.applicant),
        applicant_fields=forms.applicant_fields(kind),
        unasked=unasked.told(asked.page, draft),
        carried=unasked.carried(asked.fields, draft.form),
        is_newer=unasked.is_newer(asked.page, draft),
        mark=draft.mark if mark is None else mark,
        request_id=str(uuid.uuid4()),
        **drawing.shown_problems(asked.fields, kind, problems or []),
        sources={path: source.told() for path, source in known.sources(draft).items()},
        choices=known.choices(draft),
        unheard=known.unheard,
        **{"differences": [], "notice": None, "others": [], "pasted": {}, **more},
    )
    return page, status


def _others(tenant: str, key: str) -> list[Mapping[str, Any]]:
    """Drafts of the same procedure; while nobody can tell, none."""
    try:
        return drafting().of_procedure(tenant, key)
    except Unavailable:
        return []


def posted_version() -> int:
    """The version that the posted form was made from."""
    version = request.form.get("version", "0")
    return int(version) if version.isdecimal() and len(version) < 10 else 0


def posted_id() -> str:
    """The id of the posted form: who posts it twice does one thing."""
    return request.form.get("request_id", "")[:90] or str(uuid.uuid4())
