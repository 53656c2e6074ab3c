"""Whatever happens to an order, and however it is heard of: the state is the fold of the history, money adds up."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis.errors import NotFound
from services.contracts.catalogue.fees import FeeLine
from services.payment import domain
from services.payment.order import STATUSES, FeeOrder, Transfer
from tests.unit.payment.builders import (
    AMOUNT,
    BOTH,
    CITIZEN,
    FEE,
    FIRST,
    FOREIGN,
    NOW,
    OFFICER,
    QUARTER,
    SECOND,
    TEN_DAYS,
    Book,
    assessment,
    captured,
    requested,
)

Step = Callable[[Book], None]
ENDED_AT = NOW + timedelta(minutes=5)
DONE_AT = NOW + timedelta(days=11)

attempts = st.sampled_from([FIRST, SECOND])
steps: st.SearchStrategy[Step] = st.one_of(
    st.just(lambda book: book.attempt(domain.fall_due, TEN_DAYS, NOW)),
    st.builds(
        lambda minutes: lambda book: book.attempt(domain.end, NOW + timedelta(minutes=minutes), NOW), st.integers(0, 9)
    ),
    st.builds(
        lambda actor: lambda book: book.attempt(domain.start, actor, actor is CITIZEN, "vnpay", QUARTER, NOW),
        st.sampled_from([CITIZEN, OFFICER]),
    ),
    st.builds(lambda ref: lambda book: book.attempt(domain.capture, captured(ref), NOW), attempts),
    st.builds(lambda ref: lambda book: book.attempt(domain.fail, ref, "24", NOW), attempts),
    st.builds(
        lambda actor, amount: lambda book: book.attempt(domain.pay_at_counter, actor, amount, NOW),
        st.sampled_from([OFFICER, FOREIGN]),
        st.sampled_from([AMOUNT, 1]),
    ),
    st.builds(
        lambda days: lambda book: book.attempt(domain.expire, NOW + timedelta(days=days)), st.sampled_from([1, 10])
    ),
    st.builds(
        lambda number, who: lambda book: book.attempt(domain.note_refund, number, NOW, who),
        st.integers(1, 3),
        st.sampled_from([None, "vh-001"]),
    ),
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(list(domain.SUFFIXES)), st.sampled_from([BOTH, (FEE,), ()]), st.lists(steps, max_size=25))
def test_the_state_is_the_fold_of_the_history_and_no_money_is_lost_or_kept_twice(
    when_due: str, lines: Sequence[FeeLine], taken: Sequence[Step]
) -> None:
    book = Book()
    book.act(domain.assess, assessment(when_due), lines, TEN_DAYS, NOW)
    for step in taken:
        step(book)  # every move is checked against the table as it is made
    assert book.fold() == book.order
    assert book.now.status in STATUSES
    assert book.types.count("fee_paid") <= 1
    assert _kept(book.now) in {0, sum(line.amount_vnd for line in lines if not line.refundable), book.now.amount_vnd}


def _kept(order: FeeOrder) -> int:
    captures = sum(attempt.outcome == "captured" for attempt in order.attempts) + (order.method == "counter")
    return captures * order.amount_vnd - sum(refund.amount_vnd for refund in order.refunds)


HANDED_ON = (
    Transfer(1, "vnnic", "cuc-bao-chi", NOW + timedelta(minutes=2)),
    Transfer(2, "cuc-bao-chi", "cuc-attt", ENDED_AT),
)
FACTS: dict[str, Step] = {
    "submitted": lambda book: _hear(book, domain.assess, assessment("on_acceptance"), BOTH, TEN_DAYS, NOW),
    "accepted": lambda book: _hear(book, domain.fall_due, TEN_DAYS, NOW),
    "refused": lambda book: _hear(book, domain.end, NOW, DONE_AT),
    "withdrawn": lambda book: _hear(book, domain.end, ENDED_AT, DONE_AT),
    "handed on": lambda book: _hear(book, domain.transfer, HANDED_ON[0]),
    "handed on again": lambda book: _hear(book, domain.transfer, HANDED_ON[1]),
}


@settings(max_examples=200, deadline=None)
@given(st.sets(st.sampled_from(list(FACTS))).map(lambda some: [*some, "submitted"]), st.randoms(use_true_random=False))
def test_facts_of_other_services_end_the_same_in_any_order_and_any_number(facts: list[str], dice: object) -> None:
    assert _after(_shuffled(facts, dice)) == _after([name for name in FACTS if name in facts])


OUTCOMES: dict[str, Step] = {
    "paid": lambda book: _hear(book, domain.capture, captured(), DONE_AT),
    "failed": lambda book: _hear(book, domain.fail, FIRST, "24", NOW),
    "handed on": lambda book: _hear(book, domain.transfer, HANDED_ON[0]),
    "ended": lambda book: _hear(book, domain.end, ENDED_AT, DONE_AT),
    "ended before": lambda book: _hear(book, domain.end, NOW, DONE_AT),
    "ended after": lambda book: _hear(book, domain.end, NOW + timedelta(hours=1), DONE_AT),
}


@settings(max_examples=300, deadline=None)
@given(
    st.sets(st.sampled_from(["paid", "failed", "handed on"])),
    st.sampled_from([[], ["ended"], ["ended before"], ["ended after"]]),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_a_payment_and_the_end_of_its_dossier_end_the_same_whoever_is_heard_first(
    told: set[str], end: list[str], late: bool, dice: object
) -> None:
    names = [*sorted(told), *end]
    assert _outcome(_shuffled(names, dice), late) == _outcome(names, late)


def _hear(book: Book, decide: Callable[..., object], *args: object) -> None:
    book.act(decide, *args)  # type: ignore[arg-type]


def _shuffled(names: Sequence[str], dice: object) -> list[str]:
    """Every name at least once, some twice, in any order."""
    again = [name for name in names if dice.random() < 0.5]  # type: ignore[attr-defined]
    heard = [*names, *again]
    dice.shuffle(heard)  # type: ignore[attr-defined]
    return heard


def _after(heard: Sequence[str]) -> FeeOrder | None:
    """What comes too early comes again, as from the retry ladder."""
    book, waiting = Book(), list(heard)
    while waiting:
        name = waiting.pop(0)
        try:
            FACTS[name](book)
        except NotFound:
            waiting.append(name)
    return book.order


def _outcome(heard: Sequence[str], late: bool) -> FeeOrder:
    book = requested()
    if late:
        book.act(domain.expire, NOW + TEN_DAYS)
    book.act(domain.start, CITIZEN, True, "vnpay", QUARTER, NOW)
    for name in heard:
        OUTCOMES[name](book)
    return book.now
