"""Spans name their true parents across every step, say nothing that a caller sent, and cost nobody's work."""

import json
from collections.abc import Iterator
from contextlib import suppress
from time import perf_counter
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.trace import StatusCode

from services.chassis import cause, spans, tracing
from services.chassis.actor import KINDS, Actor
from services.chassis.errors import NotFound, Refused, Unavailable
from services.chassis.http import answer
from services.chassis.journal import Journal
from services.chassis.timers import Timer, keep
from tests.keys import Ring, issuer
from tests.unit.chassis.recorded import (
    CODE,
    TRACE,
    UNKEPT,
    Broker,
    Marked,
    Seen,
    door,
    identity,
    parent_of,
    received,
    relay,
    said,
    withdrawn,
)
from tests.unit.chassis.tally import TALLY, refuse
from tests.unit.chassis.tally import cause as asked
from tests.unit.chassis.test_counted import Taking

OPERATOR = Actor("operator", "of-a-test")
STRANGER = Ring(stranger=KINDS).issuer("stranger")
OURS = {"Authorization": f"Bearer {issuer().fresh(OPERATOR)}"}


@pytest.fixture
def seen() -> Iterator[Seen]:
    """Everything is recorded, in memory."""
    seen = Seen()
    tracing.record_with(seen.recorder)
    yield seen
    tracing.leave()
    tracing.record_with(None)


@pytest.fixture
def journal() -> Journal[Any]:
    """A journal over memory."""
    return Journal(TALLY, Marked(), lambda _journal, _id: None)


def test_from_a_request_to_the_handler_of_its_event_each_is_the_child_of_what_led_to_it(
    seen: Seen, journal: Any
) -> None:
    broker = Broker()

    def serve(ticket: str) -> Any:
        journal.change(CODE, asked(ticket), withdrawn())
        return answer({})

    door(serve).post("/tally/secret", headers={"traceparent": TRACE, **OURS})
    relay(journal, broker)
    event, headers = received(broker.messages[0])
    spans.enter(event)
    with spans.sending_mail("mail.example.vn", 25):
        pass
    spans.handled("notify.tell", headers, event.cause.trace, perf_counter(), "done")

    request, append = seen.one("POST /tally/<ticket>"), seen.one("append things")
    publish, process = seen.one("publish intake.events:dossier_withdrawn"), seen.one("process notify.tell")
    assert parent_of(request) == TRACE
    assert parent_of(append) == identity(request)
    assert parent_of(publish) == parent_of(process) == identity(append)
    assert parent_of(seen.one("smtp send")) == identity(process)
    chain = request, append, publish, process
    assert [span.kind.name for span in chain] == ["SERVER", "CLIENT", "PRODUCER", "CONSUMER"]
    assert {said(span)["motcua.dossier_code"] for span in chain} == {CODE}
    assert not any("secret" in json.dumps(said(span)) for span in seen.spans)


@pytest.mark.parametrize("stated", [TRACE, UNKEPT], ids=["forced", "hidden"])
@pytest.mark.parametrize(
    ("headers", "knows_keys"),
    [
        ({}, True),
        ({"Authorization": "Bearer of.no.worth"}, True),
        ({"Authorization": "Basic YTpi"}, True),
        ({"Authorization": f"Bearer {STRANGER.fresh(OPERATOR)}"}, True),
        (OURS, False),
    ],
    ids=["no token", "no good token", "another scheme", "a key of his own", "a door that knows no keys"],
)
def test_a_stranger_begins_a_trace_of_ours_whatever_he_says_and_his_own_is_linked(
    seen: Seen, headers: dict[str, str], knows_keys: bool, stated: str
) -> None:
    door(lambda **_: answer({}), knows_keys=knows_keys).post("/tally/x", headers={"traceparent": stated, **headers})
    (span,) = seen.spans
    assert parent_of(span) is None
    assert identity(span)[:36] != stated[:36]
    assert [f"{link.context.trace_id:032x}-{link.context.span_id:016x}" for link in span.links] == [stated[3:52]]


def test_a_stranger_has_no_more_recorded_than_the_share_that_is_recorded_of_all() -> None:
    none = Seen(ratio=0.0)
    tracing.record_with(none.recorder)
    try:
        door(lambda **_: answer({})).post("/tally/x", headers={"traceparent": TRACE})
        assert none.spans == ()
        door(lambda **_: answer({})).post("/tally/x", headers={"traceparent": TRACE, **OURS})
        assert parent_of(none.one("POST /tally/<ticket>")) == TRACE
    finally:
        tracing.record_with(None)


def test_what_a_stranger_says_that_is_no_traceparent_is_not_linked(seen: Seen) -> None:
    door(lambda **_: answer({})).post("/tally/x", headers={"traceparent": "00-of-nobody-01"})
    (span,) = seen.spans
    assert not span.links


def test_a_message_is_the_same_however_often_it_is_published_and_each_time_is_a_span(seen: Seen, journal: Any) -> None:
    broker = Broker()
    journal.change(CODE, asked("1"), withdrawn())
    relay(journal, broker)
    (message,), change = broker.messages, seen.one("append things")
    spans.published(message, "dossier_code", perf_counter(), confirmed=False)
    first, second = seen.named("publish intake.events:dossier_withdrawn")
    assert message.headers["cloudEvents:traceparent"] == identity(change)
    assert parent_of(second) == parent_of(first) == identity(change)
    assert identity(second) != identity(first)
    assert first.status.status_code is StatusCode.UNSET
    assert (second.status.status_code, said(second)["error.type"]) == (StatusCode.ERROR, "refused_by_broker")


def test_every_delivery_up_the_ladder_and_every_replay_is_a_child_of_the_same_change(seen: Seen, journal: Any) -> None:
    broker = Broker()
    journal.change(CODE, asked("1"), withdrawn())
    relay(journal, broker)
    for attempt, (outcome, error) in enumerate([("ladder", NotFound("s.not_yet", "", "")), ("done", None)]):
        event, headers = received(broker.messages[0])
        spans.handled(
            "s.h", {**headers, "x-motcua-attempt": attempt}, event.cause.trace, perf_counter(), outcome, error
        )
    first, second = seen.named("process s.h")
    assert parent_of(first) == parent_of(second) == identity(seen.one("append things"))
    assert identity(first) != identity(second)
    assert (said(first)["motcua.outcome"], said(first)["motcua.error_code"]) == ("ladder", "s.not_yet")
    assert first.status.status_code is StatusCode.ERROR
    assert (said(second)["motcua.outcome"], said(second)["motcua.attempt"]) == ("done", 1)


def test_the_trace_that_changed_the_same_thing_before_is_linked_and_its_own_is_not(seen: Seen, journal: Any) -> None:
    for request in ("1", "2"):
        journal.change(CODE, asked(request), withdrawn())
    first, second = seen.spans
    again = cause.Cause("e-3", "c", tracing.next_span(identity(second)))
    journal.change(CODE, again, withdrawn())
    third = seen.spans[-1]
    assert not first.links
    (link,) = second.links
    assert first.context is not None
    assert (link.context.trace_id, link.context.span_id) == (first.context.trace_id, first.context.span_id)
    assert not third.links


def test_a_call_takes_along_whose_work_it_is_and_nothing_where_nobody_asked(seen: Seen) -> None:
    assert spans.carried() == {}
    with spans.calling("intake/get") as nobody:
        assert (nobody, spans.carried()) == (None, {})
    spans.enter(SimpleNamespace(cause=asked("1")))
    with spans.calling("intake/get"):
        header = spans.carried()["nameko.traceparent"]
    tracing.leave()
    callee = cause.of_request("intake.get", Actor("system", "t"), "r-1", {}, header)
    spans.served("intake/get", callee.trace, header, perf_counter(), Refused("intake.no", "words", "lời"))
    call, served = seen.named("intake/get")
    assert [span.kind.name for span in (call, served)] == ["CLIENT", "SERVER"]
    assert parent_of(served) == header == identity(call)
    assert (said(served)["motcua.error_code"], served.status.status_code) == ("intake.no", StatusCode.UNSET)
    assert "words" not in json.dumps(said(served))


@pytest.mark.parametrize("how", ["remembered", "glanced at", "refused", "refused anew", "said before"])
def test_a_request_is_found_by_the_code_of_what_it_was_about_whatever_became_of_it(
    seen: Seen, journal: Any, how: str
) -> None:
    journal.change(CODE, asked("first"), withdrawn())
    if how == "refused anew":  # by a process that remembers nothing of it
        journal = Journal(TALLY, journal.collection, lambda _journal, _id: None)

    def act() -> None:
        if how == "remembered":
            journal.remembered(CODE)
        elif how == "glanced at":
            journal.glance(CODE)
        elif how == "said before":
            journal.change(CODE, asked("first"), withdrawn())
        else:
            journal.change(CODE, asked("no"), refuse)

    spans.enter(SimpleNamespace(cause=asked("outside")))
    with suppress(Refused), tracing.doing("server", "intake/act", {}):
        act()
    assert said(seen.one("intake/act"))[spans.SUBJECT] == CODE


def test_an_outage_is_an_error_of_whoever_met_it_without_its_words(seen: Seen) -> None:
    spans.enter(SimpleNamespace(cause=asked("1")))
    with pytest.raises(Unavailable), spans.posting("https://user:pass@gateway.example.vn/api", "querydr"):
        raise Unavailable("payment.gateway_unavailable", "of 001801000001", "lời")
    span = seen.one("POST querydr")
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "payment.gateway_unavailable")
    assert not span.events
    assert not any(hidden in json.dumps(said(span)) for hidden in ("001801000001", "pass"))


def test_a_round_of_a_timer_is_a_trace_if_it_led_to_something(seen: Seen, journal: Any) -> None:
    class Once:
        """Lets a timer ring twice."""

        rings = [False, False, True]

        def wait(self, _seconds: float) -> bool:
            """Whether to stop."""
            return self.rings.pop(0)

    due = ["D1"]

    def act() -> None:
        for code in due:
            journal.change(code, cause.of_timer(code), withdrawn(code))
        due.clear()

    keep(Timer("expire", 1.0, act), Once())  # type: ignore[arg-type]
    timer = seen.one("timer expire")
    assert parent_of(timer) is None
    assert parent_of(seen.one("append things")) == identity(timer)
    assert "motcua.dossier_code" not in said(timer)


def test_messages_of_one_batch_keep_their_own_parents(seen: Seen, journal: Any) -> None:
    broker = Broker()
    for number in range(3):
        journal.change(f"D{number}", asked(str(number)), withdrawn(f"D{number}"))
    relay(journal, broker)
    batch = [received(message) for message in broker.messages]
    for event, headers in batch:
        spans.handled("s.h", headers, event.cause.trace, perf_counter(), "done")
    appended = {said(span)["motcua.dossier_code"]: identity(span) for span in seen.named("append things")}
    handled = seen.named("process s.h")
    assert [parent_of(span) for span in handled] == [appended[event.dossier_code] for event, _ in batch]


def test_what_nobody_could_read_says_only_where_it_failed(seen: Seen) -> None:
    headers = {"cloudEvents:traceparent": TRACE, "cloudEvents:subject": "Nguyễn Văn A", "x-motcua-attempt": ["x"]}
    spans.handled("s.h", headers, None, perf_counter(), "dead", Refused("message.not_an_event", "", ""))
    (span,) = seen.spans
    assert parent_of(span) == TRACE
    assert "Nguyễn" not in json.dumps(said(span), ensure_ascii=False)


def test_probes_are_not_recorded_and_a_request_of_our_own_fault_is_an_error(seen: Seen) -> None:
    def serve(ticket: str) -> Any:
        raise RuntimeError(ticket)

    client = door(serve)
    client.get("/health/ready")
    client.post("/tally/secret")
    (span,) = seen.spans
    assert (span.status.status_code, said(span)["error.type"]) == (StatusCode.ERROR, "500")
    assert tracing.current() is None


def test_an_answer_that_could_not_be_given_is_told_as_the_one_that_was(
    seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = door(lambda **_: answer({}))
    client.application.secret_key, client.application.session_interface = "of a test", Taking()
    client.application.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr(Taking, "is_away", True)
    given = client.post("/tally/secret")
    (span,) = seen.spans
    assert given.status_code >= 500
    assert said(span)["http.response.status_code"] == given.status_code
    assert (span.status.status_code, said(span)["error.type"]) == (StatusCode.ERROR, str(given.status_code))
    assert tracing.current() is None


def test_what_the_caller_does_not_record_is_not_recorded_and_goes_on_as_such(seen: Seen, journal: Any) -> None:
    journal.change(CODE, cause.Cause("e", "c", tracing.next_span(UNKEPT)), withdrawn())
    assert seen.spans == ()
    assert journal.collection.documents[CODE]["history"][0]["trace"].startswith(UNKEPT[:36])
    assert journal.collection.documents[CODE]["history"][0]["trace"].endswith("-00")


@pytest.mark.parametrize("trace", [f"00-{'0' * 32}-{'b' * 16}-01", f"00-{'a' * 32}-{'0' * 16}-01", None, 5])
def test_what_is_no_traceparent_is_nobodys_parent(seen: Seen, trace: Any) -> None:
    spans.served("s/m", tracing.next_span(trace), trace, perf_counter(), None)
    (span,) = seen.spans
    assert parent_of(span) is None


def test_a_recorder_that_fails_fails_nobody_else(journal: Any) -> None:
    class Broken:
        """Raises at everything."""

        def keeps(self, _trace_id: str) -> bool:
            """All."""
            return True

        def write(self, _span: Any) -> None:
            """None."""
            raise RuntimeError

        def close(self) -> None:
            """Nothing."""

    tracing.record_with(Broken())
    try:
        assert journal.change(CODE, asked("1"), withdrawn()).version == 1
    finally:
        tracing.record_with(None)
