"""Deliveries are tried by the schedule, some at once, each receiver by itself."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from services.chassis import clock
from services.chassis.settings import read_settings
from services.notify.settings import NotifySettings
from services.notify.webhook_post import signed
from services.notify.webhook_secrets import Seals
from services.notify.webhook_sender import WebhookSender
from services.notify.webhooks import KEPT, Outcome, new_secret
from tests.contract.test_settings import given
from tests.unit.chassis.recorded import TRACE, Seen, parent_of, said
from tests.unit.notify.builders import AT
from tests.unit.notify.webhook_fakes import EVENT, KEY, SEALS, FakePost, FakeWebhooks

KEYS = {"NOTIFY_WEBHOOK_KEYS": KEY}
SLOW = "https://slow.example.vn/"
Work = Callable[[], None]


class Office:
    """A sender whose threads run when the test says, by a clock that the test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **settings: str) -> None:
        self.now, self.store, self.post, self.spawned = AT, FakeWebhooks(), FakePost(), list[Work]()
        self.opened = 0
        monkeypatch.setattr(clock, "now", lambda: self.now)
        chosen = read_settings(NotifySettings, "notify", {**given(defaults_too=False), **KEYS, **settings})
        self.sender = WebhookSender(self.store, chosen, self.open, self.spawned.append, self.chance)

    def chance(self) -> float:
        return 0.0

    def open(self) -> Any:
        self.opened += 1
        return self.post, signed

    def work(self, at: datetime | None = None) -> None:
        """A round, and all that it leads to."""
        self.now = at or self.now
        self.sender.round()
        while self.spawned:
            self.spawned.pop(0)()

    def of(self, id_: str) -> dict[str, Any]:
        return self.store.deliveries[id_]


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Office:
    return Office(monkeypatch)


def failing() -> Outcome:
    return Outcome(500, "500")


def test_who_has_nobody_to_tell_opens_nothing(office: Office) -> None:
    office.work()
    assert office.opened == 0


def test_what_is_taken_is_sent_once_and_goes_after_its_time(office: Office) -> None:
    office.store.owe(office.store.put(), "a", "b")
    office.work()
    office.work()
    assert sorted(headers["webhook-id"] for _, headers, _ in office.post.sent) == ["a", "b"]
    assert (office.of("e-1.a")["status"], office.of("e-1.a")["expires_at"]) == ("delivered", AT + KEPT)


def test_what_fails_goes_again_when_it_is_due_and_is_given_up_in_the_end(office: Office) -> None:
    office.store.owe(office.store.put(), "a")
    office.post.answers["https://example.vn/"] = failing
    tried = []
    while office.of("e-1.a")["status"] == "pending":
        due = office.of("e-1.a")["due_at"]
        office.work(due - timedelta(seconds=1))
        tries = len(office.post.sent)
        office.work(due)
        assert len(office.post.sent) == tries + 1
        tried.append(due - AT)
    assert office.of("e-1.a")["status"] == "given_up"
    assert (len(tried), tried[-1]) == (10, timedelta(hours=75, minutes=35, seconds=5))
    office.work(office.now + timedelta(days=30))
    assert len(office.post.sent) == 10


def test_a_receiver_that_is_gone_is_told_no_more_and_nothing_of_it_is_lost(office: Office) -> None:
    office.store.owe(office.store.put(), "a", "b")
    office.post.answers["https://example.vn/"] = lambda: Outcome(410, "410")
    office.work()
    office.work(AT + timedelta(days=9))
    assert office.store.get("e-1")["disabled_because"] == "gone"
    del office.post.answers["https://example.vn/"]
    office.store.switch("e-1", enabled=True)
    office.work()
    assert {one["status"] for one in office.store.deliveries.values()} == {"delivered"}


def test_a_receiver_that_wishes_to_rest_does_with_all_that_waits_for_it(office: Office) -> None:
    office.store.owe(office.store.put(), *"abcdefgh")
    office.post.answers["https://example.vn/"] = lambda: Outcome(429, "429", timedelta(hours=1))
    office.work()
    tried = len(office.post.sent)
    assert tried == 4
    other = office.store.put(url="https://other.example.vn/")
    office.store.owe(other, "x")
    office.work(AT + timedelta(minutes=59))
    assert [url for url, _, _ in office.post.sent[tried:]] == ["https://other.example.vn/"]
    del office.post.answers["https://example.vn/"]
    office.work(AT + timedelta(hours=1))
    assert {one["status"] for one in office.store.deliveries.values()} == {"delivered"}


def test_who_is_enabled_anew_rests_no_more(office: Office) -> None:
    office.store.owe(office.store.put(), "a", "b")
    office.store.rest("e-1", AT + timedelta(hours=1))
    office.work()
    assert office.post.sent == []
    office.store.switch("e-1", enabled=True)
    office.work()
    assert len(office.post.sent) == 2


def test_a_receiver_that_hangs_has_one_try_under_way_until_it_answers(office: Office) -> None:
    office.store.owe(office.store.put(url=SLOW), *map(str, range(20)))

    def hang() -> Outcome:
        office.now += timedelta(seconds=15)
        return Outcome(None, "ReadTimeout")

    office.post.answers[SLOW] = hang
    office.work()
    assert len(office.post.sent) == 4
    office.work()
    assert len(office.post.sent) == 5
    del office.post.answers[SLOW]
    office.sender.round()
    assert len(office.spawned) == 1
    office.spawned.pop()()
    assert len([one for one in office.store.deliveries.values() if one["status"] == "delivered"]) >= 15


def test_a_slow_receiver_has_some_tries_under_way_and_delays_nobody(office: Office) -> None:
    office.store.owe(office.store.put(url=SLOW), *map(str, range(20)))
    office.sender.round()
    hanging = list(office.spawned)
    office.spawned.clear()
    assert len(hanging) == 4
    quick = office.store.put()
    office.store.owe(quick, "x", "y", "z")
    office.work()
    assert [url for url, _, _ in office.post.sent] == ["https://example.vn/"] * 3
    assert not office.spawned
    for work in hanging:
        work()
    assert len(office.post.sent) == 23


def test_as_many_are_claimed_at_once_as_are_soon_told_at_the_pace_of_the_last(office: Office) -> None:
    office.store.owe(office.store.put(url=SLOW), *map(str, range(60)))

    def take(seconds: float) -> Callable[[], Outcome]:
        def answer() -> Outcome:
            office.now += timedelta(seconds=seconds)
            return Outcome(204, "204")

        return answer

    office.post.answers[SLOW] = take(0.1)
    office.work()
    assert office.store.claims[:2] == [4, 10]
    assert len(office.post.sent) == 60
    for seconds, most in ((0.001, 50), (1, 1)):
        office.store.owe("e-1", *(f"{most} {number}" for number in range(60)))
        office.post.answers[SLOW] = take(seconds)
        office.store.claims.clear()
        office.work()
        assert office.store.claims[1] == most
    assert {one["status"] for one in office.store.deliveries.values()} == {"delivered"}
    assert len(office.post.sent) == len(office.store.deliveries)


def test_what_is_claimed_behind_one_that_fails_is_free_at_once(office: Office) -> None:
    office.store.owe(office.store.put(), *map(str, range(24)))
    answers = iter([Outcome(204, "204"), Outcome(204, "204"), failing()])
    office.post.answers["https://example.vn/"] = lambda: next(answers)
    office.sender.round()
    office.spawned.pop(0)()
    assert (len(office.post.sent), office.store.claims[-1]) == (3, 50)
    free = [one for one in office.store.deliveries.values() if one["status"] == "pending" and one["by"] is None]
    assert len([one for one in free if one["due_at"] <= office.now]) == 24 - 4 - 2


def test_who_becomes_slow_over_what_he_claimed_leaves_the_rest_to_others(office: Office) -> None:
    office.store.owe(office.store.put(), *map(str, range(24)))
    paces = iter([0.0, 0.0])

    def answer() -> Outcome:
        office.now += timedelta(seconds=next(paces, 4.0))
        return Outcome(204, "204")

    office.post.answers["https://example.vn/"] = answer
    office.sender.round()
    office.spawned.pop(0)()
    assert office.store.claims[1:3] == [50, 1], "at his new pace"
    stamps = [int(headers["webhook-timestamp"]) for _, headers, _ in office.post.sent]
    assert [stamp - stamps[0] for stamp in stamps[:5]] == [0, 0, 0, 4, 8]
    assert len({headers["webhook-id"] for _, headers, _ in office.post.sent}) == len(office.post.sent) == 24


def test_who_dies_with_a_try_in_hand_has_it_tried_by_another(office: Office) -> None:
    office.store.owe(office.store.put(), "a")
    office.sender.round()
    office.spawned.clear()  # the process is killed
    another = WebhookSender(office.store, office.sender._settings, office.open, office.spawned.append)  # noqa: SLF001
    office.sender = another
    office.work(AT + timedelta(seconds=29))
    assert office.post.sent == []
    office.work(AT + timedelta(seconds=30))
    assert len(office.post.sent) == 1


def test_whose_try_is_anothers_by_now_writes_nothing(office: Office) -> None:
    office.store.owe(office.store.put(), "a")

    def late() -> Outcome:
        office.store.deliveries["e-1.a"]["by"] = "another"
        return failing()

    office.post.answers["https://example.vn/"] = late
    office.work()
    assert office.of("e-1.a")["tries"] == 0


def test_each_try_is_signed_as_of_its_own_instant(office: Office) -> None:
    office.store.owe(office.store.put(), EVENT.id)
    office.post.answers["https://example.vn/"] = failing
    office.work()
    office.work(AT + timedelta(seconds=5))
    stamps = [int(headers["webhook-timestamp"]) for _, headers, _ in office.post.sent]
    assert stamps[1] - stamps[0] == 5
    assert len({headers["webhook-signature"] for _, headers, _ in office.post.sent}) == 2


def test_each_try_is_a_child_of_the_append_that_made_the_event(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Seen()
    monkeypatch.setattr("services.chassis.tracing._recorder", seen.recorder)
    office.store.deliver([(office.store.put(), replace(EVENT, trace=TRACE))], AT)
    office.post.answers["https://example.vn/"] = failing
    office.work()
    del office.post.answers["https://example.vn/"]
    office.work(AT + timedelta(seconds=5))
    first, second = seen.named("POST webhook")
    assert parent_of(first) == parent_of(second) == TRACE
    assert (first.status.is_ok, second.status.is_ok) == (False, True)
    told = {"server.address": "example.vn", "cloudevents.event_id": EVENT.id, "motcua.attempt": 1}
    assert told.items() <= said(second).items()


def test_who_is_to_stop_begins_nothing_more(office: Office) -> None:
    office.store.owe(office.store.put(), "a", "b")
    office.sender.stop()
    office.work()
    assert office.post.sent == []


def test_who_fails_at_once_or_cannot_be_signed_for_keeps_nobody_from_his_turn(office: Office) -> None:
    unsigned, failing_at_once = office.store.put(), office.store.put(url=SLOW)
    office.store.endpoints[unsigned]["secrets"][0]["key"] = "of another key"
    office.post.answers[SLOW] = failing
    for id_ in (unsigned, failing_at_once):
        office.store.owe(id_, *map(str, range(20)))
    office.store.owe(office.store.put(), "x")
    chosen = office.sender._settings  # noqa: SLF001
    WebhookSender(office.store, chosen, office.open, lambda work: work()).round()
    assert [url for url, _, _ in office.post.sent] == [SLOW] * 4 + ["https://example.vn/"]
    assert not any(one.get("by") for id_, one in office.store.deliveries.items() if id_.startswith(unsigned))


def test_what_cannot_be_signed_is_not_sent_and_waits_for_a_secret(office: Office) -> None:
    office.store.owe(office.store.put(), "a")
    office.store.endpoints["e-1"]["secrets"][0]["key"] = Seals([SecretStr(Fernet.generate_key().decode())]).seal("x")
    office.work()
    assert office.post.sent == []
    assert (office.of("e-1.a")["status"], office.of("e-1.a")["tries"]) == ("pending", 0)
    lost = {**office.store.endpoints["e-1"]["secrets"][0], "until": AT + timedelta(days=1)}
    office.store.endpoints["e-1"]["secrets"] = [{"key": SEALS.seal(new_secret()), "until": None}, lost]
    office.work(AT + timedelta(seconds=30))
    assert office.of("e-1.a")["status"] == "delivered"
