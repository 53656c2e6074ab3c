"""What a run left behind, in a form that two runs of the same script can be compared by.

Compared, field by field: the state of every dossier, case, order, issuance, record and notice, and the personal data
kept beside it; the bills, the series of numbers, what the gateway holds, and to whom the mail server took a letter.

Not compared:
- ids of events, causes and traces: they are drawn at random when an event is made;
- the id of a notice: it is made of the id of the event that caused it (a notice is known by dossier, audience, moment);
- the order of events within a history, its `version`, and the `sequence` that intake keeps of a fact: an order of
  arrival is what differs;
- where the clock ticks, the seconds of times: a handler's own time is when it ran. Minutes are compared;
- in scripts in which several dossiers are at it at once, receipt and record numbers, and letters that name one: who
  comes first gets the lower number. That they are gap-free is an invariant.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from tests.unit.simulation.world import World

_ISO: Final = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2})[0-9:.]*(Z|[+-]\d{2}:\d{2})")
_NUMBERED: Final = ("paid", "resolved", "revoked")  # the moments whose letters name a number
_KINDS: Final = ("dossier", "case", "order", "issuance")
Picture = dict[str, Any]


def picture(world: World, *, crowded: bool) -> Picture:
    """All there is. `crowded` leaves numbers out."""
    whole: Picture = {
        f"{kind} {one['_id']}": {"state": one["state"], "subject": one["subject"]}
        for kind in _KINDS
        for one in world.journals[kind].collection.everything()
    }
    for one in world.journals["record"].collection.everything():
        whole[f"record of {one['state']['dossier_code']}"] = {"state": one["state"], "subject": one["subject"]}
    for code, dossier in world.states("dossier").items():
        one = whole[f"dossier {code}"]
        facts = [{**fact, "sequence": None} for fact in one["state"]["facts"]]
        one |= {"state": {**one["state"], "facts": facts}, "due_at": dossier.due_at, "answer_due": dossier.answer_due}
    whole |= _notices(world, crowded=crowded)
    payment, registry = world.databases["payment"], world.databases["registry"]
    whole["bills"] = payment["dossiers"].everything()
    whole["series"] = _series(payment["receipts"].everything() + registry["numbers"].everything(), crowded=crowded)
    whole["gateway"] = {reference: account.kept_vnd for reference, account in world.gateway.accounts.items()}
    whole["letters"] = sorted(address for _, address in world.mail.taken)
    return {name: _without(one, {"number"}) for name, one in whole.items()} if crowded else whole


def comparable(outcomes: Sequence[tuple[str, Any]]) -> list[Any]:
    """What people were told, without what names an attempt by its second, a notice by its id, or a number."""
    return [_without(outcome, {"redirect_url", "notice_id", "number"}) for outcome in outcomes]


def to_the_minute(value: Any) -> Any:
    """The same with every time cut down to its minute."""
    if isinstance(value, datetime):
        return value.replace(second=0, microsecond=0)
    if isinstance(value, str):
        return _ISO.sub(r"\1\2", value)
    if isinstance(value, Mapping):
        return {name: to_the_minute(one) for name, one in value.items()}
    return [to_the_minute(one) for one in value] if isinstance(value, (list, tuple)) else value


def _notices(world: World, *, crowded: bool) -> Picture:
    """By dossier: in the order of the moments, for ids tell nothing."""
    kept: dict[str, list[Any]] = {}
    for one in world.journals["notice"].collection.everything():
        state, subject = one["state"], one["subject"]
        shown = {name: value for name, value in state.items() if name != "notice_id"}
        if crowded and state["moment"] in _NUMBERED:
            subject = {**subject, "letter": None}
        kept.setdefault(f"notices {state['dossier_code']}", []).append({"state": shown, "subject": subject})
    return {code: sorted(several, key=_place) for code, several in kept.items()}


def _place(notice: Mapping[str, Any]) -> tuple[str, ...]:
    state, letter = notice["state"], notice["subject"]["letter"] or {}
    at = state["requested_at"].replace(second=0, microsecond=0)
    return state["audience"], state["moment"], at.isoformat(), letter.get("text", "")


def _series(numbers: list[Any], *, crowded: bool) -> list[Any]:
    return sorted([one["series"], one["number"], None if crowded else one["owner"]] for one in numbers)


def _without(value: Any, names: set[str]) -> Any:
    if isinstance(value, Mapping):
        return {name: None if name in names else _without(one, names) for name, one in value.items()}
    return [_without(one, names) for one in value] if isinstance(value, (list, tuple)) else value
