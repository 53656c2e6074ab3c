"""Sends what is due to each endpoint, some at once, each endpoint by itself: who is slow delays nobody else."""

import random
import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from time import perf_counter
from typing import Any, Final, Protocol
from uuid import uuid4

from services.chassis import clock, codec, metrics, spans
from services.chassis.errors import ServiceError
from services.chassis.logs import log
from services.chassis.store import Document
from services.notify.settings import NotifySettings
from services.notify.webhook_secrets import Seals
from services.notify.webhook_store import WebhookStore
from services.notify.webhooks import GONE, KEPT, Outcome, next_try, rests, signing

ROUNDS_BETWEEN_LOOKS: Final = 15
_GRACE: Final = timedelta(seconds=15)  # from the end of a try until it is another's
_SOON: Final = timedelta(seconds=5)  # what is claimed is begun by then, or left to others
_AHEAD: Final = timedelta(seconds=1)  # of work that is claimed at once, at the pace of the last
_MOST_AHEAD: Final = 50
Spawn = Callable[[Callable[[], None]], None]


class Posts(Protocol):
    """What sends one message."""

    def send(self, url: str, headers: dict[str, str], body: bytes) -> Outcome:
        """Try once."""

    def close(self) -> None:
        """Close what is open."""


@dataclass(frozen=True, slots=True)
class _Claimed:
    """Deliveries of an endpoint as it stood then, and what signs them."""

    endpoint: Document
    secrets: Sequence[str]
    deliveries: Sequence[Document]
    at: datetime


def in_a_thread(work: Callable[[], None]) -> None:
    """Beside all else."""
    threading.Thread(target=work, name="webhook", daemon=True).start()


class WebhookSender:
    """What tries deliveries. `open_post` is called once there is somebody to be told: it loads what nobody else needs.

    `sign` makes the headers of one message: id, body, secrets, instant.
    """

    def __init__(
        self,
        store: WebhookStore,
        settings: NotifySettings,
        open_post: Callable[[], tuple[Posts, Callable[..., dict[str, str]]]],
        spawn: Spawn = in_a_thread,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store, self._settings, self._open_post = store, settings, open_post
        self._spawn, self._chance = spawn, chance
        self._seals = Seals(settings.webhook_keys)
        self._hold = timedelta(seconds=settings.webhook_timeout_seconds) + _GRACE
        self._long = timedelta(seconds=settings.webhook_timeout_seconds) / 2
        self._post: tuple[Posts, Callable[..., dict[str, str]]] | None = None
        self._busy, self._rounds = Counter[str](), 0
        self._hanging: set[str] = set()
        self._stopping = threading.Event()

    def round(self) -> None:
        """Begin what is due. Raises Unavailable."""
        endpoints = self._store.enabled()
        for endpoint in endpoints:
            self._begin(endpoint)
        self._rounds += 1
        if self._rounds % ROUNDS_BETWEEN_LOOKS == 1:
            self._show(endpoints)

    def stop(self) -> None:
        """Begin nothing more; what is under way and does not come to its end is tried again by another."""
        self._stopping.set()
        if self._post is not None:
            self._post[0].close()

    def _begin(self, endpoint: Document) -> None:
        """At most so many: what fails at once must not keep the others from their turn."""
        id_ = endpoint["_id"]
        most = 1 if id_ in self._hanging else self._settings.webhook_at_once
        if (claimed := self._claim(endpoint, most - self._busy[id_])) is None:
            return
        for delivery in claimed.deliveries:
            self._busy[id_] += 1
            self._spawn(partial(self._go_on, replace(claimed, deliveries=[delivery])))

    def _claim(self, endpoint: Document, most: int) -> _Claimed | None:
        """What is due, if any is and its receiver may be told."""
        now = clock.now()
        if most < 1 or self._stopping.is_set() or not endpoint["enabled"] or rests(endpoint.get("rests_until"), now):
            return None
        secrets = self._seals.opened(signing(endpoint["secrets"], now))
        if not secrets:
            return None  # it stays as it is until a new one is made, or for whom has the key
        deliveries = self._store.claim(endpoint["_id"], uuid4().hex, most, now, now + self._hold)
        return _Claimed(endpoint, secrets, deliveries, now) if deliveries else None

    def _go_on(self, begun: _Claimed) -> None:
        """These deliveries, and those behind them as long as any is due and the receiver is there."""
        claimed: _Claimed | None = begun
        id_ = begun.endpoint["_id"]
        try:
            while claimed is not None and (took := self._try_all(claimed)) is not None:
                ahead = _AHEAD // max(took, _AHEAD / _MOST_AHEAD)
                claimed = self._claim(self._store.get(id_), max(ahead, 1))
        except ServiceError as error:
            log.warning("webhook_not_kept", webhook=id_, reason=error.code)
        except Exception:  # noqa: BLE001 – it is tried again when the claim has run out
            log.exception("webhook_not_sent", webhook=id_)
        finally:
            self._busy[id_] -= 1

    def _try_all(self, claimed: _Claimed) -> timedelta | None:
        """How long the last one took; None where one was not taken. What is not begun soon is others' again."""
        left, took = deque(claimed.deliveries), timedelta()
        try:
            while left and not self._stopping.is_set() and (at := clock.now()) - claimed.at < _SOON:
                if not self._try(claimed, left.popleft()):
                    return None
                took = clock.now() - at
        finally:
            if left:
                self._store.release(left, clock.now())
        return took

    def _try(self, claimed: _Claimed, delivery: Document) -> bool:
        """Whether it was taken."""
        if self._post is None:
            self._post = self._open_post()
        post, sign = self._post
        endpoint, at, body = claimed.endpoint, clock.now(), codec.encode(delivery["payload"])
        began = perf_counter()
        outcome = post.send(endpoint["url"], sign(delivery["event"], body, claimed.secrets, at), body)
        spans.told(delivery, endpoint["url"], began, None if outcome.is_taken else outcome.reason)
        self._note(endpoint["_id"], outcome, clock.now() - at)
        change = self._change(delivery, outcome)
        if self._store.settle(delivery, change):
            metrics.WEBHOOKS.labels(_counted(change, outcome)).inc()
        if not outcome.is_taken:
            log.warning("webhook_failed", webhook=endpoint["_id"], reason=outcome.reason, goes_to=change["status"])
        return outcome.is_taken

    def _note(self, id_: str, outcome: Outcome, took: timedelta) -> None:
        """What a try tells of its receiver: one that hangs has one try at a time under way, until it answers."""
        (self._hanging.add if outcome.status is None and took >= self._long else self._hanging.discard)(id_)
        if outcome.status == GONE:
            self._store.switch(id_, enabled=False, because="gone")
            log.warning("webhook_gone", webhook=id_)
        elif outcome.rest:
            self._store.rest(id_, clock.now() + outcome.rest)
            log.warning("webhook_rests", webhook=id_, seconds=outcome.rest.total_seconds())

    def _change(self, delivery: Document, outcome: Outcome) -> Document:
        now, tries = clock.now(), delivery["tries"] + 1
        tried = {"tries": tries, "tried_at": now, "answer": outcome.reason}
        if outcome.is_taken:
            return {**tried, "status": "delivered", "expires_at": now + KEPT}
        if outcome.status == GONE:  # it waits for whoever lets the endpoint be told again
            return {**tried, "tries": delivery["tries"], "status": "pending", "due_at": now}
        due_at = next_try(self._settings.webhook_schedule, tries, now, self._chance(), outcome.rest)
        return {**tried, "status": "given_up"} if due_at is None else {**tried, "status": "pending", "due_at": due_at}

    def _show(self, endpoints: Sequence[Document]) -> None:
        if endpoints:
            since: list[Any] = [at for one in endpoints if (at := self._store.oldest_pending(one["_id"]))]
            oldest = (clock.now() - min(since)).total_seconds() if since else 0.0
            metrics.tell(metrics.WEBHOOK_OLDEST, oldest)
        elif metrics.WEBHOOK_OLDEST in metrics.shown:
            metrics.tell(metrics.WEBHOOK_OLDEST, 0)


def _counted(change: Document, outcome: Outcome) -> str:
    if outcome.is_taken:
        return "delivered"
    return "given_up" if change["status"] == "given_up" else "failed"
