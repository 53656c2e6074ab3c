"""What a case tells those whom it concerns, its applicant among them: what is asked, who received it, the decision."""

from typing import Protocol

from services.chassis.actor import Actor
from services.chassis.journal import Journal, Stored
from services.contracts.words import APPLICANT_KINDS
from services.routing import access, answers
from services.routing.answers import Answer
from services.routing.case import Case


class Ownership(Protocol):
    """Whose dossiers are."""

    def owns(self, actor: Actor, dossier_code: str) -> bool:
        """Whether the actor is the applicant. Raises Unavailable."""


class Requests:
    """Of a case the requests for supplements, reception, decision: read by applicant, officers and the system."""

    def __init__(self, journal: Journal[Case], owners: Ownership) -> None:
        self._journal, self._owners = journal, owners

    def of(self, actor: Actor, dossier_code: str) -> Answer:
        """All of them, the first one first. Raises Denied, NotFound, Unavailable."""
        found = self._seen(actor, dossier_code)
        return {"dossier_code": dossier_code, "items": answers.requests(found.state, found.subject)}

    def reception(self, actor: Actor, dossier_code: str) -> Answer:
        """Who received the dossier: a staff id, for histories hold no names. Raises Denied, NotFound, Unavailable."""
        case = self._seen(actor, dossier_code).state
        return answers.reception(case, self._journal.history(dossier_code))

    def decision(self, actor: Actor, dossier_code: str) -> Answer:
        """What was decided, row by row too, in the officers' words. Raises Denied, NotFound, Unavailable."""
        found = self._seen(actor, dossier_code)
        return answers.decision(found.state, found.subject)

    def _seen(self, actor: Actor, dossier_code: str) -> Stored[Case]:
        found = self._journal.find(dossier_code)
        if actor.kind not in APPLICANT_KINDS:
            access.may_read(actor, found.state if found else None)
        elif found is None or not self._owners.owns(actor, dossier_code):
            raise access.unknown_case()
        if found is None:
            raise access.unknown_case()
        return found
