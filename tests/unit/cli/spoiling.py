"""Ways to spoil the books of a sound installation, and where what is wrong must then be found."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any, Final, NamedTuple

from services.cli.verify import books as shelves
from services.cli.verify.books import Shelf
from services.notify.domain import notice_id
from tests.unit.cli.builders import GRANTED, LATER, OPEN, Installation

Spoil = Callable[[Installation], object]
ORDER: Final = f"{GRANTED}-S"
RECORD: Final = "ten-mien-vn/1/2026/GP-VNNIC"
UPLOAD, FILE = f"up-{GRANTED}", f"file-{GRANTED}"
_GONE: Final = object()


class Tooth(NamedTuple):
    """A way to spoil the books; the dossier that is named, where, and a part of what is said."""

    spoil: Spoil
    dossier: str
    where: str
    said: str


def of_case(said: str, *spoils: Spoil, code: str = GRANTED) -> Tooth:
    """Found at routing."""
    return Tooth(both(*spoils), code, f"routing.cases {code}", said)


def of_dossier(said: str, *spoils: Spoil, code: str = GRANTED) -> Tooth:
    """Found at intake."""
    return Tooth(both(*spoils), code, f"intake.dossiers {code}", said)


def of_order(said: str, *spoils: Spoil, code: str = GRANTED) -> Tooth:
    """Found at payment."""
    return Tooth(both(*spoils), code, f"payment.orders {code}-S", said)


def of_issuance(said: str, *spoils: Spoil) -> Tooth:
    """Found at registry, before there is a record."""
    return Tooth(both(*spoils), GRANTED, f"registry.issuances {GRANTED}", said)


def of_record(said: str, *spoils: Spoil) -> Tooth:
    """Found at registry."""
    return Tooth(both(*spoils), GRANTED, f"registry.records {RECORD}", said)


def of_notice(said: str, *spoils: Spoil, code: str = GRANTED) -> Tooth:
    """Found at notify."""
    return Tooth(both(*spoils), code, "notify.notices ", said)


def of_number(said: str, *spoils: Spoil) -> Tooth:
    """Found among the numbers of records."""
    return Tooth(both(*spoils), GRANTED, f"registry.numbers ten-mien-vn:{GRANTED}", said)


def of_receipt(said: str, *spoils: Spoil) -> Tooth:
    """Found among the numbers of receipts."""
    return Tooth(both(*spoils), GRANTED, f"payment.receipts {ORDER}", said)


def of_series(said: str, spoil: Spoil) -> Tooth:
    """Found in a series of receipts; of no dossier."""
    return Tooth(spoil, "", "payment.receipts 01BLP/AA-26E", said)


def of_upload(said: str, spoil: Spoil) -> Tooth:
    """Found among the files."""
    return Tooth(spoil, GRANTED, f"intake.uploads {UPLOAD}", said)


def put(shelf: Shelf | str, id_: str, path: str, value: Any = _GONE) -> Spoil:
    """Put a value at a dotted path of a document, or take away what is there."""

    def spoil(installation: Installation) -> None:
        place: Any = installation.kept(shelf if isinstance(shelf, str) else shelf.name).documents[id_]
        *inner, last = path.split(".")
        for part in inner:
            place = place[int(part) if isinstance(place, list) else part]
        key: Any = int(last) if isinstance(place, list) else last
        if value is _GONE:
            del place[key]
        else:
            place[key] = value

    return spoil


def lose(shelf: Shelf | str, id_: str) -> Spoil:
    """A document is gone."""
    name = shelf if isinstance(shelf, str) else shelf.name
    return lambda installation: installation.kept(name).documents.pop(id_)


def double(shelf: Shelf, id_: str, as_: str) -> Spoil:
    """A document is there twice, the copy with another id."""

    def spoil(installation: Installation) -> None:
        installation.kept(shelf.name).put({**deepcopy(installation.document(shelf, id_)), "_id": as_})

    return spoil


def both(*spoils: Spoil) -> Spoil:
    """One after the other."""
    return spoils[0] if len(spoils) == 1 else lambda installation: [spoil(installation) for spoil in spoils]


def notice(code: str, moment: str, change: Callable[[Any], object]) -> Spoil:
    """Something is done to a notice."""
    return lambda installation: change(installation.notice(code, moment))


def repeated(of: int, **changes: Any) -> Callable[[Any], None]:
    """An event of a history stands once more at its end."""

    def spoil(document: Any) -> None:
        entry = deepcopy(document["history"][of])
        entry.update({"seq": len(document["history"]) + 1, "id": "another", **changes})
        document["history"].append(entry)
        document["version"] = document["relayed"] = len(document["history"])

    return spoil


def repeat(shelf: Shelf, id_: str, of: int) -> Spoil:
    """The same, of an aggregate."""
    return lambda installation: repeated(of)(installation.document(shelf, id_))


def deaf_to(type_: str) -> Spoil:
    """Intake has not heard of something."""

    def spoil(installation: Installation) -> None:
        state = installation.document(shelves.DOSSIERS, GRANTED)["state"]
        state["facts"] = [fact for fact in state["facts"] if fact["type"] != type_]

    return spoil


def refund(attempt: str, amount_vnd: int, reason: str) -> dict[str, Any]:
    """Money that went back."""
    return {"attempt": attempt, "amount_vnd": amount_vnd, "reason": reason, "due_at": LATER, "refunded_at": LATER}


def capture_twice(installation: Installation) -> None:
    """Money came under a second reference."""
    state = installation.document(shelves.ORDERS, ORDER)["state"]
    state["attempts"].append({**state["attempts"][0], "reference": "P2"})


def notify_twice(installation: Installation) -> None:
    """A second notice about the same thing, under an id of its own."""
    one = installation.notice(OPEN, "submitted")
    installation.kept("notify.notices").put({**deepcopy(one), "_id": "n-2"})


def notify_for_nothing(installation: Installation) -> None:
    """A notice whose cause is no event."""
    one, id_ = deepcopy(installation.notice(OPEN, "submitted")), notice_id("nobody", "submitted", "applicant")
    one["history"][0]["cause"] = "nobody"
    installation.kept("notify.notices").put({**one, "_id": id_})


def lose_notice(installation: Installation) -> None:
    """Nobody was told of the acceptance."""
    del installation.kept("notify.notices").documents[installation.notice(GRANTED, "accepted")["_id"]]


def share_an_id(installation: Installation) -> None:
    """An event has the id of one in another history."""
    foreign = installation.document(shelves.CASES, OPEN)["history"][0]["id"]
    installation.document(shelves.ORDERS, f"{OPEN}-S")["history"][0]["id"] = foreign


def another_series(installation: Installation) -> None:
    """A second series of receipts, which does not begin at one."""
    taken = {"_id": "x", "series": "02BLP/AA-26E", "number": 2, "owner": ORDER}
    installation.kept("payment.receipts").put(taken)
