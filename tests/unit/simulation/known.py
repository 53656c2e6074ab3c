"""Races that are easily got wrong, act by act: the services race even where people do not."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tests.unit.simulation.chance import QUIET, Chance
from tests.unit.simulation.moves import Move
from tests.unit.simulation.outside import CAPTURED, HELD
from tests.unit.simulation.people import Plot, procedures
from tests.unit.simulation.play import Script
from tests.unit.simulation.run import Run

Act = tuple[str, Mapping[str, Any]]
_SUBMIT: Final[Act] = ("submit", {})
_ACCEPT: Final[Act] = ("accept", {})
_ASK: Final[Act] = ("request_supplement", {})
_SUPPLEMENT: Final[Act] = ("supplement", {})
_WITHDRAW: Final[Act] = ("withdraw", {})
_STOP: Final[Act] = ("stop", {})


def _handed_on(to_unit: str) -> Act:
    return "transfer", {"to_unit": to_unit, "reason": "not_competent"}


def _paid(order: str, code: str = CAPTURED) -> tuple[Act, Act]:
    return ("start", {"order": order}), ("pay", {"order": order, "attempt": 0, "callbacks": 1, "code": code})


# the procedure, and scenes of acts, the last of which is the race
RACES: Final[Mapping[str, tuple[str, Sequence[Sequence[Act]]]]] = {
    "rejected, paid, withdrawn": ("dk-ten-mien-vn", [[_SUBMIT], [("reject", {}), *_paid("S"), _WITHDRAW]]),
    "granted, withdrawn": ("gp-phu-truong", [[_SUBMIT], [_ACCEPT], [("decide", {"outcome": "granted"}), _WITHDRAW]]),
    "granted, paid, withdrawn": (
        "pb-ma-so-vt",
        [[_SUBMIT], [_ACCEPT], [*_paid("A")], [("decide", {"outcome": "granted"})], [*_paid("R"), _WITHDRAW]],
    ),
    "granted, held, withdrawn": (
        "gp-lu-hanh-qt",  # what is due for its result is not refundable
        [[_SUBMIT], [_ACCEPT], [("decide", {"outcome": "granted"})], [*_paid("R", HELD)], [_WITHDRAW, _paid("R")[1]]],
    ),
    "granted, paid, stopped": (
        "pb-ma-so-vt",
        [[_SUBMIT], [_ACCEPT], [*_paid("A")], [("decide", {"outcome": "granted"})], [*_paid("R"), _STOP]],
    ),
    "granted, stopped, withdrawn": (
        "gp-lu-hanh-qt",
        [
            [_SUBMIT],
            [_ACCEPT],
            [("decide", {"outcome": "granted"})],
            [*_paid("R", HELD)],
            [_STOP, _WITHDRAW, _paid("R")[1]],
        ],
    ),
    "accepted, asked to pay": ("ma-so-quan-ly-qc", [[_SUBMIT], [_ACCEPT]]),
    "handed on there and back": (
        "ma-so-quan-ly-qc",
        [[_SUBMIT], [_ACCEPT], [_handed_on("vnnic"), _handed_on("cuc-bao-chi"), _handed_on("cuc-attt")]],
    ),
    "handed on, paid": (
        "ma-so-quan-ly-qc",
        [[_SUBMIT], [_ACCEPT], [_handed_on("vnnic"), *_paid("A"), _handed_on("cuc-bao-chi")]],
    ),
    "handed on, withdrawn": ("gp-phu-truong", [[_SUBMIT], [_handed_on("vnnic"), _WITHDRAW]]),
    "supplemented, paid": ("ma-so-quan-ly-qc", [[_SUBMIT], [_ACCEPT], [_ASK], [_SUPPLEMENT, *_paid("A")]]),
}


def write_known(name: str) -> tuple[Script, Run]:
    """The script of a known race, and its quiet run."""
    key, scenes = RACES[name]
    run = Run([Plot(0, procedures()[key], "online")], Chance(name, QUIET))
    script = Script(run.stage.plots)
    with run.running():
        for number, scene in enumerate(scenes):
            moves = [Move(verb, 0, f"{number}-{place}", details) for place, (verb, details) in enumerate(scene)]
            script.scenes.append(moves)
            run.play(moves)
    assert all(kind == "done" for kind, _ in run.outcomes), run.story
    return script, run
