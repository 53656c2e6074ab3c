"""Submission and supplement: checked whole against the procedure, then kept, once for each request."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from services.chassis import clock
from services.chassis.actor import Actor
from services.chassis.cause import Cause
from services.chassis.errors import ServiceError, Unavailable
from services.chassis.journal import Stored
from services.chassis.logs import log
from services.contracts.catalogue.dates import local_day
from services.intake import access, brought, checks, domain
from services.intake.catalogue import Catalogue, Row
from services.intake.checks import Given
from services.intake.domain import Submission
from services.intake.dossier import Dossier
from services.intake.drafting import Drafting
from services.intake.finding import found_by
from services.intake.store import Codes, Dossiers
from services.intake.uploads import Uploads

_NUMBER_OF = {"citizen": "id_number", "organisation": "tax_code"}
_KEPT_OF_UPLOAD = ("filename", "content_type", "size", "sha256")


@dataclass(frozen=True, slots=True)
class Request:
    """What an applicant submits, in the shape of `schemas.Submit`."""

    tenant: str
    procedure: str
    applicant: Mapping[str, Any]
    form: Mapping[str, Any]
    documents: Sequence[Mapping[str, str]]
    channel: str
    draft_id: str | None = None

    @property
    def owner(self) -> str:
        """Whose dossier it will be."""
        kind = self.applicant["kind"]
        return access.owner_of(kind, self.applicant[_NUMBER_OF[kind]])


class Submitting:
    """Takes submissions and supplements."""

    def __init__(
        self,
        dossiers: Dossiers,
        codes: Codes,
        uploads: Uploads,
        drafting: Drafting,
        catalogue: Catalogue,
        answer_hours: int,
    ) -> None:
        self._dossiers, self._codes, self._uploads = dossiers, codes, uploads
        self._drafting, self._catalogue = drafting, catalogue
        self._answer_hours = answer_hours

    def submit(self, actor: Actor, cause: Cause, request: Request) -> Stored[Dossier]:
        """Open a dossier; nothing is checked again, and no number lost, when the request is repeated."""
        stored = _once(
            lambda: self._dossiers.find_opened(cause), lambda: self._submit(actor, cause, request, clock.now())
        )
        self._drafting.end_submission(actor, cause, request.draft_id)
        return stored

    def supplement(
        self,
        actor: Actor,
        cause: Cause,
        dossier_code: str,
        form: Mapping[str, Any],
        documents: Sequence[Mapping[str, str]],
    ) -> Stored[Dossier]:
        """Answer a request for what is missing: changed answers, and further papers beside the earlier ones."""
        return _once(
            lambda: self._dossiers.find_applied(dossier_code, cause),
            lambda: self._supplement(actor, cause, dossier_code, form, documents),
        )

    def _submit(self, actor: Actor, cause: Cause, request: Request, at: datetime) -> Stored[Dossier]:
        day = local_day(at)
        row = self._catalogue.procedure(request.tenant, request.procedure, day)
        asked = row["document"]
        access.may_submit(actor, request.owner, request.channel, asked["unit"])
        checks.check_kind(asked, request.applicant["kind"])
        checks.check_channel(asked, request.channel)
        answers = checks.checked_answers(self._catalogue.form(row), request.form)
        papers = brought.given(self._uploads, actor, request.documents)
        checks.check_papers(asked, answers, papers, known=())
        fee_inputs = checks.priced_inputs(asked, answers, day)
        unit = self._catalogue.unit(request.tenant, asked["unit"], day)
        due_at = self._catalogue.answer_due_at(unit, at, self._answer_hours)
        brought.hold(self._uploads, papers, at)
        self._drafting.begin_submission(actor, cause, request.draft_id)
        dossier_code = self._codes.take(unit["agency_code"], day)
        submission = _submission(dossier_code, request, row, papers, fee_inputs, at, due_at)
        stored = self._dossiers.change(
            dossier_code,
            cause,
            partial(domain.submit, submission=submission),
            subject=_subject(dossier_code, request, answers, papers),
            once=True,
        )
        self._name(stored.id, papers)
        return stored

    def _supplement(
        self,
        actor: Actor,
        cause: Cause,
        dossier_code: str,
        form: Mapping[str, Any],
        documents: Sequence[Mapping[str, str]],
    ) -> Stored[Dossier]:
        at, known = clock.now(), self._dossiers.get(dossier_code)
        dossier, subject = known.state, known.subject
        access.may_act(actor, dossier, subject.get("owner", ""))
        round_ = domain.awaited_round(dossier)
        if not form and not documents:
            raise checks.invalid([_NOTHING])
        row = self._catalogue.procedure_version(dossier.tenant, dossier.procedure, dossier.procedure_version)
        answers = checks.checked_answers(self._catalogue.form(row), _merged(subject["form"], form), subject["form"])
        checks.check_same_price(row["document"], subject["form"], answers, local_day(dossier.submitted_at))
        papers = brought.given(self._uploads, actor, documents)
        checks.check_papers(row["document"], answers, papers, dossier.components)
        brought.hold(self._uploads, papers, at)
        decide = partial(domain.supplement, round_=round_, components=_components(papers), at=at)
        added = {
            "form": answers,
            "documents": [*subject["documents"], *_kept(papers, round_)],
            f"earlier_forms.{round_}": subject["form"],
        }
        stored = self._dossiers.change(dossier_code, cause, decide, subject=added)
        self._name(stored.id, papers)
        return stored

    def _name(self, dossier_code: str, papers: Sequence[Given]) -> None:
        """The dossier is kept already: if this word is lost, the sweep finds out by itself."""
        try:
            self._uploads.name_in(dossier_code, [paper.upload_id for paper in papers])
        except Unavailable as error:
            log.warning("uploads_not_named", dossier=dossier_code, reason=error.code)


_NOTHING = {
    "field": "form",
    "code": "nothing_supplemented",
    "vi": "Cần bổ sung ít nhất một mục.",
    "en": "Supplement at least one answer or paper.",
}


def _once(find: Callable[[], Stored[Dossier] | None], act: Callable[[], Stored[Dossier]]) -> Stored[Dossier]:
    """What the request did already, or does now. An error counts only if no twin of the request was faster."""
    done = find()
    if done is not None:
        return done
    try:
        return act()
    except ServiceError:
        done = find()
        if done is None:
            raise
        return done


def _submission(
    dossier_code: str,
    request: Request,
    row: Row,
    papers: Sequence[Given],
    fee_inputs: Mapping[str, Any],
    at: datetime,
    answer_due_at: datetime,
) -> Submission:
    return Submission(
        dossier_code=dossier_code,
        tenant=request.tenant,
        procedure=request.procedure,
        procedure_version=row["valid_from"],
        unit=row["document"]["unit"],
        level=row["document"]["level"],
        applicant_kind=request.applicant["kind"],
        channel=request.channel,
        components=_components(papers),
        fee_inputs=fee_inputs,
        submitted_at=at,
        answer_due_at=answer_due_at,
    )


def _subject(
    dossier_code: str, request: Request, answers: Mapping[str, Any], papers: Sequence[Given]
) -> dict[str, Any]:
    return {
        "owner": request.owner,
        "applicant": dict(request.applicant),
        "found_by": found_by(request.applicant, dossier_code),
        "form": dict(answers),
        "documents": _kept(papers, 0),
    }


def _kept(papers: Sequence[Given], round_: int) -> list[dict[str, Any]]:
    return [
        {
            "component": paper.component,
            "upload_id": paper.upload_id,
            **{name: paper.upload[name] for name in _KEPT_OF_UPLOAD},
            "round": round_,
        }
        for paper in papers
        if paper.upload is not None
    ]


def _components(papers: Sequence[Given]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(paper.component for paper in papers))


def _merged(earlier: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    """The earlier answers with the changed ones; null takes an answer back."""
    together = {**earlier, **changed}
    return {name: answer for name, answer in together.items() if answer is not None}
