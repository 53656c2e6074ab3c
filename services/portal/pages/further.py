"""The papers of a supplement: each sent in parts by a script and in the draft at once, or all of them with the form."""

import uuid
from typing import Final

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from services.chassis.errors import Refused, ServiceError
from services.contracts.words import APPLICANT_KINDS
from services.portal import drawing
from services.portal.drafting import Stale
from services.portal.language import LANGUAGES, in_both, say, sentence
from services.portal.pages.apply import drafting, pages, posted_id
from services.portal.pages.asked import Wanted, awaited, wanted_of
from services.portal.pages.uploads import component_of, pass_on, sent_paper, ticket_for
from services.portal.signin import signed_in

Paper = dict[str, str]
Problem = dict[str, str]
MOST_PAPERS: Final = 100


@pages.post("/ho-so/<code>/bo-sung/<component>/mo")
@signed_in(*APPLICANT_KINDS)
def open_further(code: str, component: str) -> ResponseReturnValue:
    """A ticket for one file that a script will send in parts."""
    dossier = awaited(code)
    return ticket_for(component_of(wanted_of(dossier).asked, component)) if dossier else _no_longer()


@pages.post("/ho-so/<code>/bo-sung/<component>/xong")
@signed_in(*APPLICANT_KINDS)
def finish_further(code: str, component: str) -> ResponseReturnValue:
    """A file that came in parts is a paper of the draft from now on.

    Where there can be no draft, `kept` is false: the page alone has the paper, and sends it on with its form.
    """
    dossier = awaited(code)
    if dossier is None:
        return _no_longer()
    wanted = wanted_of(dossier)
    paper = sent_paper(component_of(wanted.asked, component))
    try:
        is_kept = _has_draft(wanted)
        if is_kept:
            drafting().bring(wanted.draft_id, posted_id(), [paper])
    except ServiceError as error:
        return jsonify(say=drawing.told(error)), error.status
    return jsonify(say=say("Đã nhận."), kept=is_kept)


def brought_with(wanted: Wanted) -> tuple[list[Paper], list[Problem]]:
    """The papers that this page alone has, and those that come with its form; and what is wrong with these."""
    dropped = set(request.form.getlist("drop"))
    brought = [_read(text) for text in request.form.getlist("paper")[:MOST_PAPERS]]
    brought = [one for one in brought if one["upload_id"] not in dropped]
    problems = []
    for component in wanted.asked.page["components"]:
        code = component["code"]
        for place, file in enumerate(request.files.getlist(f"file.{code}")):
            if not file.filename:
                continue
            try:
                request_id = f"{posted_id()[:40]}.{code}.{place}.{uuid.uuid4().hex[:8]}"
                brought.append({**pass_on(component, file, request_id), "filename": file.filename[:150]})
            except ServiceError as error:
                said = f"{file.filename[:150]}: {drawing.told(error)}"
                problems.append({"field": f"documents.{code}", "code": error.code, **dict.fromkeys(LANGUAGES, said)})
    return brought, problems


def plain(paper: Paper) -> Paper:
    """A paper as drafts name it."""
    return {name: paper[name] for name in ("component", "upload_id")}


def missing(wanted: Wanted, here: set[str]) -> list[Problem]:
    """The papers that the officer wants, of other components than are here."""
    known = [one["code"] for one in wanted.asked.page["components"]]
    said = in_both(sentence("Chưa có tệp nào của giấy tờ này."))
    places = [f"documents.{code}" for code in known if code in wanted.components and code not in here]
    return [{"field": place, "code": "missing", **said} for place in places]


def _has_draft(wanted: Wanted) -> bool:
    """Whether there is a draft to bring papers to; it is begun here if need be. Raises what intake says no with."""
    if drafting().find(wanted.draft_id):
        return True
    try:
        drafting().keep(wanted.as_it_is, "", f"{posted_id()}.draft")
    except Stale:
        return True  # begun elsewhere meanwhile
    except Refused:
        return False
    return True


def _no_longer() -> ResponseReturnValue:
    return jsonify(say=say("Hồ sơ này không chờ bổ sung.")), 409


def _read(text: str) -> Paper:
    component, upload_id, filename = [*text.split(":", 2), "", ""][:3]
    return {"component": component[:40], "upload_id": upload_id[:64], "filename": filename[:150]}
