"""What can be asked of intake: load, decide, append. Submissions are in `submitting`, uploads in `receiving`,
drafts in `drafting`."""

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Final

from services.chassis import clock
from services.chassis.actor import Actor
from services.chassis.cause import Cause
from services.chassis.errors import NotFound
from services.chassis.journal import Stored
from services.chassis.logs import log
from services.contracts.catalogue.dates import local_day, local_midnight
from services.contracts.catalogue.numbers import plain_number
from services.contracts.event import Event
from services.intake import access, domain, views
from services.intake.catalogue import Catalogue
from services.intake.checking import Checking
from services.intake.counting import Counting
from services.intake.dossier import Dossier
from services.intake.drafting import Drafting
from services.intake.drafts import Drafts
from services.intake.finding import Finding, Typed
from services.intake.papers import Papers
from services.intake.receiving import Receiving
from services.intake.resuming import Resuming
from services.intake.settings import IntakeSettings
from services.intake.store import Codes, Dossiers
from services.intake.submitting import Request, Submitting
from services.intake.tallies import Tallies
from services.intake.uploads import Uploads

Answer = dict[str, Any]
_RELEASES_OVERLAP: Final = timedelta(days=1)  # so long an installation is renewed, process by process


@dataclass(frozen=True, slots=True)
class Stores:
    """Where intake keeps things."""

    dossiers: Dossiers
    codes: Codes
    uploads: Uploads
    papers: Papers
    drafts: Drafts
    tallies: Tallies
    finding: Finding


class IntakeCases:
    """Every use case of intake."""

    def __init__(self, stores: Stores, catalogue: Catalogue, settings: IntakeSettings) -> None:
        self._dossiers, self._uploads, self._papers = stores.dossiers, stores.uploads, stores.papers
        self._catalogue, self._settings = catalogue, settings
        self._finding = stores.finding
        self._filled_until: datetime | None = None
        self.counting = Counting(stores.tallies, settings.tally_seconds)
        self.checking = Checking(stores.uploads, catalogue, settings.answer_hours)
        self.drafting = Drafting(stores.drafts, stores.uploads, stores.dossiers, settings.draft_days)
        self._submitting = Submitting(
            stores.dossiers, stores.codes, stores.uploads, self.drafting, catalogue, settings.answer_hours
        )
        self.receiving = Receiving(stores.uploads, stores.papers, stores.dossiers, stores.drafts, settings)
        self.resuming = Resuming(stores.uploads, stores.papers, self.receiving, settings)

    def list_procedures(self, tenant: str, limit: int, after: str | None) -> Answer:
        """The procedures of a ministry in force today, by key."""
        today = _today()
        rows = self._catalogue.procedures(tenant, today, limit + 1, after)
        items = [views.procedure_line(row, today) for row in rows[:limit]]
        return {"items": items, "next": items[-1]["key"] if len(rows) > limit else None}

    def get_procedure(self, tenant: str, key: str) -> Answer:
        """All that an applicant needs to know of a procedure."""
        today = _today()
        row = self._catalogue.procedure(tenant, key, today)
        return views.procedure_page(row, self._catalogue.unit(tenant, row["document"]["unit"], today), today)

    def submit(self, actor: Actor, cause: Cause, **request: Any) -> Answer:
        """Open a dossier."""
        return views.receipt(self._submitting.submit(actor, cause, Request(**request)).state)

    def supplement(self, actor: Actor, cause: Cause, dossier_code: str, **given: Any) -> Answer:
        """Answer a request for what is missing; a `draft_id` among what is given is that of the draft it ends."""
        draft_id = given.pop("draft_id", None)
        dossier = self._submitting.supplement(actor, cause, dossier_code, **given).state
        self.drafting.answered(actor, cause, draft_id)
        answered = {"round": dossier.supplemented_round, "supplemented_at": dossier.supplemented_at}
        return {**views.short(dossier), **answered}

    def withdraw(self, actor: Actor, cause: Cause, dossier_code: str, reason: str) -> Answer:
        """Take a dossier back."""
        owner, at = _owner(self._dossiers.get(dossier_code)), clock.now()

        def decide(dossier: Dossier | None) -> list[Event]:
            access.may_act(actor, _there(dossier), owner)
            return domain.withdraw(dossier, at)

        dossier = self._dossiers.change(dossier_code, cause, decide, subject={"reasons.withdrawal": reason}).state
        return {**views.short(dossier), "withdrawn_at": dossier.withdrawn_at}

    def return_result(self, actor: Actor, cause: Cause, dossier_code: str, method: str) -> Answer:
        """The applicant has the result in hand."""
        owner, at = _owner(self._dossiers.get(dossier_code)), clock.now()

        def decide(dossier: Dossier | None) -> list[Event]:
            access.may_return(actor, _there(dossier), owner)
            return domain.return_result(dossier, method, at)

        dossier = self._dossiers.change(dossier_code, cause, decide).state
        return {**views.short(dossier), "returned_at": dossier.returned_at}

    def get(self, actor: Actor, dossier_code: str) -> Answer:
        """Everything of a dossier."""
        known = self._seen(actor, dossier_code)
        return views.whole(known.state, known.subject, self._settings.intake_url)

    def find_owner(self, actor: Actor, dossier_code: str) -> Answer | None:
        """Whose a dossier is and which unit's, for services that keep no numbers themselves; or None."""
        access.require_system(actor)
        found = self._dossiers.find_part(dossier_code, "state.unit", "subject.owner")
        return views.owner(found) if found else None

    def get_contact(self, actor: Actor, dossier_code: str) -> Answer:
        """Whom to write to about a dossier, and under which procedure. Raises NotFound."""
        access.require_system(actor)
        found = self._dossiers.find_part(dossier_code, *views.CONTACT)
        if found is None:
            raise domain.unknown_dossier()
        return views.contact(found)

    def track(self, dossier_code: str, id_number: str) -> Answer:
        """The public status, for whoever knows the code and the applicant's number. Raises NotFound."""
        known = self._dossiers.get(dossier_code)
        _, _, number = _owner(known).partition(":")
        if not number or not hmac.compare_digest(number.encode(), plain_number(id_number).encode()):
            raise domain.unknown_dossier()
        return views.public(known.state)

    def find_last_applicant(self, actor: Actor) -> Answer | None:
        """What the actor last said of himself: his contact details, and where from."""
        found = self._dossiers.last_of(access.own_scope(actor))
        return views.last_applicant(found) if found else None

    def list_dossiers(self, actor: Actor, limit: int, after: str | None, **filters: str | None) -> Answer:
        """A page of the dossiers that the actor may see, the newest first."""
        owner, unit = access.list_scope(actor, filters["unit"])
        page, following = self._dossiers.listed({**filters, "owner": owner, "unit": unit}, limit, after)
        return {"items": [views.listed(dossier) for dossier in page], "next": following}

    def list_register(self, actor: Actor, from_day: date, to_day: date, limit: int, after: str | None) -> Answer:
        """A page of the register of the officer's unit, the oldest first."""
        since, until = local_midnight(from_day), local_midnight(to_day + timedelta(days=1))
        unit = access.officers_scope(actor)
        page, following = self._dossiers.registered(unit, since, until, limit, after)
        return {"items": [views.registered(one.state, one.subject) for one in page], "next": following}

    def find_codes(self, actor: Actor, text: str, limit: int) -> Answer:
        """The codes of the newest dossiers of the officer's unit that a name or a number finds."""
        codes, more = self._finding.codes(access.officers_scope(actor), Typed.read(text), limit)
        return {"dossier_codes": codes, "more": more}

    def fill_found_by(self) -> None:
        """Have dossiers found that an earlier release took: all of them in the first round, later the last day's."""
        began_at = clock.now()
        filled = self._finding.fill(self._filled_until)
        self._filled_until = began_at - _RELEASES_OVERLAP
        if filled:
            log.info("found_by_filled", dossiers=filled)

    def document(self, actor: Actor, dossier_code: str, which: str) -> tuple[Mapping[str, Any], Iterator[bytes]]:
        """A paper of a dossier and its content; `which` is its upload id or its place in the list, from 0."""
        documents = self._seen(actor, dossier_code).subject.get("documents", [])
        found = [one for place, one in enumerate(documents) if which in {one["upload_id"], str(place)}]
        file_id = self._uploads.file_id(found[0]["upload_id"]) if found else None
        if file_id is None:
            raise NotFound("intake.unknown_document", "There is no such document.", "Không có tài liệu này.")
        return found[0], self._papers.pieces(file_id)

    def note(self, heard: Event, cause: Cause, sequence: int = 0) -> None:
        """Note in its dossier what another service did."""
        decide = partial(domain.note, heard=heard, at=clock.now(), sequence=sequence)
        self._dossiers.change(heard.data["dossier_code"], cause, decide)

    def project(self, published: Mapping[str, Any]) -> None:
        """Keep a published document of the catalogue."""
        self._catalogue.keep(published)

    def _seen(self, actor: Actor, dossier_code: str) -> Stored[Dossier]:
        known = self._dossiers.get(dossier_code)
        access.may_see(actor, known.state, _owner(known))
        return known


def _there(dossier: Dossier | None) -> Dossier:
    if dossier is None:
        raise domain.unknown_dossier()
    return dossier


def _owner(known: Stored[Dossier]) -> str:
    """Whose dossier it is; nobody's once the personal data is erased."""
    return str(known.subject.get("owner", ""))


def _today() -> date:
    return local_day(clock.now())
