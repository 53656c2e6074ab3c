"""The real catalogue, its calendar, and a small catalogue on disk that a test may spoil."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.contracts.catalogue.loading import Loaded, Mistake, load
from services.contracts.catalogue.worktime import Calendar

ROOT = Path(__file__).resolve().parents[3]
SMALL_FOLDER = Path(__file__).with_name("small")
SMALL = {path.relative_to(SMALL_FOLDER).as_posix(): path.read_text("utf-8") for path in SMALL_FOLDER.rglob("*.yaml")}
PROCEDURE = "demo/procedures/gp-vi-du.yaml"
Spoil = Callable[..., tuple[Mistake, ...]]


@pytest.fixture(scope="session")
def catalogue() -> Loaded:
    """The catalogue of the project."""
    return load(ROOT / "catalogue")


@pytest.fixture(scope="session")
def procedures(catalogue: Loaded) -> dict[str, dict[str, Any]]:
    """The newest version of every procedure by key."""
    return {document.key: document.body for document in catalogue.of_kind("procedure")}


@pytest.fixture(scope="session")
def calendar(catalogue: Loaded) -> Calendar:
    """The public calendar with standard office hours."""
    return Calendar.from_document(catalogue.of_kind("calendar")[0].body)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A small catalogue without mistakes."""
    shutil.copytree(SMALL_FOLDER, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def spoil(small: Path) -> Spoil:
    """Replace `old` by `new` in one file of the small catalogue; gives the mistakes found."""

    def _spoil(old: str, new: str, file: str = PROCEDURE) -> tuple[Mistake, ...]:
        path = small / file
        text = path.read_text("utf-8")
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
        path.write_text(text.replace(old, new), "utf-8")
        return load(small).mistakes

    return _spoil
