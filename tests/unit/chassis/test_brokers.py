"""Several brokers in one address: any order, but those that did not answer lately come last."""

import pytest
from kombu import Connection

from services.chassis import brokers, publish
from services.chassis.settings import BadSettings, Settings, read_settings

ONE, TWO, THREE = (f"amqp://motcua:x@10.0.0.{number}:5672//" for number in (1, 2, 3))
ALL = ";".join((ONE, TWO, THREE))
MONGO = {"MOTCUA_MONGO_URI": "mongodb://x", "MOTCUA_ACTOR_KEYS": "k"}


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is shunned yet."""
    monkeypatch.setattr(brokers, "_shunned", {})


def test_clients_spread_over_all_brokers() -> None:
    orders = {tuple(brokers.in_turn(ALL)) for _ in range(200)}
    assert {order[0] for order in orders} == {ONE, TWO, THREE}
    assert all(sorted(order) == [ONE, TWO, THREE] for order in orders)


def test_a_broker_that_did_not_answer_is_tried_last_until_it_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.monotonic", lambda: 100.0)
    brokers.shun(Connection(TWO))
    assert {brokers.in_turn(ALL)[-1] for _ in range(50)} == {TWO}
    monkeypatch.setattr("time.monotonic", lambda: 100.0 + brokers.SHUNNED_SECONDS)
    assert {brokers.in_turn(ALL)[-1] for _ in range(200)} == {ONE, TWO, THREE}


def test_one_broker_is_tried_whatever_it_did() -> None:
    brokers.shun(Connection(ONE))
    assert brokers.in_turn(ONE) == [ONE]


def test_a_connection_tells_which_of_the_addresses_it_leads_to() -> None:
    assert brokers.address_of(Connection(TWO), ALL) == TWO
    assert brokers.address_of(Connection("amqp://elsewhere:1//"), ALL) == ALL


def test_several_brokers_share_the_time_to_connect() -> None:
    assert publish.connect(ONE, within=5).connect_timeout == 5
    assert publish.connect(ALL, within=6).connect_timeout == 2
    assert publish.connect(ALL, within=1.5).connect_timeout == 1
    assert publish.connect(ALL, within=0.4).connect_timeout == 0.4


@pytest.mark.parametrize("uri", [ONE, ALL, ALL.replace("amqp:", "amqps:")])
def test_an_address_may_name_several_brokers(uri: str) -> None:
    assert read_settings(Settings, "intake", {**MONGO, "MOTCUA_AMQP_URI": uri}).amqp_uri == uri


@pytest.mark.parametrize(
    "uri", ["", f"{ONE};", f";{ONE}", f"{ONE};http://x", f"{ONE};{TWO.replace('amqp:', 'amqps:')}"]
)
def test_half_an_address_is_none(uri: str) -> None:
    with pytest.raises(BadSettings, match="AMQP_URI"):
        read_settings(Settings, "intake", {**MONGO, "MOTCUA_AMQP_URI": uri})
