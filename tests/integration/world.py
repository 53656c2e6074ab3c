"""A small world with dossiers that have come to rest, and the ways in which a test knocks at its doors."""

import json
import socket
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import amqp
import requests
from kombu import Connection
from nameko.exceptions import RemoteError
from nameko.standalone.rpc import ClusterRpcProxy
from pymongo import MongoClient

from deploy.local.composition import DOORS, SERVICES
from deploy.local.stack import Stack
from services.chassis.actor import read_actor
from services.chassis.errors import Denied
from services.chassis.often import COLLECTIONS
from services.chassis.tokens import Issuer
from services.cli.acting import Context, bearer, issuer_of
from services.cli.demo.command import await_catalogue, counted
from services.cli.demo.stories import Story
from services.cli.demo.town import SYSTEM, Town, fresh
from tests.conftest import eventually

Actor = Mapping[str, str]
CITIZEN: Final = {"kind": "citizen", "id": "001801000001"}
NEIGHBOUR: Final = {"kind": "citizen", "id": "001901000002"}
COMPANY: Final = {"kind": "organisation", "id": "9900000016"}
RIVAL: Final = {"kind": "organisation", "id": "9900000030"}
OPERATOR: Final = {"kind": "operator", "id": "vh-001"}
OFFICER: Final = {"kind": "officer", "id": "cb-001", "unit": "vnnic", "duties": "sign transfer"}
STRANGER: Final = {"kind": "officer", "id": "cb-900", "unit": "cuc-bao-chi"}
TENANT, PROCEDURE, DATASET = "mic", "dk-ten-mien-vn", "ten-mien-vn"
OF_THE_COMPANY: Final = {
    "kind": "organisation",
    "name": "Công ty TNHH Ví Dụ",
    "tax_code": COMPANY["id"],
    "email": "vi-du@example.vn",
    "phone": "0912345678",
    "address": "Số 2 phố Ví Dụ, Hà Nội",
}
PATIENCE_SECONDS: Final = 60
# By a timer, from what others hold; how often a door was asked.
_RECKONED: Final = {"tallies", "tally_months", *COLLECTIONS}


@dataclass(frozen=True)
class Refusal:
    """What a stock client is told instead of an answer."""

    kind: str
    problem: dict[str, Any]

    @property
    def code(self) -> str:
        """The stable name of the error."""
        return str(self.problem["code"])

    @property
    def fields(self) -> list[str]:
        """The fields at fault."""
        return [one["field"] for one in self.problem.get("errors", [])]

    def insist_explained(self) -> None:
        """Whoever is refused can read why, in Vietnamese and in English, and which field it was."""
        for told in (self.problem, *self.problem.get("errors", [])):
            vi, en = told.get("vi") or told.get("detail_vi"), told.get("en") or told.get("detail")
            assert vi, self
            assert en, self
            assert vi != en, self


@dataclass
class Ended:
    """A dossier that has its result, and everything it left behind."""

    code: str
    order_id: str
    number: str
    notice_id: str
    upload_id: str


@dataclass
class World:
    """Stock clients of many actors, and what every store holds."""

    stack: Stack
    _open: ExitStack = field(default_factory=ExitStack)
    _clients: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def town(self) -> Town:
        """A payer, a mailbox, files."""
        town = Town(self.stack.env)
        self._open.callback(town.close)
        return town

    @cached_property
    def issuer(self) -> Issuer:
        """Who speaks for all of them."""
        return issuer_of(self.stack.env)

    @cached_property
    def procedures(self) -> dict[tuple[str, str], Any]:
        """What is on offer, by tenant and key."""
        return {(tenant, one["key"]): one for tenant in ("mic", "mcst") for one in await_catalogue(self.town, tenant)}

    @cached_property
    def granted(self) -> Ended:
        """A citizen's domain name: paid, granted, on record."""
        return self._end(self.story("granted"))

    @cached_property
    def companys(self) -> Ended:
        """The same of an organisation."""
        return self._end(self.story("companys", OF_THE_COMPANY))

    @cached_property
    def waiting(self) -> str:
        """The code of a citizen's dossier that nobody has looked at yet, its fee asked for."""
        story = self.story("waiting")
        story.submit()
        eventually(lambda: self.ask(SYSTEM, "intake.get", dossier_code=story.code)["status"] == "payment_required")
        self.rest()
        return story.code

    @cached_property
    def mongo(self) -> MongoClient[dict[str, Any]]:
        """The databases of all services."""
        client: MongoClient[dict[str, Any]] = MongoClient(self.stack.env["MOTCUA_MONGO_URI"], tz_aware=True)
        self._open.callback(client.close)
        return client

    def story(self, name: str, applicant: Mapping[str, str] | None = None) -> Story:
        """A dossier to be told step by step."""
        offered = self.procedures[TENANT, PROCEDURE]
        example = {**offered["example"], "applicant": applicant or offered["example"]["applicant"]}
        return Story(self.town, TENANT, {**offered, "example": example}, f"{name}-{uuid.uuid4().hex[:8]}")

    def client(self, actor: Any) -> Any:
        """A stock nameko client of an actor; None states none at all, and one that could not be is a plain claim."""
        key = json.dumps(actor, sort_keys=True)
        if key not in self._clients:
            config = {"AMQP_URI": self.stack.env["MOTCUA_AMQP_URI"]}
            proxy = ClusterRpcProxy(config, timeout=PATIENCE_SECONDS, context_data=self._context(actor))
            self._clients[key] = self._open.enter_context(proxy)
        return self._clients[key]

    def _context(self, actor: Any) -> dict[str, Any]:
        if actor is None:
            return {}
        try:
            read_actor(actor)
        except Denied:
            return {"actor": actor}
        return Context(self.issuer, actor)

    def token(self, actor: Actor) -> str:
        """What an actor shows at a door."""
        return bearer(self.issuer, actor)["Authorization"].removeprefix("Bearer ")

    def ask(self, actor: Any, target: str, /, **arguments: Any) -> Any:
        """One call. Raises RemoteError."""
        service, method = target.split(".")
        return getattr(getattr(self.client(actor), service), method)(**arguments)

    def pages(self, actor: Any, target: str, /, **filters: Any) -> Iterator[Any]:
        """Everything in a list."""
        after = None
        while True:
            page = self.ask(actor, target, limit=200, after=after, **filters)
            yield from page["items"]
            after = page["next"]
            if after is None:
                return

    def refusals(self, actor: Any, target: str, calls: Iterable[Mapping[str, Any]]) -> list[Refusal | None]:
        """What each call is refused with, None where it is answered. They are sent together."""
        service, method = target.split(".")
        call = getattr(getattr(self.client(actor), service), method)
        return [_outcome(reply) for reply in [call.call_async(**arguments) for arguments in calls]]

    def refusal(self, actor: Any, target: str, /, **arguments: Any) -> Refusal:
        """What one call is refused with."""
        (refused,) = self.refusals(actor, target, [arguments])
        assert refused is not None, f"{target} was answered"
        refused.insist_explained()
        return refused

    def footprint(self) -> dict[str, tuple[int, int]]:
        """How many documents every collection of every service holds, and how many changes they have seen."""
        found = {}
        for name in SERVICES:
            database = self.mongo[f"motcua_{name}"]
            for collection in set(database.list_collection_names()) - _RECKONED:
                grown = list(database[collection].aggregate([{"$group": {"_id": None, "n": {"$sum": "$version"}}}]))
                counted_ = database[collection].count_documents({})
                found[f"{name}.{collection}"] = (counted_, int(grown[0]["n"]) if grown else 0)
        return found

    def processes(self) -> dict[str, int]:
        """The process ids of all services and their doors."""
        pids = self.stack.pids()
        return {label: pid for label, pid in pids.items() if label.split(":")[0] in (*SERVICES, *DOORS)}

    def insist_well(self) -> None:
        """Every service answers."""
        assert all(self.ask(SYSTEM, f"{name}.health")["ready"] for name in SERVICES)

    def rest(self) -> None:
        """Until nothing is on its way any more."""
        names = ("undelivered events", "unpublished events")
        eventually(lambda: not any(counted(self.town)[name] for name in names), seconds=PATIENCE_SECONDS)

    def close(self) -> None:
        """Give everything back."""
        self._open.close()

    def _end(self, story: Story) -> Ended:
        story.submit()
        story.be_granted()
        self.rest()
        dossier = story.dossier()
        notices = self.ask(SYSTEM, "notify.list_notices", dossier_code=story.code)["items"]
        return Ended(
            code=story.code,
            order_id=dossier["fees"][0]["order_id"],
            number=dossier["result"]["number"],
            notice_id=next(one["notice_id"] for one in notices if one["audience"] == "applicant"),
            upload_id=dossier["documents"][0]["upload_id"],
        )


class Raw:
    """A client that sends bytes as they are, which no stock client would, however long the broker takes nothing."""

    def __init__(self, uri: str) -> None:
        # py-amqp would give a broker up that takes nothing for a second
        settings = {socket.TCP_USER_TIMEOUT: int(PATIENCE_SECONDS * 1000)}
        self._connection = Connection(uri, transport_options={"socket_settings": settings})
        self._channel: Any = self._connection.channel()
        self._key = str(uuid.uuid4())
        self._replies: dict[str, Any] = {}
        queue = f"rpc.reply-test-{self._key}"
        self._channel.queue_declare(queue, exclusive=True, auto_delete=True)
        self._channel.queue_bind(queue, "nameko-rpc", self._key)
        self._channel.basic_consume(queue, no_ack=True, callback=self._take)

    def ask(self, target: str, body: bytes, headers: Mapping[str, Any], **properties: Any) -> Refusal | None:
        """What a request of these bytes is refused with."""
        correlation = fresh()
        stated = {"content_type": "application/json", "content_encoding": "utf-8", "reply_to": self._key, **properties}
        message = amqp.Message(body, application_headers=dict(headers), correlation_id=correlation, **stated)
        self._channel.basic_publish(message, exchange="nameko-rpc", routing_key=target)
        while correlation not in self._replies:
            self._connection.drain_events(timeout=PATIENCE_SECONDS)
        error = json.loads(self._replies.pop(correlation))["error"]
        return Refusal(error["exc_type"], json.loads(error["value"])) if error else None

    def send(self, exchange: str, key: str, body: bytes, headers: Mapping[str, Any], **properties: Any) -> None:
        """Publish a message that nobody answers."""
        message = amqp.Message(body, application_headers=dict(headers), delivery_mode=2, **properties)
        self._channel.basic_publish(message, exchange=exchange, routing_key=key)

    def close(self) -> None:
        """Leave."""
        self._connection.release()

    def _take(self, message: Any) -> None:
        self._replies[message.properties["correlation_id"]] = message.body


def refused(response: requests.Response) -> Refusal:
    """What an HTTP door refuses with, explained like a refusal by RPC."""
    assert response.headers["Content-Type"] == "application/problem+json", response.text
    assert response.headers["Cache-Control"] == "no-store"
    problem = response.json()
    assert problem["status"] == response.status_code
    refusal = Refusal(problem["title"], problem)
    refusal.insist_explained()
    return refusal


def _outcome(reply: Any) -> Refusal | None:
    try:
        reply.result()
    except RemoteError as error:
        return Refusal(str(error.exc_type), json.loads(str(error.value)))
    return None
