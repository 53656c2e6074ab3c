"""What must be the same even where people acted on one dossier before any of them could know of the others.

Who is heard first decides what was begun before the end was known, and no more. So of a picture is left out:
- the request for a fee that was cancelled since: the fact at intake and routing, and the letter that asked for it;
- of a withdrawn or stopped dossier, the record that was issued before its end was known and then revoked, its number,
  and the letters about a result that came and went: there is none, or one that is not valid;
- in how many parts money was owed back, and when: how much of each attempt for each reason is compared;
- the due dates that routing named on the way; the last one is compared;
- of a dossier that was handed on, which of its units a letter went to.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from services.registry.domain import REVOKED
from tests.unit.simulation.picture import Picture

_BEGUN: Final = ("payment", "resolved", "refused")
_OF_A_RECORD: Final = ("record_issued", "record_revoked")


def after_a_race(whole: Picture) -> Picture:
    """The picture without what depends on who was heard first."""
    cancelled = {name.removeprefix("order ") for name, one in whole.items() if _is_cancelled(name, one)}
    moved = {name.removeprefix("case ") for name, one in whole.items() if _is_handed_on(name, one)}
    stopped = {name.removeprefix("case ") for name, one in whole.items() if _is_stopped(name, one)}
    whole = {name: _without_revocation(one) if _is_post_of(name, stopped) else one for name, one in whole.items()}
    whole = {name: _to_some_unit(one) if _is_post_of(name, moved) else one for name, one in whole.items()}
    kept = {name: _reduced(name, one, cancelled) for name, one in whole.items() if name not in ("letters", "series")}
    return {name: one for name, one in kept.items() if one is not None}


def _is_cancelled(name: str, one: Any) -> bool:
    return name.startswith("order ") and one["state"]["status"] == "cancelled"


def _is_handed_on(name: str, one: Any) -> bool:
    return name.startswith("case ") and bool(one["state"]["transfers"])


def _is_stopped(name: str, one: Any) -> bool:
    return name.startswith("case ") and one["state"]["stopped_at"] is not None


def _without_revocation(notices: list[Any]) -> list[Any]:
    return [one for one in notices if one["state"]["moment"] != "revoked"]


def _is_post_of(name: str, codes: set[str]) -> bool:
    return name.startswith("notices ") and name.removeprefix("notices ") in codes


def _to_some_unit(notices: list[Any]) -> list[Any]:
    told = [(one["state"]["audience"], {**one, "state": {**one["state"], "unit": None}}) for one in notices]
    return [{**one, "subject": None} if audience == "unit" else one for audience, one in told]


def _reduced(name: str, one: Any, cancelled: set[str]) -> Any:
    kind = name.partition(" ")[0]
    if kind == "notices":
        return [notice for notice in one if notice["state"]["moment"] not in _BEGUN]
    if kind == "record" and one["state"]["status"] == REVOKED:
        return None
    if kind == "case":
        fees = [fee for fee in one["state"]["fees"] if fee["settled_at"] or fee["order_id"] not in cancelled]
        return {**one, "state": {**one["state"], "fees": fees}}
    if kind == "order":
        return {**one, "state": {**one["state"], "refunds": _sums(one["state"]["refunds"])}}
    return {**one, "state": _dossier(one["state"], cancelled)} if kind == "dossier" else one


def _sums(refunds: list[Mapping[str, Any]]) -> dict[str, int]:
    """What is owed, and what of it was given back."""
    sums: Counter[str] = Counter()
    for one in refunds:
        given = one["amount_vnd"] if one["refunded_at"] else 0
        sums += Counter({f"{one['attempt']} {one['reason']}": one["amount_vnd"], f"{one['attempt']} back": given})
    return dict(sums)


def _dossier(state: Mapping[str, Any], cancelled: set[str]) -> dict[str, Any]:
    ended = state["status"] in ("withdrawn", "stopped")
    facts = [
        {**fact, "data": {name: value for name, value in fact["data"].items() if name != "due_at"}}
        for fact in state["facts"]
        if not (fact["type"] in ("fee_requested", "case_fee_noted") and fact["about"] in cancelled)
        and not (ended and fact["type"] in _OF_A_RECORD)
    ]
    return {**state, "facts": facts, "resolved": state["resolved"] and not ended}
