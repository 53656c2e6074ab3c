"""How a run is told: the verdict, what is kept of it, and the page that is written from that."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.chaos import report
from tests.chaos.__main__ import chaos, exit_code
from tests.chaos.diary import Step
from tests.chaos.judge import JUDGED
from tests.chaos.plan import chosen
from tests.chaos.scenario import BROKE_OFF, HELD, NO_BITE, VIOLATED, Outcome


@pytest.mark.parametrize(
    ("outcome", "result", "code"),
    [
        (Outcome("a", "b", 1), HELD, 0),
        (Outcome("a", "b", 1, missed=["nobody died"]), NO_BITE, 2),
        (Outcome("a", "b", 1, broke_off="Traceback"), BROKE_OFF, 2),
        (Outcome("a", "b", 1, broke_off="Traceback", violations=["lost"], missed=["x"]), VIOLATED, 1),
    ],
)
def test_a_fault_that_was_not_felt_is_no_success(outcome: Outcome, result: str, code: int) -> None:
    assert outcome.result == result
    assert exit_code(report.Run("stamp", "short", 1, [Outcome("fine", "b", 1), outcome])) == code


@pytest.mark.parametrize(
    ("plan", "seconds", "said"),
    [
        ("short", 540.0, "9.0 min in all, of the 10 that are meant"),
        ("short", 966.0, "16.1 min in all: more than the 10 that are meant on two cores that do nothing else"),
        ("full", 9_000.0, "150.0 min in all"),
    ],
)
def test_a_run_says_how_long_it_took_and_whether_that_is_more_than_is_meant(
    plan: str, seconds: float, said: str
) -> None:
    run = report.Run("stamp", plan, 1, [Outcome("fine", "b", 1)], seconds)
    assert report.whole_time(run) == said
    assert f"The run took {said}." in report.page(run)
    assert exit_code(run) == 0


def test_the_page_has_a_row_for_each_scenario() -> None:
    one = Outcome("kills", "Everybody is killed", 7, 60, {"kill": 12}, {"killed": 12}, planned=50)
    one.duplicates, one.letters_twice, one.recovery_seconds, one.rest_seconds = 3, 2, 1.5, 9
    one.tries, one.unanswered, one.returns = 90, 4, [("intake", 2.0), ("notify", 3.25)]
    one.watched = {
        "routing": {"lag": 1.2, "own_lag": 0.0, "megabytes": 90.0},
        "intake": {"lag": 0.3, "own_lag": 0.1, "megabytes": 131.4},
    }
    page = report.page(report.Run("stamp", "short", 7, [one]))
    assert (
        "| kills \\* | held | 7 | 50 | 60 | kill 12 | killed 12 | 3 | 2 | 90 (4) | 0 | notify 3.2 of 2 | 1.5 | 9.0 |"
        in page
    )
    assert "| 9.0 | routing 1.20 | intake 0.10 | intake 131 |" in page
    assert "As it was played: Everybody is killed." in page
    assert len({line.count("|") for line in page.splitlines() if line.startswith("|")}) == 1


def test_a_row_of_another_form_than_the_scenario_has_now_is_marked_and_what_is_missing_named() -> None:
    (kills,) = chosen(["kills"], full=True)
    rows = [
        Outcome("kills", "x", 7, form=kills.form),
        Outcome("poison", "x", 7, form="another"),
        Outcome("alarms", "x", 7),
    ]
    page = report.page(report.Run("stamp", "full", 7, rows))
    assert "| kills | held |" in page
    assert r"| poison \* | held |" in page
    assert r"| alarms \* | held |" in page
    left = [one.name for one in chosen([], full=True) if one.name not in {"kills", "poison", "alarms"}]
    assert f"Not played yet: {', '.join(left)}." in page
    whole = [Outcome(one.name, "x", 7, form=one.form) for one in chosen([], full=False)]
    page = report.page(report.Run("stamp", "short", 7, whole))
    assert "Not played" not in page
    assert r"\*" not in page


def test_a_scenario_is_described_as_it_is_and_as_it_was_played_where_that_was_otherwise() -> None:
    (kills,) = chosen(["kills"], full=True)
    (line,) = _described(Outcome("kills", "Two are killed", 7, form="another"))
    assert line == f"- **kills**: {kills.what}. As it was played: Two are killed."
    (line,) = _described(Outcome("kills", kills.what, 7, form=kills.form))
    assert line == f"- **kills**: {kills.what}."


def _described(one: Outcome) -> list[str]:
    return re.findall(r"- \*\*.*", report.page(report.Run("stamp", "full", 7, [one])))


@pytest.mark.parametrize(
    ("planned", "asked", "told"),
    [(300, None, "300"), (300, 100, "100 of 300"), (300, 300, "300"), (0, 100, "100"), (0, None, "–")],
)
def test_a_row_says_of_how_many_dossiers_fewer_were_told(planned: int, asked: int | None, told: str) -> None:
    one = Outcome("kills", "x", 7, 160, planned=planned, asked=asked)
    assert f"| kills \\* | held | 7 | {told} | 160 |" in report.page(report.Run("stamp", "full", 7, [one]))


def test_a_run_from_before_sizes_were_kept_has_that_of_the_plan_where_it_says_what_it_was_asked_for(
    tmp_path: Path,
) -> None:
    (kills,) = chosen(["kills"], full=True)
    file = report.keep(report.Run("stamp", "full", 7, [Outcome("kills", "x", 7, asked=9)]), tmp_path)
    kept = json.loads(file.read_text())
    del kept["outcomes"][0]["planned"]
    file.write_text(json.dumps(kept))
    assert report.read(file).outcomes[0].size == f"9 of {kills.dossiers[True]}"


@pytest.mark.parametrize(
    ("commit", "judged", "said"),
    [
        ("abc", tuple(JUDGED), "commit abc\n"),
        ("abc", tuple(JUDGED)[1:], f"commit abc, which does not say that it looked at {next(iter(JUDGED))}\n"),
        ("", (), "of a commit that it does not name, which does not say at what it looked\n"),
    ],
)
def test_a_run_says_itself_by_which_harness_it_was_and_at_what_that_looked(
    commit: str, judged: Sequence[str], said: str
) -> None:
    run = report.Run("stamp", "full", 7, [Outcome("kills", "x", 7)], commit=commit, judged=judged)
    assert f"run stamp, , 0 min, {said}" in report.page(run)


def test_a_run_is_kept_with_its_seed_and_its_steps(tmp_path: Path) -> None:
    one = Outcome("kills", "x", 7, steps=[str(Step(1.25, "kill", "intake"))])
    kept = report.keep(report.Run("stamp", "short", 7, [one]), tmp_path).read_text()
    assert '"seed": 7' in kept
    assert "kill intake" in kept
    assert '"result": "held"' in kept


def test_a_page_can_be_written_from_what_was_kept_before_it_knew_of_everything(tmp_path: Path) -> None:
    one = Outcome("kills", "x", 7, steps=["1.0 s kill intake"], letters_twice=1, violations=["lost"], planned=7)
    file = report.keep(report.Run("stamp", "full", 7, [one], machine="4 cores"), tmp_path)
    assert report.page(report.read(file)) == report.page(report.Run("stamp", "full", 7, [one], machine="4 cores"))
    kept = json.loads(file.read_text())
    del kept["machine"], kept["judged"], kept["outcomes"][0]["asked"], kept["outcomes"][0]["full"]
    file.write_text(json.dumps(kept))
    assert report.read(file).outcomes == [one]
    assert report.machine() in report.page(report.read(file))


def test_of_several_runs_a_page_has_each_scenario_as_the_newest_has_it() -> None:
    first = report.Run(
        "20261127T01Z", "full", 1, [Outcome("kills", "x", 1, violations=["lost"]), Outcome("poison", "y", 1)]
    )
    first.commit = "abc"
    second = report.Run("20261127T02Z", "full", 2, [Outcome("kills", "x", 2)])
    page = report.page(*report.standing([first, second]))
    assert r"| kills \* | held | 2 |" in page
    assert "violated" not in page
    assert re.search("- run 20261127T01Z, .*, commit abc, .*: poison\n- run 20261127T02Z, .*: kills\n", page)
    assert report.page(*report.standing([second, first, second, first])) == page


def test_what_stands_on_a_page_stays_there_until_it_is_played_anew(tmp_path: Path) -> None:
    pages = {"full": tmp_path / "full.md"}

    def published(hour: int, *names: str) -> str:
        outcomes = [Outcome(name, "x", hour, steps=["1.0 s kill"], planned=9) for name in names]
        report.publish(report.Run(f"20261127T{hour}Z", "full", hour, outcomes, machine="4 cores"), pages=pages)
        return pages["full"].read_text()

    assert "- run 20261127T11Z, 4 cores, 0 min" in published(11, "poison", "kills")
    page = published(12, "poison")
    assert re.search(r"\| kills \\\* \| held \| 11 .*\n\| poison \\\* \| held \| 12 ", page)
    assert published(10, "poison") == page
    assert re.findall("- run (.*?),", published(13, "kills", "poison")) == ["20261127T13Z"]
    assert "1.0 s kill" not in (tmp_path / "full.json").read_text()


def test_a_page_is_of_one_plan(tmp_path: Path) -> None:
    files = [report.keep(report.Run(plan, plan, 1), tmp_path) for plan in ("short", "full")]
    told = CliRunner().invoke(chaos, [word for file in files for word in ("--page", str(file))])
    assert told.exit_code == 2
    assert "two plans" in told.output


def test_what_plays_a_scenario_again_has_its_sizes() -> None:
    assert Outcome("cut off", "x", 7).again == 'make chaos ONLY="cut off" SEED=7'
    assert Outcome("kills", "x", 7, full=True, asked=9).again == 'make chaos ONLY="kills" SEED=7 FULL=1 DOSSIERS=9'
