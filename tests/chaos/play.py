"""One scenario put through: load and faults, the healing, the way back to rest, the judgement."""

import time
import traceback
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Final

from deploy.local.waiting import wait_until
from tests.chaos import judge
from tests.chaos.chance import Chance
from tests.chaos.ending import Hung
from tests.chaos.missing import NotHere
from tests.chaos.recovery import Recovery
from tests.chaos.rig import DRAIN_SECONDS, Rig
from tests.chaos.scenario import Outcome, Scenario
from tests.chaos.stage import Stage
from tests.tracebacks import without_folders

_AT_LAST_SECONDS: Final = 240.0


def play(
    stage: Stage, one: Scenario, seed: int, dossiers: int | None, *, full: bool, tell: Callable[[str], None]
) -> Outcome:
    """Put it through, whatever happens; the stage may be used again where it held."""
    began, planned = time.monotonic(), one.dossiers[full]
    size = dossiers or planned
    outcome = Outcome(one.name, one.what, seed, is_control=one.is_control, full=full, asked=dossiers, planned=planned)
    outcome.form = one.form
    rig = Rig(stage=stage, chance=Chance(seed, one.name), dossiers=size, full=full, tell=tell)
    letters = judge.copies(stage.run_dir)
    rig.watch.start()
    try:
        one.act(rig)
        rig.heal()
        outcome.recovery_seconds = _recover(rig, outcome)
        _finish(rig, outcome)
        outcome.duplicates = stage.stream.read()
        outcome.letters_twice = rig.letters_twice = judge.letters_twice(stage.run_dir, letters)
        outcome.violations += judge.violations(rig)
        _count_bites(rig, outcome)
    except NotHere as missing:
        outcome.not_here = str(missing)
    except Hung as hung:
        outcome.violations += [str(hung), *rig.wrong]
    except Exception:  # noqa: BLE001 – the others are still to be played
        outcome.broke_off = without_folders(traceback.format_exc())
        outcome.violations += rig.wrong  # it may be why
    finally:  # whoever broke it off does not want to wait for people who wait
        outcome.violations += rig.close()
    outcome.dossiers = sum(load.accepted for load in rig.loads) or size
    outcome.tries, outcome.unanswered = len(rig.calls()), sum(one.is_unanswered for one in rig.calls())
    outcome.returns = [(one.program, round(one.seconds, 1)) for one in rig.returns()]
    outcome.faults = dict(Counter(step.verb for step in rig.steps if step.is_fault))
    outcome.watched = rig.watch.told()
    outcome.steps = [str(step) for step in rig.steps]
    outcome.seconds = round(time.monotonic() - began, 1)
    return outcome


def _recover(rig: Rig, outcome: Outcome) -> float:
    """Until nothing of what had piled up waits or is in hand any more; how long after the heal that was."""
    over = Recovery(rig).is_over
    return _insist_soon(rig, rig.healed_at, over, "what had piled up was not worked off", outcome, rig.recovers_within)


def _finish(rig: Rig, outcome: Outcome) -> None:
    """Let the load come to its end, and everything to rest."""
    for load in rig.loads:
        load.finish()
    _insist_soon(rig, time.monotonic(), partial(judge.is_drained, rig), "something still waited", outcome)
    outcome.rest_seconds = round(time.monotonic() - rig.healed_at, 1)


def _insist_soon(
    rig: Rig, since: float, true: Callable[[], bool], otherwise: str, outcome: Outcome, within: float = DRAIN_SECONDS
) -> float:
    if not wait_until(true, since + _AT_LAST_SECONDS - time.monotonic()):
        outcome.violations.append(f"{otherwise} {_AT_LAST_SECONDS:.0f} s later: {judge.what_waits(rig)}")
        return round(time.monotonic() - since, 1)
    if (seconds := time.monotonic() - since) > within:
        outcome.violations.append(f"{otherwise} after {within:.0f} s, and no more after {seconds:.0f} s")
    return round(seconds, 1)


def _count_bites(rig: Rig, outcome: Outcome) -> None:
    for bite in rig.bites:
        count = bite.count()
        outcome.bites[bite.what] = round(count, 1)
        if count < bite.least:
            outcome.missed.append(f"{bite.what}: {count:g}, wanted {bite.least:g}")
