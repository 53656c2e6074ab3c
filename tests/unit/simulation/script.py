"""What people might do next, seen the state of things: mostly what makes sense, now and then what does not."""

from collections.abc import Iterator
from random import Random
from typing import Any, Final, NamedTuple

from services.contracts.words import TRANSFER_REASONS
from services.payment.order import PAYABLE, FeeOrder
from services.routing.case import Case
from services.routing.domain import ACTIONS
from tests.unit.simulation.moves import Move, Stage
from tests.unit.simulation.outside import CAPTURED, FAILED
from tests.unit.simulation.people import Plot, procedures, units

_OFFICERS: Final = ("cb-001", "cb-002")
_OUTCOMES: Final = ("granted", "granted", "refused")
_HOURS: Final = (1, 7, 30, 24 * 8, 24 * 25)
ENDED: Final = ("resolved", "returned", "stopped", "withdrawn", "rejected")
_ENDING: Final = ("reject", "decide", "sign", "stop", "withdraw")
_SILLY: Final = 0.06
MOST_ATTEMPTS: Final = 3
# Procedures with fees at every moment, with none, with each policy of the clock; all others now and then.
_INTERESTING: Final = (
    *["dk-ten-mien-vn"] * 3,  # part of what is paid at once is refundable
    "ma-so-quan-ly-qc",
    "pb-ma-so-vt",
    "cap-ip-asn",
    "cn-quyen-tac-gia",
    "the-nha-bao-in-dt",
    "gp-mang-xa-hoi",  # proposed by one, signed by another
)


class Option(NamedTuple):
    """Something that may be done, and how likely it is."""

    weight: float
    verb: str
    details: dict[str, Any]


def cast(random: Random, most: int = 3) -> list[Plot]:
    """A few dossiers to be."""
    known = procedures()
    keys = [
        random.choice(_INTERESTING) if random.random() < 0.7 else random.choice(sorted(known))
        for _ in range(random.choice([1, 1, 1, 1, 1, 2, most]))
    ]
    return [Plot(number, known[key], _channel(random, known[key])) for number, key in enumerate(keys)]


def suggest(stage: Stage, number: int, random: Random, id_: str, *, ends: bool = True) -> Move:
    """The next move of a plot; one that `ends` it only where that is wanted."""
    options = [one for one in _options(stage, number, random) if ends or one.verb not in _ENDING]
    option = random.choices(options, [one.weight for one in options])[0]
    return Move(option.verb, number, id_, option.details, random.randint(1, 90))


def _channel(random: Random, procedure: Any) -> str:
    by_hand = "direct" in procedure["channels"] and random.random() < 0.15
    return "direct" if by_hand else "online"


def _options(stage: Stage, number: int, random: Random) -> Iterator[Option]:
    if number not in stage.codes:
        yield Option(1, "submit", {})
        return
    code, world = stage.codes[number], stage.world
    case, dossier = world.state("case", code), world.state("dossier", code)
    yield from _at_the_unit(case.status if case else "", random, owes=bool(case and case.unpaid))
    if case and case.awaits_last_fee:
        yield Option(1, "stop", {})
    if case and case.status in ACTIONS["transfer"][0]:
        yield Option(0.7, "transfer", _elsewhere(case, random))
    yield from _with_the_applicant(dossier.status, case.status if case else "")
    for order in stage.orders(number):
        yield from _at_the_cash_desk(order, random)
    yield from _around(random)
    if world.mail.refused:
        yield Option(1, "resend", {})
    if random.random() < _SILLY:
        yield from _silly(random)


def _at_the_unit(status: str, random: Random, *, owes: bool) -> Iterator[Option]:
    if status == "opened":
        yield from (Option(8, "accept", {}), Option(1, "reject", {}), Option(3, "request_supplement", {}))
    if status == "supplement_requested":
        yield from (Option(6, "supplement", {}), Option(1, "stop", {}))
    if status in ("accepted", "in_hand"):
        yield Option(2, "assign", {"officer": random.choice(_OFFICERS)})
        yield Option(1 if owes else 6, "decide", {"outcome": "granted"})
        yield from (Option(1, "decide", {"outcome": "refused"}), Option(1, "stop", {}))
        yield Option(2, "request_supplement", {})
    if status == "in_hand":
        yield Option(2, "propose", {"outcome": random.choice(_OUTCOMES)})
    if status == "proposed":
        yield Option(6, "sign", {"outcome": random.choice(_OUTCOMES)})
        yield from (Option(1, "return_proposal", {}), Option(1, "request_supplement", {}), Option(0.5, "stop", {}))


def _with_the_applicant(status: str, at_the_unit: str) -> Iterator[Option]:
    if status == "resolved":
        yield from (Option(3, "return_result", {}), Option(1, "revoke", {}))
    if status in ENDED:
        yield Option(1, "wait", {"hours": 1})
    else:  # he may be faster than the word that the unit has ended it
        yield Option(1 if at_the_unit in ("decided", *ENDED) else 0.3, "withdraw", {})


def _at_the_cash_desk(order: FeeOrder, random: Random) -> Iterator[Option]:
    which = order.order_id.rpartition("-")[2]
    if order.status in PAYABLE:
        yield Option(1, "pay_at_counter", {"order": which})
        if len(order.attempts) < MOST_ATTEMPTS:
            yield Option(4 if not order.attempts else 1, "start", {"order": which})
    for place, attempt in enumerate(order.attempts):
        if attempt.outcome == "open":
            details = {"order": which, "attempt": place, "callbacks": random.randint(0, 3)}
            yield Option(4, "pay", {**details, "code": CAPTURED})
            yield Option(1, "pay", {**details, "code": FAILED})
        else:  # the gateway says it once more
            yield Option(0.2, "pay", {"order": which, "attempt": place, "callbacks": 1, "code": CAPTURED})
        yield Option(0.2, "forge", {"order": which, "attempt": place})


def _elsewhere(case: Case, random: Random) -> dict[str, Any]:
    """A unit of the ministry, now and then its own, and why."""
    return {"to_unit": random.choice(units(case.tenant)), "reason": random.choice(TRANSFER_REASONS)}


def _around(random: Random) -> Iterator[Option]:
    yield Option(0.8, "wait", {"hours": random.choice(_HOURS)})
    yield Option(0.2, "intrude", {})
    yield Option(0.1, "mailbox_full", {})


def _silly(random: Random) -> Iterator[Option]:
    """What hardly anybody would do at this moment."""
    for verb in ("supplement", "withdraw", "return_result", "accept", "reject", "request_supplement", "stop", "revoke"):
        yield Option(5, verb, {})
    yield Option(5, "assign", {"officer": random.choice(_OFFICERS)})
    yield Option(5, "transfer", {"to_unit": random.choice(units("mic")), "reason": "other"})
    for verb in ("decide", "propose", "sign"):
        yield Option(5, verb, {"outcome": random.choice(_OUTCOMES)})
    yield Option(5, "return_proposal", {})
