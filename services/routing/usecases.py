"""What officers ask of routing and what routing does about events: load, decide, append."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import partial
from typing import Any

from services.chassis import cause, clock
from services.chassis.actor import Actor
from services.chassis.cause import Cause
from services.chassis.errors import ServiceError, Unavailable
from services.chassis.journal import Decide, Journal, Stored
from services.chassis.logs import log
from services.contracts.catalogue.dates import local_day
from services.contracts.catalogue.worktime import CalendarExhausted
from services.contracts.event import Event
from services.routing import access, answers, clocks, deciding, domain, transferring
from services.routing.answers import Answer
from services.routing.case import CLOSED, OPEN, STATUSES, Case, Item
from services.routing.catalogue import Catalogue
from services.routing.domain import FeeFact, Submission
from services.routing.queue import CODE, Wanted
from services.routing.requests import Requests
from services.routing.settings import RoutingSettings
from services.routing.statistics import Statistics
from services.routing.store import CaseStore
from services.routing.terms import refuse_no_rows, refuse_unlisted

Facts = Mapping[str, Any]
Items = Sequence[Mapping[str, Any]]  # {row, outcome, reason}
Rows = tuple[Item, ...]


class RoutingCases:
    """The use cases of routing. Officers' free text goes beside the history, never into an event."""

    def __init__(
        self,
        journal: Journal[Case],
        store: CaseStore,
        statistics: Statistics,
        catalogue: Catalogue,
        settings: RoutingSettings,
        requests: Requests,
    ) -> None:
        self._journal = journal
        self._store = store
        self.statistics = statistics
        self._catalogue = catalogue
        self._settings = settings
        self.requests = requests

    # queries

    def list_cases(
        self,
        actor: Actor,
        *,
        unit: str | None,
        status: str,
        order: str,
        search: str | None,
        limit: int,
        after: str | None,
        officer: str | None,
        officers: Sequence[str],
        dossier_codes: Sequence[str] | None,
        **filters: Any,
    ) -> Answer:
        """A page of a unit's queue, or for `system` of all units'. Raises Denied, Invalid."""
        risk, named = self.statistics.risk(), [officer] if officer is not None else []
        statuses = {"open": OPEN, "closed": CLOSED, "any": STATUSES}.get(status, (status,))
        wanted = Wanted(
            statuses,
            access.unit_to_list(actor, unit),
            officers=(*named, *officers),
            search=search,
            codes=dossier_codes,
            **filters,
        )
        order = order if search is None else CODE
        cases, following = self._store.page(wanted, order, limit, after, risk)
        return {"items": [answers.line(case, risk) for case in cases], "next": following}

    def get_case(self, actor: Actor, dossier_code: str) -> Answer:
        """All that is known of a case. Raises Denied, NotFound."""
        found = self._journal.find(dossier_code)
        case = access.may_read(actor, found.state if found else None)
        return answers.full(
            case, found.subject if found else {}, self._journal.history(dossier_code), self.statistics.risk()
        )

    # actions

    def accept(self, actor: Actor, why: Cause, dossier_code: str) -> Answer:
        """Receive the dossier: its decision clock starts."""
        at, calendar = clock.now(), self._catalogue.calendar_of(self._case_of(actor, dossier_code))
        stored = self._change(dossier_code, why, lambda case: domain.accept(case, actor, calendar, at))
        return answers.summary(stored.state)

    def reject(self, actor: Actor, why: Cause, dossier_code: str, reason: str) -> Answer:
        """Refuse to receive the dossier."""
        at = clock.now()
        stored = self._change(
            dossier_code, why, lambda case: domain.reject(case, actor, at), {"reasons.rejected": reason}
        )
        return answers.summary(stored.state)

    def request_supplement(
        self,
        actor: Actor,
        why: Cause,
        dossier_code: str,
        items: Sequence[dict[str, Any]],
        reason: str,
        respond_within_days: int | None = None,
    ) -> Answer:
        """Ask the applicant for all that is missing."""
        at, asked_of = clock.now(), self._case_of(actor, dossier_code)
        procedure, calendar = self._catalogue.procedure_of(asked_of), self._catalogue.calendar_of(asked_of)
        components = [item["component"] for item in items if "component" in item]
        wording: dict[str, Any] = {}

        def decide(case: Case | None) -> list[Any]:
            access.may_act(actor, case)
            refuse_unlisted(procedure, items)
            respond_by = clocks.respond_by(at, respond_within_days or self._settings.respond_days, calendar)
            made = domain.request_supplement(case, actor, components, at, respond_by)
            wording.clear()  # which round it is shows only now
            wording[f"supplements.{made[0].data['round']}"] = {"items": list(items), "reason": reason}
            return made

        return answers.asked(self._change(dossier_code, why, decide, wording).state)

    def assign(self, actor: Actor, why: Cause, dossier_code: str, officer: str) -> Answer:
        """Give the case to an officer of the unit."""
        at = clock.now()
        stored = self._change(dossier_code, why, lambda case: domain.assign(case, actor, officer, at))
        return answers.summary(stored.state)

    def assign_many(self, actor: Actor, why: Cause, dossier_codes: Sequence[str], officer: str) -> Answer:
        """Give several cases to an officer: each by itself, so that one that cannot be given holds up no other."""
        access.require_officer(actor)
        return {"items": [self._assigned(actor, why, code, officer) for code in dict.fromkeys(dossier_codes)]}

    def _assigned(self, actor: Actor, why: Cause, code: str, officer: str) -> Answer:
        try:
            done = self.assign(actor, why, code, officer)
        except ServiceError as error:
            problem = {"kind": type(error).__name__, "code": error.code, "vi": error.vi, "en": error.en}
            return {"dossier_code": code, "assigned": False, "status": None, "error": problem}
        return {"dossier_code": code, "assigned": True, "status": done["status"], "error": None}

    def transfer(
        self, actor: Actor, why: Cause, dossier_code: str, to_unit: str, reason: str, note: str | None = None
    ) -> Answer:
        """Hand the case on to the unit that is competent; answers how it stands there. Raises Refused."""
        at, case = clock.now(), self._case_of(actor, dossier_code)
        is_known = self._catalogue.has_unit(case.tenant, to_unit, local_day(at))
        wording: dict[str, Any] = {}

        def decide(case: Case | None) -> list[Any]:
            made = transferring.transfer(case, actor, to_unit, reason, is_known, at)
            wording.clear()  # which one it is shows only now
            wording.update({f"transfers.{made[0].data['transfer']}": note} if note else {})
            return made

        return answers.summary(self._change(dossier_code, why, decide, wording).state)

    def propose(
        self, actor: Actor, why: Cause, dossier_code: str, outcome: str, reason: str | None, items: Items = ()
    ) -> Answer:
        """Say how the case should be decided."""
        at, wording = clock.now(), answers.reasons("proposed", reason, items)
        judged = self._judged(
            actor, dossier_code, items, lambda case, rows: deciding.propose(case, actor, outcome, rows, at)
        )
        stored = self._change(dossier_code, why, judged, wording)
        return answers.proposed(stored.state)

    def return_proposal(self, actor: Actor, why: Cause, dossier_code: str, reason: str) -> Answer:
        """Hand a proposal back to the officer in charge."""
        at, wording = clock.now(), {"reasons.returned": reason}
        stored = self._change(dossier_code, why, lambda case: deciding.return_proposal(case, actor, at), wording)
        return answers.summary(stored.state)

    def decide(
        self,
        actor: Actor,
        why: Cause,
        dossier_code: str,
        outcome: str,
        reason: str | None,
        items: Items | None = None,
    ) -> Answer:
        """Grant or refuse what was applied for, or sign what was proposed."""
        at, wording, as_proposed = clock.now(), answers.reasons("decided", reason, items or ()), items is None
        judged = self._judged(
            actor,
            dossier_code,
            items or (),
            lambda case, rows: deciding.decide(case, actor, outcome, None if as_proposed else rows, at),
        )
        stored = self._change(dossier_code, why, judged, wording)
        return answers.decided(stored.state)

    def stop(self, actor: Actor, why: Cause, dossier_code: str, reason: str) -> Answer:
        """End the case without a result."""
        at = clock.now()
        stored = self._change(dossier_code, why, lambda case: domain.stop(case, actor, at), {"reasons.stopped": reason})
        return answers.summary(stored.state)

    # events of others

    def open_case(self, why: Cause, submitted: Facts) -> None:
        """A dossier was submitted. Raises Unavailable until its procedure is here."""
        submission = Submission(**{one.name: submitted[one.name] for one in fields(Submission)})
        terms, at = self._catalogue.terms(submission, submitted["fee_inputs"]), clock.now()
        self._change(
            submission.dossier_code, why, lambda case: domain.open_case(case, submission, terms, at), opens=True
        )

    def receive_supplement(self, why: Cause, supplemented: Facts) -> None:
        """The applicant answered a supplement request. Raises NotFound while that is not here."""
        code, round_, received_at = (supplemented[name] for name in ("dossier_code", "round", "supplemented_at"))
        calendar, hours = self._catalogue.calendar_of(self._known(code)), self._settings.answer_hours
        self._change(code, why, lambda case: domain.receive_supplement(case, round_, received_at, calendar, hours))

    def withdraw_case(self, why: Cause, withdrawn: Facts) -> None:
        """The applicant withdrew. Raises NotFound while the case is not open yet."""
        code, at = withdrawn["dossier_code"], withdrawn["withdrawn_at"]
        self._change(code, why, lambda case: domain.withdraw(case, at))

    def note_fee(self, why: Cause, fee: str, facts: Facts, noted_at: Any) -> None:
        """A fee of the dossier is `required`, `settled` or `waived`. Raises NotFound while the case is not open yet."""
        fact = FeeFact(facts["order_id"], facts["when_due"], fee, noted_at)
        calendar = self._catalogue.calendar_of(self._known(facts["dossier_code"]))
        self._change(facts["dossier_code"], why, lambda case: domain.note_fee(case, fact, calendar))

    def project_catalogue(self, published: Facts) -> None:
        """Keep a published catalogue document."""
        self._catalogue.apply(published)

    # time

    def ring_clocks(self) -> None:
        """Say of each legal clock that ran out that it did; once a clock, however many replicas look."""
        at = clock.now()
        for code, which in self._store.ringing(at):
            why, slip = cause.of_timer(f"deadline_slipped/{code}/{which}"), partial(domain.slip, clock=which, at=at)
            try:
                self._change(code, why, slip)
            except ServiceError as error:  # the next round tries again; the others must not wait for this one
                log.warning("clock_not_rung", dossier=code, reason=error.code)

    def _judged(
        self, actor: Actor, dossier_code: str, items: Items, judge: Callable[[Case | None, Rows], list[Event]]
    ) -> Decide[Case]:
        """How to `judge` the rows that are decided on one by one, if the form has them. Raises Denied, NotFound."""
        rows = tuple(sorted((Item(one["row"], one["outcome"]) for one in items), key=lambda item: item.row))
        procedure = self._catalogue.procedure_of(self._case_of(actor, dossier_code)) if items else None

        def decide(case: Case | None) -> list[Event]:
            if procedure is not None:
                access.may_act(actor, case)
                refuse_no_rows(procedure, items)
            return judge(case, rows)

        return decide

    def _case_of(self, actor: Actor, dossier_code: str) -> Case:
        """The case an officer acts on, for what never changes of it. Raises Denied, NotFound.

        Whether his unit has it shows when it is changed: this may be a minute old, and who asks again with the same
        request id after it was handed on is answered as before.
        """
        access.require_officer(actor)
        return self._known(dossier_code)

    def _known(self, dossier_code: str) -> Case:
        found = self._journal.glance(dossier_code)
        return domain.known(found.state if found else None)

    def _change(
        self,
        dossier_code: str,
        why: Cause,
        decide: Decide[Case],
        subject: Mapping[str, Any] | None = None,
        *,
        opens: bool = False,
    ) -> Stored[Case]:
        try:
            return self._journal.change(dossier_code, why, decide, subject=subject, opens=opens)
        except CalendarExhausted as error:
            raise Unavailable(
                "routing.calendar_awaited",
                f"The office calendar does not know {error.day.isoformat()} yet.",
                "Lịch làm việc của năm đó chưa được công bố.",
            ) from error
