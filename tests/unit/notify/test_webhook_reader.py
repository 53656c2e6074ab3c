"""The stream becomes deliveries: for whom it concerns, from when they ask, and after whatever breaks off."""

import math
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from prometheus_client import REGISTRY

from services.chassis import clock, codec
from services.chassis.errors import Unavailable
from services.chassis.stream import Place
from services.contracts import events
from services.contracts.event import Event
from services.notify.webhook_places import Places
from services.notify.webhook_reader import MOST, WebhookReader
from services.notify.webhook_store import place_of
from tests.unit.notify.builders import AT
from tests.unit.notify.fakes import FakeUnits
from tests.unit.notify.webhook_fakes import CODE, FakeStream, FakeWebhooks

SUBMITTED, TRANSFERRED = "intake.dossier_submitted", "routing.case_transferred"
MOVED = {
    "dossier_code": CODE,
    "tenant": "mic",
    "transfer": 1,
    "from_unit": "vnnic",
    "to_unit": "cuc-bao-chi",
    "reason": "not_competent",
    "transferred_at": AT,
}
NEW_UNIT = {
    "name": "mic/unit/moi@2026-01-01",
    "tenant": "mic",
    "kind": "unit",
    "key": "moi",
    "valid_from": "2026-01-01",
    "valid_to": None,
    "revision": 1,
    "document": {"agency_code": "000.00.99.G14"},
}


class Catalogue:
    """Units by agency code, and one more whenever one is published."""

    def __init__(self) -> None:
        self.codes = {"000.00.06.G14": ("mic", "vnnic"), "000.00.01.G16": ("mcst", "cuc-bao-chi")}

    def agency_codes(self, tenants: Any) -> dict[str, tuple[str, str]]:
        return {code: unit for code, unit in self.codes.items() if unit[0] in tenants}

    def apply(self, published: Any) -> None:
        self.codes[published["document"]["agency_code"]] = (published["tenant"], published["key"])


class Desk:
    """A reader over fakes, by a clock that the test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now: datetime = AT
        monkeypatch.setattr(clock, "now", lambda: self.now)
        self.store, self.stream, self.units = FakeWebhooks(), FakeStream(), FakeUnits()
        self.catalogue: Any = Catalogue()
        self.reader = self.another()

    def another(self) -> WebhookReader:
        """One more process."""
        lines: Any = self.stream
        units: Any = self.units
        return WebhookReader(self.store, Places(self.catalogue, units), lines)

    def places(self) -> set[Any]:
        """Where those who are told stand."""
        return {place_of(one) for one in self.store.listed()}

    def told(self, endpoint: str) -> list[str]:
        return [one["event"] for one in self.store.deliveries.values() if one["endpoint"] == endpoint]


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(monkeypatch)


def away(*_: Any) -> Any:
    raise Unavailable("broker.unavailable", "No.", "Không.")


def body_of(type_: str, data: dict[str, Any]) -> bytes:
    source, _, name = type_.partition(".")
    return codec.encode(events.write(source, Event(name, data)))


def test_nothing_is_read_while_nobody_is_told(desk: Desk) -> None:
    desk.store.put(enabled=False)
    desk.stream.say(SUBMITTED)
    desk.reader.round()
    assert desk.stream.asked == []


def test_an_endpoint_is_told_what_happens_since_it_was_added_each_thing_once(desk: Desk) -> None:
    desk.store.put(created_at=AT + timedelta(seconds=2))
    for _ in range(4):
        desk.stream.say(SUBMITTED)
    desk.reader.round()
    assert desk.told("e-1") == ["ev-2", "ev-3"]
    desk.stream.say(SUBMITTED)
    desk.reader.round()
    desk.reader.round()
    assert desk.told("e-1") == ["ev-2", "ev-3", "ev-4"]
    assert desk.stream.asked[-1] == Place(4, "ev-4")


def test_who_was_disabled_goes_on_from_where_he_stood_and_others_are_told_nothing_twice(desk: Desk) -> None:
    desk.store.put()
    desk.store.put()
    desk.stream.say(SUBMITTED)
    desk.reader.round()
    desk.store.switch("e-1", enabled=False)
    desk.stream.say(SUBMITTED)
    desk.reader.round()
    assert (desk.told("e-1"), desk.told("e-2")) == (["ev-0"], ["ev-0", "ev-1"])
    desk.store.switch("e-1", enabled=True)
    del desk.store.deliveries["e-2.ev-1"]  # delivered, and its time over
    desk.reader.round()
    assert (desk.told("e-1"), desk.told("e-2")) == (["ev-0", "ev-1"], ["ev-0"])


def test_who_dies_between_the_deliveries_and_the_place_makes_nothing_twice(desk: Desk) -> None:
    desk.store.put()
    desk.stream.say(SUBMITTED)
    desk.reader.round()
    desk.store.endpoints["e-1"]["place"] = None
    desk.store.deliveries["e-1.ev-0"]["status"] = "delivered"
    desk.reader.round()
    assert [one["status"] for one in desk.store.deliveries.values()] == ["delivered"]


def test_a_stream_that_began_anew_is_read_from_the_instant_that_was_reached(desk: Desk) -> None:
    desk.store.put()
    for _ in range(3):
        desk.stream.say(SUBMITTED)
    desk.now = AT + timedelta(minutes=1)
    desk.reader.round()
    desk.stream.said.clear()
    desk.stream.say(SUBMITTED, id="fresh", time=(AT + timedelta(minutes=1)).isoformat())
    desk.reader.round()
    assert desk.told("e-1") == ["ev-0", "ev-1", "ev-2", "fresh"]
    assert desk.stream.asked[-1] == AT + timedelta(seconds=2) - timedelta(minutes=2)


def behind() -> float | None:
    """How far the reading is shown to be behind."""
    return REGISTRY.get_sample_value("motcua_webhook_behind_seconds")


def test_a_reader_shows_how_far_it_is_behind_for_whom_it_is_furthest(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.store.put()
    desk.store.put(created_at=AT + timedelta(seconds=3))
    for _ in range(4):
        desk.stream.say(SUBMITTED)
    desk.now = AT + timedelta(minutes=5)
    desk.reader.round()
    desk.now += timedelta(seconds=2)
    assert behind() == 5 * 60 + 2 - 3  # as of the last that was read
    desk.reader.round()
    assert behind() == 0  # there is no more
    desk.now += timedelta(minutes=15)
    assert behind() == 15 * 60  # no round came to its end meanwhile
    monkeypatch.setattr(desk.stream, "read", away)
    with pytest.raises(Unavailable):
        desk.reader.round()
    assert behind() == 15 * 60


def test_of_who_is_behind_it_is_the_last_that_counts(desk: Desk) -> None:
    for _ in range(2):
        desk.store.put()
    for _ in range(3 * MOST):
        desk.stream.say(SUBMITTED)
    since = AT + timedelta(seconds=3 * MOST - 1)
    desk.store.endpoints["e-1"] |= {"place": {"offset": 3 * MOST - 1, "id": f"ev-{3 * MOST - 1}"}, "since": since}
    desk.store.endpoints["e-2"] |= {"place": {"offset": 0, "id": "ev-0"}, "since": AT}
    desk.now = since
    left: list[float | None] = []
    read = desk.stream.read

    def noted(after: Any, most: int, seconds: float = 1.0) -> Any:
        left.append(behind())
        return read(after, most, seconds)

    desk.stream.read = noted  # type: ignore[method-assign]
    desk.reader.round()
    assert left[:2] == [3 * MOST - 1, 3 * MOST - 1]
    assert left[-1] is not None
    assert left[-1] < MOST
    assert behind() == 0


def test_who_does_not_read_tells_nothing_of_how_far_it_is_behind(desk: Desk) -> None:
    desk.store.put()
    desk.reader.round()
    assert behind() == 0
    desk.store.reader = "another"
    desk.now += timedelta(minutes=1)
    desk.reader.round()
    assert math.isnan(behind() or 0)


def test_a_lost_place_is_the_matter_of_who_stood_there(desk: Desk) -> None:
    desk.store.put()
    desk.store.put()
    for _ in range(3):
        desk.stream.say(SUBMITTED)
    desk.reader.round()
    desk.store.endpoints["e-2"]["place"] = {"offset": 1, "id": "of another stream"}
    desk.stream.asked.clear()
    desk.stream.say(SUBMITTED)
    needed = partial(REGISTRY.get_sample_value, "motcua_needs_hand_total", {"what": "webhook_place_lost"})
    before = needed()
    desk.reader.round()
    assert before is not None
    assert needed() == before + 1
    assert desk.stream.asked[0] == Place(2, "ev-2")
    assert sum(isinstance(after, datetime) for after in desk.stream.asked) == 1
    assert desk.told("e-1") == desk.told("e-2") == ["ev-0", "ev-1", "ev-2", "ev-3"]
    assert desk.places() == {Place(3, "ev-3")}


def test_in_a_stream_that_began_anew_nobody_is_carried_over_what_he_has_not_read(desk: Desk) -> None:
    """Offsets of the new stream say nothing of those of the old."""
    desk.store.put()
    for _ in range(9):
        desk.stream.say(SUBMITTED)
    desk.reader.round()
    desk.store.put(created_at=AT + timedelta(seconds=8))
    desk.stream.said.clear()
    for number in range(9, 21):
        desk.stream.say(SUBMITTED, id=f"new-{number}", time=(AT + timedelta(seconds=number)).isoformat())
    desk.reader.round()
    news = [f"new-{number}" for number in range(9, 21)]
    assert desk.told("e-2") == news
    assert desk.told("e-1")[9:] == news


def test_who_catches_up_with_days_delays_nobody_and_stands_with_the_others_in_the_end(desk: Desk) -> None:
    desk.store.put()
    for _ in range(6 * MOST):
        desk.stream.say(SUBMITTED)
    desk.store.put(created_at=AT + timedelta(seconds=6 * MOST - 1))
    desk.store.endpoints["e-2"] |= {"place": {"offset": 6 * MOST - 2, "id": f"ev-{6 * MOST - 2}"}}
    desk.now = AT + timedelta(days=3)
    read, first = desk.stream.read, "e-2"

    def while_more_comes(after: Any, most: int, seconds: float = 1.0) -> Any:
        """Whoever is up with all is told at once, each time that somebody else reads."""
        if isinstance(after, datetime) or after.offset < 6 * MOST - 2:
            assert len(desk.told(first)) == len(desk.stream.said) - (6 * MOST - 1)
            desk.stream.say(SUBMITTED)
        return read(after, most, seconds)

    desk.stream.read = while_more_comes  # type: ignore[method-assign]
    desk.reader.round()
    desk.reader.round()
    assert len(desk.stream.said) > 6 * MOST + 5
    assert len(desk.told("e-1")) == len(desk.stream.said)
    assert len(desk.told("e-2")) == len(desk.stream.said) - (6 * MOST - 1)
    assert desk.places() == {Place(len(desk.stream.said) - 1, f"ev-{len(desk.stream.said) - 1}")}


def test_of_two_who_are_behind_the_one_that_is_nearly_there_does_not_wait_for_the_other(desk: Desk) -> None:
    for _ in range(3):
        desk.store.put()
    total = 5 * MOST
    for _ in range(total):
        desk.stream.say(SUBMITTED)
    for id_, offset in (("e-1", total - 1), ("e-2", 0), ("e-3", total - MOST - 5)):
        since = AT + timedelta(seconds=offset)
        desk.store.endpoints[id_] |= {"place": {"offset": offset, "id": f"ev-{offset}"}, "since": since}
    desk.now = AT + timedelta(days=3)
    order: list[str] = []
    read = desk.stream.read

    def noted(after: Any, most: int, seconds: float = 1.0) -> Any:
        order.extend(id_ for id_ in ("e-2", "e-3") if desk.store.endpoints[id_]["place"]["offset"] == total - 1)
        return read(after, most, seconds)

    desk.stream.read = noted  # type: ignore[method-assign]
    desk.reader.round()
    assert order.index("e-3") < order.index("e-2")
    assert [len(desk.told(f"e-{number}")) for number in (1, 2, 3)] == [0, total - 1, MOST + 4]


def test_an_event_that_is_dated_ahead_moves_no_instant_ahead(desk: Desk) -> None:
    desk.store.put()
    desk.stream.say(SUBMITTED, time=(AT + timedelta(days=400)).isoformat())
    desk.reader.round()
    assert desk.store.endpoints["e-1"]["since"] == AT


def test_one_process_reads_at_a_time(desk: Desk) -> None:
    desk.store.put()
    desk.reader.round()
    asked = len(desk.stream.asked)
    second = desk.another()
    second.round()
    assert len(desk.stream.asked) == asked
    desk.reader.stop()
    second.round()
    assert len(desk.stream.asked) == asked + 1


def test_a_dossier_concerns_the_ministry_and_the_unit_that_its_code_names(desk: Desk) -> None:
    for wanted in ({"unit": "vnnic"}, {"unit": "cuc-bao-chi"}, {"tenant": "mcst"}):
        desk.store.put(**wanted)
    desk.stream.say(SUBMITTED)
    desk.stream.say(SUBMITTED, "000.00.01.G16-261127-0001")
    desk.stream.say(SUBMITTED, "nobody's")
    desk.reader.round()
    assert [desk.told(f"e-{number}") for number in (1, 2, 3)] == [["ev-0"], [], ["ev-1"]]


def test_a_transfer_concerns_both_units_and_what_follows_the_one_that_has_it(desk: Desk) -> None:
    desk.store.put(unit="vnnic")
    desk.store.put(unit="cuc-bao-chi")
    desk.stream.say(TRANSFERRED, body=body_of(TRANSFERRED, MOVED))
    desk.stream.say("routing.case_accepted")
    desk.reader.round()
    assert (desk.told("e-1"), desk.told("e-2")) == (["ev-0"], ["ev-0", "ev-1"])


def test_a_unit_is_known_from_the_moment_it_is_published(desk: Desk) -> None:
    desk.store.put()
    desk.stream.say(SUBMITTED)
    published = "registry.catalogue_published"
    desk.stream.say(published, str(NEW_UNIT["name"]), body_of(published, NEW_UNIT))
    desk.stream.say(SUBMITTED, "000.00.99.G14-261127-0001")
    desk.reader.round()
    assert desk.told("e-1") == ["ev-0", "ev-1", "ev-2"]


def test_what_is_no_event_or_cannot_be_read_stops_nobody(desk: Desk) -> None:
    desk.store.put()
    desk.stream.say(SUBMITTED, time="yesterday")
    desk.stream.say(TRANSFERRED, body=b"{")
    desk.stream.say("registry.catalogue_published", body=b"[]")
    desk.stream.say(SUBMITTED)
    desk.reader.round()
    assert desk.told("e-1") == ["ev-1", "ev-3"]
