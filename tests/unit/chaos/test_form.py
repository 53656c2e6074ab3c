"""By its form a scenario is known again."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.form import form_of

MODULE = '''\
"""Scenarios."""

FEW: int = 3
_LIMIT = 2.0


def one(rig):
    """Is harmed."""
    return _helped(rig, FEW)


def _helped(rig, few):
    return rig.wait(few) < _LIMIT


def another(rig):
    """Is harmed otherwise."""
'''


@pytest.fixture
def form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """The form of the scenario `one` of a module of this text."""
    monkeypatch.syspath_prepend(tmp_path)

    def of(text: str) -> str:
        name = f"scenarios_{len(list(tmp_path.glob('*.py')))}"
        (tmp_path / f"{name}.py").write_text(text)
        importlib.invalidate_caches()
        try:
            return form_of(importlib.import_module(name).one)
        finally:
            del sys.modules[name]

    return of


@pytest.mark.parametrize(
    ("was", "is_", "is_other"),
    [
        ("rig.wait(few)", "rig.wait(2 * few)", True),
        ("_LIMIT = 2.0", "_LIMIT = 9.0", True),
        ("FEW: int = 3", "FEW: int = 4", True),
        ("Is harmed otherwise.", "Is not harmed.", False),
        ("    return rig.wait(few) < _LIMIT", "    # as before\n    return (rig.wait(few)) < _LIMIT", False),
    ],
)
def test_a_scenario_is_another_when_its_code_or_what_it_names_is(
    form: Callable[[str], str], was: str, is_: str, is_other: bool
) -> None:
    assert was in MODULE
    assert (form(MODULE) != form(MODULE.replace(was, is_))) is is_other
