"""From a decision to a record, whatever comes first, twice, late, or dies on the way."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis.errors import NotFound
from services.chassis.subscribe import Received
from tests.unit.registry.builders import (
    CHARGED,
    CODE,
    DATASET,
    HOLDER,
    OFFICER,
    Registry,
    decided,
    paid,
    received,
    stopped,
    withdrawn,
)

Deliver = Callable[[Registry], None]
_CATALOGUE = Registry().with_catalogue().collections["publications"].documents


class Killed(BaseException):
    """The process died here."""


def registry() -> Registry:
    """registry with the small catalogue."""
    made = Registry()
    made.collections["publications"].documents = _CATALOGUE
    return made


def handle(made: Registry, message: Received) -> None:
    """Deliver one event of another service."""
    handlers: dict[str, Callable[[Received], None]] = {
        "case_decided": made.cases.issuing.note_decision,
        "fee_paid": made.cases.issuing.note_fee,
        "fee_waived": made.cases.issuing.note_fee,
        "dossier_withdrawn": made.cases.issuing.note_withdrawal,
        "case_stopped": made.cases.issuing.note_stop,
    }
    handlers[message.event.type](message)


def state_of(made: Registry, code: str = CODE) -> tuple[Any, Any]:
    """Issuance and record of a dossier."""
    issuance, record = made.issuances.find(code), made.records.of_dossier(code)
    return issuance and issuance.state, record and record.state


def types(made: Registry, code: str = CODE) -> list[str]:
    """The events of a dossier's record."""
    stored = made.records.of_dossier(code)
    return [entry["type"] for entry in made.records.journal.history(stored.id)] if stored else []


def assert_in_order(made: Registry) -> None:
    """Every number that was taken is a record; what was withdrawn is not in force; states equal their histories."""
    records = made.collections["records"].documents.values()
    numbers = sorted(one["number"] for one in made.collections["numbers"].documents.values())
    assert numbers == sorted(int(one["state"]["number"].split("/")[0]) for one in records)
    assert numbers == list(range(1, len(numbers) + 1))
    for journal in (made.issuances, made.records.journal):
        for id_ in journal.collection.documents:
            assert journal.fold(journal.history(id_)) == journal.get(id_).state
    for id_ in made.collections["issuances"].documents:
        issuance, record = state_of(made, id_)
        if issuance.end:
            assert record is None or record.status == "revoked"
        elif issuance.order:
            assert record.status == "valid"


def test_a_granted_dossier_becomes_a_record_with_holder_and_content() -> None:
    made = registry()
    assert made.issue() == "1/2026/GP-VĐ"
    record = made.cases.records.get_record(OFFICER, DATASET, "1/2026/GP-VĐ")
    assert record["fields"] == {"title": "Tạp chí Mẫu", "years": 2}
    assert record["holder"] == HOLDER.shown()
    assert record["expires_on"] == "2031-06-01"


def test_numbers_run_without_gap_over_dossiers() -> None:
    made = registry()
    assert [made.issue(f"D-{number}") for number in range(1, 4)] == [f"{number}/2026/GP-VĐ" for number in range(1, 4)]


def test_the_numbers_of_another_year_begin_again() -> None:
    made = registry()
    made.issue("D-1")
    new_year = decided().event.data["decided_at"].replace(year=2027)
    assert made.issue("D-2", decided_at=new_year) == "1/2027/GP-VĐ"


def test_a_refused_dossier_becomes_no_record() -> None:
    made = registry()
    handle(made, decided(outcome="refused", procedure="not-in-the-catalogue"))
    made.run_own_events()
    assert state_of(made)[1] is None


def test_a_charged_dossier_waits_for_the_fee_due_before_the_result_only() -> None:
    made = registry()
    handle(made, decided(CHARGED))
    handle(made, paid(when_due="on_submission"))
    made.run_own_events()
    assert state_of(made)[1] is None
    waived = received("payment", "fee_waived", {**paid().event.data, "waived_at": paid().event.data["paid_at"]})
    handle(made, waived)
    made.run_own_events()
    assert state_of(made)[1].status == "valid"


def test_a_decision_under_an_unknown_procedure_waits_on_the_ladder() -> None:
    made = registry()
    with pytest.raises(NotFound, match="unknown_procedure"):
        handle(made, decided("gp-chua-co"))
    assert state_of(made) == (None, None)


def test_a_version_that_names_more_than_its_day_is_understood() -> None:
    assert registry().issue(procedure_version="2026-01-01.3")


def test_no_event_names_the_holder() -> None:
    made = registry()
    made.issue()
    handle(made, withdrawn())
    told = str(
        [one["history"] for name in ("issuances", "records") for one in made.collections[name].documents.values()]
    )
    assert HOLDER.name not in told
    assert HOLDER.id not in told
    assert "Tạp chí" not in told


@pytest.mark.parametrize("end", [withdrawn(), stopped()])
def test_every_order_of_the_facts_ends_the_same_way(end: Received) -> None:
    ends = []
    for messages in itertools.permutations([decided(CHARGED), paid(), end]):
        made = registry()
        for message in messages:
            handle(made, message)
        made.run_own_events()
        assert_in_order(made)
        ends.append(state_of(made))
    assert all(end == ends[0] for end in ends)
    assert ends[0][1] is None


def test_a_withdrawal_after_the_issue_revokes() -> None:
    made = registry()
    made.issue()
    handle(made, withdrawn())
    assert types(made) == ["record_issued", "record_revoked"]
    assert made.collections["records"].documents
    assert_in_order(made)


def test_a_late_payment_for_what_was_stopped_issues_nothing() -> None:
    made = registry()
    for message in (decided(CHARGED), stopped(), paid()):
        handle(made, message)
    made.run_own_events()
    assert state_of(made)[1] is None
    assert_in_order(made)


def test_a_stop_that_comes_after_the_issue_revokes_by_decision_of_the_unit() -> None:
    made = registry()
    made.issue()
    handle(made, stopped())
    assert types(made) == ["record_issued", "record_revoked"]
    versions = made.cases.records.history(OFFICER, DATASET, "1/2026/GP-VĐ")["versions"]
    assert versions[-1]["reason"] == "by_decision"


def test_the_stop_of_what_was_never_granted_is_not_noted() -> None:
    made = registry()
    handle(made, stopped(granted=False))
    assert state_of(made) == (None, None)


def steps_of(act: Deliver, before: Deliver) -> int:
    """How many operations on stores and services an act makes."""
    made, seen = registry(), list[str]()
    before(made)
    made.step = seen.append
    act(made)
    return len(seen)


def ready(made: Registry) -> None:
    """Everything is there but nothing was issued yet."""
    handle(made, decided())


def issued(made: Registry) -> None:
    """There is a record."""
    made.issue()


def another(made: Registry) -> None:
    """Another dossier becomes a record."""
    made.issue("another")


def issue(made: Registry) -> None:
    """Our own event is handled."""
    made.run_own_events()


def withdraw(made: Registry) -> None:
    """The withdrawal is handled."""
    handle(made, withdrawn())


def at_step(made: Registry, number: int, act: Callable[[], None]) -> None:
    """Do something just before operation `number`."""
    counter = itertools.count()

    def step(_name: str) -> None:
        if next(counter) == number:
            act()

    made.step = step


@pytest.mark.parametrize("number", range(steps_of(issue, ready)))
def test_a_withdrawal_at_any_point_of_the_issue_leaves_no_valid_record_and_no_gap(number: int) -> None:
    made = registry()
    ready(made)
    at_step(made, number, lambda: withdraw(made.sibling()))
    issue(made)
    assert state_of(made)[0].withdrawn_at is not None
    assert_in_order(made)


@pytest.mark.parametrize("number", range(steps_of(withdraw, ready)))
def test_an_issue_at_any_point_of_the_withdrawal_leaves_no_valid_record_and_no_gap(number: int) -> None:
    made = registry()
    ready(made)
    at_step(made, number, lambda: issue(made.sibling()))
    withdraw(made)
    issue(made)
    assert_in_order(made)


@pytest.mark.parametrize("number", range(steps_of(issue, ready)))
@pytest.mark.parametrize("meanwhile", [False, True], ids=["alone", "withdrawn meanwhile"])
def test_a_process_killed_at_any_point_of_the_issue_uses_its_number_when_the_event_comes_again(
    number: int, meanwhile: bool
) -> None:
    made = registry()
    ready(made)
    dies(made, number, issue)
    if meanwhile:
        withdraw(made)
    made.issue("another")
    issue(made)
    assert_in_order(made)
    if not meanwhile:
        assert state_of(made)[1].status == "valid"


@pytest.mark.parametrize("number", range(steps_of(withdraw, issued)))
def test_a_process_killed_at_any_point_of_the_withdrawal_revokes_when_the_event_comes_again(number: int) -> None:
    made = registry()
    made.issue()
    dies(made, number, withdraw)
    withdraw(made)
    assert types(made) == ["record_issued", "record_revoked"]


@pytest.mark.parametrize("number", range(steps_of(issue, ready)))
def test_two_processes_that_handle_the_same_event_issue_one_record(number: int) -> None:
    made = registry()
    ready(made)
    at_step(made, number, lambda: issue(made.sibling()))
    issue(made)
    assert types(made) == ["record_issued"]
    assert_in_order(made)


def dies(made: Registry, number: int, act: Deliver) -> None:
    """The process dies just before operation `number` of an act."""

    def die() -> None:
        raise Killed

    at_step(made, number, die)
    with pytest.raises(Killed):
        act(made)
    made.step = lambda _name: None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["decided", "paid", "withdrawn", "stopped", "own", "other"]), max_size=14))
def test_events_in_any_order_and_number_end_the_same_way(sequence: list[str]) -> None:
    acts: dict[str, Deliver] = {
        "decided": lambda made: handle(made, decided(CHARGED)),
        "paid": lambda made: handle(made, paid()),
        "withdrawn": withdraw,
        "stopped": lambda made: handle(made, stopped()),
        "own": issue,
        "other": another,
    }
    made = registry()
    for name in sequence:
        acts[name](made)
    issue(made)
    assert_in_order(made)
    issuance, record = state_of(made)
    facts = set(sequence) & {"decided", "paid", "withdrawn", "stopped"}
    assert (issuance is None) == (not facts)
    if facts == {"decided", "paid"}:
        assert record.status == "valid"
    if facts & {"withdrawn", "stopped"} and record is not None:
        assert types(made) == ["record_issued", "record_revoked"]
