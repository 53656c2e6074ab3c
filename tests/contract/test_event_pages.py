"""The page that departments read says what the contracts say."""

from services.cli.events import lines
from tests.conftest import ROOT


def test_the_page_of_events_is_what_the_contracts_state() -> None:
    written = (ROOT / "docs/events.md").read_text(encoding="utf-8")
    assert written == "\n".join(lines()) + "\n", "write it anew: ./motcua events > docs/events.md"
