"""Single things that are spoilt in the books of a stack at rest, one at a time, and put back: each must be named.

What is chosen is what no timer of a service looks at, so that nobody acts on what was spoilt.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from services.chassis import clock
from services.chassis.store import Document
from services.cli.demo.town import fresh
from services.cli.verify.checker import verify
from tests.chaos import judge
from tests.chaos.load import Crowd
from tests.chaos.rig import Rig
from tests.integration.books import Books

Done = Callable[[Rig], AbstractContextManager[str]]  # gives what must be named
Spoil = Callable[[Document], str]  # what must be named when it is put in the place of what was there
_STORY: Final = "one story of all services"
_END: Final = {"state.status": "resolved"}
_DECIDED: Final = {"state.status": "decided"}
_PAID: Final = {"state.status": "paid", "state.attempts.outcome": "captured"}
_SENT: Final = {"state.sent_at": {"$ne": None}}


@dataclass(frozen=True)
class Damage:
    """Something that is spoilt, and a part of what must be said of whom it names."""

    what: str
    done: Done
    said: str


@contextmanager
def _instead(collection: str, wanted: Mapping[str, Any], spoil: Spoil, rig: Rig) -> Iterator[str]:
    """Of the dossiers of this scenario one document is as `spoil` leaves it. Raises LookupError where there is none."""
    with Books(rig.env) as books:
        kept = books.collection(collection)
        sound = _one(kept.find_one({**wanted, **_own(rig)}), collection)
        spoilt = deepcopy(sound)
        named = spoil(spoilt)
        kept.replace_one({"_id": sound["_id"]}, spoilt)
        try:
            yield named
        finally:
            kept.replace_one({"_id": sound["_id"]}, sound)


def _own(rig: Rig) -> dict[str, Any]:
    """Those of whom somebody here knows how they must have ended."""
    told = [one.dossier_code for load in rig.loads if isinstance(load, Crowd) for one in load.ended]
    return {"state.dossier_code": {"$in": told}}


@contextmanager
def _gone(collection: str, wanted: Mapping[str, Any], name: Callable[[Document], str], rig: Rig) -> Iterator[str]:
    """One document is not there any more."""
    with Books(rig.env) as books:
        kept = books.collection(collection)
        sound = _one(kept.find_one_and_delete(wanted), collection)
        try:
            yield name(sound)
        finally:
            kept.insert_one(sound)


@contextmanager
def _no_letter(rig: Rig) -> Iterator[str]:
    """A notice that was sent, whose letter the mail server has not."""
    with Books(rig.env) as books:
        id_ = str(_one(books.collection("notify.notices").find_one(_SENT, {"_id": 1}), "notify.notices")["_id"])
    letters = [
        one for one in (rig.stage.run_dir / "sandbox" / "mail").glob("*.eml") if id_.encode() in one.read_bytes()
    ]
    away = [one.rename(Path(f"{one}.away")) for one in letters]
    try:
        yield id_
    finally:
        for one, letter in zip(away, letters, strict=True):
            one.rename(letter)


def _one(found: Document | None, collection: str) -> Document:
    if found is None:
        raise LookupError(f"nothing in {collection} to be spoilt")
    return found


def _put(name: str, value: Any, one: Document) -> str:
    """A part of the state is another."""
    one["state"][name] = value
    return str(one["state"]["dossier_code"])


def _unpay(order: Document) -> str:
    """The books say that the money never came."""
    order["state"] |= {"status": "requested", "paid_at": None}
    order["state"]["attempts"] = [{**one, "outcome": "failed"} for one in order["state"]["attempts"]]
    return str(order["_id"])


def _give_up(notice: Document) -> str:
    """Nobody will send it any more."""
    notice["state"] |= {"sent_at": None, "failed_round": notice["state"]["round"]}
    return str(notice["_id"])


def _renumber(record: Document) -> str:
    """It has a number that will be another's."""
    return _put("number", f"9{record['state']['number']}", record)


def _without_last(document: Document) -> str:
    """The last event never happened, and nothing of the document says so."""
    last = document["history"].pop()
    document |= {name: document[name] - 1 for name in ("version", "relayed")}
    return str(last["id"])


def _last_in_other_words(document: Document) -> str:
    last = document["history"][-1]
    last["data"] = {**last["data"], "reason": "another"}
    return str(last["id"])


def _last_once_more(document: Document) -> str:
    """One more event, of which nobody has heard."""
    more = {**document["history"][-1], "id": fresh(), "seq": document["version"] + 1}
    document["history"].append(more)
    document |= {name: document[name] + 1 for name in ("version", "relayed")}
    return str(more["id"])


def _in(collection: str, wanted: Mapping[str, Any], spoil: Spoil) -> Done:
    return partial(_instead, collection, wanted, spoil)


def _lost(collection: str, wanted: Mapping[str, Any]) -> Done:
    """Of the dossiers of this scenario, one is not there any more."""
    return lambda rig: _gone(collection, {**wanted, **_own(rig)}, lambda one: str(one["state"]["dossier_code"]), rig)


def _lost_of(collection: str, field: str) -> Done:
    """One of all, which is named by a field of it."""
    return partial(_gone, collection, {}, lambda one: str(one[field]))


_NO_END, _CASE = partial(_put, "status", "rejected"), "routing.cases"
DAMAGES: Final = (
    Damage("a dossier lost at intake", _lost("intake.dossiers", _END), "was told and is not kept"),
    Damage("a dossier with another end", _in("intake.dossiers", _END, _NO_END), "is rejected, not"),
    Damage("a case lost", _lost(_CASE, _DECIDED), "its unit has no case of it"),
    Damage("an event taken out of a history", _in(_CASE, _DECIDED, _without_last), "is in no history"),
    Damage("an event in other words", _in(_CASE, _DECIDED, _last_in_other_words), "otherwise than it was written"),
    Damage("an event that nobody heard of", _in(_CASE, _DECIDED, _last_once_more), "was written and never published"),
    Damage("a fee that was paid and is not", _in("payment.orders", _PAID, _unpay), "our books say 0 đ"),
    Damage("a receipt's number lost", _lost_of("payment.receipts", "owner"), "the number taken for its receipt is"),
    Damage(
        "a record with another number", _in("registry.records", {}, _renumber), "not what its history makes: number"
    ),
    Damage("a letter lost", _no_letter, "the mail server has no letter of it"),
    Damage("a notice given up", _in("notify.notices", _SENT, _give_up), "it was given up"),
    Damage("a webhook passed over", _lost_of("notify.deliveries", "event"), "it was passed over"),
)


def count_from(rig: Rig, began: datetime) -> None:
    """Of what each webhook must be told is counted from then on, not from five minutes after it was added."""
    with Books(rig.env) as books:
        books.collection("notify.webhooks").update_many({}, {"$set": {"created_at": began - clock.APART}})


def said_of(rig: Rig) -> list[str]:
    """What the whole judgement says now. The product's own checker needs no patience: nothing moves."""
    looks = (look for name, look in judge.JUDGED.items() if name != _STORY)
    return [*(line for look in looks for line in look(rig)), *map(str, verify(rig.env, patience=0).findings)]


def is_named(damage: Damage, whom: str, said: Iterable[str]) -> bool:
    """Whether it is said of the right one what is wrong with it."""
    return any(whom in line and damage.said in line for line in said)
