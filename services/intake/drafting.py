"""Drafts as use cases: saved as somebody types, found again on another device, gone once they are submitted."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from services.chassis import clock
from services.chassis.actor import Actor
from services.chassis.cause import Cause
from services.chassis.errors import NotFound, Unavailable
from services.chassis.logs import log
from services.chassis.store import Document
from services.intake import access, brought, checks
from services.intake.checks import Given
from services.intake.drafts import Drafts, Place, unknown_draft
from services.intake.store import Dossiers
from services.intake.uploads import Uploads

Answer = dict[str, Any]
_ABOUT = ("tenant", "procedure", "dossier_code")
_LINE = ("draft_id", *_ABOUT, "version", "saved_at", "expires_at")
_OF_UPLOAD = ("filename", "content_type", "size")
_USABLE = ("finished", "upload_not_finished")


class Drafting:
    """What applicants and officers do with drafts of their own."""

    def __init__(self, drafts: Drafts, uploads: Uploads, dossiers: Dossiers, days: int) -> None:
        self._drafts, self._uploads, self._dossiers = drafts, uploads, dossiers
        self._kept = timedelta(days=days)

    def save(
        self,
        actor: Actor,
        cause: Cause,
        draft_id: str,
        version: int,
        documents: Sequence[Mapping[str, str]],
        **content: Any,
    ) -> Answer:
        """Keep what was typed so far; papers that it names from now on are held for it."""
        access.may_draft(actor)
        place, at = Place(access.holder(actor), draft_id), clock.now()
        self._hold_new(place, brought.given(self._uploads, actor, documents))
        about = {name: content.get(name) for name in _ABOUT}
        subject = {"owner": place.owner, "applicant": content["applicant"], "form": content["form"]}
        whole = {**about, "subject": {**subject, "documents": list(documents)}}
        times = {"saved_at": at, "expires_at": at + self._kept}
        saved = self._drafts.save(place, cause, version, {**whole, **times})
        return {"draft_id": draft_id, **{name: saved[name] for name in ("version", "saved_at", "expires_at")}}

    def get(self, actor: Actor, draft_id: str) -> Answer:
        """All that was typed, and what became of its papers. Raises NotFound."""
        place = self._place(actor, draft_id)
        found = self._drafts.find(place)
        if found is None or not self._living([found]):
            raise unknown_draft()
        subject = found["subject"]
        papers = [_paper(one) for one in brought.given(self._uploads, actor, subject["documents"])]
        return {**_line(found), "applicant": subject["applicant"], "form": subject["form"], "documents": papers}

    def listed(self, actor: Actor, limit: int, after: str | None) -> Answer:
        """A page of the actor's drafts, last saved first."""
        access.may_draft(actor)
        rows, following = self._drafts.listed(access.holder(actor), limit, after)
        return {"items": [_line(row) for row in self._living(rows)], "next": following}

    def discard(self, actor: Actor, cause: Cause, draft_id: str, version: int | None = None) -> Answer:
        """Leave nothing of it; what is gone already is gone. Raises Conflict where it is no more the version named."""
        self._drafts.discard(self._place(actor, draft_id), cause, clock.now(), version)
        return {"draft_id": draft_id, "discarded": True}

    def begin_submission(self, actor: Actor, cause: Cause, draft_id: str | None) -> None:
        """A dossier is about to be made of the draft, if there still is one."""
        if draft_id is not None:
            self._drafts.mark(Place(access.holder(actor), draft_id), cause.id)

    def end_submission(self, actor: Actor, cause: Cause, draft_id: str | None) -> None:
        """The dossier is kept: if this word is lost, whoever looks for the draft finds out."""
        if draft_id is None:
            return
        try:
            self._drafts.submitted(Place(access.holder(actor), draft_id), cause.id, clock.now())
        except Unavailable as error:
            log.warning("draft_not_ended", reason=error.code)

    def answered(self, actor: Actor, cause: Cause, draft_id: str | None) -> None:
        """What it holds has been handed in as a supplement: if this word is lost, the draft stays until it is over."""
        if draft_id is None:
            return
        try:
            self._drafts.discard(Place(access.holder(actor), draft_id), cause, clock.now())
        except (NotFound, Unavailable) as error:
            log.warning("draft_not_ended", reason=error.code)

    def _place(self, actor: Actor, draft_id: str) -> Place:
        access.may_draft(actor)
        return Place(access.holder(actor), draft_id)

    def _hold_new(self, place: Place, papers: Sequence[Given]) -> None:
        """A paper that an earlier version named may be gone since: what is typed is kept all the same."""
        if not papers:
            return
        before = self._drafts.find(place)
        named = {one["upload_id"] for one in before["subject"]["documents"]} if before else set()
        new = [(at, one) for at, one in enumerate(papers) if one.upload_id not in named]
        wrong = [checks.paper_problem(at, one.state) for at, one in new if one.state not in _USABLE]
        if wrong:
            raise checks.invalid(wrong)
        brought.hold(self._uploads, [one for _, one in new if one.state == "finished"], clock.now())

    def _living(self, rows: Sequence[Document]) -> list[Document]:
        """Those of the drafts of which no dossier was made."""
        marks = {row["submitted_by"] for row in rows if "submitted_by" in row}
        opened = self._dossiers.opened_by(marks) if marks else set()
        return [row for row in rows if row.get("submitted_by") not in opened]


def _line(draft: Mapping[str, Any]) -> Answer:
    return {name: draft.get(name) for name in _LINE}  # older ones know of no dossier


def _paper(paper: Given) -> Answer:
    """A paper of a draft; its `state` is `finished`, or why it could not be handed in as it is."""
    known = {name: paper.upload[name] if paper.upload else None for name in _OF_UPLOAD}
    return {"component": paper.component, "upload_id": paper.upload_id, **known, "state": paper.state}
