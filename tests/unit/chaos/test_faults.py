"""The page of all faults and invariants: what it names is there, and it says what only the full plan plays."""

import re
from typing import Final

import pytest

from deploy.local.programs import ROOT
from tests.chaos.plan import PLAN
from tests.chaos.scenario import Scenario

_ROWS: Final = [
    line for line in (ROOT / "docs" / "faults.md").read_text("utf-8").splitlines() if re.match(r"\| [FI]\d", line)
]


def test_every_fault_and_every_invariant_has_its_row() -> None:
    planned = [f"F{number}" for number in range(1, 33)] + [f"I{number}" for number in range(1, 13)]
    assert [row.split()[1] for row in _ROWS] == planned


@pytest.mark.parametrize("one", PLAN, ids=lambda one: one.name)
def test_a_row_says_full_where_only_the_full_plan_has_the_scenario(one: Scenario) -> None:
    wrong = [
        row
        for row in _ROWS
        for named in re.finditer(f"`{one.name}`", row)
        if row[named.end() :].startswith(" (*full*") is not one.full_only
    ]
    assert wrong == []


@pytest.mark.parametrize("one", [one for one in PLAN if not one.is_control], ids=lambda one: one.name)
def test_every_scenario_plays_some_fault(one: Scenario) -> None:
    assert any(f"`{one.name}`" in row for row in _ROWS)


def test_the_tests_and_files_that_rows_name_are_there() -> None:
    written = "\n".join(file.read_text("utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    named = [name for row in _ROWS for name in re.findall(r"`(test_\w+)`", row)]
    assert [name for name in named if f"def {name}(" not in written] == []
    files = [name for row in _ROWS for name in re.findall(r"`((?:tests|services)/[\w/]+\.py)`", row)]
    assert [name for name in files if not (ROOT / name).is_file()] == []
