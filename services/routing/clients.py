"""Routing's calls out: intake, for whose a dossier is."""

from services.chassis.actor import Actor
from services.chassis.remote import Remote


class Owners:
    """Whose a dossier is: intake knows, routing keeps nobody's number."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    def owns(self, actor: Actor, dossier_code: str) -> bool:
        """Whether the actor is the applicant; nobody is of an unknown dossier, or once it is erased.

        Raises Unavailable.
        """
        owner = self._remote.call("intake", "find_owner", dossier_code=dossier_code) or {}
        return bool(owner.get("number")) and (actor.kind, actor.id) == (owner["kind"], owner["number"])
