"""What operators see and do: dead letters with what they block, and what was paid, over the services' own doors."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.chassis.publish import connect
from services.chassis.topology import dead_name
from services.cli.demo.town import SYSTEM, fresh
from services.contracts.catalogue.dates import local_day
from services.contracts.events import PUBLISHERS
from tests.conftest import eventually
from tests.integration.test_bad_events import HEADERS
from tests.integration.world import Raw, World

pytestmark = pytest.mark.servers
QUEUE = "routing.withdraw_case"


@pytest.fixture
def resting(world: World, raw: Raw) -> Iterator[str]:
    """The id of a message that nothing can read, resting among routing's dead letters."""
    name = f"unreadable-{fresh()}"
    raw.send("", QUEUE, b"{", {**HEADERS, "cloudEvents:id": name}, message_id=name)
    eventually(lambda: name in ids(world))
    yield name
    with connect(world.stack.env["MOTCUA_AMQP_URI"]) as connection:
        connection.channel().queue_purge(dead_name("routing"))


def ids(world: World) -> list[str]:
    """The dead letters that routing names."""
    return [one["id"] for one in world.ask(SYSTEM, "routing.list_dead_letters", limit=200)["items"]]


def test_a_dead_letter_says_what_it_is_why_it_rests_and_what_it_blocks(world: World, resting: str) -> None:
    listed = world.ask(SYSTEM, "routing.list_dead_letters", limit=200)
    (letter,) = [one for one in listed["items"] if one["id"] == resting]
    assert letter["queue"] == QUEUE
    assert letter["dossier_code"] == HEADERS["cloudEvents:subject"]
    assert letter["blocks"] == "Close the case."
    assert letter["reason"]
    assert listed["total"] >= 1
    assert "body" not in letter


def test_a_letter_that_is_replayed_goes_back_to_work_and_rests_again_if_nothing_was_mended(
    world: World, resting: str
) -> None:
    asked = {"ids": [resting], "request_id": fresh()}
    assert world.ask(SYSTEM, "routing.replay_dead_letters", **asked) == {"replayed": 1}
    eventually(lambda: resting in ids(world))
    assert world.ask(SYSTEM, "routing.replay_dead_letters", ids=["none"], request_id=fresh()) == {"replayed": 0}


def test_every_service_tells_what_waits_in_its_queues_and_who_takes_from_them(world: World, resting: str) -> None:
    assert resting
    for service in PUBLISHERS:
        lines = {one["queue"]: one for one in world.ask(SYSTEM, f"{service}.list_queues")["items"]}
        assert all(one["waiting"] is not None for one in lines.values()), lines
        taken_from = [one for one in lines.values() if one["kind"] in {"requests", "work"}]
        assert all(one["consumers"] >= 1 for one in taken_from), taken_from
        if service == "routing":
            assert lines[QUEUE]["kind"] == "work"
            assert lines[dead_name("routing")]["waiting"] >= 1


def test_what_was_paid_is_the_sum_of_the_orders_that_were_paid(world: World) -> None:
    paid = world.story("paid")
    paid.submit()
    paid.be_granted()
    world.rest()
    orders, after = [], None
    while True:
        page: Any = world.ask(SYSTEM, "payment.list_orders", limit=200, **({"after": after} if after else {}))
        orders += [one for one in page["items"] if one["paid_at"]]
        after = page["next"]
        if not after:
            break
    today = local_day(datetime.now(UTC))
    period = {"from_day": (today - timedelta(days=2)).isoformat(), "to_day": today.isoformat()}
    counted = world.ask(SYSTEM, "payment.count_fees", **period)
    assert paid.order()["order_id"] in {one["order_id"] for one in orders}
    assert sum(one["amount_vnd"] for one in counted["paid"]) == sum(one["amount_vnd"] for one in orders)
    assert sum(one["orders"] for one in counted["paid"]) == len(orders)
    of_unit = world.ask(SYSTEM, "payment.count_fees", unit="vnnic", **period)["paid"]
    assert {one["unit"] for one in of_unit} == {"vnnic"}
