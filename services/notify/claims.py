"""Who is just sending a round of a notice, and what that round has met: beside the history, being no part of it.

    claim: {round, by, until, met: {put_off_since, unanswered, resting_until}}

A claim keeps two workers from sending the same letter at the same time, which a message delivered twice would else do.
Its holder renews it for as long as the mail server may take; it runs out soon after its holder was killed.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from services.chassis import clock
from services.chassis.logs import log
from services.chassis.store import Collection, Document, outages_named
from services.notify.patience import Met


@dataclass(frozen=True, slots=True)
class Claim:
    """One holder's right to send one round. `by` is nobody else's."""

    id: str
    round: int
    by: str
    taken_at: datetime


class Claims:
    """The claims in a collection of notices, and those that this process holds.

    A claim is for `length`, and renewed by its holder until it is `longest` old.
    """

    def __init__(self, collection: Collection, length: timedelta, longest: timedelta) -> None:
        self._collection, self._length, self._longest = collection, length, longest
        self.renewed_every = length / 3
        self._held: dict[str, Claim] = {}

    def take(self, id_: str, round_: int, met: Met) -> Claim | None:
        """The right to send this round, if it is awaited and nobody is at it; to be ended with `let_go`."""
        claim = Claim(id_, round_, uuid4().hex, clock.now())
        kept = {"round": round_, "by": claim.by, "until": claim.taken_at + self._length, "met": asdict(met)}
        with outages_named():
            result = self._collection.update_one(_free(claim), {"$set": {"claim": kept}})
        if not result.modified_count:
            return None
        self._held[claim.by] = claim
        return claim

    def renew(self) -> None:
        """Prolong what is held for a while, unless it is held for longer than sending can last."""
        now = clock.now()
        for claim in list(self._held.values()):
            if claim.by in self._held and self.renewed_every <= now - claim.taken_at < self._longest:
                self._change(claim, {"claim.until": now + self._length})

    def release(self, claim: Claim) -> None:
        """Nothing was sent: others may try at once."""
        self.let_go(claim)
        self._change(claim, {"claim.until": clock.now()})

    def rest(self, claim: Claim, met: Met) -> None:
        """Nobody may try before `met.resting_until`."""
        self.let_go(claim)
        self._change(claim, {"claim.until": met.resting_until, "claim.met": asdict(met)})

    def let_go(self, claim: Claim) -> None:
        """It is not renewed any more."""
        self._held.pop(claim.by, None)

    def _change(self, claim: Claim, change: Document) -> None:
        with outages_named():
            result = self._collection.update_one({"_id": claim.id, "claim.by": claim.by}, {"$set": change})
        if not result.matched_count:
            log.warning("claim_lost", notice=claim.id)
            self.let_go(claim)


def met_by(document: Mapping[str, Any], round_: int) -> Met:
    """What round `round_` of a stored notice has met."""
    claim = document.get("claim", {})
    return Met(**claim.get("met", {})) if claim.get("round") == round_ else Met()


def _free(claim: Claim) -> Document:
    return {
        "_id": claim.id,
        "state.round": claim.round,
        "state.sent_at": None,
        "state.failed_round": {"$lt": claim.round},
        "$nor": [{"claim.round": claim.round, "claim.until": {"$gt": claim.taken_at}}],
    }
