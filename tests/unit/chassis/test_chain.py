"""The chain of a history: what was changed shows, in whatever way; what was only stored and read again does not."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any, Final

import bson
import pytest
from bson.codec_options import CodecOptions
from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis import chain, codec
from tests.unit.chassis.tally import TALLY, cause
from tests.unit.chassis.test_journal import returned, withdrawn
from tests.unit.fakes import FakeCollection, fake_journal

AT: Final = datetime(2026, 1, 15, 2, 30, 5, 120_000, tzinfo=UTC)
WHOSE: Final = "/intake/tally/D"
_SLIGHTLY: Final[dict[type, Any]] = {int: 1, str: "0", datetime: timedelta(milliseconds=1)}
_STORED: Final[CodecOptions[dict[str, Any]]] = CodecOptions(tz_aware=True, tzinfo=UTC)
_LETTERS: Final = st.text(st.characters(blacklist_categories=["Cs"]), max_size=20)
_NAMES: Final = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=8)
_LEAVES: Final = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.datetimes(timezones=st.just(UTC) | st.just(timezone(timedelta(hours=7))))
    | _LETTERS
)
_DATA: Final = st.recursive(_LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES, inner))


def entry(seq: int, **changed: Any) -> dict[str, Any]:
    """An event as a journal makes it."""
    made = {"seq": seq, "id": f"e-{seq}", "type": "dossier_returned", "v": 1, "at": AT + timedelta(seconds=seq)}
    made |= {"cause": f"c-{seq}", "correlation": "r", "trace": "t", "by": {"kind": "officer", "unit": "vnnic"}}
    return {**made, "data": {"dossier_code": "D", "method": "post"}, "digest": "d", **changed}


def chained(count: int = 3, whose: str = WHOSE) -> list[dict[str, Any]]:
    """A history."""
    return chain.extend(whose, (), [entry(seq) for seq in range(1, count + 1)])


def test_a_history_that_was_left_alone_is_whole() -> None:
    assert chain.broken_at(WHOSE, chained()) is None
    assert chain.broken_at(WHOSE, []) is None


def test_the_hash_is_what_earlier_releases_made_it() -> None:
    first = (
        '["/intake/tally/D",{"at":"2026-01-15T02:30:06.120+00:00","by":{"kind":"officer","unit":"vnnic"},"cause":"c-1",'
        '"correlation":"r","data":{"dossier_code":"D","method":"bưu điện"},"digest":"d","id":"e-1","seq":1,"trace":"t",'
        '"type":"dossier_returned","v":1}]'
    )
    made = chain.extend(WHOSE, (), [entry(1, data={"method": "bưu điện", "dossier_code": "D"}), entry(2)])
    assert made[0]["hash"] == sha256(first.encode()).hexdigest()
    assert made[1]["hash"] == sha256(codec.canonical([made[0]["hash"], entry(2)])).hexdigest()


@pytest.mark.parametrize("place", [1, 2, 3])
@pytest.mark.parametrize("field", [*entry(1), "hash"])
def test_whatever_is_changed_in_whichever_event_it_is_named(place: int, field: str) -> None:
    history = chained()
    was = history[place - 1][field]
    history[place - 1][field] = {**was, "unit": "cuc"} if isinstance(was, dict) else was + _SLIGHTLY[type(was)]
    assert chain.broken_at(WHOSE, history) == place


@pytest.mark.parametrize("place", [1, 2, 3])
@pytest.mark.parametrize("field", entry(1))
def test_what_is_taken_away_or_put_in_is_named(place: int, field: str) -> None:
    without, more = chained(), chained()
    del without[place - 1][field]
    more[place - 1]["note"] = "x"
    assert chain.broken_at(WHOSE, without) == chain.broken_at(WHOSE, more) == place


@pytest.mark.parametrize("value", [b"x", object(), float("nan"), {1, 2}])
def test_what_no_release_writes_is_named_and_not_stumbled_over(value: Any) -> None:
    history = chained()
    history[1]["data"] = value
    assert chain.broken_at(WHOSE, history) == 2
    del history[1]["hash"]
    assert chain.broken_at(WHOSE, history) == 2


def test_an_event_that_is_gone_moved_or_said_again_breaks_the_chain() -> None:
    first, second, third = chained()
    assert chain.broken_at(WHOSE, [second, third]) == 1
    assert chain.broken_at(WHOSE, [first, third]) == 2
    assert chain.broken_at(WHOSE, [first, {**third, "seq": 2}]) == 2
    assert chain.broken_at(WHOSE, [second, first, third]) == 1
    assert chain.broken_at(WHOSE, [first, second, second, third]) == 3


def test_no_history_stands_in_the_place_of_another() -> None:
    for whose in ("/intake/tally/E", "/routing/tally/D", "/intake/count/D"):
        assert chain.broken_at(whose, chained()) == 1
    own, other = chained(), chained(whose="/intake/tally/E")
    assert chain.broken_at(WHOSE, [*own[:1], *other[1:]]) == 2


@settings(max_examples=200, deadline=None)
@given(st.lists(_DATA, min_size=1, max_size=4), st.datetimes(timezones=st.just(UTC)))
def test_to_be_stored_and_read_again_changes_nothing(said: list[Any], at: datetime) -> None:
    made = chain.extend(WHOSE, (), [entry(seq, data=data, at=at) for seq, data in enumerate(said, 1)])
    history = bson.decode(bson.encode({"history": made}), _STORED)["history"]
    assert chain.broken_at(WHOSE, history) is None
    assert chain.head(WHOSE, history) == chain.head(WHOSE, made)


def test_what_an_earlier_release_wrote_is_covered_by_what_follows() -> None:
    for of_earlier in ({1}, {2}, {1, 2}, {3}):
        history: list[dict[str, Any]] = []
        for seq in (1, 2, 3, 4):
            history += [entry(seq)] if seq in of_earlier else chain.extend(WHOSE, history, [entry(seq)])
        assert chain.broken_at(WHOSE, history) is None
        assert history[-1]["hash"] == chained(4)[-1]["hash"]
        covering = max(of_earlier) + 1
        for place in of_earlier:
            changed = deepcopy(history)
            changed[place - 1]["by"] = {}
            assert chain.broken_at(WHOSE, changed) == covering
        assert chain.head(WHOSE, history[: max(of_earlier)]) == chained(max(of_earlier))[-1]["hash"]


def test_a_journal_chains_whatever_it_writes_on_what_it_reads_or_remembers() -> None:
    collection = FakeCollection()
    processes = [fake_journal(TALLY, collection) for _ in range(2)]  # what each remembers is soon out of date
    processes[0].change("D", cause("1"), lambda _: [*withdrawn()(None), *returned("post")(None)])
    for number, process in enumerate([1, 1, 0, 1, 0, 0], 2):
        processes[process].change("D", cause(str(number)), withdrawn())
    history = collection.documents["D"]["history"]
    assert len(history) == 8
    assert all("hash" in one for one in history)
    assert chain.broken_at(processes[0].whose("D"), history) is None


def test_a_history_of_an_earlier_release_goes_on_as_a_chain() -> None:
    collection = FakeCollection()
    fake_journal(TALLY, collection).change("D", cause("1"), withdrawn())
    del collection.documents["D"]["history"][0]["hash"]
    journal = fake_journal(TALLY, collection)
    journal.change("D", cause("2"), withdrawn())
    history = collection.documents["D"]["history"]
    assert ["hash" in one for one in history] == [False, True]
    assert chain.broken_at(journal.whose("D"), history) is None
    history[0]["data"]["dossier_code"] = "E"
    assert chain.broken_at(journal.whose("D"), history) == 2
