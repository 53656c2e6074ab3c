"""What officers may do with a case, and what a case does about events of others: state and command in, events out.

Officers act on cases of their own unit. An action that the status does not allow is Refused as `routing.not_<status it
needs>`, naming the status the case has. What others report is taken down as a fact, also when the case is closed, so
that the same reports make the same case in whatever order they come.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from services.chassis.actor import Actor
from services.chassis.errors import NotFound, Refused
from services.contracts.catalogue.worktime import Calendar
from services.contracts.event import Event
from services.routing import clocks
from services.routing.access import may_act, unknown_case
from services.routing.case import BEFORE_DECISION, Case, Terms
from services.routing.history import evolve

# action: the statuses it is allowed in, and the code of its refusal in all others
ACTIONS: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "accept": (("opened",), "not_opened"),
    "reject": (("opened",), "not_opened"),
    "request_supplement": (("opened", "accepted", "in_hand", "proposed"), "not_in_progress"),
    "assign": (("accepted", "in_hand", "proposed"), "not_accepted"),
    "propose": (("in_hand", "proposed"), "not_in_hand"),
    "return_proposal": (("proposed",), "not_proposed"),
    "decide": (("accepted", "in_hand", "proposed"), "not_accepted"),
    "stop": (("accepted", "in_hand", "proposed", "supplement_requested"), "not_accepted"),
    "transfer": (("opened", "accepted", "in_hand", "supplement_requested"), "not_transferable"),
}
STATUS_VI: Final = {
    "opened": "chờ tiếp nhận",
    "accepted": "đã tiếp nhận",
    "in_hand": "đang thụ lý",
    "proposed": "chờ ký",
    "supplement_requested": "chờ bổ sung",
    "decided": "đã có quyết định",
    "rejected": "không được tiếp nhận",
    "stopped": "đã dừng xử lý",
    "withdrawn": "đã rút",
}


@dataclass(frozen=True, slots=True)
class Submission:
    """What intake says of a submitted dossier, as far as its case is concerned."""

    dossier_code: str
    tenant: str
    procedure: str
    procedure_version: str
    unit: str
    submitted_at: datetime
    answer_due_at: datetime


@dataclass(frozen=True, slots=True)
class FeeFact:
    """What payment says of a fee order: it is `required`, `settled` or `waived`."""

    order_id: str
    when_due: str
    fee: str
    noted_at: datetime


def open_case(case: Case | None, submission: Submission, terms: Terms, at: datetime) -> list[Event]:
    """The dossier stands in the queue of its unit; nothing where it already does."""
    if case is not None:
        return []
    opened = {
        "dossier_code": submission.dossier_code,
        "tenant": submission.tenant,
        "procedure": submission.procedure,
        "procedure_version": submission.procedure_version,
        "unit": submission.unit,
        "submitted_at": submission.submitted_at,
        "opened_at": at,
        "answer_due_at": submission.answer_due_at,
        "fee_before_decision": bool(terms.fees_awaited),
        "fees_awaited": list(terms.fees_awaited),
        "time_limit": terms.time_limit,
        "on_supplement": terms.on_supplement,
        "on_payment": terms.on_payment,
        "calendar": terms.calendar,
        "office_hours": terms.office_hours,
        "decision": terms.decision,
    }
    return [Event("case_opened", opened)]


def accept(case: Case | None, actor: Actor, calendar: Calendar, at: datetime) -> list[Event]:
    """Receive the dossier: the decision clock starts."""
    case = ready_for("accept", case, actor)
    accepted = Event("case_accepted", {**about(case), "accepted_at": at, "due_at": None})
    return [_with_due(case, accepted, calendar)]


def reject(case: Case | None, actor: Actor, at: datetime) -> list[Event]:
    """Refuse to receive the dossier."""
    case = ready_for("reject", case, actor)
    return [Event("case_rejected", {**about(case), "rejected_at": at})]


def request_supplement(
    case: Case | None, actor: Actor, components: Sequence[str], at: datetime, respond_by: datetime
) -> list[Event]:
    """Ask for all that is missing, in one list: at most once before acceptance and once after it.

    The law has an officer guide an applicant once, fully. We read that as once a stage: what the examination of
    an accepted dossier shows could not be asked for when it was only checked for completeness.
    """
    case = ready_for("request_supplement", case, actor)
    if any(one.before_acceptance == (case.accepted_at is None) for one in case.supplements):
        raise Refused(
            "routing.supplement_already_requested",
            "A supplement is asked for once only at this stage.",
            "Chỉ được yêu cầu bổ sung một lần ở giai đoạn này.",
        )
    asked = {
        "dossier_code": case.dossier_code,
        "round": len(case.supplements) + 1,
        "components": list(dict.fromkeys(components)),
        "requested_at": at,
        "respond_by": respond_by,
    }
    return [Event("supplement_requested", asked)]


def assign(case: Case | None, actor: Actor, officer: str, at: datetime) -> list[Event]:
    """Give the case to an officer; nothing where he has it."""
    case = ready_for("assign", case, actor)
    if case.officer == officer:
        return []
    assigned = {"dossier_code": case.dossier_code, "officer": officer, "assigned_at": at}
    return [Event("case_assigned", assigned)]


def stop(case: Case | None, actor: Actor, at: datetime) -> list[Event]:
    """End the case without a result, such as when the applicant does not answer, or never pays for what was granted.

    Should that have been paid meanwhile, registry revokes the record and payment gives the money back: a stop wins.
    """
    case = may_act(actor, case)
    if not case.awaits_last_fee:
        case = ready_for("stop", case, actor)
    return [Event("case_stopped", {**about(case), "granted": case.awaits_last_fee, "stopped_at": at})]


def receive_supplement(
    case: Case | None, round_: int, received_at: datetime, calendar: Calendar, answer_hours: int
) -> list[Event]:
    """The applicant answered request `round_`: the clock it stopped runs again."""
    case = known(case)
    asked = next((one for one in case.supplements if one.round == round_), None)
    if asked is None:
        raise NotFound("routing.unknown_supplement", "No such supplement was asked for.", "Không có yêu cầu bổ sung.")
    if asked.received_at is not None:
        return []
    answer_due_at = calendar.add_working_hours(received_at, answer_hours) if asked.before_acceptance else None
    received = {
        "dossier_code": case.dossier_code,
        "round": round_,
        "received_at": received_at,
        "answer_due_at": answer_due_at,
        "due_at": case.due_at,
    }
    return [_with_due(case, Event("supplement_received", received), calendar)]


def note_fee(case: Case | None, fact: FeeFact, calendar: Calendar) -> list[Event]:
    """Take down what payment says; a fee before the decision may move the due date."""
    case = known(case)
    order = next((fee for fee in case.fees if fee.order_id == fact.order_id), None)
    noted_at = order and (order.required_at if fact.fee == "required" else order.settled_at)
    if noted_at is not None:
        return []
    noted = Event(
        "case_fee_noted",
        {
            "dossier_code": case.dossier_code,
            "order_id": fact.order_id,
            "when_due": fact.when_due,
            "fee": fact.fee,
            "noted_at": fact.noted_at,
            "due_at": case.due_at,
        },
    )
    return [_with_due(case, noted, calendar) if fact.when_due in BEFORE_DECISION else noted]


def withdraw(case: Case | None, withdrawn_at: datetime) -> list[Event]:
    """The applicant took the dossier back: that closes the case, whatever it had come to."""
    case = known(case)
    if case.withdrawn_at is not None:
        return []
    return [Event("case_withdrawn", {"dossier_code": case.dossier_code, "withdrawn_at": withdrawn_at})]


def slip(case: Case | None, clock: str, at: datetime) -> list[Event]:
    """Say, once a clock, that it ran out; nothing where it was stopped or answered meanwhile."""
    case = known(case)
    if case.clock != clock or case.rings_at is None or at <= case.rings_at:
        return []
    return [Event("deadline_slipped", {**about(case), "clock": clock, "due_at": case.rings_at})]


def known(case: Case | None) -> Case:
    """The case. Raises NotFound where it is not open yet: what is told of it must come again later."""
    if case is None:
        raise unknown_case()
    return case


def ready_for(action: str, case: Case | None, actor: Actor) -> Case:
    """The case, if the actor may do that to it as it stands. Raises Denied, NotFound, Refused."""
    case = may_act(actor, case)
    statuses, code = ACTIONS[action]
    if case.status not in statuses:
        raise Refused(
            f"routing.{code}",
            f"The case is {case.status}; this needs a case that is {' or '.join(statuses)}.",
            f"Hồ sơ ở trạng thái {STATUS_VI[case.status]}, không thực hiện được thao tác này.",
        )
    return case


def about(case: Case) -> dict[str, Any]:
    """What every event of a case that concerns its unit begins with."""
    return {"dossier_code": case.dossier_code, "unit": case.unit}


def _with_due(case: Case, event: Event, calendar: Calendar) -> Event:
    """The event with the due date that all facts make once it has happened."""
    after = evolve(case, event)
    return replace(event, data={**event.data, "due_at": clocks.due_at(after, calendar)})
