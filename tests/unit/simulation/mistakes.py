"""Mistakes that can be put into a service: what is replaced, and what is said of it."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final
from unittest.mock import patch
from uuid import uuid4

from pymongo import UpdateOne

from services.chassis.commits import Write
from services.chassis.errors import NotFound
from services.contracts.event import Event
from services.intake import checks, facts
from services.intake import domain as intake
from services.intake.dossier import Dossier
from services.intake.facts import Fact
from services.intake.store import DOSSIER
from services.notify.usecases import NotifyCases
from services.payment import domain as payment
from services.payment.order import FeeOrder
from services.payment.usecases import PaymentCases
from tests.unit.simulation.judge import known_yardstick

_rank, _owe_for_end, _tell = facts.rank, payment._owe_for_end, NotifyCases.tell  # noqa: SLF001
_issue_receipt, _priced_inputs = PaymentCases.issue_receipt, checks.priced_inputs
_STATUS_OF: Final = {
    "case_accepted": "accepted",
    "case_assigned": "processing",
    "fee_requested": "payment_required",
    "fee_paid": "processing",
}


@dataclass(frozen=True)
class Mistake:
    """What stands in the place of which parts; a kind of play that soon shows it; a pattern of what is said then."""

    parts: Mapping[str, Any]
    kind: str
    said: str


@contextmanager
def made(mistake: Mistake) -> Iterator[None]:
    """While this lasts, the services make this mistake, also in the quiet runs of scripts that are known."""
    with ExitStack() as parts:
        known_yardstick.cache_clear()
        parts.callback(known_yardstick.cache_clear)
        for where, wrong in mistake.parts.items():
            parts.enter_context(patch(where, wrong))
        yield


def _later_by_the_clock(fact: Fact) -> tuple[int, str, str]:
    return 0, *_rank(fact)[1:]


def _the_first_end_that_is_heard_decides(order: FeeOrder, *what: Any) -> list[Event]:
    return [] if order.refunds_for("dossier_ended") else _owe_for_end(order, *what)


def _the_last_word_is_the_status(state: Dossier | None, event: Event) -> Dossier:
    after, words = intake.evolve(state, event), _STATUS_OF.values()
    if state is None or state.status not in words or after.status not in words:
        return after
    return replace(after, status=_STATUS_OF.get(event.data.get("fact", ""), state.status))


def _a_receipt_number_for_each_delivery(cases: Any, why: Any, paid: Any) -> None:
    cases._numbers.take("01BLP0-001/AA-26E", uuid4().hex)  # noqa: SLF001
    _issue_receipt(cases, why, paid)


def _the_whole_form_makes_the_price(asked: Any, answers: Mapping[str, Any], day: Any) -> dict[str, Any]:
    written = {name: answer for name, answer in answers.items() if isinstance(answer, str)}
    return {**_priced_inputs(asked, answers, day), **written}


def _nobody_is_told_of_a_withdrawal(cases: Any, event: Event, why: Any) -> None:
    if event.type != "dossier_withdrawn":
        _tell(cases, event, why)


def _whoever_was_faster(commits: Any, id_: str, _version: int, update: Any, event_id: str) -> None:
    commits.commit(Write(UpdateOne({"_id": id_}, update), id_, event_id))


def _never(*_: Any) -> None:
    raise NotFound("routing.unknown_case", "There is no such case.", "Không tìm thấy hồ sơ.")


MISTAKES: Final[Mapping[str, Mistake]] = {
    "a fact is later by the time it names": Mistake(
        {"services.intake.facts.rank": _later_by_the_clock, "services.intake.dossier.rank": _later_by_the_clock},
        "supplemented, paid",
        "dates_agree",
    ),
    "the end that is heard first says what is owed": Mistake(
        {"services.payment.domain._owe_for_end": _the_first_end_that_is_heard_decides},
        "rejected, paid, withdrawn",
        "what_is_owed_is_given_back",
    ),
    "the status of a dossier is what was heard last": Mistake(
        {"services.intake.wiring.DOSSIER": replace(DOSSIER, evolve=_the_last_word_is_the_status)},
        "accepted, asked to pay",
        r"/rests/\d+/dossier|/state/status",
    ),
    "a record outlives the withdrawal of its dossier": Mistake(
        {"services.registry.issuing_cases.IssuingCases._revoke_if_ended": lambda *_: None},
        "granted, withdrawn",
        "is valid, the case withdrawn",
    ),
    "a result is issued of what was stopped": Mistake(
        {"services.registry.issuing_cases.IssuingCases.note_stop": lambda *_: None},
        "granted, paid, stopped",
        "is valid, the case stopped|stopped at",
    ),
    "every delivery takes a receipt number": Mistake(
        {"services.payment.usecases.PaymentCases.issue_receipt": _a_receipt_number_for_each_delivery},
        "race",
        "numbers_have_no_gap",
    ),
    "an event carries what an applicant wrote": Mistake(
        {"services.intake.checks.priced_inputs": _the_whole_form_makes_the_price},
        "wild",
        "no_personal_data_in_events",
    ),
    "a withdrawal is told to nobody": Mistake(
        {"services.notify.usecases.NotifyCases.tell": _nobody_is_told_of_a_withdrawal},
        "wild",
        "notices_agree",
    ),
    "a change does not ask whether another was faster": Mistake(
        {"services.chassis.commits.GroupCommit.update": _whoever_was_faster},
        "wild",
        "state_is_the_fold_of_its_history",
    ),
    "what the broker has lost is never told again": Mistake(
        {"services.chassis.retelling.tell_again": lambda *_: 0}, "wild", "Stuck|agree"
    ),
    "a handler never takes its message": Mistake(
        {"services.routing.usecases.RoutingCases.note_fee": _never}, "race", "Stuck"
    ),
}
