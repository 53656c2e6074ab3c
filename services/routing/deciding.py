"""How a case is decided: in one step by an officer, or proposed by the one in charge and signed by another.

Two steps are demanded by the procedure; where it does not, a proposal may be made all the same. Once there is one, it
is signed as it stands or returned, by an officer whose duty that is: who signs changes nothing. What is applied for in
rows may be decided row by row.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.chassis.actor import Actor
from services.chassis.errors import Conflict, Refused
from services.contracts.event import Event
from services.routing.access import entrusted, may_act
from services.routing.case import Case, Item
from services.routing.domain import about, ready_for


def propose(case: Case | None, actor: Actor, outcome: str, items: Sequence[Item], at: datetime) -> list[Event]:
    """Say how the case should be decided; another proposal takes the place of the last. Raises Refused."""
    case = ready_for("propose", case, actor)
    if case.officer != actor.id:
        raise Refused(
            "routing.not_in_charge",
            "Only the officer in charge proposes.",
            "Chỉ cán bộ đang thụ lý hồ sơ được đề xuất.",
        )
    _refuse_mixed(outcome, items)
    proposed = {**about(case), "outcome": outcome, "rows": _told(items), "proposed_by": actor.id, "proposed_at": at}
    return [Event("decision_proposed", proposed)]


def return_proposal(case: Case | None, actor: Actor, at: datetime) -> list[Event]:
    """Hand a proposal back to the officer in charge. Raises Denied, and Refused for one's own."""
    case = ready_for("return_proposal", entrusted(actor, case, "sign"), actor)
    _refuse_own(case, actor)
    return [Event("proposal_returned", {**about(case), "returned_at": at})]


def decide(case: Case | None, actor: Actor, outcome: str, items: Sequence[Item] | None, at: datetime) -> list[Event]:
    """Grant or refuse what was applied for, or sign what was proposed; without `items` it stands as proposed.

    Raises Conflict where that is done, Denied for who may not sign, Refused while a fee is unpaid or a proposal is
    missing or is another.
    """
    case = may_act(actor, case)
    if case.status == "decided":
        raise Conflict("routing.already_decided", "The case is already decided.", "Hồ sơ đã có quyết định.")
    case = ready_for("decide", case, actor)
    if case.unpaid:
        raise Refused("routing.fee_unpaid", "The fee is not paid yet.", "Người nộp chưa hoàn thành nghĩa vụ tài chính.")
    rows = _signed(case, actor, outcome, items)
    _refuse_mixed(outcome, rows)
    decided = {
        **about(case),
        "tenant": case.tenant,
        "procedure": case.procedure,
        "procedure_version": case.procedure_version,
        "outcome": outcome,
        "rows": _told(rows),
        "decided_at": at,
        "due_at": case.due_at,
        "on_time": case.due_at is not None and at <= case.due_at,
    }
    return [Event("case_decided", decided)]


def _signed(case: Case, actor: Actor, outcome: str, items: Sequence[Item] | None) -> Sequence[Item]:
    """The rows as they are decided."""
    if case.proposal is None:
        if case.terms.decision == "two_step":
            raise Refused(
                "routing.not_proposed",
                "This is decided in two steps: the officer in charge proposes, another signs.",
                "Thủ tục này quyết định hai bước: cán bộ thụ lý đề xuất, người khác ký.",
            )
        return items or ()
    _refuse_own(entrusted(actor, case, "sign"), actor)
    rows = case.proposal.items if items is None else tuple(items)
    if (outcome, rows) != (case.proposal.outcome, case.proposal.items):
        raise Refused(
            "routing.not_as_proposed",
            "Something else was proposed; sign that, or return it.",
            "Nội dung khác với đề xuất; hãy ký đúng đề xuất hoặc trả lại.",
        )
    return rows


def _refuse_own(case: Case, actor: Actor) -> None:
    if case.proposal is not None and case.proposal.by == actor.id:
        raise Refused(
            "routing.own_proposal",
            "Another officer signs or returns what you proposed.",
            "Người đề xuất không được tự ký hoặc tự trả lại.",
        )


def _refuse_mixed(outcome: str, items: Sequence[Item]) -> None:
    """The whole is granted if only one row is."""
    granted = any(item.outcome == "granted" for item in items)
    if items and granted != (outcome == "granted"):
        raise Refused(
            "routing.outcome_of_items",
            "The whole is granted if at least one item is, else refused.",
            "Kết quả chung là cấp khi có ít nhất một mục được cấp, ngược lại là từ chối.",
        )


def _told(items: Sequence[Item]) -> list[dict[str, Any]]:
    return [{"row": item.row, "outcome": item.outcome} for item in items]
