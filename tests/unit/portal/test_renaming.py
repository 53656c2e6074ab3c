"""The names of a session: which are good when."""

from datetime import UTC, datetime, timedelta

from services.portal.renaming import OVERLAP, RENAME_AFTER, Names

START = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
LATER = START + RENAME_AFTER
SECOND = timedelta(seconds=1)


def test_a_young_name_stays() -> None:
    names = Names.first(START)
    assert names.after(names.now, LATER - SECOND) is names
    assert names.to_tell(names.now) is None


def test_both_names_are_good_until_the_new_one_arrived() -> None:
    first = Names.first(START)
    offered = first.after(first.now, LATER)
    new = offered.to_tell(first.now)
    assert new not in {None, first.now}
    assert offered.after(first.now, LATER + SECOND) is offered  # the answer was lost: it is told the same again
    for name in (first.now, str(new)):
        assert offered.opens(name, LATER + timedelta(hours=2))


def test_the_old_name_is_good_for_what_is_under_way_and_then_for_nothing() -> None:
    first = Names.first(START)
    offered = first.after(first.now, LATER)
    at = LATER + SECOND
    arrived = offered.after(str(offered.offered), at)
    assert (arrived.now, arrived.offered) == (offered.offered, None)
    assert arrived.opens(first.now, at + OVERLAP - SECOND)
    assert not arrived.opens(first.now, at + OVERLAP)
    assert arrived.after(first.now, at + SECOND) is arrived
    assert arrived.to_tell(first.now) is None  # whoever comes under the old name is told no new one


def test_a_name_that_was_never_given_opens_nothing() -> None:
    names = Names.first(START)
    for name in ("", "x", "None"):
        assert not names.opens(name, START)


def test_what_is_stored_reads_as_it_was() -> None:
    first = Names.first(START)
    offered = first.after(first.now, LATER)
    assert Names(**offered.kept()) == offered
