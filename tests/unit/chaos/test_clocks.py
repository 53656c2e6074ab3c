"""A process with a wrong clock reads it wherever the product reads the time of day, and nowhere else."""

import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Final

from deploy.local.programs import ROOT
from tests.chaos.clocks import skewed

_PROGRAM: Final = """
import time
from services.chassis import clock
from services.contracts.catalogue import dates
before = time.monotonic()
time.sleep(0.1)
print(clock.now().isoformat(), dates.local_today(), time.monotonic() - before > 1)
"""
_READS: Final = re.compile(r"datetime\.(now|utcnow|today)\(|date\.today\(|time\.time\(")
_PLACES: Final = {"services/chassis/clock.py", "services/contracts/catalogue/dates.py"}


def test_a_process_ahead_by_400_days_lives_then_and_waits_as_long_as_others() -> None:
    env = {**os.environ, **skewed(timedelta(days=400).total_seconds())}
    told = subprocess.run(
        [sys.executable, "-c", _PROGRAM], env=env, cwd=ROOT, capture_output=True, text=True, check=True
    )
    moment, day, waited_long = told.stdout.split()
    then = datetime.now(UTC) + timedelta(days=400)
    assert abs(datetime.fromisoformat(moment) - then) < timedelta(minutes=1)
    assert abs((datetime.fromisoformat(day).date() - then.date()).days) <= 1
    assert waited_long == "False"


def test_a_process_says_by_its_own_clock_in_which_of_the_zones_it_lives() -> None:
    env = {**os.environ, **skewed(0), "CHAOS_ZONES": "Asia/Ho_Chi_Minh"}
    told = subprocess.run([sys.executable, "-c", ""], env=env, cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stderr == "local time is -25200 s behind UTC\n"


def test_the_product_reads_the_time_of_day_in_these_places_only() -> None:
    own = (path for path in (ROOT / "services").rglob("*.py") if "cli" not in path.relative_to(ROOT).parts)
    assert {str(path.relative_to(ROOT)) for path in own if _READS.search(path.read_text(encoding="utf-8"))} == _PLACES
