"""The journal: appended once per cause, guarded by version, and its state is the fold of its history."""

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis.errors import Conflict, NotFound, Refused
from services.contracts.event import Event
from tests.unit.chassis.tally import TALLY, Tally, cause, refuse
from tests.unit.fakes import FakeCollection, fake_journal

AT = datetime(2026, 1, 15, 2, 30, tzinfo=UTC)


def returned(method: str) -> Any:
    data = {"dossier_code": "D", "method": method, "returned_at": AT}
    return lambda _state: [Event("dossier_returned", data)]


def withdrawn() -> Any:
    return lambda _state: [Event("dossier_withdrawn", {"dossier_code": "D", "withdrawn_at": AT})]


def test_a_change_is_kept_with_its_cause_and_waits_to_be_published() -> None:
    journal = fake_journal(TALLY)
    stored = journal.change("D", cause("1"), withdrawn(), subject={"name": "hidden"})
    document = journal.collection.documents["D"]
    assert (stored.state, stored.version, stored.repeated) == (Tally("D", asked=1), 1, False)
    assert (document["version"], document["relayed"]) == (1, 0)
    assert document["pending_since"] == document["history"][0]["at"]
    assert document["subject"] == {"name": "hidden"}
    assert "hidden" not in str(document["history"])


def test_the_same_cause_twice_is_one_change_and_the_first_answer() -> None:
    journal = fake_journal(TALLY)
    first = journal.change("D", cause("1"), withdrawn())
    journal.change("D", cause("2"), withdrawn())
    again = journal.change("D", cause("1"), withdrawn())
    assert (again.state, again.version, again.repeated) == (first.state, 1, True)
    assert journal.get("D").state.asked == 2


def test_the_same_request_id_with_other_content_is_a_conflict() -> None:
    journal = fake_journal(TALLY)
    journal.change("D", cause("1", "this"), withdrawn())
    with pytest.raises(Conflict) as caught:
        journal.change("D", cause("1", "that"), withdrawn())
    assert caught.value.code == "intake.request_id_reused"


def test_a_refusal_writes_nothing() -> None:
    journal = fake_journal(TALLY)
    with pytest.raises(Refused):
        journal.change("D", cause("1"), refuse)
    assert journal.find("D") is None
    with pytest.raises(NotFound):
        journal.get("D")


def test_no_events_leave_everything_as_it_is() -> None:
    journal = fake_journal(TALLY)
    journal.change("D", cause("1"), withdrawn())
    assert journal.change("D", cause("2"), lambda _state: []).version == 1


def test_who_is_overtaken_decides_again_on_what_the_faster_one_left() -> None:
    journal = fake_journal(TALLY)
    journal.change("D", cause("0"), withdrawn())
    rivals = iter(["faster"])
    collection: FakeCollection = journal.collection

    def rival() -> None:
        if next(rivals, None):
            journal_of_rival = fake_journal(TALLY)
            journal_of_rival.collection.documents = collection.documents
            journal_of_rival.change("D", cause("rival"), withdrawn())

    collection.before_write = rival
    seen: list[int] = []

    def decide(state: Tally | None) -> list[Event]:
        seen.append(state.asked if state else 0)
        return list(withdrawn()(state))

    assert journal.change("D", cause("1"), decide).state.asked == 3
    assert seen == [1, 2]


def test_for_another_aggregate_the_same_request_id_is_another_request() -> None:
    journal = fake_journal(TALLY)
    for _ in range(2):
        journal.change("D", cause("1", "this"), withdrawn())
        journal.change("E", cause("1", "that"), withdrawn())
    assert [journal.get(id_).state.asked for id_ in "DE"] == [1, 1]


def test_what_opens_something_is_done_once_under_a_request_id() -> None:
    journal = fake_journal(TALLY)
    journal.change("D", cause("1", "this"), withdrawn(), once=True)
    with pytest.raises(Conflict) as caught:
        journal.change("E", cause("1", "that"), withdrawn(), once=True)
    assert caught.value.code == "intake.request_id_reused"
    assert journal.find("E") is None


def test_a_cause_opens_one_aggregate_only() -> None:
    journal = fake_journal(TALLY)
    journal.change("D", cause("1"), withdrawn(), once=True)
    again = journal.change("E", cause("1"), withdrawn(), once=True)
    assert (again.id, again.repeated) == ("D", True)
    assert journal.find("E") is None


def test_concurrent_changes_share_a_bulk_write_and_none_is_lost() -> None:
    journal = fake_journal(TALLY)
    collection: FakeCollection = journal.collection
    gate = threading.Event()
    collection.before_write = lambda: None if gate.wait(10) else pytest.fail("the gate stayed shut")
    threads = [
        threading.Thread(target=journal.change, args=(f"D{number}", cause(str(number)), withdrawn()))
        for number in range(40)
    ]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join(10)
    assert len(collection.documents) == 40
    assert sum(collection.bulks) == 40
    assert max(collection.bulks) > 1


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["withdrawn", "online", "post"])), min_size=1, max_size=12
    )
)
def test_the_state_is_the_fold_of_the_history(steps: list[tuple[str, str]]) -> None:
    journal = fake_journal(TALLY)
    for request_id, kind in steps:
        journal.change("D", cause(request_id), withdrawn() if kind == "withdrawn" else returned(kind))
    assert journal.fold(journal.history("D")) == journal.get("D").state
    assert len(journal.history("D")) == len({request_id for request_id, _ in steps})
    assert [entry["seq"] for entry in journal.history("D")] == list(range(1, journal.get("D").version + 1))
