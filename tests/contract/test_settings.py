"""Every setting has an example line, and the example is one a service starts with."""

import pytest

from services.chassis.settings import read_settings
from services.cli.settings import kinds, lines
from tests.conftest import ROOT

EXAMPLE = ROOT / "deploy/settings.example.env"


def given(*, defaults_too: bool) -> dict[str, str]:
    """The variables of the example."""
    text = EXAMPLE.read_text(encoding="utf-8").splitlines()
    wanted = [line.removeprefix("# ") if defaults_too else line for line in text]
    pairs = (line.split("  # ")[0].split("=", 1) for line in wanted if "=" in line and line[0].isupper())
    return {name: value for name, value in pairs if value}


def test_the_example_is_what_the_code_asks_for() -> None:
    assert EXAMPLE.read_text(encoding="utf-8") == "\n".join(lines()) + "\n", (
        "write it anew: ./motcua settings > deploy/settings.example.env"
    )


@pytest.mark.parametrize("service", kinds())
def test_a_service_starts_with_the_required_ones_and_the_defaults_are_what_is_shown(service: str) -> None:
    kind = kinds()[service]
    assert read_settings(kind, service, given(defaults_too=False)) == read_settings(
        kind, service, given(defaults_too=True)
    )
