"""The index of faults and invariants names what there is: each once, scenarios of the plan, tests that exist."""

import re
from typing import Final

import pytest

from tests.chaos.plan import PLAN
from tests.conftest import ROOT

_ROW: Final = re.compile(r"^\| F(\d+) \| (.+?) \| (.+?) \| (yes|partly|no)(: .+)? \|$", re.MULTILINE)
_NAMED: Final = re.compile(r"`([^`]+)`")
_INVARIANT: Final = re.compile(r"^\| I(\d+) \| (.+?) \| (.+?) \| (yes|partly|no)(: .+)? \|$", re.MULTILINE)
PAGE: Final = (ROOT / "docs/faults.md").read_text(encoding="utf-8")
ROWS: Final = {int(row[1]): row for row in _ROW.finditer(PAGE)}
INVARIANTS: Final = list(_INVARIANT.finditer(PAGE))


@pytest.fixture(scope="module")
def known() -> set[str]:
    """Every scenario, and every test under `tests/`."""
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    tests = {name for source in sources for name in re.findall(r"^def (test_\w+)\(", source, re.MULTILINE)}
    return tests | {one.name for one in PLAN}


def test_each_fault_of_the_plan_has_one_row() -> None:
    assert sorted(int(number) for number in re.findall(r"^\| F(\d+) ", PAGE, re.MULTILINE)) == list(range(1, 33))
    assert sorted(ROWS) == list(range(1, 33)), "these rows have another form"


@pytest.mark.parametrize("number", range(1, 33))
def test_what_plays_a_fault_exists(number: int, known: set[str]) -> None:
    named = set(_NAMED.findall(ROWS[number][3]))
    assert not named - known
    assert bool(named) == (ROWS[number][4] != "no")


@pytest.mark.parametrize("number", range(1, 33))
def test_what_is_not_covered_says_why(number: int) -> None:
    assert bool(ROWS[number][5]) == (ROWS[number][4] != "yes")


def test_each_invariant_has_one_row() -> None:
    assert [int(row[1]) for row in INVARIANTS] == list(range(1, 13))


@pytest.mark.parametrize("row", INVARIANTS, ids=lambda row: f"I{row[1]}")
def test_what_looks_at_an_invariant_exists(row: re.Match[str], known: set[str]) -> None:
    named = set(_NAMED.findall(row[3])) - {"make bench"}
    assert not {name for name in named - known if not (ROOT / name).is_file()}
    assert bool(named) == (row[4] != "no")
    assert bool(row[5]) == (row[4] != "yes")


def test_every_scenario_plays_some_fault(known: set[str]) -> None:
    assert {one.name for one in PLAN} <= known & set(_NAMED.findall(PAGE))
