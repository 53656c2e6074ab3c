"""`make simulate` fails where a play failed, a fault was never felt, or too few histories were sound."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

import pytest

from deploy.local.programs import ROOT
from tests.unit.simulation.__main__ import Outcome, Played, arguments_of, played
from tests.unit.simulation.judge import KINDS, SHARES, Judged, judge, judge_all, plays


def outcomes(*failures: str) -> Iterator[Outcome]:
    """Three histories of four dossiers each; every failure but the empty one is a play that failed."""
    return ((Judged() if failure else Judged(3, 4, 10), failure) for failure in failures)


def test_so_many_histories_as_were_asked_for_are_enough() -> None:
    done = played(outcomes("", "", ""), lambda: False)
    assert (done.sound.histories, done.sound.dossiers, done.sound.aggregates, done.wrong) == (9, 12, 30, 0)
    assert [done.exit_code(least) for least in (0, 9, 10)] == [0, 0, 1]


def test_four_seeds_of_a_kind_are_eight_histories_that_were_all_sound() -> None:
    command = [sys.executable, "-W", "ignore", "-m", "tests.unit.simulation", "4", "24", "any order"]
    done = subprocess.run([*command, "--least", "8"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 histories of " in done.stdout


def test_a_seed_is_ten_histories_half_of_them_wild_and_no_play_is_put_on_twice() -> None:
    seeds = list(plays(range(7, 9), list(SHARES)))
    assert Counter(kind for kind, _ in seeds) == {"wild": 10, "race": 2, "any order": 2, "known race": 2}
    assert len({*seeds}) == len(seeds)
    each = {kind: judge(kind, 7).histories for kind in SHARES}
    assert each == {"wild": 1, "race": 2, "any order": 2, "known race": 1}
    assert sum(share * each[kind] for kind, share in SHARES.items()) == 10


def test_a_fault_that_was_meant_and_never_felt_fails_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    felt, unfelt = Judged(1, felt=Counter(killed=2, lost=0)), Judged(1, felt=Counter(killed=0, lost=0))
    assert felt.plus(unfelt) == Judged(2, felt=Counter(killed=2, lost=0))
    assert Played(felt.plus(unfelt)).exit_code(least=0) == 1
    assert "lost" in Played(unfelt).told(1.0)
    monkeypatch.setitem(KINDS, "wild", lambda _seed: unfelt)
    with pytest.raises(AssertionError, match=r"never felt: .*wild: killed.*wild: lost"):
        judge_all([("wild", 1), ("wild", 2)])


def test_a_play_that_failed_is_told_however_many_were_played(capsys: pytest.CaptureFixture[str]) -> None:
    done = played(outcomes("", "play «wild» 7", ""), lambda: False)
    assert done.exit_code(least=0) == done.exit_code(least=6) == 1
    assert "play «wild» 7" in capsys.readouterr().out


def test_what_comes_when_time_is_over_counts_no_more_but_as_a_failure() -> None:
    over = iter([False, True])
    done = played(outcomes("", "play «wild» 7", ""), lambda: next(over))
    assert (done.sound.histories, done.wrong) == (3, 1)


def test_it_ends_with_its_seeds_or_when_its_time_is_over() -> None:
    assert (arguments_of([]).seeds, arguments_of(["7"]).seeds) == (1000, 7)
    asked = arguments_of(["--least", "10000", "--within", "60"])
    assert (asked.seeds, asked.first, asked.kinds, asked.least, asked.within) == (0, 0, list(SHARES), 10_000, 60)
    assert arguments_of(["5", "24", "race", "--within", "60"]).kinds == ["race"]
    with pytest.raises(SystemExit):
        arguments_of(["0"])
