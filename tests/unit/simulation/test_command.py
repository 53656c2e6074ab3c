"""`make simulate` fails where a play failed, and where fewer histories were sound than it was asked for."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from deploy.local.programs import ROOT
from tests.unit.simulation.__main__ import Outcome, arguments_of, played
from tests.unit.simulation.judge import KINDS, Judged


def outcomes(*failures: str) -> Iterator[Outcome]:
    """Three histories of ten aggregates each; every failure but the empty one is a play that failed."""
    return ((Judged(0, 0) if failure else Judged(3, 10), failure) for failure in failures)


def test_so_many_histories_as_were_asked_for_are_enough() -> None:
    done = played(outcomes("", "", ""), lambda: False)
    assert (done.histories, done.aggregates, done.wrong) == (9, 30, 0)
    assert [done.exit_code(least) for least in (0, 9, 10)] == [0, 0, 1]


def test_two_seeds_of_three_kinds_are_fourteen_histories_and_all_of_them_are_sound() -> None:
    command = [sys.executable, "-W", "ignore", "-m", "tests.unit.simulation", "2", "24", "any order", "race", "wild"]
    done = subprocess.run([*command, "--least", "14"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.partition(" of ")[0]) == (0, "14 histories"), done.stdout + done.stderr


def test_a_play_that_failed_is_told_however_many_were_played(capsys: pytest.CaptureFixture[str]) -> None:
    done = played(outcomes("", "play «wild» 7", ""), lambda: False)
    assert done.exit_code(least=0) == done.exit_code(least=6) == 1
    assert "play «wild» 7" in capsys.readouterr().out


def test_what_comes_when_time_is_over_counts_no_more_but_as_a_failure() -> None:
    over = iter([False, True])
    done = played(outcomes("", "play «wild» 7", ""), lambda: next(over))
    assert (done.histories, done.wrong) == (3, 1)


def test_it_ends_with_its_seeds_or_when_its_time_is_over() -> None:
    assert (arguments_of([]).seeds, arguments_of(["7"]).seeds) == (250, 7)
    asked = arguments_of(["--least", "10000", "--within", "60"])
    assert (asked.seeds, asked.first, asked.kinds, asked.least, asked.within) == (0, 0, list(KINDS), 10_000, 60)
    assert arguments_of(["5", "24", "race", "--within", "60"]).kinds == ["race"]
    with pytest.raises(SystemExit):
        arguments_of(["0"])
