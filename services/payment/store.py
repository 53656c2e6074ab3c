"""Fee orders in MongoDB: lists, look-ups by dossier and by gateway reference, what waits for money or for an answer.

Beside the journal of orders stands `dossiers`: which orders a dossier has, none included. It is written when all of
them are open, so what is not in it is not assessed yet.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo import UpdateOne

from services.chassis import clock
from services.chassis.errors import NotFound
from services.chassis.journal import Journal
from services.chassis.reads import GroupRead
from services.chassis.store import Collection, Document, outages_named
from services.chassis.writes import GroupWrite
from services.payment.order import FeeOrder

LONGEST_REFUND: Final = timedelta(seconds=90)  # a question, the refund, a question: each with its time-outs
LONGEST_SILENCE: Final = timedelta(days=1)  # between two questions about an attempt
_AT_ONCE = 500
_DATED: Final = {"$type": "date"}  # said in filter and index alike, so that the index is used
_WITHOUT_HISTORY: Final = {"history": 0, "subject": 0}
Keys = list[tuple[str, int]]
_PAID_AT: Final = "state.paid_at"
_REFUNDED_AT: Final = "state.refunds.refunded_at"
_UNIT: Final = "state.unit"
_OF_PAID: Final[Keys] = [(_UNIT, 1), (_PAID_AT, 1), ("state.amount_vnd", 1)]
_OF_REFUNDED: Final[Keys] = [(_UNIT, 1), (_REFUNDED_AT, 1)]
_OF_A_SENDING: Final = ("sent_refunds", "undecided_refunds", "uncertain_refunds")


@dataclass(frozen=True, slots=True)
class Bill:
    """The orders of one dossier, by the moments they fall due, and the unit that has it."""

    dossier_code: str
    unit: str
    orders: tuple[str, ...]


class Orders:
    """All that is asked of the store besides appending to one history."""

    def __init__(self, journal: Journal[FeeOrder], dossiers: Collection) -> None:
        self._journal = journal
        self._orders = journal.collection
        self._dossiers = dossiers
        self._present, self._bills = GroupRead(self._orders, _WITHOUT_HISTORY), GroupRead(dossiers)
        self._writes = GroupWrite(dossiers)

    def ensure_indexes(self) -> None:
        """The lists by unit and status, the references that are unique for ever, and what the timers look for."""
        self._orders.create_index([("state.unit", 1), ("state.status", 1), ("_id", 1)])
        self._orders.create_index([("state.unit", 1), ("_id", 1)])
        self._orders.create_index([("state.status", 1), ("_id", 1)])
        self._orders.create_index("state.dossier_code")
        self._orders.create_index(
            "state.attempts.reference",
            unique=True,
            partialFilterExpression={"state.attempts.reference": {"$exists": True}},
        )
        self._orders.create_index(
            [("state.status", 1), ("state.pay_by", 1)], partialFilterExpression={"state.pay_by": _DATED}
        )
        self._orders.create_index(_OF_PAID, partialFilterExpression={_PAID_AT: _DATED})
        self._orders.create_index(_OF_REFUNDED, partialFilterExpression={_REFUNDED_AT: _DATED})
        self._orders.create_index(
            [("state.silent_since", 1), ("ask_after", 1)], partialFilterExpression={"state.silent_since": _DATED}
        )

    def note_bill(self, bill: Bill) -> None:
        """All orders of the dossier are open."""
        kept = {"unit": bill.unit, "orders": list(bill.orders)}
        self._writes.update(UpdateOne({"_id": bill.dossier_code}, {"$setOnInsert": kept}, upsert=True))

    def note_unit(self, dossier_code: str, unit: str, transfer: int) -> None:
        """The unit has the dossier since its transfer of this number, unless a later one is known."""
        unless_later = {"_id": dossier_code, "transfer": {"$not": {"$gte": transfer}}}
        self._writes.update(UpdateOne(unless_later, {"$set": {"unit": unit, "transfer": transfer}}))

    def bill(self, dossier_code: str) -> Bill:
        """The orders of a dossier. Raises NotFound where it is not assessed yet."""
        found = self.find_bill(dossier_code)
        if found is None:
            raise NotFound(
                "payment.not_assessed_yet", "The fees of this dossier are not known yet.", "Hồ sơ chưa được tính phí."
            )
        return found

    def find_bill(self, dossier_code: str) -> Bill | None:
        """The same, or None."""
        found = self._bills.find(dossier_code)
        return Bill(dossier_code, found["unit"], tuple(found["orders"])) if found else None

    def each(self, order_ids: Sequence[str]) -> list[FeeOrder]:
        """The orders of these ids, in the same order."""
        found = filter(None, (self._present.find(order_id) for order_id in order_ids))
        return [self._parse(document) for document in found]

    def find(self, order_id: str) -> FeeOrder | None:
        """The order, or None."""
        return next(iter(self.each([order_id])), None)

    def find_by_attempt(self, reference: str) -> FeeOrder | None:
        """The order that an attempt belongs to, or None."""
        with outages_named():
            found = self._orders.find_one({"state.attempts.reference": reference}, _WITHOUT_HISTORY)
        return self._parse(found) if found else None

    def page(self, unit: str | None, status: str | None, limit: int, after: str | None) -> Document:
        """At most `limit` orders by id behind `after`, and the cursor of what follows, if anything does."""
        wanted: Document = {
            f"state.{name}": value for name, value in (("unit", unit), ("status", status)) if value is not None
        }
        if after is not None:
            wanted["_id"] = {"$gt": after}
        with outages_named():
            found = list(self._orders.find(wanted, _WITHOUT_HISTORY).sort("_id", 1).limit(limit + 1))
        orders = [self._parse(document) for document in found[:limit]]
        return {"items": orders, "next": orders[-1].order_id if len(found) > limit else None}

    def paid(self, unit: str | None, since: datetime, until: datetime) -> Iterator[Document]:
        """What was paid in a period: `{unit, day, orders, amount_vnd}`, from the index alone."""
        wanted = {_UNIT: self._of(unit), _PAID_AT: {"$gte": since, "$lt": until, **_DATED}}
        return self._summed([{"$match": wanted}], _OF_PAID, _PAID_AT, "$state.amount_vnd")

    def refunded(self, unit: str | None, since: datetime, until: datetime) -> Iterator[Document]:
        """What was given back of that in a period, in the same shape.

        Without what was paid twice: of such an order `paid` counts one payment only.
        """
        within = {"$gte": since, "$lt": until}
        one = {"$elemMatch": {"refunded_at": within}}  # else two of them may be meant, and one end of the index is open
        wanted = {_UNIT: self._of(unit), _REFUNDED_AT: _DATED, "state.refunds": one}
        counted = {_REFUNDED_AT: within, "state.refunds.reason": {"$ne": "paid_twice"}}
        each: list[Document] = [{"$match": wanted}, {"$unwind": "$state.refunds"}, {"$match": counted}]
        return self._summed(each, _OF_REFUNDED, _REFUNDED_AT, "$state.refunds.amount_vnd")

    def _of(self, unit: str | None) -> Any:
        """The filter for a unit, or for every one there is: without, the server would read what was ever paid."""
        if unit is not None:
            return unit
        with outages_named():
            return {"$in": self._orders.distinct(_UNIT, {_UNIT: {"$gt": ""}})}

    def _summed(self, each: list[Document], index: Keys, at: str, amount: str) -> Iterator[Document]:
        day = {"$dateToString": {"date": f"${at}", "format": "%Y-%m-%d", "timezone": "+07:00"}}
        sums = {"orders": {"$sum": 1}, "amount_vnd": {"$sum": amount}}
        group = {"$group": {"_id": {"unit": f"${_UNIT}", "day": day}, **sums}}
        with outages_named():
            rows = list(self._orders.aggregate([*each, group], hint=dict(index)))
        for row in sorted(rows, key=lambda row: (row["_id"]["day"], row["_id"]["unit"])):
            yield {**row["_id"], "orders": row["orders"], "amount_vnd": row["amount_vnd"]}

    def overdue(self, now: datetime) -> list[str]:
        """Ids of orders that were to be paid before `now` and are not marked so, the longest late first.

        One whose payer is at a gateway, or whose money is held there, comes when that has ended.
        """
        wanted = {"state.status": "requested", "state.pay_by": {"$lte": now, **_DATED}, "state.silent_since": None}
        with outages_named():
            return [one["_id"] for one in self._orders.find(wanted, {"_id": 1}).sort("state.pay_by", 1).limit(_AT_ONCE)]

    def claim_silent(
        self, before: datetime, now: datetime, again_at: Callable[[FeeOrder], datetime]
    ) -> Iterator[FeeOrder]:
        """Orders with an attempt that has been silent since before `before`; each is this caller's until `again_at`.

        What a clock that was ahead put off for longer than anybody does (`LONGEST_SILENCE`) is not put off.
        """
        ahead = {"$gt": now + LONGEST_SILENCE + clock.APART}
        for document in [*self._silent(before, {"$not": {"$gt": now}}), *self._silent(before, ahead)]:
            order = self._parse(document)
            if self._claim(document, again_at(order)):
                yield order

    def _silent(self, before: datetime, ask_after: Document) -> list[Document]:
        wanted = {"state.silent_since": {"$lte": before, **_DATED}, "ask_after": ask_after}
        with outages_named():
            return list(self._orders.find(wanted, _WITHOUT_HISTORY).sort("state.silent_since", 1).limit(_AT_ONCE))

    def ask_soon(self, order_id: str) -> None:
        """The order has a new attempt, and is not asked after as seldom as for an old one."""
        with outages_named():
            self._orders.update_one({"_id": order_id}, {"$set": {"ask_after": None}})

    def note_held(self, order_id: str, reference: str, at: datetime) -> None:
        """A gateway holds this attempt, since `at` unless it was said before."""
        with outages_named():
            self._orders.update_one(
                {"_id": order_id, f"held.{reference}": {"$exists": False}}, {"$set": {f"held.{reference}": at}}
            )

    def held(self, order_id: str) -> dict[str, datetime]:
        """Since when a gateway has held attempts of this order, whatever it has decided since."""
        with outages_named():
            found = self._orders.find_one({"_id": order_id}, {"held": 1}) or {}
        since: dict[str, datetime] = found.get("held", {})
        return since

    def begin_refund(self, order_id: str, now: datetime) -> datetime | None:
        """Until when nobody but the caller asks a gateway for refunds of this order; None where somebody else does.

        What somebody who died has begun, or whose clock was ahead, stands in nobody's way after `LONGEST_REFUND`.
        """
        name, until = "refunding_until", now + LONGEST_REFUND
        free = [{name: None}, {name: {"$lte": now}}, {name: {"$gt": until + clock.APART}}]
        with outages_named():
            taken = self._orders.update_one({"_id": order_id, "$or": free}, {"$set": {name: until}})
        return until if taken.modified_count else None

    def end_refund(self, order_id: str, until: datetime) -> None:
        """Who had begun is done."""
        with outages_named():
            self._orders.update_one({"_id": order_id, "refunding_until": until}, {"$unset": {"refunding_until": ""}})

    def note_sending(self, order_id: str, refund: str, at: datetime) -> tuple[datetime, bool]:
        """This refund, named by the event that asked for it, is about to be sent: when that was so first; if now."""
        name = f"sent_refunds.{refund}"
        with outages_named():
            noted = self._orders.update_one({"_id": order_id, name: {"$exists": False}}, {"$set": {name: at}})
            found = self._orders.find_one({"_id": order_id}, {name: 1}) or {}
        return found["sent_refunds"][refund], bool(noted.modified_count)

    def forget_sending(self, order_id: str, refund: str) -> None:
        """The refund did not leave the house."""
        with outages_named():
            self._orders.update_one({"_id": order_id}, {"$unset": {f"sent_refunds.{refund}": ""}})

    def note_undecided(self, order_id: str, refund: str) -> None:
        """The gateway heard this refund, and could not say what it did."""
        with outages_named():
            self._orders.update_one({"_id": order_id}, {"$set": {f"undecided_refunds.{refund}": True}})

    def was_undecided(self, order_id: str, refund: str) -> bool:
        """Whether the gateway ever could not say what it did with what it was last sent for this refund."""
        with outages_named():
            found = self._orders.find_one({"_id": order_id}, {f"undecided_refunds.{refund}": 1}) or {}
        return refund in found.get("undecided_refunds", {})

    def refusals(self, order_id: str, refund: str) -> int:
        """How often a gateway has refused this refund, named by the event that asked for it."""
        with outages_named():
            found = self._orders.find_one({"_id": order_id}, {f"refused_refunds.{refund}": 1}) or {}
        return int(found.get("refused_refunds", {}).get(refund, 0))

    def note_refusal(self, order_id: str, refund: str) -> None:
        """A gateway refused this refund: what is sent next is another request."""
        with outages_named():
            self._orders.update_one({"_id": order_id}, _begun_anew(refund))

    def note_uncertain(self, order_id: str, refund: str, at: datetime) -> None:
        """Nobody can tell whether this refund was made: a person must look."""
        with outages_named():
            self._orders.update_one({"_id": order_id}, {"$set": {f"uncertain_refunds.{refund}": at}})

    def is_left_to_a_person(self, order_id: str, refund: str, replay: str | None) -> bool:
        """Whether this refund is uncertain still: a replay says that a person found it not made, once.

        Then what is sent next is another request. A replay that comes a second time says nothing, also where it came
        before the refund was uncertain.
        """
        uncertain, replays = f"uncertain_refunds.{refund}", f"replayed_refunds.{refund}"
        with outages_named():
            if replay is not None:
                unseen: Document = {"_id": order_id, replays: {"$ne": replay}}
                seen = {"$push": {replays: replay}}
                found = self._orders.update_one({**unseen, uncertain: {"$exists": True}}, _begun_anew(refund) | seen)
                if not found.modified_count:
                    self._orders.update_one(unseen, seen)
            found_one = self._orders.find_one({"_id": order_id}, {uncertain: 1}) or {}
        return refund in found_one.get("uncertain_refunds", {})

    def _claim(self, document: Document, again_at: datetime) -> bool:
        """Outside the history: it says who asks, not what happened."""
        as_read: dict[str, Any] = {"_id": document["_id"], "ask_after": document.get("ask_after")}
        with outages_named():
            return bool(self._orders.update_one(as_read, {"$set": {"ask_after": again_at}}).modified_count)

    def _parse(self, document: Document) -> FeeOrder:
        return self._journal.parse({"version": 0, **document}).state


def _begun_anew(refund: str) -> Document:
    """The update after which a refund is sent under another id, and nothing is known of what was sent before."""
    over = {f"{name}.{refund}": "" for name in _OF_A_SENDING}
    return {"$inc": {f"refused_refunds.{refund}": 1}, "$unset": over}
