"""Two people do two things to one dossier at the same moment: the law says who wins, and all services say the same."""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any, Final

import pytest
from nameko.exceptions import RemoteError

from services.cli.demo.stories import Story
from services.cli.demo.town import Town, fresh, patiently
from tests.integration import agreement
from tests.integration.crowd import PatientTown, await_rest, offers, payment_address

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]
_RACES: Final = 20
_LANES: Final = 4
_OK: Final = "ok"
Deed = Callable[[], Any]
Plan = Callable[[Story], Deed]


def test_of_two_officers_who_decide_at_once_one_gets_a_conflict(patient_town: PatientTown) -> None:
    stories = begin(patient_town, "xn-dk-xuat-ban", 10, accepted)
    outcomes = race(stories, decide("granted", "cb-001"), decide("refused", "cb-002"))
    assert {tuple(sorted(outcome)) for outcome in outcomes} == {("Conflict routing.already_decided", _OK)}
    insist_agreed(patient_town, stories)
    granted = [first == _OK for first, _ in outcomes]
    assert [bool(story.dossier()["result"]["number"]) for story in stories] == granted


def test_a_supplement_racing_a_withdrawal_never_outlives_it(patient_town: PatientTown) -> None:
    stories = begin(patient_town, "xn-dk-xuat-ban", _RACES, asked_for_more)
    outcomes = race(stories, supplement, withdraw)
    assert {withdrawal for _, withdrawal in outcomes} == {_OK}
    assert {said for said, _ in outcomes} <= {_OK, "Refused intake.no_supplement_requested"}
    insist_agreed(patient_town, stories)
    assert {story.dossier()["status"] for story in stories} == {"withdrawn"}
    received = [story.case()["supplements"][0]["received_at"] is not None for story in stories]
    assert received == [said == _OK for said, _ in outcomes]


def test_a_withdrawal_racing_a_decision_wins_unless_it_came_after_it(patient_town: PatientTown) -> None:
    stories = begin(patient_town, "xn-dk-xuat-ban", _RACES, accepted)
    outcomes = race(stories, decide("granted", "cb-001"), withdraw)
    assert {said for said, _ in outcomes} <= {_OK, "Refused routing.not_accepted"}
    assert {said for _, said in outcomes} <= {_OK, "Refused intake.already_decided"}
    insist_agreed(patient_town, stories)
    ends = [story.dossier()["status"] for story in stories]
    assert ends == ["withdrawn" if withdrawal == _OK else "resolved" for _, withdrawal in outcomes]


def test_a_payment_racing_a_withdrawal_is_kept_or_given_back_by_rule(patient_town: PatientTown) -> None:
    stories = begin(patient_town, "ma-so-quan-ly-qc", 8, accepted)
    outcomes = race(stories, pay, withdraw)
    assert set(outcomes) == {(_OK, _OK)}
    for story in stories:
        await_receipt(story)
    insist_agreed(patient_town, stories)
    for story in stories:
        order = story.order()
        late = order["paid_at"][:19] >= story.dossier()["withdrawn_at"][:19]
        given_back = [one["amount_vnd"] for one in order["refunds"] if one["refunded_at"]]
        assert given_back == ([order["amount_vnd"]] if late else [])


def begin(town: Town, procedure: str, count: int, prepare: Callable[[Story], None]) -> list[Story]:
    """So many dossiers, each submitted and brought to where its race begins."""
    offer, tag = offers(town)[procedure], fresh()
    stories = [Story(town, offer.tenant, offer.procedure, f"{tag}-{number}") for number in range(count)]

    def tell(story: Story) -> None:
        story.submit()
        prepare(story)

    with ThreadPoolExecutor(2 * _LANES) as pool:
        list(pool.map(tell, stories))
    return stories


def accepted(story: Story) -> None:
    """Received by its unit, as intake knows too."""
    story.accept()
    patiently(lambda: story.dossier()["status"] != "submitted", f"{story.code} accepted")


def asked_for_more(story: Story) -> None:
    """Sent back for a supplement."""
    component = story.procedure["example"]["documents"][0]["component"]
    item = {"component": component, "guidance": "Bản quét mờ. / The scan is faint."}
    story.act("request_supplement", items=[item], reason="Thiếu bản rõ / A legible copy is missing")
    story.await_status("supplement_requested")


def race(stories: list[Story], first: Plan, second: Plan) -> list[tuple[str, str]]:
    """What comes of two deeds on each story, done in the same moment by two people who are ready for it."""

    def run(story: Story, plan: Plan, start: Barrier) -> str:
        deed = plan(story)
        start.wait(30)
        return outcome_of(deed)

    with ThreadPoolExecutor(2 * _LANES) as pool:
        pairs = []
        for story in stories:  # in this order, so that never more than one waits whose opponent has no thread
            start = Barrier(2)
            pairs.append((pool.submit(run, story, first, start), pool.submit(run, story, second, start)))
        return [(one.result(), other.result()) for one, other in pairs]


def outcome_of(deed: Deed) -> str:
    """How a deed ends: `ok`, or the kind and code of its error."""
    try:
        deed()
    except RemoteError as error:
        return f"{error.exc_type} {json.loads(error.value)['code']}"
    return _OK


def decide(outcome: str, officer: str) -> Plan:
    """An officer of the unit decides."""
    reason = {"reason": "Không đủ điều kiện / The conditions are not met"} if outcome == "refused" else {}
    return lambda story: on_line(story, {**story.officer, "id": officer}, "routing.decide", outcome=outcome, **reason)


def withdraw(story: Story) -> Deed:
    """The applicant takes the dossier back."""
    return on_line(story, story.citizen, "intake.withdraw", reason="Không còn nhu cầu / No longer needed")


def supplement(story: Story) -> Deed:
    """The applicant brings what was asked for."""
    component = story.procedure["example"]["documents"][0]["component"]
    paper = {"component": component, "upload_id": story.town.upload(story.citizen, component)}
    return on_line(story, story.citizen, "intake.supplement", form={}, documents=[paper])


def pay(story: Story) -> Deed:
    """The applicant pays at the gateway."""
    return partial(story.town.pay, payment_address(story))


def on_line(story: Story, actor: Mapping[str, str], target: str, **arguments: Any) -> Deed:
    """A request whose line is open already, so that only the word itself is raced for."""
    story.town.ask(actor, "intake.list_procedures", tenant=story.tenant, limit=1)
    return partial(story.town.ask, actor, target, dossier_code=story.code, request_id=fresh(), **arguments)


def await_receipt(story: Story) -> None:
    """Until the money has come in."""
    patiently(lambda: story.order()["receipt"], f"{story.code} receipt")


def insist_agreed(town: Town, stories: list[Story]) -> None:
    """Nothing waits, and all services say the same."""
    await_rest(town)
    agreement.insist(town.env, [story.code for story in stories])
