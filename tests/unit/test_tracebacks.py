"""What is kept of a mistake says where in the code it was, and nothing of the machine."""

import json
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from marshmallow import ValidationError, fields

from deploy.local.programs import ROOT
from tests.chaos.report import PAGES
from tests.tracebacks import without_folders


def test_a_traceback_names_files_by_their_place_in_the_checkout_the_library_or_the_packages() -> None:
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads("{")
    told = without_folders(_told(caught.value))
    assert 'File "tests/unit/test_tracebacks.py", line' in told
    assert 'File "json/decoder.py", line' in told
    assert "json.decoder.JSONDecodeError: " in told

    with pytest.raises(ValidationError) as refused:
        fields.Integer().deserialize("x")
    assert 'File "marshmallow/fields.py", line' in without_folders(_told(refused.value))


def test_a_file_that_is_named_by_the_mistake_itself_is_named_from_the_checkout_too() -> None:
    with pytest.raises(FileNotFoundError) as caught:
        (ROOT / "docs" / "nowhere").read_text()
    assert without_folders(_told(caught.value)).endswith("'docs/nowhere'\n")


@pytest.mark.parametrize("page", PAGES.values(), ids=lambda page: page.name)
def test_what_is_kept_of_chaos_runs_names_no_folder_of_a_machine(page: Path) -> None:
    assert not [line for line in _broken_off(page) if 'File "/' in line]


def _broken_off(page: Path) -> Iterator[str]:
    runs: list[dict[str, Any]] = json.loads(page.with_suffix(".json").read_text("utf-8"))
    return (line for run in runs for one in run["outcomes"] for line in one["broke_off"].splitlines())


def _told(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))
