"""What applicants are asked to supplement, in the officers' words, for those whom it concerns."""

from typing import Protocol

from services.chassis.actor import Actor
from services.chassis.journal import Journal
from services.contracts.words import APPLICANT_KINDS
from services.routing import answers, domain
from services.routing.answers import Answer
from services.routing.case import Case


class Ownership(Protocol):
    """Whose dossiers are."""

    def owns(self, actor: Actor, dossier_code: str) -> bool:
        """Whether the actor is the applicant. Raises Unavailable."""


class Requests:
    """The requests for supplements of a case: read by its applicant, its officers and the system."""

    def __init__(self, journal: Journal[Case], owners: Ownership) -> None:
        self._journal, self._owners = journal, owners

    def of(self, actor: Actor, dossier_code: str) -> Answer:
        """All of them, the first one first. Raises Denied, NotFound, Unavailable."""
        found = self._journal.find(dossier_code)
        if actor.kind in APPLICANT_KINDS:
            if found is None or not self._owners.owns(actor, dossier_code):
                raise domain.unknown_case()
        else:
            domain.may_read(actor, found.state if found else None)
        return {"dossier_code": dossier_code, "items": answers.requests(found.state, found.subject) if found else []}
