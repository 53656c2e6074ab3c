"""How a run is told: the verdict, what is kept of it, and the page that is written from that."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.chaos import report
from tests.chaos.__main__ import chaos, exit_code
from tests.chaos.diary import Step
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


def test_the_page_has_a_row_for_each_scenario() -> None:
    one = Outcome("kills", "Everybody is killed", 7, 60, {"kill": 12}, {"killed": 12})
    one.duplicates, one.letters_twice, one.recovery_seconds = 3, 2, 1.5
    page = report.page(report.Run("stamp", "short", 7, [one]))
    assert "| kills | held | 7 | 60 | kill 12 | killed 12 | 3 | 2 | 0 | 1.5 |" in page
    assert "- **kills**: Everybody is killed." in page


def test_a_run_is_kept_with_its_seed_and_its_steps(tmp_path: Path) -> None:
    one = Outcome("kills", "x", 7, steps=[str(Step(1.25, "kill", "intake"))])
    kept = report.keep(report.Run("stamp", "short", 7, [one]), tmp_path).read_text()
    assert '"seed": 7' in kept
    assert "kill intake" in kept
    assert '"result": "held"' in kept


def test_a_page_can_be_written_from_what_was_kept_before_it_knew_of_everything(tmp_path: Path) -> None:
    one = Outcome("kills", "x", 7, steps=["1.0 s kill intake"], letters_twice=1, violations=["lost"])
    file = report.keep(report.Run("stamp", "full", 7, [one], machine="4 cores"), tmp_path)
    assert report.page(report.read(file)) == report.page(report.Run("stamp", "full", 7, [one], machine="4 cores"))
    kept = json.loads(file.read_text())
    del kept["machine"], kept["outcomes"][0]["asked"], kept["outcomes"][0]["full"]
    file.write_text(json.dumps(kept))
    assert report.read(file).outcomes == [one]
    assert report.machine() in report.page(report.read(file))


def test_of_several_runs_a_page_has_each_scenario_as_the_last_has_it() -> None:
    first = report.Run("one", "full", 1, [Outcome("kills", "x", 1, violations=["lost"]), Outcome("poison", "y", 1)])
    first.commit = "abc"
    page = report.page(first, report.Run("two", "full", 2, [Outcome("kills", "x", 2)]))
    assert "| kills | held | 2 |" in page
    assert "violated" not in page
    assert "run one, , 0 min, commit abc: poison\n- run two, , 0 min, by an earlier harness" in page


def test_a_page_is_of_one_plan(tmp_path: Path) -> None:
    files = [report.keep(report.Run(plan, plan, 1), tmp_path) for plan in ("short", "full")]
    told = CliRunner().invoke(chaos, [word for file in files for word in ("--page", str(file))])
    assert told.exit_code == 2
    assert "two plans" in told.output


def test_what_plays_a_scenario_again_has_its_sizes() -> None:
    assert Outcome("cut off", "x", 7).again == 'make chaos ONLY="cut off" SEED=7'
    assert Outcome("kills", "x", 7, full=True, asked=9).again == 'make chaos ONLY="kills" SEED=7 FULL=1 DOSSIERS=9'
