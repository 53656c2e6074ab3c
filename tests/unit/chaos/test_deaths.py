"""Deaths that nobody of us had anybody die are told from those that verbs have brought about, by the logs alone."""

import signal
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from tests.chaos.deaths import Meant, unmeant
from tests.chaos.witness import Witness

DOOR: Final = "intake-http"
# As gunicorn writes them.
BEGINS: Final = "Starting gunicorn 27.0.1"
KILLED: Final = "Worker (pid:7) was sent SIGKILL! Perhaps out of memory?"
CRASHED: Final = "Worker (pid:7) was sent SIGSEGV!"
LATE: Final = "WORKER TIMEOUT (pid:7)"
FAILED: Final = "Worker (pid:7) exited with code 255."
ENDED: Final = "Worker exiting (pid: 7)"
MASTER_ENDS: Final = "Handling signal: term"


def look(folder: Path, log: str, lines: list[str], **known: int | signal.Signals) -> list[str]:
    witness = Witness(folder)
    (folder / log).write_text("".join(f"[2026-11-28 08:36:40 +0000] [5] [INFO] {line}\n" for line in lines))
    sent, burnt = known.get("sent"), int(known.get("burnt", 0))
    workers = {7: sent} if isinstance(sent, signal.Signals) else {}
    return [one.rpartition(": ")[2] for one in unmeant(witness, [DOOR], Meant(workers=workers), {DOOR: burnt}, {})]


@pytest.mark.parametrize("log", [f"{DOOR}.log", f"{DOOR}-2.log"])
@pytest.mark.parametrize(
    ("line", "how"),
    [
        (KILLED, "was sent SIGKILL"),
        (CRASHED, "was sent SIGSEGV"),
        (LATE, "TIMEOUT"),
        (FAILED, "exited with code 255"),
        (ENDED, "exited"),
    ],
)
def test_a_worker_that_ends_of_nobody_of_us_is_named(tmp_path: Path, log: str, line: str, how: str) -> None:
    assert look(tmp_path, log, [BEGINS, "Booting worker with pid: 7", line]) == [how]


def test_who_was_told_to_end_may_end_so_and_not_otherwise(tmp_path: Path) -> None:
    killed, renewed = (tmp_path / name for name in ("killed", "renewed"))
    killed.mkdir()
    renewed.mkdir()
    assert look(killed, f"{DOOR}.log", [KILLED], sent=signal.SIGKILL) == []
    assert look(renewed, f"{DOOR}.log", [ENDED, FAILED], sent=signal.SIGTERM) == ["exited with code 255"]


def test_who_died_where_he_was_to_is_counted_and_the_next_one_is_named(tmp_path: Path) -> None:
    assert look(tmp_path, f"{DOOR}.log", [KILLED, KILLED], burnt=1) == ["was sent SIGKILL"]


def test_workers_end_with_their_master_until_it_begins_anew(tmp_path: Path) -> None:
    assert look(tmp_path, f"{DOOR}.log", [MASTER_ENDS, ENDED, BEGINS]) == []
    again = tmp_path / "again"
    again.mkdir()
    assert look(again, f"{DOOR}.log", [MASTER_ENDS, ENDED, BEGINS, ENDED]) == ["exited"]


@pytest.mark.parametrize(
    ("deaths", "kills", "burnt", "starved", "named"),
    [
        ([9], 0, 0, [], True),  # by the kernel
        ([9], 1, 0, [], False),
        ([9], 0, 1, [], False),
        ([9, 20], 1, 0, [], True),
        ([9, 12], 0, 0, [(8, 11)], False),
        ([9, 40], 0, 0, [(8, 11)], True),
    ],
)
def test_a_program_is_named_that_was_killed_more_often_than_by_us(
    tmp_path: Path, deaths: list[int], kills: int, burnt: int, starved: list[tuple[float, float]], named: bool
) -> None:
    witness = Witness(tmp_path)
    times = [datetime.now() + timedelta(seconds=at) for at in deaths]  # noqa: DTZ005 – as logged
    lines = [f"{at:%Y-%m-%d %H:%M:%S},000 WARN exited: routing-1 (terminated by SIGKILL; not expected)" for at in times]
    (tmp_path / "supervisord.log").write_text("\n".join(lines))
    meant = Meant()
    meant.programs["routing"] = kills
    assert bool(list(unmeant(witness, [DOOR], meant, {"routing": burnt}, {"routing": starved}))) is named
