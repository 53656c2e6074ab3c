"""What operators are shown moves by what happens, and by nothing else."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Final

import pytest
from nameko.exceptions import ContainerBeingKilled

from services.chassis import clock
from services.chassis.errors import Conflict, NotFound, Refused, Unavailable
from services.chassis.publish import Outgoing
from services.chassis.retry import ATTEMPT
from services.chassis.subscribe import Subscribe
from tests.unit.chassis.recorded import CODE, Broker, Marked, relay
from tests.unit.chassis.tally import TALLY, cause, refuse
from tests.unit.chassis.test_journal import withdrawn
from tests.unit.counts import counted
from tests.unit.fakes import FakeCollection, fake_journal

LADDER: Final = (1.0, 30.0)
OUTCOMES: Final = ("done", "ladder", "outage", "dead")
QUEUE: Final = "routing.open_case"


def guesses() -> dict[str, float]:
    """By how they ended, and how often somebody was overtaken."""
    found = {
        outcome: counted("motcua_journal_guesses_total", kind="tally", outcome=outcome)
        for outcome in ("right", "wrong", "refused")
    }
    return {**found, "conflicts": counted("motcua_journal_conflicts_total", kind="tally")}


def handled() -> dict[str, float]:
    """Messages of the queue by what became of them."""
    return {outcome: counted("motcua_message_seconds_count", queue=QUEUE, outcome=outcome) for outcome in OUTCOMES}


def told(broker: Broker) -> tuple[float, float]:
    """The events that the broker took and those that it refused, once it has been offered one."""
    journal = fake_journal(TALLY, Marked())
    before = [counted(f"motcua_events_{what}_total", type="dossier_withdrawn") for what in ("published", "refused")]
    journal.change(CODE, cause("1"), withdrawn())
    relay(journal, broker)
    after = [counted(f"motcua_events_{what}_total", type="dossier_withdrawn") for what in ("published", "refused")]
    return after[0] - before[0], after[1] - before[1]


def moved(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """What has grown, and by how much."""
    return {name: after[name] - before[name] for name in after if after[name] != before[name]}


def test_a_guess_is_counted_by_how_it_ended_and_so_is_who_was_overtaken() -> None:
    journal = fake_journal(TALLY)
    collection: FakeCollection = journal.collection
    before = guesses()
    journal.change("D", cause("first"), withdrawn())
    assert moved(before, guesses()) == {}
    journal.change("D", cause("alone"), withdrawn())
    assert moved(before, guesses()) == {"right": 1}

    rivals = ["faster than the guess", "faster than who has looked"]

    def overtake() -> None:
        if rivals:
            rival = fake_journal(TALLY)
            rival.collection.documents = collection.documents
            rival.change("D", cause(rivals.pop(0)), withdrawn())

    collection.before_write = overtake
    journal.change("D", cause("overtaken twice"), withdrawn())
    assert journal.get("D").state.asked == 5
    assert moved(before, guesses()) == {"right": 1, "wrong": 1, "conflicts": 2}


def test_of_two_processes_that_change_one_thing_the_slower_one_is_counted() -> None:
    collection, before = FakeCollection(), guesses()
    one, other = fake_journal(TALLY, collection), fake_journal(TALLY, collection)
    one.change("D", cause("1"), withdrawn())
    other.change("D", cause("2"), withdrawn())
    assert moved(before, guesses()) == {}
    one.change("D", cause("3"), withdrawn())
    assert other.get("D").state.asked == 3
    assert moved(before, guesses()) == {"wrong": 1, "conflicts": 1}


def test_of_two_that_open_one_thing_the_slower_one_is_counted_and_nobody_who_says_it_twice() -> None:
    collection, before = FakeCollection(), guesses()
    one, other = fake_journal(TALLY, collection), fake_journal(TALLY, collection)
    one.change("D", cause("1"), withdrawn(), opens=True)
    other.change("D", cause("2"), withdrawn(), opens=True)
    assert moved(before, guesses()) == {"right": 1, "wrong": 1, "conflicts": 1}
    before = guesses()
    one.change("E", cause("3"), withdrawn(), once=True)
    other.change("F", cause("3"), withdrawn(), once=True)
    assert moved(before, guesses()) == {"right": 1, "wrong": 1}


def test_a_guess_on_which_nothing_was_written_was_not_wrong() -> None:
    journal = fake_journal(TALLY)
    journal.change("D", cause("1"), withdrawn())
    before = guesses()
    journal.change("D", cause("2"), lambda _: [])
    with pytest.raises(Refused):
        journal.change("D", cause("3"), refuse)
    assert moved(before, guesses()) == {"refused": 2}


def test_an_event_is_counted_by_whether_the_broker_took_it() -> None:
    assert told(Broker(takes=True)) == (1, 0)
    assert told(Broker(takes=False)) == (0, 1)


def held() -> float:
    """Events of the queue that are in hand."""
    return counted("motcua_messages_in_hand", queue=QUEUE)


def deliver(message: Any, error: Exception | None) -> list[Outgoing]:
    """The message comes, and its handler ends so; what was sent on because of it."""
    entrypoint, broker, acked = Subscribe("intake", "dossier_withdrawn"), Broker(), list[Any]()
    raised = error and (type(error), error, None)
    before, in_hand = held(), list[float]()

    def work(*_: Any, handle_result: Any, **__: Any) -> None:
        in_hand.append(held() - before)
        if isinstance(error, ContainerBeingKilled):
            raise error
        handle_result(None, None, raised)

    wired: Any = entrypoint
    wired.queue, wired.forwarder = SimpleNamespace(name=QUEUE), SimpleNamespace(publisher=broker)
    wired.bus = SimpleNamespace(settings=SimpleNamespace(retry_ladder=LADDER), ack=acked.append, hand_back=acked.append)
    wired.container = SimpleNamespace(
        service_name="routing",
        spawn_managed_thread=lambda call: call(),
        spawn_worker=work,
    )
    entrypoint.receive(message)
    assert (in_hand or [1], held()) == ([1], before)
    assert acked == [message]
    return broker.messages


def message_of(**headers: Any) -> Any:
    """An event as it is published."""
    broker, journal = Broker(), fake_journal(TALLY, Marked())
    journal.change(CODE, cause("1"), withdrawn())
    relay(journal, broker)
    (event,) = broker.messages
    return SimpleNamespace(
        headers={**event.headers, **headers},
        body=event.body,
        properties={"message_id": event.id},
        content_type=event.content_type,
        delivery_tag=1,
    )


@pytest.mark.parametrize(
    ("error", "failed_before", "outcome"),
    [
        (None, 0, "done"),
        (NotFound("routing.not_yet", "", ""), 0, "ladder"),
        (Conflict("routing.too_busy", "", ""), 1, "ladder"),
        (RuntimeError(), 0, "ladder"),
        (RuntimeError(), len(LADDER), "dead"),
        (Refused("routing.no", "", ""), 0, "dead"),
        (Unavailable("store.unavailable", "", ""), 0, "outage"),
        (Unavailable("store.unavailable", "", ""), len(LADDER), "outage"),
    ],
)
def test_a_message_is_counted_by_what_became_of_it(error: Exception | None, failed_before: int, outcome: str) -> None:
    message, before = message_of(**{ATTEMPT: failed_before}), handled()
    sent_on = deliver(message, error)
    assert moved(before, handled()) == {outcome: 1}
    assert [one.exchange == "" for one in sent_on] == ([] if error is None else [outcome == "dead"])


def test_a_message_that_is_handed_back_is_in_hand_no_more() -> None:
    message, before = message_of(), handled()
    assert deliver(message, ContainerBeingKilled()) == []
    assert moved(before, handled()) == {}


@pytest.mark.parametrize(
    ("time", "error", "told"),
    [
        ("2026-11-27T08:00:00+00:00", None, (1, 300.0)),
        ("2026-11-27T09:00:00+00:00", None, (1, 0.0)),
        ("2026-11-27T08:00:00", None, (0, 0.0)),
        ("yesterday", None, (0, 0.0)),
        ("2026-11-27T08:00:00+00:00", Unavailable("store.unavailable", "", ""), (0, 0.0)),
    ],
    ids=["late", "a clock ahead", "no zone", "no time", "not done"],
)
def test_the_age_of_an_event_is_told_once_it_is_done(
    monkeypatch: pytest.MonkeyPatch, time: str, error: Exception | None, told: tuple[int, float]
) -> None:
    message, before = message_of(**{"cloudEvents:time": time}), ages()
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 27, 8, 5, tzinfo=UTC))
    deliver(message, error)
    assert (ages()[0] - before[0], ages()[1] - before[1]) == told


def ages() -> tuple[float, float]:
    """How many events of the queue told their age, and what it comes to."""
    count, total = (counted(f"motcua_event_age_seconds_{part}", queue=QUEUE) for part in ("count", "sum"))
    return count, total


def test_a_message_that_nobody_can_read_is_counted_as_dead() -> None:
    message, before = message_of(), handled()
    message.body = b"{"
    deliver(message, None)
    assert moved(before, handled()) == {"dead": 1}
