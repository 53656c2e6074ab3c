"""How the events of a case make its state: `evolve`, one small function an event."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from services.chassis.errors import Defect
from services.contracts import events
from services.contracts.event import Event
from services.routing.case import Case, Fee, Item, Proposal, Supplement, Terms, Transfer, derived

Facts = Mapping[str, Any]


def evolve(case: Case | None, event: Event) -> Case:
    """The case after one more event of its history."""
    if event.type == "case_opened":
        return derived(_opened(event.data))
    if case is None:
        raise Defect("routing.no_case", "A history begins with case_opened.", "Lịch sử hồ sơ không hợp lệ.")
    return derived(_CHANGES[event.type](case, event.data))


def along(history: Iterable[Facts]) -> Iterator[tuple[Case | None, Facts]]:
    """Each event of a history as it is stored, with the case as it stood before it: None before the first."""
    case: Case | None = None
    for entry in history:
        yield case, entry
        case = evolve(case, events.read("routing", entry["type"], entry["v"], entry["data"]))


def _opened(facts: Facts) -> Case:
    return Case(
        dossier_code=facts["dossier_code"],
        tenant=facts["tenant"],
        procedure=facts["procedure"],
        procedure_version=facts["procedure_version"],
        unit=facts["unit"],
        terms=Terms(
            time_limit=facts["time_limit"],
            on_supplement=facts["on_supplement"],
            on_payment=facts["on_payment"],
            calendar=facts["calendar"],
            office_hours=facts["office_hours"],
            fees_awaited=tuple(facts["fees_awaited"]),
            decision=facts.get("decision", "one_step"),
        ),
        submitted_at=facts["submitted_at"],
        opened_at=facts["opened_at"],
        answer_due_at=facts["answer_due_at"],
    )


def _accepted(case: Case, facts: Facts) -> Case:
    return replace(case, accepted_at=facts["accepted_at"], due_at=facts["due_at"])


def _rejected(case: Case, facts: Facts) -> Case:
    return replace(case, rejected_at=facts["rejected_at"])


def _supplement_requested(case: Case, facts: Facts) -> Case:
    asked = Supplement(
        round=facts["round"],
        before_acceptance=case.accepted_at is None,
        components=tuple(facts["components"]),
        requested_at=facts["requested_at"],
        respond_by=facts["respond_by"],
    )
    return replace(case, supplements=(*case.supplements, asked), proposal=None)


def _supplement_received(case: Case, facts: Facts) -> Case:
    answered = tuple(
        replace(one, received_at=facts["received_at"]) if one.round == facts["round"] else one
        for one in case.supplements
    )
    answer_due_at = facts["answer_due_at"] or case.answer_due_at
    return replace(case, supplements=answered, answer_due_at=answer_due_at, due_at=facts["due_at"])


def _assigned(case: Case, facts: Facts) -> Case:
    return replace(case, officer=facts["officer"], assigned_at=facts["assigned_at"])


def _transferred(case: Case, facts: Facts) -> Case:
    moved = Transfer(facts["from_unit"], facts["to_unit"], facts["reason"], facts["transferred_at"])
    return replace(case, unit=moved.to_unit, officer=None, assigned_at=None, transfers=(*case.transfers, moved))


def _fee_noted(case: Case, facts: Facts) -> Case:
    others = tuple(fee for fee in case.fees if fee.order_id != facts["order_id"])
    known = next((fee for fee in case.fees if fee.order_id == facts["order_id"]), None)
    fee = known or Fee(facts["order_id"], facts["when_due"])
    if facts["fee"] == "required":
        fee = replace(fee, required_at=facts["noted_at"])
    else:
        fee = replace(fee, settled_at=facts["noted_at"], waived=facts["fee"] == "waived")
    in_order = tuple(sorted((*others, fee), key=lambda one: one.order_id))
    return replace(case, fees=in_order, due_at=facts["due_at"])


def _proposed(case: Case, facts: Facts) -> Case:
    proposal = Proposal(facts["outcome"], _items(facts), facts["proposed_by"], facts["proposed_at"])
    return replace(case, proposal=proposal)


def _returned(case: Case, _facts: Facts) -> Case:
    return replace(case, proposal=None)


def _decided(case: Case, facts: Facts) -> Case:
    return replace(case, decided_at=facts["decided_at"], outcome=facts["outcome"], items=_items(facts))


def _items(facts: Facts) -> tuple[Item, ...]:
    return tuple(Item(one["row"], one["outcome"]) for one in facts.get("rows", ()))


def _stopped(case: Case, facts: Facts) -> Case:
    return replace(case, stopped_at=facts["stopped_at"])


def _withdrawn(case: Case, facts: Facts) -> Case:
    return replace(case, withdrawn_at=facts["withdrawn_at"])


def _slipped(case: Case, facts: Facts) -> Case:
    return replace(case, slipped=tuple(sorted({*case.slipped, facts["clock"]})))


_CHANGES: dict[str, Callable[[Case, Facts], Case]] = {
    "case_accepted": _accepted,
    "case_rejected": _rejected,
    "supplement_requested": _supplement_requested,
    "supplement_received": _supplement_received,
    "case_assigned": _assigned,
    "case_transferred": _transferred,
    "case_fee_noted": _fee_noted,
    "decision_proposed": _proposed,
    "proposal_returned": _returned,
    "case_decided": _decided,
    "case_stopped": _stopped,
    "case_withdrawn": _withdrawn,
    "deadline_slipped": _slipped,
}
