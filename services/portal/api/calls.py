"""The calls about procedures, drafts and dossiers: each asks one service on behalf of the caller."""

import hashlib
from typing import Any, Final
from uuid import UUID

from flask import Response, request, url_for

from services.chassis import codec
from services.chassis.errors import Conflict, Invalid
from services.contracts.catalogue.numbers import plain_code
from services.portal.api import answers, requests
from services.portal.api.door import Answer, Door, applicant, ask, keyed, protect
from services.portal.drafting import Draft
from services.portal.limits import limited
from services.portal.offers import Wish
from services.portal.prefill import Fact, gather
from services.portal.wiring import portal

calls: Final = Door("api", __name__, url_prefix="/api/v1", description="Everything that a citizen can do on the pages.")
calls.before_request(protect)


@calls.get("/procedures")
@calls.etag
@calls.arguments(requests.ProcedureSearch, location="query")
@calls.response(200, answers.page_of(answers.ProcedureLine))
@calls.problems()
def find_procedures(wanted: Answer) -> Answer:
    """Procedures that fit, by the Vietnamese alphabet."""
    wish = Wish(*(wanted.get(name, "") for name in ("q", "tenant", "unit", "level", "who")))
    found = [{**one.line, "tenant": one.tenant, "unit_name": one.unit["name"]} for one in portal().offers.find(wish)]
    places = [f"{one['tenant']}.{one['key']}" for one in found]
    start = _behind(places, wanted.get("after"))
    shown = found[start : start + wanted["limit"]]
    is_more = start + wanted["limit"] < len(found)
    return {"items": shown, "next": places[start + len(shown) - 1] if is_more and shown else None}


@calls.get("/procedures/<key:tenant>/<key:key>")
@calls.etag
@calls.response(200, answers.Procedure)
@calls.problems()
def get_procedure(tenant: str, key: str) -> Answer:
    """All about one procedure: its form, papers, price, time limit, and a valid example."""
    return {**portal().offers.procedure(tenant, key), "tenant": tenant}


@calls.get("/procedures/<key:tenant>/<key:key>/known")
@calls.etag
@calls.response(200, answers.Known)
@calls.problems(401, 403)
def get_known(tenant: str, key: str) -> Answer:
    """What the ministry knows already of what the form asks the caller, each value with its source."""
    person = applicant()
    known = gather(portal(), person, tenant, portal().offers.procedure(tenant, key))
    filled = known.fill(Draft("", tenant, key))
    values = [_known(fact) for fact in known.facts]
    return {"applicant": filled.applicant, "form": filled.form, "values": values, "unheard": known.unheard}


@calls.get("/me")
@calls.response(200, answers.Person)
@calls.problems(401, 403)
def get_me() -> Answer:
    """Who is asking."""
    return applicant().kept()


@calls.get("/drafts")
@calls.etag
@calls.arguments(requests.PageOf, location="query")
@calls.response(200, answers.page_of(answers.DraftLine))
@calls.problems(401, 403)
def list_drafts(page: Answer) -> Any:
    """The caller's drafts, last saved first."""
    return ask("intake.list_drafts", **page)


@calls.get("/drafts/<uuid:draft_id>")
@calls.response(200, answers.Draft, headers={"ETag": {"schema": {"type": "string"}}})
@calls.alt_response(304, description="It still is as it was under the ETag that If-None-Match names.")
@calls.problems(401, 403)
def get_draft(draft_id: UUID) -> Any:
    """All that was typed; the ETag is the version that the next PUT names in If-Match."""
    found = ask("intake.get_draft", draft_id=str(draft_id))
    mark = _mark_of(found)
    if request.if_none_match.contains(mark):
        return Response(status=304, headers={"ETag": f'"{mark}"'})
    return found, 200, {"ETag": f'"{mark}"'}


@calls.put("/drafts/<uuid:draft_id>")
@calls.arguments(requests.DraftChange)
@calls.arguments(requests.VersionHeader, location="headers")
@calls.response(200, answers.DraftSaved, headers={"ETag": {"schema": {"type": "string"}}})
@calls.problems(401, 403, 409, 412, 422)
@keyed
def save_draft(change: Answer, request_id: str, draft_id: UUID) -> Any:
    """Save under a UUID of your own; If-Match names the version it was made from (none: a new draft)."""
    try:
        version = _version() or 0
        saved = ask("intake.save_draft", draft_id=str(draft_id), version=version, request_id=request_id, **change)
    except Conflict as error:
        raise _changed_means_412(error) from None
    return saved, 200, {"ETag": f'"{saved["version"]}"'}


@calls.delete("/drafts/<uuid:draft_id>")
@calls.arguments(requests.SeenHeader, location="headers")
@calls.response(204)
@calls.problems(401, 403, 409, 412, 422)
@keyed
def discard_draft(request_id: str, draft_id: UUID) -> None:
    """Leave nothing of a draft; with If-Match only if it still is the version that was seen."""
    try:
        ask("intake.discard_draft", draft_id=str(draft_id), version=_version(), request_id=request_id)
    except Conflict as error:
        raise _changed_means_412(error) from None


@calls.post("/uploads")
@calls.arguments(requests.UploadAsked)
@calls.arguments(requests.Header, location="headers")
@calls.response(201, answers.Ticket)
@calls.problems(401, 403, 409, 422)
@keyed
def open_upload(file: Answer, request_id: str) -> Any:
    """A ticket to send one file with."""
    return ask("intake.open_upload", request_id=request_id, **file)


@calls.post("/checks")
@calls.arguments(requests.Check)
@calls.response(200, answers.Checked)
@calls.problems(401, 403, 422)
def check(submission: Answer) -> Any:
    """What a submission would be refused for now, and what it would cost. Nothing is handed in."""
    return ask("intake.check", channel="online", **submission)


@calls.post("/dossiers")
@calls.arguments(requests.Submission)
@calls.arguments(requests.Header, location="headers")
@calls.response(201, answers.Receipt, headers={"Location": {"schema": {"type": "string"}}})
@calls.problems(401, 403, 409, 422)
@keyed
def submit(submission: Answer, request_id: str) -> Any:
    """Hand in a dossier."""
    receipt = ask("intake.submit", channel="online", request_id=request_id, **submission)
    return receipt, 201, {"Location": url_for(".get_dossier", code=receipt["dossier_code"])}


@calls.get("/dossiers")
@calls.etag
@calls.arguments(requests.DossierSearch, location="query")
@calls.response(200, answers.page_of(answers.DossierLine))
@calls.problems(401, 403)
def list_dossiers(wanted: Answer) -> Any:
    """The caller's dossiers, newest first."""
    return ask("intake.list_dossiers", **wanted)


@calls.get("/dossiers/<code:code>")
@calls.etag
@calls.response(200, answers.Dossier)
@calls.problems(401, 403)
def get_dossier(code: str) -> Any:
    """All of one dossier. With If-None-Match it costs nothing to ask again whether something happened."""
    dossier = ask("intake.get", dossier_code=code)
    return {**dossier, "documents": [_with_address(code, one) for one in dossier["documents"]]}


@calls.get("/dossiers/<code:code>/documents/<code:upload_id>")
@calls.response(200, content_type="application/octet-stream", description="The file, as it was handed in.")
@calls.problems(401, 403)
def get_document(code: str, upload_id: str) -> Response:
    """A paper of a dossier."""
    ask("intake.get", dossier_code=code)
    found = portal().services.download(applicant().actor, code, upload_id)
    answer = Response(found.iter_content(65_536), 200, mimetype=found.headers.get("Content-Type"))
    answer.headers["Content-Disposition"] = found.headers.get("Content-Disposition", "attachment")
    return answer


@calls.get("/dossiers/<code:code>/supplements")
@calls.etag
@calls.response(200, answers.Requests)
@calls.problems(401, 403)
def list_supplements(code: str) -> Any:
    """What the caller was asked to supplement, in the officers' words, the first time first."""
    return ask("routing.get_supplements", dossier_code=code)


@calls.post("/dossiers/<code:code>/supplement")
@calls.arguments(requests.Supplement)
@calls.arguments(requests.Header, location="headers")
@calls.response(200, answers.Short)
@calls.problems(401, 403, 409, 422)
@keyed
def supplement(change: Answer, request_id: str, code: str) -> Any:
    """Answer a request for a supplement."""
    return ask("intake.supplement", dossier_code=code, request_id=request_id, **change)


@calls.post("/dossiers/<code:code>/withdrawal")
@calls.arguments(requests.Withdrawal)
@calls.arguments(requests.Header, location="headers")
@calls.response(200, answers.Short)
@calls.problems(401, 403, 409, 422)
@keyed
def withdraw(why: Answer, request_id: str, code: str) -> Any:
    """Take a dossier back."""
    return ask("intake.withdraw", dossier_code=code, request_id=request_id, **why)


@calls.post("/dossiers/<code:code>/collection")
@calls.arguments(requests.Collection)
@calls.arguments(requests.Header, location="headers")
@calls.response(200, answers.Short)
@calls.problems(401, 403, 409, 422)
@keyed
def collect(how: Answer, request_id: str, code: str) -> Any:
    """Take the result."""
    return ask("intake.return_result", dossier_code=code, request_id=request_id, **how)


@calls.get("/dossiers/<code:code>/notices")
@calls.etag
@calls.arguments(requests.PageOf, location="query")
@calls.response(200, answers.page_of(answers.Notice))
@calls.problems(401, 403)
def list_notices(page: Answer, code: str) -> Any:
    """What was written to the applicant."""
    return ask("notify.list_notices", dossier_code=code, **page)


@calls.post("/lookups")
@calls.arguments(requests.Question)
@calls.response(200, answers.Tracked)
@calls.problems(429)
@limited("lookup")
def look_up(question: Answer) -> Any:
    """The public status of a dossier, without signing in."""
    return portal().services.ask(
        None, "intake.track", dossier_code=plain_code(question["dossier_code"]), id_number=question["id_number"]
    )


@calls.post("/verifications")
@calls.arguments(requests.RecordAsked)
@calls.response(200, answers.Verified)
@calls.problems(422, 429)
@limited("verify")
def verify(asked: Answer) -> Any:
    """Whether a licence is in force; where a holder is named, whether it is that holder's too."""
    target = "registry.verify" if "holder" in asked else "registry.look_up"
    return portal().services.ask(None, target, **asked)


def _with_address(code: str, paper: Answer) -> Answer:
    """A paper with the address at which the caller gets it: services have doors of their own, for other tokens."""
    path = url_for(".get_document", code=code, upload_id=paper["upload_id"])
    return {**paper, "url": f"{portal().settings.portal_url}{path}"}


def _known(fact: Fact) -> Answer:
    source = fact.source
    about = {"source": source.kind, "dataset": source.dataset, "number": source.number, "at": source.at}
    return {"field": fact.path, "value": fact.value, **about}


def _behind(places: list[str], after: str | None) -> int:
    """Where the page behind a place begins. Raises Invalid for a place that is none, or is there no more."""
    if after is None:
        return 0
    if after not in places:
        problem = {"field": "after", "code": "invalid", "vi": "Không phải vị trí trang.", "en": "Not a page position."}
        raise Invalid(
            "portal.invalid", "The request is not valid; see errors.", "Yêu cầu chưa hợp lệ; xem chi tiết.", [problem]
        )
    return places.index(after) + 1


def _version() -> int | None:
    """The version that If-Match names."""
    named = request.if_match.as_set()
    return int(named.pop().partition("-")[0]) if named else None


def _mark_of(draft: Answer) -> str:
    """The version of a draft; while files that it names are not here, with what became of them: it makes no version."""
    states = [one["state"] for one in draft["documents"]]
    if all(state == "finished" for state in states):
        return str(draft["version"])
    return f"{draft['version']}-{hashlib.sha256(codec.encode(states)).hexdigest()[:8]}"


def _changed_means_412(error: Conflict) -> Conflict:
    """A draft that was changed since is a failed precondition here."""
    if error.code == "intake.draft_changed":
        error.status = 412  # type: ignore[misc]
    return error
