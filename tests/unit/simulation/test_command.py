"""`make simulate` fails where a play failed, and where fewer histories were played than it was asked for."""

from collections.abc import Iterator

import pytest

from tests.unit.simulation.__main__ import Outcome, arguments_of, played
from tests.unit.simulation.judge import KINDS, Judged


def outcomes(*failures: str) -> Iterator[Outcome]:
    """Ten histories each; every failure but the empty one is a play that failed."""
    return ((Judged(3, 10), failure) for failure in failures)


def test_so_many_histories_as_were_asked_for_are_enough() -> None:
    done = played(outcomes("", "", ""), lambda: False)
    assert (done.plays, done.histories, done.wrong) == (9, 30, 0)
    assert [done.exit_code(least) for least in (0, 30, 31)] == [0, 0, 1]


def test_a_play_that_failed_is_told_however_many_were_played(capsys: pytest.CaptureFixture[str]) -> None:
    done = played(outcomes("", "play «wild» 7", ""), lambda: False)
    assert done.exit_code(least=0) == done.exit_code(least=30) == 1
    assert "play «wild» 7" in capsys.readouterr().out


def test_what_comes_when_time_is_over_counts_no_more_but_as_a_failure() -> None:
    over = iter([False, True])
    done = played(outcomes("", "play «wild» 7", ""), lambda: next(over))
    assert (done.histories, done.wrong) == (10, 1)


def test_it_ends_with_its_seeds_or_when_its_time_is_over() -> None:
    assert (arguments_of([]).seeds, arguments_of(["7"]).seeds) == (1000, 7)
    asked = arguments_of(["--least", "10000", "--within", "60"])
    assert (asked.seeds, asked.first, asked.kinds, asked.least, asked.within) == (0, 0, list(KINDS), 10_000, 60)
    assert arguments_of(["5", "24", "race", "--within", "60"]).kinds == ["race"]
    with pytest.raises(SystemExit):
        arguments_of(["0"])
