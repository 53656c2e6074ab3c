"""A receiver is away for ten minutes, and for a day, by a clock that jumps from one thing that is due to the next."""

from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from services.chassis import clock
from services.chassis.settings import read_settings
from services.notify.settings import NotifySettings
from services.notify.webhook_places import Places
from services.notify.webhook_post import signed
from services.notify.webhook_reader import WebhookReader
from services.notify.webhook_sender import WebhookSender
from services.notify.webhooks import JITTER, Outcome
from tests.contract.test_settings import given
from tests.unit.notify.builders import AT
from tests.unit.notify.fakes import FakeUnits
from tests.unit.notify.webhook_fakes import KEY, FakePost, FakeStream, FakeWebhooks

THERE, AWAY = "https://there.example.vn/", "https://away.example.vn/"
SETTINGS = read_settings(NotifySettings, "notify", {**given(defaults_too=False), "NOTIFY_WEBHOOK_KEYS": KEY})
SCHEDULE = SETTINGS.webhook_schedule
ROUND = timedelta(seconds=1)


def longest(step: int) -> timedelta:
    """How long a delivery waits at most before its try of that number, the first being 0."""
    return timedelta(seconds=SCHEDULE[step] * (1 + JITTER))


class Catalogue:
    """One unit of one ministry."""

    def agency_codes(self, _tenants: Any) -> dict[str, tuple[str, str]]:
        return {"000.00.06.G14": ("mic", "vnnic")}


class Days:
    """Reader and sender of a process, two receivers, and events at even distances."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now: datetime = AT
        monkeypatch.setattr(clock, "now", lambda: self.now)
        self.store, self.stream, self.post = FakeWebhooks(), FakeStream(), FakePost()
        self.away_until = AT
        self.tries: dict[str, list[datetime]] = defaultdict(list)  # by delivery
        self._spawned: list[Any] = []
        parts: Any = (Catalogue(), FakeUnits(), self.stream)
        self._reader = WebhookReader(self.store, Places(*parts[:2]), parts[2])
        chance = Random(24).random  # noqa: S311 – the same days every time
        self._sender = WebhookSender(self.store, SETTINGS, lambda: (self.post, signed), self._spawned.append, chance)
        self.post.answers[AWAY] = lambda: (
            Outcome(204, "204") if self.now >= self.away_until else Outcome(None, "ConnectionError")
        )
        for url in (THERE, AWAY):
            self.store.put(url=url)

    def pass_by(self, until: datetime, every: timedelta | None = None) -> None:
        """Let time pass, with an event now and after each `every`."""
        event_at = self.now if every else until
        while self.now < until:
            if every and self.now >= event_at:
                self.stream.say("intake.dossier_submitted", time=self.now.isoformat())
                event_at += every
            self._round()
            due = [one["due_at"] for one in self.store.deliveries.values() if one["status"] == "pending"]
            self.now = min(max(self.now + ROUND, min(due, default=until)), event_at, until)

    def deliveries(self, endpoint: str) -> list[dict[str, Any]]:
        return [one for one in self.store.deliveries.values() if one["endpoint"] == endpoint]

    def _round(self) -> None:
        self._reader.round()
        self._sender.round()
        while self._spawned:
            before = len(self.post.sent)
            self._spawned.pop(0)()
            for url, headers, _ in self.post.sent[before:]:
                self.tries[f"{url}{headers['webhook-id']}"].append(self.now)


@pytest.mark.parametrize(
    ("away", "every", "step"),  # the last step of the schedule that anybody came to meanwhile
    [(timedelta(minutes=10), timedelta(seconds=30), 3), (timedelta(days=1), timedelta(minutes=20), 7)],
    ids=["ten minutes", "a day"],
)
def test_who_was_away_is_told_everything_by_the_schedule_and_nobody_else_waits(
    monkeypatch: pytest.MonkeyPatch, away: timedelta, every: timedelta, step: int
) -> None:
    days = Days(monkeypatch)
    days.away_until = AT + away
    days.pass_by(AT + away, every)
    events = len(days.stream.said)
    assert events == away / every
    assert {one["status"] for one in days.deliveries("e-2")} == {"pending"}, "the outage was one"
    days.pass_by(AT + away + longest(step) + 2 * ROUND)

    told = days.deliveries("e-2")
    assert len(told) == events
    assert {one["status"] for one in told} == {"delivered"}
    for one in told:
        waits = [after - before for before, after in pairwise(days.tries[f"{AWAY}{one['event']}"])]
        for number, wait in enumerate(waits, 1):
            assert timedelta(seconds=SCHEDULE[number]) <= wait <= longest(number) + 2 * ROUND
    assert max(len(tries) for tries in days.tries.values()) == step + 1

    others = days.deliveries("e-1")
    assert len(others) == events
    for one in others:
        happened = datetime.fromisoformat(one["payload"]["timestamp"])
        assert days.tries[f"{THERE}{one['event']}"] == [happened], "told at once, once"
