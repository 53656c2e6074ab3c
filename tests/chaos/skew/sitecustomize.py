"""Python imports this by itself where it lies on PYTHONPATH: in a process whose clock is to be wrong.

The two places at which the product reads the time of day read another one. libfaketime would reach everything, but
Python cannot wait under it: it shifts the clock that threads wait by without telling `sem_clockwait`, and where it is
told to leave that clock alone, `clock_nanosleep` refuses (0.9.10 with Python 3.11).

Where time zones are given, each program lives in one of them, and says in which: by its C library, not by its name.
"""

import os
import sys
import time
import zlib
from datetime import datetime, timedelta, tzinfo

from services.chassis import clock
from services.contracts.catalogue import dates

_AHEAD = timedelta(seconds=float(os.environ["CHAOS_SECONDS_AHEAD"]))


class Skewed(datetime):
    """The time of day, as a wrong clock has it."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "Skewed":
        """Another present."""
        return super().now(tz) + _AHEAD


if zones := os.environ.get("CHAOS_ZONES", "").split():
    os.environ["TZ"] = zones[zlib.crc32(sys.orig_argv[-1].encode()) % len(zones)]
    time.tzset()
    sys.stderr.write(f"local time is {time.timezone} s behind UTC\n")

for module in (clock, dates):
    vars(module)["datetime"] = Skewed
