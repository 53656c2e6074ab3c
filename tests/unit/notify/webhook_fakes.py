"""Fakes of what webhooks are kept in, read from and sent by."""

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr

from services.chassis.cause import Cause
from services.chassis.store import Document
from services.chassis.stream import Place, PlaceLost, Said
from services.contracts.envelope import Envelope
from services.notify.webhook_secrets import Seals
from services.notify.webhook_store import WebhookStore
from services.notify.webhooks import Endpoint, Happened, Outcome
from tests.unit.notify.builders import AT

KEY = base64.urlsafe_b64encode(bytes(32)).decode()
SEALS = Seals([SecretStr(KEY)])
CODE = "000.00.06.G14-261127-0001"
ENDPOINT = Endpoint("e-1", "https://example.vn/", "mic", None, (), enabled=True, created_at=AT)
EVENT = Happened("ev-1", "intake.dossier_submitted", AT.isoformat(), CODE, f"dossier/{CODE}", 1, "mic", frozenset())


class FakeWebhooks(WebhookStore):
    """Endpoints and deliveries in memory."""

    def __init__(self) -> None:
        self.endpoints: dict[str, Document] = {}
        self.deliveries: dict[str, Document] = {}
        self.reader: str | None = None
        self.claims: list[int] = []

    def put(self, **changed: Any) -> str:
        """Another endpoint; its id."""
        endpoint = replace(ENDPOINT, id=f"e-{len(self.endpoints) + 1}", **changed)
        secrets = [{"key": SEALS.seal("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "until": None}]
        kept = {**asdict(endpoint), "secrets": secrets, "since": endpoint.created_at, "place": None}
        self.endpoints[endpoint.id] = {"_id": endpoint.id, "disabled_because": None, "rests_until": None, **kept}
        return endpoint.id

    def owe(self, endpoint: str, *events: str) -> None:
        """Events that are to be told."""
        self.deliver([(endpoint, replace(EVENT, id=event)) for event in events], AT)

    def listed(self) -> list[Document]:
        return [dict(one) for one in self.endpoints.values()]

    def enabled(self) -> list[Document]:
        return [one for one in self.listed() if one["enabled"]]

    def get(self, id_: str) -> Document:
        return dict(self.endpoints[id_])

    def switch(self, id_: str, *, enabled: bool, because: str | None = None) -> Document:
        self.endpoints[id_] |= {"enabled": enabled, "disabled_because": because, "rests_until": None}
        return self.get(id_)

    def rest(self, id_: str, until: datetime) -> None:
        self.endpoints[id_]["rests_until"] = max(until, self.endpoints[id_]["rests_until"] or until)

    def take_turn(self, by: str, now: datetime, until: datetime) -> bool:
        self.reader = self.reader or by
        return self.reader == by

    def end_turn(self, by: str, now: datetime) -> None:
        self.reader = None if self.reader == by else self.reader

    def deliver(self, wanted: Iterable[tuple[str, Happened]], now: datetime) -> None:
        for endpoint, happened in wanted:
            told = {"payload": happened.payload, "trace": happened.trace}
            made = {"endpoint": endpoint, "event": happened.id, **told, "status": "pending"}
            id_ = f"{endpoint}.{happened.id}"
            self.deliveries.setdefault(id_, {"_id": id_, **made, "tries": 0, "made_at": now, "due_at": now, "by": None})

    def move_on(self, endpoints: Sequence[Document], place: Place | None, since: datetime | None) -> None:
        for one in endpoints:
            if self.endpoints[one["_id"]]["place"] == one["place"]:
                moved = {"place": asdict(place) if place else None, "since": since or one["since"]}
                self.endpoints[one["_id"]] |= moved

    def claim(self, endpoint: str, by: str, most: int, now: datetime, until: datetime) -> list[Document]:
        self.claims.append(most)
        due = [
            one
            for one in self.deliveries.values()
            if one["endpoint"] == endpoint and one["status"] == "pending" and one["due_at"] <= now
        ][:most]
        for one in due:
            one |= {"due_at": until, "by": by}
        return [dict(one) for one in due]

    def release(self, claimed: Sequence[Document], now: datetime) -> None:
        for one in claimed:
            if self.deliveries[one["_id"]]["by"] == one["by"]:
                self.deliveries[one["_id"]] |= {"due_at": now, "by": None}

    def settle(self, delivery: Document, change: Mapping[str, Any]) -> bool:
        kept = self.deliveries[delivery["_id"]]
        mine = bool(kept["by"] == delivery["by"] and kept["status"] == "pending")
        if mine:
            kept |= {**change, "by": None}
        return mine

    def oldest_pending(self, endpoint: str) -> datetime | None:
        found = (one["made_at"] for one in self.deliveries.values() if one["status"] == "pending")
        return min(found, default=None)


class FakePost:
    """Receivers that answer as told; what was sent, by address."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[], Outcome]] = {}
        self.sent: list[tuple[str, dict[str, str], bytes]] = []

    def send(self, url: str, headers: dict[str, str], body: bytes) -> Outcome:
        self.sent.append((url, headers, body))
        return self.answers.get(url, lambda: Outcome(204, "204"))()

    def close(self) -> None:
        pass


class FakeStream:
    """A stream of messages, from offset 0, and who reads it: lines that give at most so many at a time."""

    def __init__(self) -> None:
        self.said: list[Said] = []
        self.asked: list[Place | datetime] = []

    def say(self, type_: str, subject: str = CODE, body: bytes = b"{}", **told: Any) -> None:
        """One more message."""
        number = len(self.said)
        source, _, name = type_.partition(".")
        about = {"id": f"ev-{number}", "source": source, "type": name, "v": 1, "subject": subject, "sequence": number}
        ids = {"correlation": "c", "causation": "c", "trace": "t", "aggregate": f"dossier/{subject}"}
        at = (AT + timedelta(seconds=number)).isoformat()
        envelope = Envelope(**{**about, **ids, "time": at, **told})
        self.said.append(Said(Place(number, envelope.id), envelope, body))

    def read(self, after: Place | datetime, most: int, seconds: float = 1.0) -> list[Said]:
        self.asked.append(after)
        if isinstance(after, datetime):
            since = [one for one in self.said if one.envelope and one.envelope.time >= after.isoformat()]
            return since[:most]
        if after not in [one.place for one in self.said]:
            raise PlaceLost
        return self.said[after.offset + 1 :][:most]

    def keep(self, count: int) -> None:
        pass


CAUSE = Cause("c-1", "c-1", "t", digest="d")
