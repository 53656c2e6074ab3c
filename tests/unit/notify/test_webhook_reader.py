"""The stream becomes deliveries: for whom it concerns, from when they ask, and after whatever breaks off."""

from datetime import timedelta
from typing import Any

import pytest

from services.chassis import clock, codec
from services.chassis.stream import Place
from services.contracts import events
from services.contracts.event import Event
from services.notify.webhook_places import Places
from services.notify.webhook_reader import WebhookReader
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
    """A reader over fakes."""

    def __init__(self) -> None:
        self.store, self.stream, self.units = FakeWebhooks(), FakeStream(), FakeUnits()
        self.catalogue: Any = Catalogue()
        self.reader = self.another()

    def another(self) -> WebhookReader:
        """One more process."""
        stream: Any = self.stream
        units: Any = self.units
        return WebhookReader(self.store, Places(self.catalogue, units), stream)

    def told(self, endpoint: str) -> list[str]:
        return [one["event"] for one in self.store.deliveries.values() if one["endpoint"] == endpoint]


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(clock, "now", lambda: AT)
    return Desk()


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
    assert desk.stream.asked[-1][0] == Place(4, "ev-4")


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
    desk.reader.round()
    desk.stream.said.clear()
    desk.stream.say(SUBMITTED, id="fresh", time=(AT + timedelta(minutes=1)).isoformat())
    desk.reader.round()
    assert desk.told("e-1") == ["ev-0", "ev-1", "ev-2", "fresh"]
    after, since = desk.stream.asked[-1]
    assert after is None
    assert since == AT + timedelta(seconds=2) - timedelta(minutes=2)


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
