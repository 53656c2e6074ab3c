"""Who is just sending a round of a notice, and what that round has met: beside the history, being no part of it.

    claim: {round, by, until, met: {put_off_since, unanswered, resting_until}}

A claim keeps two workers from sending the same letter at the same time, which a message delivered twice would else do.
Its holder renews it for as long as the mail server may take; it runs out soon after its holder was killed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from pymongo import UpdateOne

from services.chassis import clock
from services.chassis.logs import log
from services.chassis.store import Collection, Document, outages_named
from services.chassis.together import Together
from services.notify import patience
from services.notify.patience import Met


@dataclass(frozen=True, slots=True)
class Claim:
    """One holder's right to send one round. `by` is nobody else's."""

    id: str
    round: int
    by: str
    taken_at: datetime


_Try = tuple[Claim, UpdateOne]


class Claims:
    """The claims in a collection of notices, and those that this process holds.

    A claim is for `length`, and renewed by its holder until it is `longest` old.
    """

    def __init__(self, collection: Collection, length: timedelta, longest: timedelta) -> None:
        self._collection, self._length, self._longest = collection, length, longest
        self.renewed_every = length / 3
        self._held: dict[str, Claim] = {}
        self._takes: Together[_Try, bool] = Together(self._try)

    def take_first(self, id_: str, round_: int) -> Claim | None:
        """The right to send this round, if it is awaited and nobody was ever at it; to be ended with `let_go`."""
        return self._take(id_, round_, Met(), {"claim": {"$exists": False}})

    def take(self, id_: str, round_: int, met: Met) -> Claim | None:
        """The right to send this round, if it is awaited and nobody is at it; to be ended with `let_go`."""
        now = clock.now()
        busy = {"claim.round": round_, "claim.until": {"$gt": now, "$lte": now + patience.LONGEST_REST + clock.APART}}
        return self._take(id_, round_, met, {"$nor": [busy]})

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

    def _take(self, id_: str, round_: int, met: Met, free: Document) -> Claim | None:
        claim = Claim(id_, round_, uuid4().hex, clock.now())
        kept = {"round": round_, "by": claim.by, "until": claim.taken_at + self._length, "met": asdict(met)}
        if not self._takes.do((claim, UpdateOne({**_awaited(claim), **free}, {"$set": {"claim": kept}}))):
            return None
        self._held[claim.by] = claim
        return claim

    def _try(self, tries: Sequence[_Try]) -> list[bool | Exception]:
        """All at once; where not all could be had, the collection says whose they are."""
        with outages_named():
            result = self._collection.bulk_write([update for _, update in tries], ordered=False)
            if result.modified_count == len(tries):
                return [True] * len(tries)
            holders = {"_id": {"$in": [claim.id for claim, _ in tries]}}
            found = {one["_id"]: one for one in self._collection.find(holders, {"claim.by": 1})}
        return [found.get(claim.id, {}).get("claim", {}).get("by") == claim.by for claim, _ in tries]

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


def _awaited(claim: Claim) -> Document:
    return {
        "_id": claim.id,
        "state.round": claim.round,
        "state.sent_at": None,
        "state.failed_round": {"$lt": claim.round},
    }
