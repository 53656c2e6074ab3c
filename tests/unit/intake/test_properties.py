"""Whatever is said and done, in whatever order: a dossier is the fold of its history, and keeps to the paths."""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts.event import Event
from services.contracts.words import STATUSES
from services.intake import domain
from services.intake.dossier import MOVES, Dossier
from tests.unit.fakes import fold
from tests.unit.intake import builders as b
from tests.unit.intake.builders import Book, hour
from tests.unit.intake.causal import Told

Step = Callable[[Book], object]
hours = st.integers(0, 40)
rounds = st.integers(1, 3)
orders = st.sampled_from(["S", "A", "R"])
along_the_way = st.one_of(
    st.builds(b.accepted, hours, st.integers(50, 90)),
    st.builds(b.assigned, hours),
    st.builds(b.transferred, rounds, st.sampled_from(["cuc-bao-chi", "cuc-attt"]), hours),
    st.builds(b.asked, rounds, hours),
    st.builds(b.received, rounds, hours, st.none() | st.integers(50, 90)),
    st.builds(b.fee_requested, hours, orders),
    st.builds(b.fee_paid, hours, orders),
    st.builds(b.fee_expired, hours),
    st.builds(b.fee_cancelled, hours),
    st.builds(b.fee_waived, hours),
    st.builds(b.receipt, hours),
    st.builds(b.fee_noted, hours, st.none() | st.integers(50, 90)),
)
granting = st.one_of(st.just(b.decided("granted")), st.just(b.issued()), st.just(b.revoked()))
refusing = st.just(b.decided("refused"))
rejecting = st.just(b.rejected())
stopping = st.just(b.stopped())
anything = st.one_of(
    along_the_way, granting, refusing, rejecting, stopping, st.builds(b.issued, hours, st.just("2/2026"))
)
commands = st.sampled_from(
    [
        lambda book: book.attempt(domain.withdraw, hour(3)),
        lambda book: book.attempt(domain.return_result, "direct", hour(30)),
        lambda book: book.attempt(domain.supplement, book.now.open_round or 1, ["TP01"], hour(6)),
    ]
)


def _heard(event: Event) -> Step:
    return lambda book: book.noting(event)


def _with_commands(heard: st.SearchStrategy[Event]) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.one_of(heard.map(_heard), commands), max_size=25)


# one world has one end: a unit that decided does not also reject
worlds = st.one_of(
    *(_with_commands(st.one_of(along_the_way, end)) for end in (granting, refusing, rejecting, stopping))
)


def _told(fees: str, choices: list[int]) -> list[tuple[str, str]]:
    """The moves of a dossier that lives through these choices, in the order in which things happen."""
    told, moves = Told(fees), []
    for choice in choices:
        before, steps = told.book.status, told.steps()
        steps[choice % len(steps)]()
        moves += [(before, told.book.status)] if told.book.status != before else []
    return moves


def _paid_as_the_unit_stops(*, collected: bool) -> tuple[str, str]:
    """The last move of a dossier that was paid for, and perhaps collected, before the unit heard of it, and stopped."""
    paid = (b.fee_requested(order="R"), b.fee_paid(order="R"), b.issued())
    book = Book().submitted().noting(b.accepted(), b.decided("granted"), *paid)
    if collected:
        book.keep(domain.return_result, "direct", hour(21))
    before = book.status
    return before, book.noting(b.stopped(22)).status


def _reachable() -> dict[str, set[str]]:
    """Where a status may lead when news may be late: any number of steps on."""
    reach = {status: {status} for status in MOVES}
    for _ in MOVES:
        for status in MOVES:
            reach[status] |= {far for near in reach[status] for far in MOVES[near]}
    return reach


REACHABLE = _reachable()
DIRECT = {(before, after) for before, following in MOVES.items() for after in following}
procedures = st.sampled_from(["", "S", "A", "R", "SA", "SAR"])


def _but_for_the_word(dossier: Dossier) -> Dossier:
    """Whether a result was spoken of before it was known that the unit had stopped depends on what is heard first."""
    return replace(dossier, resolved=False) if dossier.status == "stopped" else dossier


def test_every_status_but_the_draft_is_in_the_table_of_moves() -> None:
    assert set(MOVES) == set(STATUSES) - {"draft"}
    assert set().union(*MOVES.values()) <= set(MOVES)


@settings(max_examples=200, deadline=None)
@given(procedures, st.lists(st.integers(0, 720), max_size=30))
def test_what_is_told_as_it_happens_takes_one_step_of_the_table_at_a_time(fees: str, choices: list[int]) -> None:
    assert set(_told(fees, choices)) <= DIRECT


def test_every_step_of_the_table_is_taken_by_some_dossier() -> None:
    chance = Random(1)  # noqa: S311 – the same lives every time
    lives = ((chance.choice(["S", "A", "R", "SAR"]), [chance.randrange(720) for _ in range(20)]) for _ in range(1000))
    rare = {_paid_as_the_unit_stops(collected=collected) for collected in (False, True)}
    assert {move for fees, choices in lives for move in _told(fees, choices)} | rare == DIRECT


@settings(max_examples=150, deadline=None)
@given(worlds)
def test_late_news_may_skip_steps_and_the_state_is_the_fold_of_the_history(steps: list[Step]) -> None:
    book = Book().submitted()
    for step in steps:
        before = book.status
        step(book)
        assert book.status in REACHABLE[before], (before, book.status)
    assert fold(domain.evolve, book.history) == book.dossier


@settings(max_examples=150, deadline=None)
@given(st.lists(anything, max_size=15), st.randoms(use_true_random=False), st.booleans())
def test_neither_order_nor_repetition_of_what_others_say_matters(
    said: list[Event], random: Any, taken_back: bool
) -> None:
    shuffled = [*said, *random.sample(said, len(said))]
    random.shuffle(shuffled)
    one, other = (Book().submitted() for _ in range(2))
    if taken_back:
        one.withdrawn()
        other.withdrawn()
    assert _but_for_the_word(one.noting(*said).now) == _but_for_the_word(other.noting(*shuffled).now)


@settings(max_examples=100, deadline=None)
@given(st.lists(anything, max_size=15))
def test_a_resolution_is_said_once_and_only_when_there_is_a_result(said: list[Event]) -> None:
    book = Book().submitted().noting(*said)
    told, has_result = book.types.count("dossier_resolved"), book.now.result is not None
    assert int(book.status == "resolved") <= told <= int(has_result)  # a stop may come after it was said
