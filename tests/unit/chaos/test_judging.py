"""What is looked at when all is over: the stream against the histories, who subscribes, letters, refusals."""

import json
from pathlib import Path

import pytest

from tests.chaos import judge, stream
from tests.chaos.department import Volume, disorder
from tests.chaos.diary import Step
from tests.chaos.load import Handed, Submissions
from tests.chaos.scenarios import crowds
from tests.chaos.stream import Heard, Ledger, digest
from tests.integration.http_door import HttpDoor


def test_the_ledger_counts_what_comes_twice_and_names_what_comes_too_early() -> None:
    ledger = Ledger()
    heard = [heard_of("1", "A", 1), heard_of("2", "B", 1), heard_of("1", "A", 1), heard_of("4", "A", 3)]
    assert [bool(ledger.note(one)) for one in heard] == [False, False, False, True]
    assert ledger.twice == {"routing": 1}


def test_the_ledger_names_what_was_lost_and_what_nobody_wrote() -> None:
    ledger = Ledger()
    ledger.note(heard_of("ghost", "A", 1))
    assert sorted(ledger.compare({"written": b""})) == [
        "event ghost was published and is in no history",
        "event written was written and never published",
    ]


def test_the_ledger_names_what_was_published_in_other_words_than_it_was_written_or_than_the_first_time() -> None:
    ledger = Ledger()
    assert ledger.note(heard_of("1", "A", 1, officer="x")) == ""
    assert ledger.note(heard_of("1", "A", 1, officer="y")) == "event 1 was told in two ways"
    assert list(ledger.compare({"1": digest("case_opened", "A", 1, {"officer": "x"})})) == []
    for written in (("case_opened", "A", 1, {"officer": "y"}), ("case_closed", "A", 1, {"officer": "x"})):
        assert list(ledger.compare({"1": digest(*written)})) == ["event 1 was published otherwise than it was written"]


def heard_of(id_: str, case: str, sequence: int, **data: str) -> Heard:
    headers = {"source": "/routing", "type": "case_opened", "aggregate": f"case/{case}", "sequence": sequence}
    said = {f"cloudEvents:{name}": value for name, value in headers.items()}
    return stream.heard(id_, said, json.dumps(data).encode())


def test_who_subscribes_must_hear_each_history_in_its_order_however_often() -> None:
    volumes = [Volume("case A", [("r", "1"), ("r", "2"), ("r", "same")]), Volume("case B", [("r", "3"), ("r", "same")])]
    heard = [("r", one) for one in ("same", "1", "3", "2", "1", "2")]
    assert disorder(volumes, heard) == []
    assert disorder(volumes, heard[3:]) == ["the department heard case A out of its order"]


@pytest.mark.parametrize(
    ("verb", "whom", "may"),
    [
        ("kill", "intake", False),
        ("poison", "notify.tell, routing.open_case", False),
        ("back", "notify", False),
        ("cut", "notify-broker", True),
        ("die_at", "notify relay.after_publish +5", True),
        ("away", "mongodb2", True),
        ("away", "mailbox", True),
    ],
)
def test_a_letter_comes_twice_only_where_who_sends_or_keeps_or_takes_it_was_harmed(
    verb: str, whom: str, may: bool
) -> None:
    steps = [Step(0, "kill", "routing"), Step(1, verb, whom)]
    assert list(judge.needless_letters(steps, 0)) == []
    assert bool(list(judge.needless_letters(steps, 1))) is not may


def test_a_letter_is_counted_once_more_for_each_that_came_behind_its_first(tmp_path: Path) -> None:
    mail = tmp_path / "sandbox" / "mail"
    mail.mkdir(parents=True)
    (mail / "1.eml").write_text("Message-ID: <a@x>\n\n")
    before = judge.copies(tmp_path)
    for number, name in enumerate("abbc", 2):
        (mail / f"{number}.eml").write_text(f"Message-ID: <{name}@x>\n\n")
    assert judge.letters_twice(tmp_path, before) == 2


def test_who_is_refused_must_be_told_why_and_when_to_come_back() -> None:
    rush = Submissions(HttpDoor("http://nobody"), {}, rate=1)
    rush.handed = [
        Handed(0, code="A"),
        Handed(1, failure="503", refusal="http.late", again_after="2"),
        Handed(2, failure="503", refusal="http.late"),
        Handed(3, failure="reset"),
    ]
    assert [line.partition(":")[0] for line in crowds.badly_told(rush)] == [
        "told nothing",
        "refused with http.late, and not told when to come back",
    ]
