"""The sum of the demonstration is counted from intake's books, and closes only when they say what the stories say."""

from collections import Counter
from io import StringIO

import pytest
from rich.console import Console

from services.cli.demo import report
from services.cli.demo.stories import Told

AT_REST = {"dead letters": 0, "undelivered events": 0, "unpublished events": 0}


def told(*statuses: str) -> list[Told]:
    return [Told("p", "P", "u", f"D{place}", 0, "", "", status, "", 1, 1.0) for place, status in enumerate(statuses)]


def closes(stories: list[Told], kept: dict[str, int], **waiting: int) -> bool:
    return report.closes(stories, Counter(kept), {**AT_REST, **waiting}, Console(quiet=True))


def said(stories: list[Told], kept: dict[str, int], old_dead: int = 0, **waiting: int) -> str:
    console = Console(record=True, width=200, quiet=False, file=StringIO())
    report.closes(stories, Counter(kept), {**AT_REST, **waiting}, console, old_dead)
    return console.export_text()


def test_it_closes_when_books_and_stories_agree() -> None:
    assert closes(told("resolved", "rejected", "accepted"), {"resolved": 1, "rejected": 1, "accepted": 1})


@pytest.mark.parametrize(
    "kept", [{"resolved": 1}, {"resolved": 3}, {"resolved": 1, "withdrawn": 1}, {"resolved": 1, "accepted": 1}, {}]
)
def test_it_does_not_close_when_a_dossier_is_lost_doubled_or_elsewhere(kept: dict[str, int]) -> None:
    assert not closes(told("resolved", "resolved"), kept)


@pytest.mark.parametrize("what", AT_REST)
def test_it_does_not_close_while_something_waits(what: str) -> None:
    assert not closes(told("resolved"), {"resolved": 1}, **{what: 1})


def test_the_sum_tells_of_every_end_and_of_what_has_none_yet() -> None:
    ends = ("resolved", "returned", "rejected", "withdrawn", "stopped", "supplement_requested")
    shown = said(told(*ends), dict.fromkeys(ends, 1))
    assert "submitted 6 = resolved 2 + rejected 1 + withdrawn 1 + stopped 1 + in progress 1" in shown


def test_what_is_wrong_is_said_as_it_is() -> None:
    left = said(told("resolved"), {"resolved": 1}, **{"dead letters": 1})
    assert "the sum closes, but something is left: 1 dead letter." in left
    lost = said(told("resolved"), {})
    assert "the sum does not close: the stories tell of resolved 1" in lost
    assert "something is left" not in lost


def test_dead_letters_of_earlier_days_are_named_and_fail_nobody() -> None:
    assert report.closes(told("resolved"), Counter(resolved=1), AT_REST, Console(quiet=True), old_dead=2)
    shown = said(told("resolved"), {"resolved": 1}, old_dead=2)
    assert "2 dead letters from before this run" in shown
    assert "✓ the sum closes" in shown
