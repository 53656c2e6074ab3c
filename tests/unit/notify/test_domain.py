"""The life of a notice: asked for once, sent once, failed and sent again."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from bson import BSON
from bson.codec_options import CodecOptions
from cattrs.preconf.bson import make_converter
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.actor import Actor
from services.chassis.errors import Denied, NotFound, Refused
from services.contracts import events
from services.contracts.event import Event
from services.notify import domain
from services.notify.domain import MOVES, STATUSES, Notice
from tests.unit.fakes import fold
from tests.unit.notify.builders import AT, OWNER, wanted

OFFICER = Actor("officer", "cb-001", "vnnic")
STRANGER = Actor("officer", "cb-999", "cuc-attt")
SYSTEM = Actor("system", "t")
CITIZEN = Actor("citizen", "001801000001")


def after(*steps: Sequence[Event]) -> Notice:
    """The notice that these steps make."""
    state: Notice = fold(domain.evolve, [as_read(event) for step in steps for event in step])
    return state


def as_read(event: Event) -> Event:
    """The event as the journal hands it to `evolve`."""
    return events.read("notify", event.type, event.v, events.write("notify", event))


def requested() -> Notice:
    return after(domain.request(None, wanted()))


def failed() -> Notice:
    return after(domain.request(None, wanted()), domain.note_failed(requested(), 1, "550", AT))


def test_a_notice_is_asked_for_once() -> None:
    assert requested() == wanted()
    assert domain.request(requested(), wanted()) == []


def test_a_notice_taken_by_the_mail_server_is_sent_and_stays_so() -> None:
    sent = after(domain.request(None, wanted()), domain.note_sent(requested(), AT))
    assert sent.status == "sent"
    assert domain.note_sent(sent, AT) == []
    assert domain.note_failed(sent, 1, "550", AT) == []


def test_a_failed_notice_keeps_the_code_and_goes_again_in_a_new_round() -> None:
    assert (failed().status, failed().reason) == ("failed", "550")
    [again] = domain.resend(failed(), OFFICER, "vnnic", AT + timedelta(hours=1))
    second = domain.evolve(failed(), as_read(again))
    assert (second.status, second.round, second.requested_at) == ("requested", 2, AT)


def test_the_word_of_an_earlier_round_does_not_fail_a_later_one() -> None:
    second = domain.evolve(failed(), as_read(domain.resend(failed(), SYSTEM, "vnnic", AT)[0]))
    assert domain.note_failed(second, 1, "550", AT) == []
    assert not domain.is_awaited(second, 1)
    assert domain.is_awaited(second, 2)


@pytest.mark.parametrize(
    "state", [requested(), after(domain.request(None, wanted()), domain.note_sent(requested(), AT))]
)
def test_only_a_failed_notice_is_sent_again(state: Notice) -> None:
    with pytest.raises(Refused) as refusal:
        domain.resend(state, OFFICER, "vnnic", AT)
    assert refusal.value.code == f"notify.already_{state.status}"


def test_an_officer_of_another_unit_may_not_send_again() -> None:
    with pytest.raises(Denied) as denial:
        domain.resend(failed(), STRANGER, "vnnic", AT)
    assert denial.value.code == "notify.other_unit"


def test_a_citizen_may_not_send_again() -> None:
    with pytest.raises(Denied) as denial:
        domain.resend(failed(), CITIZEN, "vnnic", AT)
    assert denial.value.code == "notify.officers_only"


def test_what_was_never_asked_for_is_unknown() -> None:
    with pytest.raises(NotFound):
        domain.resend(None, SYSTEM, "vnnic", AT)
    with pytest.raises(NotFound):
        domain.note_sent(None, AT)


def test_one_event_makes_one_notice_for_a_moment_and_an_audience() -> None:
    one = domain.notice_id("e-1", "submitted", "applicant")
    assert one == domain.notice_id("e-1", "submitted", "applicant")
    others = {
        domain.notice_id("e-2", "submitted", "applicant"),
        domain.notice_id("e-1", "accepted", "applicant"),
        domain.notice_id("e-1", "submitted", "unit"),
        domain.notice_id("e-1", "submitted", "applicant", "sms"),
    }
    assert len(others | {one}) == 5


@pytest.mark.parametrize("actor", [SYSTEM, OFFICER, CITIZEN])
def test_the_system_the_unit_and_the_owner_may_read(actor: Actor) -> None:
    domain.check_may_read(actor, "vnnic", OWNER)


@pytest.mark.parametrize(
    "actor",
    [STRANGER, Actor("citizen", "001801000002"), Actor("organisation", "001801000001"), Actor("citizen", "")],
)
def test_to_everybody_else_a_notice_is_unknown(actor: Actor) -> None:
    with pytest.raises(NotFound):
        domain.check_may_read(actor, "vnnic", OWNER)


def test_an_officer_sees_an_applicants_address_masked_and_the_units_in_full() -> None:
    assert domain.shown_address(OFFICER, wanted(), "mau@example.vn") == "m***@example.vn"
    assert domain.shown_address(OFFICER, wanted(audience="unit"), "vnnic@example.vn") == "vnnic@example.vn"
    assert domain.shown_address(CITIZEN, wanted(), "mau@example.vn") == "mau@example.vn"


COMMANDS = st.one_of(
    st.just(("request",)),
    st.just(("sent",)),
    st.tuples(st.just("failed"), st.integers(1, 4)),
    st.just(("resend",)),
)


def _decide(state: Notice | None, command: tuple[Any, ...], at: Any) -> list[Event]:
    try:
        match command:
            case ("request",):
                return domain.request(state, wanted())
            case ("sent",):
                return domain.note_sent(state, at)
            case ("failed", round_):
                return domain.note_failed(state, round_, "550 5.1.1", at)
            case _:
                return domain.resend(state, OFFICER, "vnnic", at)
    except (NotFound, Refused):
        return []


@given(st.lists(COMMANDS, max_size=20))
def test_state_is_the_fold_of_history_and_never_leaves_the_table_of_moves(commands: list[tuple[Any, ...]]) -> None:
    state, history = None, []
    for number, command in enumerate(commands):
        before = state.status if state else None
        for event in map(as_read, _decide(state, command, AT + timedelta(minutes=number))):
            history.append(event)
            state = domain.evolve(state, event)
            assert state.status in MOVES[before]
            before = state.status
        assert state is None or state.status in STATUSES
    assert state == fold(domain.evolve, history)
    assert sum(event.type == "notice_sent" for event in history) <= 1


def test_a_notice_survives_the_store() -> None:
    converter, options = make_converter(), CodecOptions[dict[str, Any]](tz_aware=True)
    stored = BSON.encode(converter.unstructure(failed())).decode(options)
    assert converter.structure(stored, Notice) == failed()
