"""The network between services and their servers fails, or is bad."""

from collections.abc import Container
from functools import partial
from pathlib import Path
from time import monotonic

from deploy.local.composition import SERVICES
from tests.chaos import firewall
from tests.chaos.messages import queues_of_work
from tests.chaos.questions import Questions
from tests.chaos.rig import DRAIN_SECONDS, Rig
from tests.chaos.taken import Taken
from tests.chaos.wires import BROKER, DATABASE, TO_DATABASE

_NARROW = 40_000.0  # bytes a second
_LONG = 0.25  # seconds, each way
_SECONDS_MORE = 2.0  # at most, each way, for each piece another while
_EVERY = 2.0  # seconds, in which each line breaks once
_SOON = 20.0  # seconds until each queue of the others has been empty once


def cut_off(rig: Rig) -> None:
    """One service is off the broker for half a minute (two), by half, cut, silent; then all lines break every 2 s."""
    crowd, submissions, questions, _ = rig.crowd(), rig.submissions(rate=1), rig.questions(), rig.department()
    victim, seconds = rig.chance.pick(SERVICES), rig.size(30, 120)
    crowd.await_told(1 / 4)
    _cut_one_off(rig, victim, seconds)
    _insist_on_answers(rig, questions, victim, ("cut", "silence"), least=seconds / 10)
    rig.must_have_taken("handed in meanwhile", submissions)
    _insist_on_catching_up(rig, victim)
    _break_all_lines(rig, rounds=rig.size(3, 20))


def black_hole(rig: Rig) -> None:
    """No packet passes between a service and the broker for 120 s, and nobody is told: others go on, it catches up."""
    crowd, submissions, questions = rig.crowd(), rig.submissions(rate=1), rig.questions()
    victim, seconds = rig.chance.pick(SERVICES), rig.size(30, 120)
    port = rig.stage.wires.ports[f"{victim}-{BROKER}"]
    crowd.await_told(1 / 4)
    taken = Taken(Path(rig.env["MOTCUA_METRICS_DIR"]))
    with rig.dropping("black hole", f"{victim}-{BROKER}", firewall.all_of(port)) as network:
        rig.wait(seconds)
        insist_that_others_work(rig, victim, taken, least=seconds / 10)
    _insist_on_answers(rig, questions, victim, ("black hole",), least=seconds / 10)
    rig.must_bite("packets lost", network.dropped(), least=10)
    rig.must_have_taken("handed in meanwhile", submissions)
    _insist_on_catching_up(rig, victim)


def bad_lines(rig: Rig) -> None:
    """One packet in ten is lost on every way, for a minute; then lines are narrow, one is long, one seconds late."""
    crowd, submissions, questions = rig.crowd(), rig.submissions(rate=1), rig.questions()
    ports, seconds = sorted(rig.stage.wires.ports.values()), rig.size(20, 60)
    crowd.await_told(1 / 4)
    told = crowd.accepted
    with rig.dropping("lose packets", "every line", firewall.one_in(10, ports)) as lossy:
        rig.wait(seconds)
    with (
        rig.narrow("routing", BROKER, _NARROW),
        rig.narrow("notify", BROKER, _NARROW),
        rig.slow("payment", BROKER, _LONG),
        rig.slow("registry", BROKER, _LONG, jitter=_SECONDS_MORE),
    ):
        rig.wait(seconds)
        squeezed = rig.squeezed("routing") + rig.squeezed("notify")
        told = crowd.accepted - told
    answers = questions.answers(rig.spells(lambda one: one.program in {"every", "registry"}))  # both, to their ends
    rig.must_bite("bytes that waited in narrow lines", squeezed, least=int(_NARROW))
    rig.must_bite("packets lost", lossy.dropped(), least=5 * seconds)
    rig.must_bite("dossiers that ended meanwhile", told)
    rig.must_bite("questions answered meanwhile", answers, least=seconds)
    rig.must_have_taken("handed in meanwhile", submissions)


def _cut_one_off(rig: Rig, victim: str, seconds: float) -> None:
    """For half of this time its lines are cut, for the other half silent; the others have work, and do it."""
    taken = Taken(Path(rig.env["MOTCUA_METRICS_DIR"]))
    rig.half_close(victim)
    with rig.cut(victim):
        rig.wait(seconds / 2)
        refused = rig.refused(victim)
        rig.insist_not_ready(victim)
    with rig.silent(victim):
        rig.wait(seconds / 2)
        insist_that_others_work(rig, victim, taken, least=seconds / 10)
    rig.must_bite("connections refused", refused)


def insist_that_others_work(rig: Rig, victim: str, taken: Taken, least: float) -> None:
    """They are ready, and what has come for them since it was begun to count is settled; the one off is not ready."""
    others = [name for name in SERVICES if name != victim]
    rig.insist_not_ready(victim)
    rig.insist_ready(*others)
    rig.insist_flow(*others, soon=_SOON)
    settled = taken.since()
    theirs = sum(settled[queue] for service, queue in queues_of_work() if service in others)
    rig.must_bite("events that the others settled meanwhile", theirs, least=least)


def _insist_on_catching_up(rig: Rig, victim: str) -> None:
    """Whoever was off works off what has piled up for it, by itself."""
    began = monotonic()
    rig.insist_flow(victim, soon=DRAIN_SECONDS)
    rig.must_bite("until it had caught up (s)", monotonic() - began, least=0)


def _break_all_lines(rig: Rig, rounds: int) -> None:
    """Each line to a server breaks once in two seconds, one after the other."""
    lines = [*((one, BROKER) for one in SERVICES), *((one, DATABASE) for one in TO_DATABASE)]
    for service, server in rounds * lines:
        rig.wait(_EVERY / len(lines))
        rig.break_off(service, server)
    rig.must_bite("connections broken again and again", rig.broken, least=rounds * len(lines))


def _insist_on_answers(rig: Rig, questions: Questions, victim: str, verbs: Container[str], least: float) -> None:
    """While this was done to one, the others answered, who were asked; the one did not."""
    meanwhile, others = rig.spells(lambda one: one.verb in verbs), [name for name in SERVICES if name != victim]
    in_vain = questions.in_vain(*others, meanwhile=meanwhile)
    rig.insist(not in_vain, f"asked twice in vain: {', '.join(in_vain)}")
    rig.must_bite("questions to each of the others", questions.least_asked(*others, meanwhile=meanwhile), least=least)
    unanswered = partial(questions.unavailable, victim, meanwhile=meanwhile)
    rig.must_bite("questions that nobody answered", unanswered, least=least)
