"""A process at rest has little to do, and one at work is seldom made to stand still."""

import gc
import subprocess
import sys

from services.chassis.doubts import DOUBT_SECONDS
from services.chassis.pauses import begin_without, spare_what_stays
from services.chassis.rhythm import LOOK_AT_REST, LOOK_EVERY, Rhythm


def test_a_relay_looks_seldom_once_no_confirm_can_be_in_doubt() -> None:
    rhythm = Rhythm(0.0)
    assert rhythm.seconds_left(0.0) == LOOK_EVERY
    rhythm.looked(1.0)
    assert rhythm.seconds_left(1.0) == LOOK_AT_REST
    rhythm.published(1.5)
    assert rhythm.seconds_left(1.5) == LOOK_EVERY
    rhythm.looked(1.5 + DOUBT_SECONDS)
    assert rhythm.seconds_left(1.5 + DOUBT_SECONDS) == LOOK_EVERY
    rhythm.looked(1.5 + 3 * DOUBT_SECONDS)
    assert rhythm.seconds_left(1.5 + 3 * DOUBT_SECONDS) == LOOK_AT_REST


def test_a_look_that_is_due_is_not_put_off_by_what_is_published() -> None:
    rhythm = Rhythm(0.0)
    rhythm.looked(0.0)
    rhythm.published(2.5)
    assert rhythm.seconds_left(2.5) == LOOK_AT_REST - 2.5
    assert rhythm.seconds_left(LOOK_AT_REST) == 0.0


def test_nothing_is_looked_through_while_a_process_loads_and_what_it_loaded_never_again() -> None:
    class Knot:
        """Garbage that only a look can find."""

    try:
        begin_without()
        assert not gc.isenabled()
        spare_what_stays()
        assert gc.isenabled()
        assert gc.get_freeze_count() > 0
        knot = Knot()
        knot.itself = knot  # type: ignore[attr-defined]
        assert any(one is knot for one in gc.get_objects())
        del knot
        assert gc.collect() > 0
    finally:
        gc.enable()
        gc.unfreeze()


def test_a_service_loads_no_console() -> None:
    told = "import services.chassis.logs, sys; print(*(name for name in ('rich', 'pygments') if name in sys.modules))"
    found = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []


def test_who_has_a_console_keeps_it() -> None:
    told = "import rich; import services.chassis.logs, rich.console, sys; print(sys.modules['rich'] is rich)"
    found = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["True"]
