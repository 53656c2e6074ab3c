"""A collector of somebody else's make finds everything that one dossier led to, in every service, by its code."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pytest
from nameko.standalone.rpc import ClusterRpcProxy

from deploy.local.composition import SERVICES
from deploy.local.stack import Stack
from services.cli.acting import Context
from services.cli.demo.command import await_catalogue
from services.cli.demo.stories import Story
from services.cli.demo.town import Town, fresh
from tests.conftest import eventually
from tests.integration.apart.conftest import Installation
from tests.integration.collector import Collector, Recorded
from tests.integration.http_door import HttpDoor
from tests.integration.visitor import Visitor

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]
SERVER, CLIENT, PRODUCER, CONSUMER = 2, 3, 4, 5
TRACE_ID: Final = "0af7651916cd43dd8448eb211c80319c"
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CALLER: Final = f"00-{TRACE_ID}-b7ad6b7169203331-01"


@dataclass
class Watched:
    """The whole system, a collector that it tells, and people in front of it."""

    stack: Stack
    town: Town
    collector: Collector

    def granted(self) -> Story:
        """A dossier of a level four procedure, paid and granted, and everything about it told and recorded."""
        procedure = next(one for one in await_catalogue(self.town, "mic") if one["key"] == "ma-so-quan-ly-qc")
        story = Story(self.town, "mic", procedure, fresh())
        story.tell("granted")
        eventually(lambda: {"smtp send", "process notify.deliver"} <= self._names_of(story.code))
        self._settle(story.code)
        return story

    def _names_of(self, code: str) -> set[str]:
        return {span.name for span in self.collector.of(code)}

    def _settle(self, code: str) -> None:
        """Until every service told of the dossier, each span with its parent and with the link that leads to it."""

        def told() -> bool:
            traces = connected(self.collector, code)
            services = {span.service for span in list(self.collector.spans) if span.trace_id in traces}
            return (
                services == set(SERVICES)
                and not orphans(self.collector.spans, traces)
                and not apart(self.collector, code)
            )

        eventually(told)


class AtTheDoor(Town):
    """People who hand in over HTTP."""

    def ask(self, actor: Mapping[str, str], target: str, /, **arguments: Any) -> Any:
        """By RPC, all else."""
        if target != "intake.submit":
            return super().ask(actor, target, **arguments)
        return HttpDoor(self.env["MOTCUA_INTAKE_URL"], self.issuer).ask(actor, "submit", **arguments)


@pytest.fixture(scope="module")
def watched(installation: Installation) -> Iterator[Watched]:
    """People in front of an installation that tells a collector everything."""
    town = Town(installation.stack.env)
    await_catalogue(town, "mic")
    yield Watched(installation.stack, town, installation.collector)
    town.close()


def connected(collector: Collector, code: str) -> set[str]:
    """The ids of all traces that are found from the submission's: what it led to, and what links to one of these."""
    spans = list(collector.spans)
    found = {one.trace_id for one in collector.of(code) if one.name == "append dossiers" and not one.links}
    while more := {
        span.trace_id
        for span in spans
        for trace_id, _ in span.links
        if trace_id in found and span.trace_id not in found
    }:
        found |= more
    return found


def apart(collector: Collector, code: str) -> list[str]:
    """Changes to what the dossier led to that its code finds, but no way from its submission."""
    lost = {one.trace_id for one in collector.of(code)} - connected(collector, code)
    return [span.name for span in list(collector.spans) if span.trace_id in lost and is_change(span)]


def orphans(spans: list[Recorded], traces: set[str]) -> list[str]:
    """Spans of these traces whose parent never came, other than those that a caller of ours is the parent of."""
    known = {(span.trace_id, span.span_id) for span in spans}
    return [
        f"{span.service} {span.name}"
        for span in list(spans)
        if span.trace_id in traces
        and span.parent_id
        and (span.trace_id, span.parent_id) not in known
        and span.parent_id != CALLER.split("-")[2]
    ]


def is_change(span: Recorded) -> bool:
    """Whether this is more than a question that somebody asked."""
    return span.kind in {PRODUCER, CONSUMER} or span.name.startswith("append ")


def test_one_dossier_is_one_connected_story_from_submission_to_its_last_notice(watched: Watched) -> None:
    story = watched.granted()
    collector, spans = watched.collector, watched.collector.of(story.code)
    traces = connected(collector, story.code)
    assert apart(collector, story.code) == [], "found by their code, but not from the submission"
    told = [span for span in collector.spans if span.trace_id in traces]
    assert {span.service for span in told} == set(SERVICES)
    assert {span.service for span in spans} == set(SERVICES)
    names = {span.name for span in told}
    assert {"intake/submit", "append dossiers", "publish intake.events:dossier_submitted"} <= names
    assert {"process routing.open_case", "append cases", "process notify.deliver", "smtp send"} <= names
    assert {SERVER, CLIENT, PRODUCER, CONSUMER} <= {span.kind for span in told}
    assert {span.name for span in told if span.failed and span.kind == SERVER} == set()
    assert collector.wrong == []


def test_the_submission_alone_leads_through_the_services_in_one_trace(watched: Watched) -> None:
    story = watched.granted()
    spans = {(span.trace_id, span.span_id): span for span in watched.collector.spans}
    opened = next(span for span in watched.collector.of(story.code) if span.name == "append cases" and not span.links)
    way, span = [opened.name], opened
    while span.parent_id:
        span = spans[span.trace_id, span.parent_id]
        way.append(span.name)
    assert way == ["append cases", "process routing.open_case", "append dossiers", "intake/submit"]
    letters = [one for one in spans.values() if one.trace_id == opened.trace_id and one.name == "smtp send"]
    assert letters, "the first notice belongs to the submission"


def test_a_caller_finds_his_own_trace_and_the_calls_between_services_in_it(watched: Watched) -> None:
    story = watched.granted()
    context = Context(story.town.issuer, story.officer, traceparent=CALLER)
    with ClusterRpcProxy({"AMQP_URI": watched.stack.env["MOTCUA_AMQP_URI"]}, timeout=30, context_data=context) as rpc:
        rpc.notify.list_notices(dossier_code=story.code, limit=10, after=None)

    def asked() -> list[Recorded]:
        return [span for span in watched.collector.spans if span.trace_id == TRACE_ID]

    eventually(lambda: len(asked()) >= 3)
    known = {span.span_id: span for span in asked()}
    (callee,) = (span for span in asked() if (span.service, span.name, span.kind) == ("intake", "intake/get", SERVER))
    call = known[callee.parent_id]
    assert (call.service, call.name, call.kind) == ("notify", "intake/get", CLIENT)
    door = known[call.parent_id]
    assert (door.service, door.name, door.kind) == ("notify", "notify/list_notices", SERVER)
    assert door.parent_id == CALLER.split("-")[2]
    # who was asked ends a moment after he has answered
    assert door.began <= call.began <= callee.began <= call.ended <= door.ended


def test_who_hands_in_at_the_door_and_looks_at_a_page_is_found_by_the_code(watched: Watched) -> None:
    at_the_door, offered = AtTheDoor(watched.stack.env), await_catalogue(watched.town, "mic")
    procedure = next(one for one in offered if one["example"]["applicant"]["kind"] == "citizen")
    story = Story(at_the_door, "mic", procedure, fresh())
    story.submit()
    at_the_door.close()
    who = {"LoaiTaiKhoan": "1", "SoDinhDanh": story.citizen["id"], "HoVaTen": story.applicant["name"]}
    with Visitor(watched.stack, "nguoi-xem", who) as visitor:
        visitor.open(f"/ho-so/{story.code}")

    def served(service: str, name: str) -> list[Recorded]:
        spans = [span for span in watched.collector.spans if (span.service, span.name) == (service, name)]
        assert all((span.door, span.kind, span.parent_id) == ("http", SERVER, "") for span in spans)
        return [span for span in spans if span.trace_id in {one.trace_id for one in watched.collector.of(story.code)}]

    handed_in = eventually(
        lambda: len(found := served("intake", "POST /intake/submit")) == 2 and found
    )  # he said it twice
    assert {span.attributes["motcua.dossier_code"] for span in handed_in} == {story.code}
    (page,) = eventually(lambda: served("portal", "GET /ho-so/<code>"))
    assert (page.attributes["http.response.status_code"], page.failed) == (200, False)
    asked = [one for one in watched.collector.of(story.code) if one.trace_id == page.trace_id]
    assert "intake/get" in {one.name for one in asked}


def test_no_span_says_who_it_is_about(watched: Watched) -> None:
    story = watched.granted()
    hidden = [str(value) for value in story.applicant.values() if isinstance(value, str) and len(value) > 8]
    assert hidden
    said = json.dumps([span.attributes for span in watched.collector.spans], ensure_ascii=False)
    assert [value for value in hidden if value in said] == []
    raw = b"".join(watched.collector.bodies).decode(errors="replace")
    assert [value for value in hidden if value in raw] == []
    assert not re.search(r"\b0[0-9]{11}\b", _UUID.sub("", said))  # whose last part may look like a number
