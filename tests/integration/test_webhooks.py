"""Departments are told by signed webhooks: every event once taken, whoever fails delays nobody, and nothing inward."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.chassis.cause import Cause
from services.chassis.store import open_database
from services.chassis.stream import Lines, Place, PlaceLost
from services.cli.demo.town import SYSTEM, fresh
from services.notify.webhook_store import WebhookStore
from services.notify.webhooks import Endpoint, Happened
from tests.conftest import eventually
from tests.integration.office import Office
from tests.integration.test_subscribers import replayed
from tests.integration.world import OPERATOR, World

pytestmark = pytest.mark.servers
SUBMITTED = "intake.dossier_submitted"
TROUBLES = {"fail": "500", "inward": "307", "drip": "ReadTimeout", "ahead": "ConnectionError"}
INNER = "https://169.254.169.254/latest/meta-data/"


@pytest.fixture
def office(world: World, tmp_path: Path) -> Iterator[Office]:
    """A department that is open."""
    office = Office(lambda method, **said: world.ask(OPERATOR, f"notify.{method}", **said), tmp_path)
    office.open()
    yield office
    office.leave()


def published(world: World, code: str) -> dict[str, str]:
    """Type by id of every event of a dossier, as the stream has them."""
    told = [one for one in replayed(world) if one.headers["cloudEvents:subject"] == code]
    return {one.headers["cloudEvents:id"]: one.type for one in told}


def test_each_event_is_taken_once_whoever_else_fails_and_nothing_is_sent_inward(world: World, office: Office) -> None:
    office.subscribe("all", "take")
    office.subscribe("unit", "take", SUBMITTED, unit="vnnic")
    office.subscribe("other", "take", unit="cuc-bao-chi")
    office.subscribe("huge", "huge", SUBMITTED)
    office.subscribe("gone", "gone", SUBMITTED)
    office.subscribe("inner", "take", SUBMITTED, url=INNER)
    for mode in TROUBLES:
        office.subscribe(mode, mode, SUBMITTED)
    story = world.story("webhooks")
    story.submit()
    story.be_granted()
    world.rest()
    events = published(world, story.code)
    assert len(events) > 10

    eventually(lambda: set(events) <= set(office.times("all")))
    mine = [told for told in office.told("all") if told["data"]["subject"] == story.code]
    assert {told["data"]["id"]: told["type"] for told in mine} == events
    assert len(mine) == len(events)
    assert set().union(*(told["data"] for told in mine)) == {"id", "subject", "aggregate", "sequence"}
    (first,) = office.told("unit")
    assert (first["type"], first["data"]["subject"]) == (SUBMITTED, story.code)
    assert office.told("other") == []

    for mode, answer in TROUBLES.items():
        (given_up,) = eventually(lambda mode=mode: office.deliveries(mode, status="given_up"))  # type: ignore[misc]
        assert (given_up["tries"], given_up["answer"]) == (4, answer), mode
    (inner,) = eventually(lambda: office.deliveries("inner", status="given_up"))
    assert inner["answer"] == "address_not_allowed"
    (huge,) = eventually(lambda: office.deliveries("huge", status="delivered"))
    assert huge["tries"] == 1
    eventually(lambda: office.line("gone")["disabled_because"] == "gone")
    assert not office.line("gone")["enabled"]
    assert ("/inner", "unplanned") not in office.modes()
    eventually(lambda: office.modes()["/huge", "hung up on"])


def test_who_was_away_misses_nothing_and_letters_do_not_wait(world: World, office: Office) -> None:
    first = office.subscribe("away", "take")
    office.close()
    story = world.story("away")
    story.submit()
    eventually(lambda: world.ask(SYSTEM, "intake.get", dossier_code=story.code)["status"] == "payment_required")
    world.rest()
    notices = world.ask(SYSTEM, "notify.list_notices", dossier_code=story.code)["items"]
    assert notices
    assert {one["status"] for one in notices} == {"sent"}
    assert office.told("away") == []

    asked = {"webhook_id": office.webhooks["away"], "request_id": fresh()}
    rotated = office.ask("rotate_webhook", **asked)
    assert rotated["secret"] != first
    assert office.ask("rotate_webhook", **asked)["secret"] == rotated["secret"]
    assert office.line("away")["secrets"] == 2
    events = published(world, story.code)
    eventually(lambda: {one["id"] for one in office.deliveries("away", status="given_up")} >= set(events))
    office.open()  # with the secret it had: both sign for a day
    revived = office.ask("repeat_webhook", webhook_id=office.webhooks["away"], request_id=fresh())["revived"]
    assert revived >= len(events)
    eventually(lambda: set(events) <= set(office.times("away")))
    assert {office.times("away")[id_] for id_ in events} == {1}

    office.plan("away", "take", rotated["secret"])
    office.ask("switch_webhook", webhook_id=office.webhooks["away"], enabled=False, request_id=fresh())
    story.be_granted()
    world.rest()
    later = set(published(world, story.code)) - set(events)
    assert later
    assert not later & set(office.times("away"))
    office.ask("switch_webhook", webhook_id=office.webhooks["away"], enabled=True, request_id=fresh())
    eventually(lambda: later <= set(office.times("away")))


def test_a_delivery_and_the_reading_are_one_holders_until_his_time_is_over(world: World) -> None:
    database = open_database(world.stack.env["MOTCUA_MONGO_URI"], "test_webhooks")
    store, now = WebhookStore(database), datetime(2026, 11, 27, tzinfo=UTC)
    store.ensure_indexes()
    second = timedelta(seconds=1)
    endpoint = Endpoint("e", "https://example.vn/", "mic", None, (), enabled=True, created_at=now)
    store.add(endpoint, "whsec_", Cause("c", "c", "t", digest="d"))
    event = Happened("ev", SUBMITTED, "2026-11-27T00:00:00+00:00", "code", "dossier/code", 1, "mic", frozenset())
    for _ in range(2):
        store.deliver([("e", event)], now)
    (claimed,) = store.claim("e", "a", 9, now, now + second)
    assert store.claim("e", "b", 9, now, now + second) == []
    (taken_over,) = store.claim("e", "b", 9, now + second, now + 2 * second)
    assert not store.settle(claimed, {"status": "delivered"})
    store.release([claimed], now)
    assert store.claim("e", "c", 9, now + second, now + 2 * second) == []
    assert store.settle(taken_over, {"status": "given_up"})
    assert store.claim("e", "c", 9, now + 9 * second, now + 10 * second) == []
    assert (store.revive("e", now), store.count("e", "pending")) == (1, 1)

    for seconds in (2, 1):
        store.rest("e", now + seconds * second)
    assert store.get("e")["rests_until"] == now + 2 * second
    assert store.switch("e", enabled=True)["rests_until"] is None
    for number in (1, 2):
        rotated = store.rotate("e", f"whsec_{number}", Cause(f"r{number}", "c", "t", digest="d"), now + number * second)
    assert [one["key"] for one in rotated["secrets"]] == ["whsec_2", "whsec_1", "whsec_"]

    store.deliver([("e", event), ("removed meanwhile", event)], now)
    assert (store.forget_orphans(), store.forget_orphans()) == (1, 0)
    assert (store.count("e", "pending"), store.count("removed meanwhile", "pending")) == (1, 0)

    assert store.take_turn("a", now, now + second)
    assert not store.take_turn("b", now, now + second)
    assert store.take_turn("a", now, now + 2 * second)
    assert store.take_turn("b", now + 2 * second, now + 3 * second)
    store.end_turn("b", now)
    assert store.take_turn("a", now, now + second)
    database.client.drop_database(database.name)
    database.client.close()


def test_a_place_that_the_stream_does_not_have_is_no_place(world: World) -> None:
    lines, yesterday = Lines(world.stack.env["MOTCUA_AMQP_URI"], 2), datetime.now(UTC) - timedelta(days=1)

    def behind(place: Place | datetime) -> Place:
        said = eventually(lambda: lines.read(place, 1))
        return said[0].place  # type: ignore[no-any-return]

    first = behind(yesterday)
    second = behind(first)
    assert second.offset == first.offset + 1
    for lost in (Place(first.offset, "another"), Place(first.offset + 1_000_000_000, first.id)):
        with pytest.raises(PlaceLost):
            lines.read(lost, 1)
    assert behind(first) == second
    third = behind(second)
    assert behind(first) == second, "the other line"
    assert behind(third).offset == behind(second).offset + 1
    lines.keep(0)
