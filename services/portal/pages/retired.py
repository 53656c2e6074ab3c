"""A draft whose procedure is there no more: it can be read and done away with, and nothing typed is lost unseen."""

import uuid
from typing import Final

from flask import render_template, request
from flask.typing import ResponseReturnValue

from services.chassis import clock
from services.portal import forms, unasked
from services.portal.drafting import Draft
from services.portal.language import local, words
from services.portal.signin import who

_LONGEST_KEY: Final = 60


def as_posted(draft_id: str, version: int) -> Draft:
    """What a posted form holds, as text: no procedure tells what was asked."""
    posted = request.form
    tenant, key = (posted.get(name, "")[:_LONGEST_KEY] for name in ("tenant", "procedure"))
    applicant, form = (unasked.read(part, (), posted) for part in ("applicant", "form"))
    return Draft(draft_id, tenant, key, version, applicant, form)


def show_retired(draft: Draft, status: int = 200) -> ResponseReturnValue:
    """What was typed, in the words of the procedure as it was when the draft was saved."""
    at = local(draft.saved_at) or local(clock.now())
    then = unasked.as_of(draft.tenant, draft.procedure, at.date()) if at else ()
    asked_of = forms.applicant_fields(who().kind)
    applicant = [(words(field["label"]), draft.applicant.get(field["name"])) for field in asked_of]
    page = render_template(
        "apply/retired.html",
        draft=draft,
        typed=[*applicant, *unasked.labelled((), draft.form, then)],
        request_id=str(uuid.uuid4()),
    )
    return page, status
