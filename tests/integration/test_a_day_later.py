"""Everything that was ever said is said again, twice and in any order: nothing changes."""

import random
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import pytest
from kombu import Connection

from services.chassis import topology
from services.chassis.often import COLLECTIONS
from services.chassis.publish import Outgoing, Publisher
from services.chassis.store import READINESS
from services.cli.demo.town import Town
from tests.conftest import eventually
from tests.integration import agreement
from tests.integration.books import JOURNALS, Books
from tests.integration.crowd import PARTS, Crowd, PatientTown, await_rest, insist_closed, plots

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]
_AT_ONCE: Final = 200
_READING_SECONDS: Final = 240.0  # of a stream that may hold a whole chaos plan
_FILES: Final = ("intake.papers.files", "intake.papers.chunks")
_RECKONED: Final = (  # by a timer, from the dossiers that are looked at here; and how often a door was asked
    "intake.tallies",
    "intake.tally_months",
    *(f"registry.{name}" for name in COLLECTIONS),
)
# Who is just working on it, which is no part of what happened.
_PASSING: Final = ("claim", "ask_after", "relay_claim")
State = dict[str, dict[Any, Any]]


def test_all_events_delivered_twice_more_and_shuffled_change_nothing(patient_town: PatientTown) -> None:
    crowd = Crowd(patient_town, plots(patient_town, 2 * len(PARTS)))
    insist_closed(patient_town, crowd)
    before, letters = everything(patient_town.env), letters_of(patient_town, crowd)
    assert agreement.broken_histories(patient_town.env) == []
    again = 2 * list(every_event(patient_town.env).values())
    random.Random(2).shuffle(again)  # noqa: S311 – an order, no secret
    say_again(patient_town.env, again)
    await_rest(patient_town)
    after = everything(patient_town.env)
    assert sorted(after) == sorted(before)
    assert [(name, id_) for name in before for id_ in before[name] if after[name].get(id_) != before[name][id_]] == []
    assert {name: len(found) for name, found in after.items()} == {name: len(found) for name, found in before.items()}
    assert letters_of(patient_town, crowd) == letters


def everything(env: Mapping[str, str]) -> State:
    """Every document of every database, field by field; not files, nor what is reckoned or only looked."""
    with Books(env) as books:
        return {
            name: {one.pop("_id"): _lasting(one) for one in books.collection(name).find({})}
            for name in books.names()
            if name not in {*_FILES, *_RECKONED} and not name.endswith(f".{READINESS}")
        }


def _lasting(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in _PASSING}


def letters_of(town: Town, crowd: Crowd) -> list[str]:
    """Every letter that the mail server took for the people of a crowd."""
    return sorted(letter["id"] for letter in town.letters(crowd.tag))


def every_event(env: Mapping[str, str]) -> dict[str, Outgoing]:
    """Each event in the stream `events.log`, as it was published, by its id: all that the histories hold."""
    with Books(env) as books:
        wanted = {entry["id"] for name in JOURNALS for kept in books.kept(name) for entry in kept.history}
    found: dict[str, Outgoing] = {}

    def read(message: Any) -> None:
        if message.properties["message_id"] in wanted:
            found[message.properties["message_id"]] = _outgoing(message)
        message.channel.basic_ack(message.delivery_info["delivery_tag"])

    with Connection(env["MOTCUA_AMQP_URI"]) as connection:
        channel = connection.channel()
        channel.basic_qos(0, 500, False)
        channel.basic_consume(topology.LOG, callback=read, arguments={"x-stream-offset": "first"})
        eventually(lambda: _heard(connection) and len(found) == len(wanted), _READING_SECONDS, every=0)
    return found


def _heard(connection: Connection) -> bool:
    with suppress(TimeoutError):
        connection.drain_events(timeout=0.2)
    return True


def _outgoing(message: Any) -> Outgoing:
    headers = {name: value for name, value in message.headers.items() if name.startswith("cloudEvents:")}
    exchange, type_ = message.delivery_info["exchange"], message.delivery_info["routing_key"]
    body = message.body.encode() if isinstance(message.body, str) else bytes(message.body)
    return Outgoing(message.properties["message_id"], exchange, type_, body, headers)


def say_again(env: Mapping[str, str], events: list[Outgoing]) -> None:
    """Publish them in this order."""
    publisher = Publisher(env["MOTCUA_AMQP_URI"])
    for start in range(0, len(events), _AT_ONCE):
        assert all(publisher.publish(events[start : start + _AT_ONCE]))
    publisher.close()
