"""Other clocks: of one service, or of all of them a moment before a midnight that matters."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from deploy.local.programs import ROOT
from tests.chaos.legal_days import VIETNAM, wrong_dues
from tests.chaos.stage import Stage
from tests.integration.books import JOURNALS, Books

_BEFORE: Final = timedelta(seconds=75)  # so long before midnight it is opened: it takes a third of that to start
_STOP_SECONDS: Final = 40
ZONES: Final = ("UTC", "Asia/Ho_Chi_Minh", "America/New_York")
_LIVES_IN: Final = re.compile(r"^local time is (-?\d+) s behind UTC$", re.MULTILINE)


def skewed(seconds: float) -> dict[str, str]:
    """The variables of a process whose clock is ahead by so many seconds, or behind."""
    return {"CHAOS_SECONDS_AHEAD": f"{seconds:.0f}", "PYTHONPATH": f"{ROOT}/tests/chaos/skew:{ROOT}"}


class Skewed:
    """A process of a service beside the stack, with a clock of its own."""

    def __init__(self, service: str, seconds: float, env: Mapping[str, str], logs: Path) -> None:
        with (logs / f"{service}-skewed.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", f"services.{service}"],
                cwd=ROOT,
                env={**os.environ, **env, **skewed(seconds)},
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """End it, in order."""
        self._process.terminate()
        self._process.wait(_STOP_SECONDS)


class MidnightStage(Stage):
    """A stack whose services, doors and gateway are about to live through the end of a day in Vietnam.

    What their machines take for local time is another zone's for each: midnight there is at other moments.
    """

    def __init__(self, run_dir: Path, last_day: datetime) -> None:
        midnight = last_day.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        self.years = midnight.year - last_day.year + 1  # that it sees something of
        self.ahead = midnight - _BEFORE - datetime.now(UTC)
        self.midnight_at = time.monotonic() + _BEFORE.total_seconds()
        seconds = self.ahead.total_seconds()
        zones = {"CHAOS_ZONES": " ".join(ZONES)}
        super().__init__(run_dir, {**skewed(seconds), **zones, "SANDBOX_CLOCK_AHEAD_SECONDS": f"{seconds:.0f}"})

    def zones(self) -> int:
        """In how many zones its processes live, as their own C libraries have it."""
        logs = (log.read_text(errors="replace") for log in (self.run_dir / "logs").glob("*.log*"))
        return len({zone for log in logs for zone in _LIVES_IN.findall(log)})


def new_year(run_dir: Path) -> Stage:
    """31 December 2026."""
    return MidnightStage(run_dir, datetime(2026, 12, 31, tzinfo=VIETNAM))


def tet(run_dir: Path) -> Stage:
    """The last working day before Tết Đinh Mùi (6 February 2027)."""
    return MidnightStage(run_dir, datetime(2027, 2, 3, tzinfo=VIETNAM))


def days_of_codes(env: Mapping[str, str]) -> dict[str, int]:
    """How many dossiers have each day in their codes."""
    found: dict[str, int] = {}
    with Books(env) as books:
        for dossier in books.collection("intake.dossiers").find({}, {"_id": 1}):
            day = dossier["_id"].split("-")[-2]
            found[day] = found.get(day, 0) + 1
    return found


def years_of_receipts(env: Mapping[str, str]) -> int:
    """In how many years, as their serials have it, receipts were issued."""
    with Books(env) as books:
        found = books.collection("payment.orders").distinct("state.receipt.serial")
    return len({serial.rpartition("-")[2] for serial in found if serial})


def dated(env: Mapping[str, str], service: str, since: datetime, until: datetime) -> int:
    """How many histories of a service have an event that it has dated between these."""
    between = {"history": {"$elemMatch": {"at": {"$gte": since, "$lt": until}}}}
    with Books(env) as books:
        return sum(books.collection(name).count_documents(between) for name in JOURNALS if _is_of(service, name))


def wrong_days(env: Mapping[str, str]) -> Iterator[str]:
    """Codes, receipts and due dates that do not fit the moment: a code has the day in Vietnam, a receipt the year."""
    with Books(env) as books:
        for dossier in books.collection("intake.dossiers").find({}, {"state.submitted_at": 1}):
            day = f"{_local(dossier['state']['submitted_at']):%y%m%d}"
            if dossier["_id"].split("-")[-2] != day:
                yield f"intake.dossiers {dossier['_id']}: it was submitted on {day}"
        for order in books.collection("payment.orders").find({"state.receipt": {"$ne": None}}, {"state": 1}):
            year = f"{_local(order['state']['paid_at']):%y}"
            if f"-{year}E" not in order["state"]["receipt"]["serial"]:
                yield f"payment.orders {order['_id']}: receipt {order['state']['receipt']['serial']} of 20{year}"
        yield from wrong_dues([one["state"] for one in books.collection("routing.cases").find({}, {"state": 1})])


def _is_of(service: str, shelf: str) -> bool:
    return shelf.partition(".")[0] == service


def _local(moment: datetime) -> datetime:
    return moment.astimezone(VIETNAM)
