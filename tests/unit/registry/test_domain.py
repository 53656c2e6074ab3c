"""The rules of issuances and records."""

import itertools
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.actor import Actor
from services.chassis.errors import Conflict, Defect, Denied, NotFound, Refused
from services.contracts import events
from services.contracts.event import Event
from services.contracts.folding import fold
from services.registry import domain
from services.registry.domain import MOVES, Decision, End, Issuance, IssueOrder, Record
from services.registry.holders import Holder, matches, owns, read_applicant

CODE = "000.00.01.G99-260601-0001"
AT = datetime(2026, 6, 1, 3, tzinfo=UTC)
LATER = AT + timedelta(days=1)
GRANTED = Decision("demo", "gp", "2026-01-01", "cuc-vi-du", "granted", AT, "giay-phep")
CHARGED = Decision("demo", "gp", "2026-01-01", "cuc-vi-du", "granted", AT, "giay-phep", needs_fee=True)
REFUSED = Decision("demo", "gp", "2026-01-01", "cuc-vi-du", "refused", AT)
OFFICER = Actor("officer", "cb-001", "cuc-vi-du")
STRANGER = Actor("officer", "cb-900", "cuc-khac")
HOLDER = Holder("citizen", "Nguyễn Thị Đào", "001801000001")
ORDER = IssueOrder(CODE, "giay-phep", 2026, AT)


def told(issuance: Issuance | None, made: Sequence[Event]) -> Any:
    """The issuance after events that went through their schema, as the journal does it."""
    for event in made:
        data = events.write("registry", event)
        issuance = domain.evolve_issuance(issuance, events.read("registry", event.type, event.v, data))
    return issuance


def known(state: Issuance | None, fact: str, decision: Decision = CHARGED) -> list[Event]:
    """What noting a fact makes."""
    if fact == "decided":
        return domain.note_decision(state, CODE, decision)
    if fact == "fee_settled":
        return domain.note_fee(state, CODE, LATER)
    if fact == "stopped":
        return domain.note_stop(state, CODE, LATER)
    return domain.note_withdrawal(state, CODE, LATER)


def run(facts: Sequence[str], decision: Decision = CHARGED) -> tuple[Any, list[str]]:
    """The issuance after facts in this order, and the types of its events."""
    state, types = None, []
    for fact in facts:
        made = known(state, fact, decision)
        state = told(state, made)
        types += [event.type for event in made]
    return state, types


def record(**changes: Any) -> Record:
    """A valid record."""
    made = domain.issue(None, ORDER, GRANTED, "1/2026/GP", "2031-06-01")
    return Record(**{**made[0].data, **changes})


def test_a_granted_dossier_without_fee_is_ready_at_once() -> None:
    state, types = run(["decided"], GRANTED)
    assert types == ["issuance_noted", "issuance_ready"]
    assert state.order == ORDER


def test_a_fee_before_the_result_is_waited_for_from_either_side() -> None:
    for facts in itertools.permutations(["decided", "fee_settled"]):
        state, types = run(facts)
        assert types == ["issuance_noted", "issuance_noted", "issuance_ready"]
        assert state.order.ready_at == LATER


def test_a_refused_dossier_never_becomes_ready() -> None:
    assert run(["fee_settled", "decided"], REFUSED)[1] == ["issuance_noted", "issuance_noted"]


@pytest.mark.parametrize("end", ["withdrawn", "stopped"])
def test_a_dossier_that_has_ended_never_becomes_ready(end: str) -> None:
    for facts in itertools.permutations(["decided", "fee_settled", end]):
        state, types = run(facts)
        assert state.order is None
        assert types.count("issuance_ready") == (facts[2] == end)


def test_the_series_is_that_of_the_local_year_of_the_decision() -> None:
    new_year = Decision("demo", "gp", "v", "u", "granted", datetime(2026, 12, 31, 17, tzinfo=UTC), "giay-phep")
    state, _ = run(["decided"], new_year)
    assert state.order.series == "giay-phep/2027"
    assert state.order.owner == f"giay-phep:{CODE}"


@given(
    st.lists(st.sampled_from(["decided", "fee_settled", "withdrawn", "stopped"]), max_size=8),
    st.sampled_from([GRANTED, CHARGED, REFUSED]),
    st.randoms(use_true_random=False),
)
def test_the_same_facts_in_any_order_and_number_make_the_same_issuance(
    facts: list[str], decision: Decision, chance: Any
) -> None:
    shuffled = [*facts, *facts]
    chance.shuffle(shuffled)
    (one, types), (other, other_types) = run(facts, decision), run(shuffled, decision)
    assert one == other
    assert types.count("issuance_ready") <= 1 >= other_types.count("issuance_ready")
    assert types.count("issuance_noted") == len(set(facts))


def test_issuing_twice_changes_nothing() -> None:
    assert domain.issue(record(), ORDER, GRANTED, "1/2026/GP", None) == []


def test_a_number_of_another_dossier_is_a_defect_not_an_overwrite() -> None:
    with pytest.raises(Defect):
        domain.issue(record(dossier_code="other"), ORDER, GRANTED, "1/2026/GP", None)


def test_only_officers_of_the_unit_change_a_record() -> None:
    with pytest.raises(Denied, match="other_unit"):
        domain.amend(record(), STRANGER, 1, AT)
    for kind in ("citizen", "organisation", "system"):
        with pytest.raises(Denied, match="officers_only"):
            domain.revoke(None, Actor(kind, HOLDER.id), AT)
    with pytest.raises(NotFound):
        domain.revoke(None, OFFICER, AT)


def test_an_amendment_of_a_version_that_is_no_longer_the_last_is_a_conflict() -> None:
    with pytest.raises(Conflict):
        domain.amend(record(version=2), OFFICER, 1, AT)


def test_a_revoked_record_stays_as_it_is() -> None:
    revoked = record(status="revoked")
    with pytest.raises(Refused, match="already_revoked"):
        domain.amend(revoked, OFFICER, 1, AT)
    with pytest.raises(Refused, match="already_revoked"):
        domain.revoke(revoked, OFFICER, AT)
    assert domain.end(revoked, End("withdrawn", AT)) == []


def test_a_record_is_never_revoked_before_it_was_issued() -> None:
    made = domain.end(record(), End("withdrawn", AT - timedelta(days=3)))
    assert made[0].data["revoked_at"] == AT
    assert made[0].data["reason"] == "withdrawn"


def test_a_valid_record_expires_after_its_last_day() -> None:
    assert record().status_on(date(2031, 6, 1)) == "valid"
    assert record().status_on(date(2031, 6, 2)) == "expired"
    assert record(expires_on=None).status_on(date(2099, 1, 1)) == "valid"
    assert record(status="revoked").status_on(date(2031, 6, 2)) == "revoked"


@given(
    st.lists(
        st.tuples(st.sampled_from(["amend", "revoke", "end"]), st.sampled_from([OFFICER, STRANGER]), st.integers(0, 3)),
        max_size=12,
    )
)
def test_whatever_is_tried_a_record_keeps_to_the_table_and_equals_its_history(
    tries: list[tuple[str, Actor, int]],
) -> None:
    history = domain.issue(None, ORDER, GRANTED, "1/2026/GP", None)
    state = folded(history)
    for act, actor, behind in tries:
        made = attempted(state, act, actor, behind)
        if made:
            before = state
            history += made
            state = folded(history)
            assert MOVES[before.status, act] == state.status
            assert state.version == before.version + 1
    assert state == folded(history)
    assert (state.status == "revoked") == (state.revoked_at is not None)


def attempted(state: Record, act: str, actor: Actor, behind: int) -> list[Event]:
    """What an act makes, nothing when it is refused by name."""
    try:
        if act == "amend":
            return domain.amend(state, actor, state.version - behind, LATER)
        return domain.end(state, End("withdrawn", LATER)) if act == "end" else domain.revoke(state, actor, LATER)
    except (Denied, Refused, Conflict):
        return []


def folded(history: Sequence[Event]) -> Record:
    """The record that a history makes, through the schemas."""
    state: Record | None = None
    for event in history:
        data = events.write("registry", event)
        state = domain.evolve_record(state, events.read("registry", event.type, event.v, data))
    assert state is not None
    return state


def test_holder_unit_and_system_may_read_and_nobody_else() -> None:
    readers = [Actor("citizen", HOLDER.id), OFFICER, Actor("system", "portal")]
    others = [Actor("citizen", "001901000002"), Actor("organisation", HOLDER.id), STRANGER]
    assert all(domain.may_read(actor, record(), HOLDER) for actor in readers)
    assert not any(domain.may_read(actor, record(), HOLDER) for actor in others)


def test_nobody_owns_a_record_whose_holder_was_erased() -> None:
    assert not owns(Actor("citizen", "001801000001"), Holder("citizen", "", ""))
    assert not matches(Holder("citizen", "", ""), "-")


def test_names_are_compared_without_marks_capitals_and_spaces() -> None:
    assert fold("  NGUYỄN  Thị Đào ") == "nguyen thi dao"
    assert fold("hòa thúy") == fold("hoà thuý") == fold("hoa\u0300 thu\u0301y")
    assert matches(HOLDER, "nguyen thi ĐÀO")
    assert not matches(HOLDER, "nguyen thi")


def test_numbers_are_compared_exactly() -> None:
    assert matches(HOLDER, " 001801000001 ")
    assert matches(HOLDER, "001 801 000 001")
    assert not matches(HOLDER, "00180100000")


@pytest.mark.parametrize("stated", ["0100109106-001", "0100109106001", "0100109106 001", "01.00109106-001"])
def test_a_branch_is_known_by_its_tax_code_however_that_is_written(stated: str) -> None:
    branch = Holder("organisation", "Chi nhánh Ví Dụ", "0100109106-001")
    assert matches(branch, stated)
    assert not matches(branch, stated[:10])
    assert not matches(Holder("organisation", "Công ty Ví Dụ", "0100109106"), stated)
    assert not matches(Holder("organisation", "001801000001", "9900000016"), "001801000001")
    assert matches(Holder("organisation", "Chi nhánh", "9900000016-001"), "9900000016-001")


def test_an_applicant_becomes_the_holder_under_his_own_kind_of_number() -> None:
    applicant = {"kind": "organisation", "name": "Công ty Ví Dụ", "tax_code": "9900000016", "email": "a@example.vn"}
    holder = read_applicant(applicant)
    assert holder.shown() == {"kind": "organisation", "name": "Công ty Ví Dụ", "tax_code": "9900000016"}
    with pytest.raises(KeyError):
        read_applicant({"kind": "citizen", "name": "Nguyễn Thị Mẫu", "tax_code": "9900000016"})
