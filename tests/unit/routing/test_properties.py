"""Whatever officers and other services say, in whatever order: the case is the fold of its history and nothing else."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis.errors import NotFound
from services.contracts.words import WHEN_DUE
from services.routing import deciding, domain, transferring
from services.routing.case import STATUSES, Terms, derived
from services.routing.domain import FeeFact
from tests.unit.routing.builders import CALENDAR, CODE, COLLEAGUE, OFFICER, STRANGER, Book, at, fold, terms

Step = Callable[[Book, Any], object]
START = at("01-12")

all_terms = st.builds(
    terms,
    kind=st.sampled_from(["working_days", "days", "batch"]),
    days=st.integers(1, 40),
    on_supplement=st.sampled_from(["restart", "pause"]),
    on_payment=st.sampled_from(["pause", "run"]),
    decision=st.sampled_from(["one_step", "two_step"]),
    fees_awaited=st.sampled_from([(), ("on_submission",), ("on_acceptance",), ("on_submission", "on_acceptance")]),
)
outcomes = st.sampled_from(["granted", "refused"])
actors = st.sampled_from([OFFICER, COLLEAGUE, STRANGER])


def _said(decide: Any, *args: Any) -> Step:
    return lambda book, _now: book.attempt(decide, *args)


def _done(decide: Any, *args: Any) -> Step:
    return lambda book, now: book.attempt(decide, *args, now)


actions = st.one_of(
    st.builds(lambda actor: _done(domain.accept, actor, CALENDAR), actors),
    st.builds(lambda actor: _done(domain.reject, actor), actors),
    st.builds(lambda actor, who: _done(domain.assign, actor, who), actors, st.sampled_from(["cb-001", "cb-002"])),
    st.builds(
        lambda actor, outcome: _done(deciding.decide, actor, outcome, None),
        actors,
        outcomes,
    ),
    st.builds(
        lambda actor, outcome: _done(deciding.propose, actor, outcome, ()),
        actors,
        outcomes,
    ),
    st.builds(lambda actor: _done(deciding.return_proposal, actor), actors),
    st.builds(lambda actor: _done(domain.stop, actor), actors),
    st.builds(
        lambda actor: (
            lambda book, now: book.attempt(domain.request_supplement, actor, ["TP01"], now, now + timedelta(days=30))
        ),
        actors,
    ),
    st.builds(
        lambda actor, unit: _done(transferring.transfer, actor, unit, "not_competent", True),
        actors,
        st.sampled_from([OFFICER.unit, STRANGER.unit, "cuc-attt"]),
    ),
    st.builds(lambda clock: _done(domain.slip, clock), st.sampled_from(["answer", "decision"])),
)
moments = st.integers(0, 60 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))
reports = st.one_of(
    st.builds(
        lambda when_due, fee, when: _said(
            domain.note_fee, FeeFact(f"{CODE}-{when_due}", when_due, fee, when), CALENDAR
        ),
        st.sampled_from(WHEN_DUE),
        st.sampled_from(["required", "settled", "waived"]),
        moments,
    ),
    st.builds(
        lambda round_, when: _said(domain.receive_supplement, round_, when, CALENDAR, 8), st.integers(1, 2), moments
    ),
    st.builds(lambda when: _said(domain.withdraw, when), moments),
)


@settings(max_examples=300, deadline=None)
@given(all_terms, st.lists(st.tuples(st.integers(1, 3000), st.one_of(actions, reports)), max_size=25))
def test_the_state_is_the_fold_of_the_history_and_keeps_to_the_table(
    of: Terms, steps: Sequence[tuple[int, Step]]
) -> None:
    book, now = Book().opened(of), START
    for minutes, step in steps:
        now += timedelta(minutes=minutes)
        step(book, now)  # every move is checked against the table as it is kept
        assert book.now.status in STATUSES
    assert fold(book.history) == book.now == derived(book.now)
    assert len({(event.type, event.data["clock"]) for event in book.history if "clock" in event.data}) == len(
        [event for event in book.history if event.type == "deadline_slipped"]
    )


REPORTS: Sequence[Step] = (
    _said(domain.note_fee, FeeFact(f"{CODE}-S", "on_submission", "required", at("01-12", "09:01")), CALENDAR),
    _said(domain.note_fee, FeeFact(f"{CODE}-S", "on_submission", "settled", at("01-14", "16:00")), CALENDAR),
    _said(domain.note_fee, FeeFact(f"{CODE}-A", "on_acceptance", "required", at("01-13", "10:00")), CALENDAR),
    _said(domain.note_fee, FeeFact(f"{CODE}-A", "on_acceptance", "settled", at("01-16", "11:11")), CALENDAR),
    _said(domain.note_fee, FeeFact(f"{CODE}-R", "before_result", "waived", at("01-20", "10:00")), CALENDAR),
    _said(domain.receive_supplement, 1, at("01-13", "08:30"), CALENDAR, 8),
    _said(domain.receive_supplement, 2, at("01-15", "14:20"), CALENDAR, 8),
)
WITHDRAWAL = _said(domain.withdraw, at("01-19"))


def _life(of: Terms, told: Sequence[Sequence[Step]]) -> Book:
    """A case whose officer acts four times, and what is told of it before, between and after; NotFound comes again."""
    book, ladder = Book(), list[Step]()
    officer: Sequence[Callable[[], Any]] = (
        lambda: book.opened(of),
        lambda: book.asked(at("01-12", "10:00")).answered(at("01-13", "08:30")),
        lambda: book.accepted(at("01-13", "09:00")),
        lambda: book.asked(at("01-14")),
    )
    for act, said in zip(officer, told, strict=True):
        act()
        ladder += [step for step in said if isinstance(step(book, START), NotFound)]
    for step in ladder:
        assert not isinstance(step(book, START), NotFound)
    return book


@settings(max_examples=200, deadline=None)
@given(all_terms, st.booleans(), st.data())
def test_reports_of_others_make_the_same_case_in_any_order_and_however_often(
    of: Terms, withdraws: bool, data: st.DataObject
) -> None:
    late = [*REPORTS, *([WITHDRAWAL] if withdraws else [])]
    some = st.lists(st.sampled_from(REPORTS), max_size=5)
    again = data.draw(st.lists(st.sampled_from(late), max_size=5))
    shuffled = data.draw(st.permutations([*late, *again]))
    told = [*(data.draw(some) for _ in range(3)), shuffled]
    assert _life(of, told).now == _life(of, [[], [], [], late]).now
