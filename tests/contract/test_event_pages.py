"""The page that departments read says what the contracts say."""

import re

import pytest

from services.cli.events import lines
from tests.conftest import ROOT


def test_the_page_of_events_is_what_the_contracts_state() -> None:
    written = (ROOT / "docs/events.md").read_text(encoding="utf-8")
    assert written == "\n".join(lines()) + "\n", "write it anew: ./motcua events > docs/events.md"


def test_nothing_on_the_page_of_events_is_shown_as_code() -> None:
    assert not [line for text in lines() for line in text.splitlines() if line.startswith("    ")]


@pytest.mark.parametrize("readme", ["README.md", "README.vi.md"])
def test_the_readmes_reach_a_header_as_the_program_does_that_is_run(readme: str) -> None:
    printed = re.findall(r"```python\n(.*?)```", (ROOT / readme).read_text(encoding="utf-8"), re.DOTALL)[2]
    (program,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/security.md").read_text(encoding="utf-8"), re.DOTALL)
    assert printed.partition("\n\n\n")[2].strip() in program
