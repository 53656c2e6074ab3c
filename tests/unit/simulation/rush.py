"""What several people do about one dossier before any of them hears of the others."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from random import Random
from typing import Final

from services.payment.order import PAYABLE, FeeOrder
from tests.unit.simulation.moves import Move, Stage
from tests.unit.simulation.outside import CAPTURED
from tests.unit.simulation.script import MOST_ATTEMPTS, Option, suggest

Party = Sequence[Option]  # what one of them does, one thing after the other
_STOP: Final = Option(1, "stop", {})
_DECISIONS: Final = tuple(Option(1, "decide", {"outcome": outcome}) for outcome in ("granted", "granted", "refused"))
_ENDS: Final[Mapping[str, Party]] = {
    "opened": (Option(1, "reject", {}),),
    "supplement_requested": (_STOP,),
    "accepted": (_STOP, *_DECISIONS),
    "in_hand": (_STOP, *_DECISIONS),
    "decided": (_STOP,),  # while what was granted waits for its fee
}
_STEPS: Final[Mapping[str, Party]] = {
    "opened": (Option(1, "accept", {}), Option(1, "request_supplement", {})),
    "accepted": (Option(1, "assign", {"officer": "cb-001"}), Option(1, "request_supplement", {})),
    "in_hand": (Option(1, "request_supplement", {}),),
}
_WITHDRAWAL: Final[Party] = (Option(1, "withdraw", {}),)
_PAYS_FIRST: Final = 0.7
_ACTS: Final = 0.6
_SUPPLEMENT: Final[Party] = (Option(1, "supplement", {}),)


def rush(stage: Stage, number: int, random: Random, id_: str) -> list[Move]:
    """The moves of all about a submitted dossier, in the order in which they make them."""
    case = stage.world.state("case", stage.codes[number])
    status = case.status if case else ""
    who = _all_get_on if status == "supplement_requested" else random.choice(_WHO)
    return [
        Move(act.verb, number, f"{id_}-{place}", act.details, random.randint(1, 90))
        for place, act in enumerate(_interleaved(who(stage, number, status, random), random))
    ]


def _both_end(stage: Stage, number: int, status: str, random: Random) -> Iterator[Party]:
    """The unit ends it and so does the applicant, who pays before he does, or at any time."""
    yield _one_of(_ENDS.get(status, ()), random)
    payment = tuple(_payment(stage.orders(number)))
    yield from ((*payment, *_WITHDRAWAL),) if random.random() < _PAYS_FIRST else (payment, _WITHDRAWAL)


def _all_get_on(stage: Stage, number: int, status: str, random: Random) -> Iterator[Party]:
    """The unit may do something, and the applicant does all that is asked of him."""
    yield _one_of((*_STEPS.get(status, ()), *_ENDS.get(status, ())), random) if random.random() < _ACTS else ()
    yield _SUPPLEMENT if status == "supplement_requested" else ()
    yield tuple(_payment(stage.orders(number)))


def _whatever_comes(stage: Stage, number: int, _status: str, random: Random) -> Iterator[Party]:
    for _ in range(random.randint(2, 4)):
        move = suggest(stage, number, random, "")
        if move.verb not in ("wait", "submit"):
            yield (Option(1, move.verb, dict(move.details)),)


_WHO: Final = (_both_end, _all_get_on, _all_get_on, _whatever_comes)


def _interleaved(parties: Iterable[Party], random: Random) -> list[Option]:
    timed = [one for party in parties for one in zip(sorted(random.random() for _ in party), party, strict=True)]
    return [act for _, act in sorted(timed, key=itemgetter(0))]


def _one_of(options: Party, random: Random) -> Party:
    return random.sample(options, min(1, len(options)))


def _payment(orders: list[FeeOrder]) -> Iterator[Option]:
    """All it takes to pay the first order that can be paid."""
    order = next((one for one in orders if one.status in PAYABLE and len(one.attempts) < MOST_ATTEMPTS), None)
    if order:
        which = {"order": order.order_id.rpartition("-")[2]}
        yield Option(1, "start", which)
        yield Option(1, "pay", {**which, "attempt": len(order.attempts), "callbacks": 1, "code": CAPTURED})
