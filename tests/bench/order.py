"""Whether everything that was written was told, each history in its order: read from the stream that hears all."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from services.chassis import topology
from services.chassis.publish import connect
from tests.bench.books import Entry
from tests.chaos.stream import Heard, Ledger, digest
from tests.chaos.stream import heard as heard_as

_AT_ONCE: Final = 500
_SILENCE_SECONDS: Final = 1.0


def told_since(env: Mapping[str, str], at: datetime) -> list[Heard]:
    """Every event from `at` on, and some before it: the broker finds the place to within a segment of its file."""
    heard: list[Heard] = []

    def take(message: Any) -> None:
        message.channel.basic_ack(message.delivery_tag)
        heard.append(heard_as(str(message.properties.get("message_id", "")), message.headers, message.body))

    with connect(env["MOTCUA_AMQP_URI"]) as connection:
        channel: Any = connection.channel()
        channel.basic_qos(0, _AT_ONCE, False)
        channel.basic_consume(topology.LOG, callback=take, arguments={"x-stream-offset": at})
        with suppress(TimeoutError):
            while True:
                channel.connection.drain_events(timeout=_SILENCE_SECONDS)
    return heard


def wrong_with(heard: Sequence[Heard], written: Collection[Entry]) -> list[str]:
    """What of these entries was not told, or in other words, or came before what stands before it in its history."""
    known = {one.id: digest(one.type, one.document, one.sequence, one.data, one.hash) for one in written}
    ledger = Ledger()
    said = [ledger.note(one) for one in heard if one.id in known]
    return [*filter(None, said), *ledger.compare(known)]
