"""The papers of a draft: chosen, sent on to intake, taken out again. Browsers send them here and nowhere else."""

import re
import uuid
from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, Flask, current_app, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from services.chassis.errors import Invalid, NotFound, Refused, ServiceError
from services.contracts.words import APPLICANT_KINDS
from services.portal import attachments, drawing
from services.portal.drafting import Draft
from services.portal.language import LANGUAGES, say, words
from services.portal.pages.apply import drafting
from services.portal.pages.asked import Asked
from services.portal.sessions import cookie_of
from services.portal.signin import person, signed_in, who
from services.portal.wiring import portal

pages = Blueprint("uploads", __name__)
Problem = dict[str, str]
_SIZE: Final = re.compile(r"\d{1,12}", re.ASCII)
_MOST_AT_ONCE: Final = 20
_SEND_AGAIN: Final = 408  # a part that did not come whole: our script pauses, and sends it once more
_PAGES_OF: Final = {  # where files are sent from; a form sends its tables as CSV
    "uploads.bring": "uploads.show",
    "apply.answer": "apply.supplement",
    "apply.save": "apply.resume",
}
_LARGEST_POST: Final = 400_000_000  # files of one form; each goes to a temporary file as it comes


def make_room(app: Flask) -> None:
    """Let people who have signed in send files, and have the others do so; before anything reads the form."""

    @app.before_request
    def _allow() -> ResponseReturnValue | None:
        page = _PAGES_OF.get(request.endpoint or "")
        if page is None:
            return None
        if cookie_of(current_app) in request.cookies and person():
            request.max_content_length = _LARGEST_POST
        elif (request.content_length or 0) > current_app.config["MAX_CONTENT_LENGTH"]:
            given = {name: value for name, value in (request.view_args or {}).items() if name != "component"}
            return render_template("errors/ended.html", back=url_for(page, **given)), 400
        return None


@pages.get("/ban-nhap/<uuid:draft_id>/giay-to")
@signed_in(*APPLICANT_KINDS)
def show(draft_id: uuid.UUID) -> ResponseReturnValue:
    """The papers that the procedure asks for, and those that are here."""
    draft = drafting().get(str(draft_id))
    try:
        return _draw(draft)
    except NotFound:  # the procedure was retired: the first step says so
        return redirect(url_for("apply.resume", draft_id=draft.id))


@pages.post("/ban-nhap/<uuid:draft_id>/giay-to/<component>")
@signed_in(*APPLICANT_KINDS)
def bring(draft_id: uuid.UUID, component: str) -> ResponseReturnValue:
    """Files from a plain form; those that are in order are kept, of the others it is said what is wrong."""
    draft = drafting().get(str(draft_id))
    asked = _component(draft, component)
    files = [file for file in request.files.getlist("file") if file.filename]
    problems, taken, request_id = [], [], _request_id()
    for place, file in enumerate(files[:_MOST_AT_ONCE]):
        try:
            taken.append(pass_on(asked, file, f"{request_id}.{place}"))
        except ServiceError as error:
            problems.append(_problem(component, _named(file.filename, drawing.told(error))))
    if len(files) > _MOST_AT_ONCE:
        problems.append(_problem(component, say("Mỗi lần gửi nhiều nhất %(most)s tệp.", most=_MOST_AT_ONCE)))
    if not files:
        problems.append(_problem(component, say("Hãy chọn tệp trước khi tải lên.")))
    if taken:
        draft = drafting().bring(draft.id, f"{request_id}.papers", taken)
    if problems:
        return _draw(drafting().get(draft.id), problems, 422)
    flash(say("Đã nhận %(count)s tệp.", count=len(taken)), "good")
    return redirect(url_for(".show", draft_id=draft.id, _anchor=f"f-documents.{component}"), 303)


@pages.post("/ban-nhap/<uuid:draft_id>/bo-giay-to")
@signed_in(*APPLICANT_KINDS)
def take_out(draft_id: uuid.UUID) -> ResponseReturnValue:
    """One file less."""
    draft = drafting().take_out(str(draft_id), _request_id(), request.form.get("upload_id", ""))
    return redirect(url_for(".show", draft_id=draft.id), 303)


@pages.post("/ban-nhap/<uuid:draft_id>/giay-to/<component>/mo")
@signed_in(*APPLICANT_KINDS)
def open_one(draft_id: uuid.UUID, component: str) -> ResponseReturnValue:
    """A ticket for one file that a script will send in parts."""
    return ticket_for(_component(drafting().get(str(draft_id)), component))


@pages.route("/tai-len/<upload_id>/<ticket>", methods=["HEAD", "PATCH"])
@signed_in(*APPLICANT_KINDS)
def pass_part(upload_id: str, ticket: str) -> ResponseReturnValue:
    """The next part of a file on its way to intake, or how much of it is there: tus 1.0.0, as intake speaks it."""
    tickets, actor = portal().services.tickets, who().actor
    stated = request.headers.get("Upload-Offset", "")
    try:
        if request.method == "HEAD":
            offset = tickets.offset(actor, upload_id, ticket)
        else:
            try:
                part = request.get_data(cache=False)
            except Invalid as error:
                return jsonify(say=drawing.told(error)), _SEND_AGAIN
            begin = int(stated) if _SIZE.fullmatch(stated) else 0
            offset = tickets.append(actor, upload_id, ticket, begin, part)
    except ServiceError as error:
        return jsonify(say=drawing.told(error)), error.status
    return "", 204, {"Upload-Offset": str(offset), "Tus-Resumable": "1.0.0"}


@pages.post("/ban-nhap/<uuid:draft_id>/giay-to/<component>/xong")
@signed_in(*APPLICANT_KINDS)
def finish_one(draft_id: uuid.UUID, component: str) -> ResponseReturnValue:
    """A file that came in parts is a paper of the draft from now on."""
    draft = drafting().get(str(draft_id))
    paper = sent_paper(_component(draft, component))
    try:
        drafting().bring(draft.id, _request_id(), [paper])
    except ServiceError as error:
        return jsonify(say=drawing.told(error)), error.status
    return jsonify(say=say("Đã nhận."))


def ticket_for(component: Mapping[str, Any]) -> ResponseReturnValue:
    """Where the file that is described in the posted form is sent in parts as this paper, or why it cannot be."""
    posted = request.form
    size = posted.get("size", "")
    try:
        name = attachments.plain_name(posted.get("filename", ""))
        whole = int(size) if _SIZE.fullmatch(size) else 0
        opened = _open(component, name, whole, posted.get("sha256", ""), _request_id())
    except ServiceError as error:
        return jsonify(say=drawing.told(error)), error.status
    upload_id, ticket = opened["url"].rsplit("/", 2)[-2:]
    return jsonify(upload_id=upload_id, address=url_for("uploads.pass_part", upload_id=upload_id, ticket=ticket))


def sent_paper(component: Mapping[str, Any]) -> dict[str, str]:
    """The file that the posted form says to have been sent, as this paper."""
    return {"component": component["code"], "upload_id": request.form.get("upload_id", "")[:64]}


def refused_file(code: str, component: Mapping[str, Any]) -> Refused:
    """Why a file cannot be this paper, in words."""
    accepts = ", ".join(component["accepts"]).upper()
    said = {
        "type_not_accepted": lambda: say("Chỉ nhận tệp %(types)s.", types=accepts),
        "too_large": lambda: say("Tệp quá lớn: nhiều nhất %(size)s.", size=drawing.size_words(component["max_bytes"])),
        "empty": lambda: say("Tệp rỗng."),
    }[code]()
    return Refused(f"portal.{code}", said, said)


def pass_on(component: Mapping[str, Any], file: FileStorage, request_id: str) -> dict[str, str]:
    """Send one file to intake, as it is declared. Raises Refused, Unavailable."""
    name = attachments.plain_name(file.filename or "")
    size, sha256 = attachments.digest(file.stream)
    opened = _open(component, name, size, sha256, request_id)
    upload_id, ticket = opened["url"].rsplit("/", 2)[-2:]
    content_type = attachments.CONTENT_TYPES[attachments.file_type(name) or ""]
    portal().services.tickets.put(who().actor, upload_id, ticket, content_type, file.stream)
    return {"component": component["code"], "upload_id": opened["upload_id"]}


def _open(component: Mapping[str, Any], name: str, size: int, sha256: str, request_id: str) -> Mapping[str, Any]:
    """A ticket of intake for this file as this paper. Raises Refused."""
    code = attachments.why_not(component, name, size)
    if code:
        raise refused_file(code, component)
    opened: Mapping[str, Any] = portal().services.ask(
        who().actor,
        "intake.open_upload",
        request_id=request_id,
        filename=name,
        content_type=attachments.CONTENT_TYPES[attachments.file_type(name) or ""],
        size=size,
        sha256=sha256,
    )
    return opened


def component_of(asked: Asked, code: str) -> Mapping[str, Any]:
    """The paper of that code. Raises NotFound."""
    found = asked.component(code)
    if found is None:
        raise NotFound("portal.no_page", "There is nothing at this address.", "Không có trang này.")
    return found


def _component(draft: Draft, code: str) -> Mapping[str, Any]:
    return component_of(Asked.of(draft), code)


def _draw(draft: Draft, problems: list[Problem] | None = None, status: int = 200) -> ResponseReturnValue:
    asked = Asked.of(draft)
    names = {one["code"]: one["name"] for one in asked.page["components"]}
    shown = drawing.shown_problems(asked.fields, who().kind, problems or [])
    listed = [{**one, "label": words(names.get(one["field"].partition(".")[2]))} for one in shown["errors"]]
    page = render_template(
        "apply/papers.html",
        page=asked.page,
        draft=draft,
        request_id=str(uuid.uuid4()),
        errors=listed,
        wrong=shown["wrong"],
    )
    return page, status


def _named(filename: str | None, said: str) -> str:
    return f"{attachments.plain_name(filename or '')}: {said}"


def _problem(component: str, said: str) -> Problem:
    return {"field": f"documents.{component}", "code": "refused", **dict.fromkeys(LANGUAGES, said)}


def _request_id() -> str:
    return request.form.get("request_id", "")[:80] or str(uuid.uuid4())
