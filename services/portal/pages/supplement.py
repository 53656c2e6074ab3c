"""What an officer asked for as one list, answered in one page: changed answers and further papers."""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from services.chassis import codec
from services.chassis.errors import Conflict, Invalid, NotFound, Refused, ServiceError, Unavailable
from services.contracts.words import APPLICANT_KINDS
from services.portal import drawing, forms
from services.portal.following import explained, letter_of
from services.portal.language import LANGUAGES, say, words
from services.portal.pages.apply import after_button, pages
from services.portal.pages.asked import Asked
from services.portal.pages.uploads import pass_on
from services.portal.signin import signed_in, who
from services.portal.wiring import portal

__all__ = ["pages"]  # its pages stand among those of `apply`
Document = Mapping[str, Any]
Paper = dict[str, str]
_MOST_PAPERS: Final = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """A dossier that waits for its applicant, what its procedure asks, and the letter that says what is missing."""

    dossier: Document
    asked: Asked
    letter: str

    @property
    def components(self) -> list[str]:
        """The codes of the papers that the officer wants."""
        return list(self.dossier["supplement"]["components"])


@pages.get("/ho-so/<code>/bo-sung")
@signed_in(*APPLICANT_KINDS)
def supplement(code: str) -> ResponseReturnValue:
    """What is wanted, and room to answer it."""
    dossier = _dossier(code)
    if not _is_awaited(dossier):
        return _onward(code, say("Hồ sơ này không chờ bổ sung."), "warn")
    return _draw(_wanted(dossier), dossier["form"] or {}, [])


@pages.post("/ho-so/<code>/bo-sung")
@signed_in(*APPLICANT_KINDS)
def answer(code: str) -> ResponseReturnValue:
    """Keep the files that came; send the answer once it is whole."""
    dossier = _dossier(code)
    if not _is_awaited(dossier):
        return _onward(code, say("Hồ sơ này không chờ bổ sung."), "warn")
    wanted = _wanted(dossier)
    act, _, about = request.form.get("do", "").partition(":")
    posted = forms.read_posted("form", wanted.asked.fields, request.form)
    typed, problems = after_button(wanted.asked, posted, act, about)
    brought, refused = _brought(wanted)
    problems += refused
    if problems or act != "send":
        return _draw(wanted, typed, brought, problems, status=422 if problems else 200)
    answers = forms.answers(wanted.asked.fields, typed)
    content = {"form": changed(dossier["form"] or {}, answers), "documents": [_plain(one) for one in brought]}
    try:
        portal().services.ask(
            who().actor, "intake.supplement", dossier_code=code, request_id=_request_id(content), **content
        )
    except (Invalid, Refused, Conflict, Unavailable) as error:
        return _draw(wanted, typed, brought, _placed(brought, error), notice=error, status=error.status)
    return _onward(code, say("Đã gửi bổ sung cho hồ sơ %(code)s.", code=code), "good")


def changed(before: Document, now: Document) -> dict[str, Any]:
    """The answers that differ; None takes one back."""
    names = dict.fromkeys([*before, *now])
    return {name: now.get(name) for name in names if before.get(name) != now.get(name)}


def _dossier(code: str) -> Document:
    found: Document = portal().services.ask(who().actor, "intake.get", dossier_code=code[:60])
    return found


def _is_awaited(dossier: Document) -> bool:
    return bool(dossier["supplement"] and dossier["supplement"]["open"])


def _wanted(dossier: Document) -> Wanted:
    """What is missing in the officer's words; while the letter cannot be had, the papers alone."""
    procedure, _ = explained(dossier)
    try:
        letter = letter_of(dossier["dossier_code"], "supplement") or {}
    except (NotFound, Unavailable):
        letter = {}
    return Wanted(dossier, Asked(procedure), letter.get("text") or "")


def _brought(wanted: Wanted) -> tuple[list[Paper], list[Paper]]:
    """The papers that came earlier and stay, and those that come now; and what is wrong with these."""
    dropped = set(request.form.getlist("drop"))
    brought = [_read(text) for text in request.form.getlist("paper")[:_MOST_PAPERS] if text not in dropped]
    problems = []
    for component in wanted.asked.page["components"]:
        code = component["code"]
        for place, file in enumerate(request.files.getlist(f"file.{code}")):
            if not file.filename:
                continue
            try:
                request_id = f"{request.form.get('nonce', '')[:40]}.{code}.{place}.{uuid.uuid4().hex[:8]}"
                brought.append({**pass_on(component, file, request_id), "filename": file.filename[:150]})
            except ServiceError as error:
                said = f"{file.filename[:150]}: {drawing.told(error)}"
                problems.append({"field": f"documents.{code}", "code": error.code, **dict.fromkeys(LANGUAGES, said)})
    return brought, problems


def _read(text: str) -> Paper:
    component, upload_id, filename = [*text.split(":", 2), "", ""][:3]
    return {"component": component[:40], "upload_id": upload_id[:64], "filename": filename[:150]}


def _plain(paper: Paper) -> Paper:
    return {name: paper[name] for name in ("component", "upload_id")}


def _placed(brought: Sequence[Paper], error: ServiceError) -> list[dict[str, str]]:
    """The problems with papers stand beside the component instead of their place in the list."""
    placed = []
    for one in error.errors:
        part, _, rest = one["field"].partition(".")
        if part == "documents" and rest.isdecimal() and int(rest) < len(brought):
            one = {**one, "field": f"documents.{brought[int(rest)]['component']}"}
        placed.append(one)
    return placed


def _request_id(content: Document) -> str:
    """The same for the same answer of the same page, so that it is done once however often it is sent."""
    nonce = request.form.get("nonce", "")[:40] or str(uuid.uuid4())
    return f"{nonce}.{hashlib.sha256(codec.encode(content)).hexdigest()[:32]}"


def _onward(code: str, said: str, kind: str) -> ResponseReturnValue:
    flash(said, kind)
    has_page = "dossiers.show" in current_app.view_functions
    return redirect(url_for("dossiers.show", code=code) if has_page else url_for("home.show"), 303)


def _draw(
    wanted: Wanted,
    typed: Document,
    brought: list[Paper],
    problems: Sequence[dict[str, str]] = (),
    *,
    notice: ServiceError | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    fields = wanted.asked.fields
    names = {one["code"]: words(one["name"]) for one in wanted.asked.page["components"]}
    shown = drawing.shown_problems(fields, who().kind, forms.readable(fields, problems))
    listed = [
        {**one, "label": one["label"] or names.get(one["field"].partition(".")[2], "")} for one in shown["errors"]
    ]
    page = render_template(
        "apply/supplement.html",
        page=wanted.asked.page,
        dossier=wanted.dossier,
        wanted=wanted,
        names=names,
        form=forms.drawable(fields, typed),
        brought=brought,
        errors=listed,
        wrong=shown["wrong"],
        notice=notice,
        nonce=request.form.get("nonce") or str(uuid.uuid4()),
        draft={"tenant": wanted.dossier["tenant"], "procedure": wanted.dossier["procedure"]},
        pasted={name[6:]: text for name, text in request.form.items() if name.startswith("paste.") and problems},
    )
    return page, status
