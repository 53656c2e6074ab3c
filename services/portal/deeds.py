"""What an officer asks to be done with a case: the posted form of an action, and where its mistakes are to be shown."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

Document = Mapping[str, Any]
Reasons = Mapping[str, Sequence[Document]]
OTHERS: Final = 3  # rows for what neither a component nor a question names
_LONGEST_DAYS: Final = 4
_PLAIN: Final[Mapping[str, tuple[str, ...]]] = {
    "accept": (),
    "reject": ("reason",),
    "assign": ("officer",),
    "transfer": ("to_unit", "reason", "note"),
    "decide": ("outcome", "reason"),
    "propose": ("outcome", "reason"),
    "sign": ("outcome", "reason"),
    "return_proposal": ("reason",),
    "stop": ("reason",),
    "return_result": ("method",),
}
# action: what the catalogue calls the reasons that are often given for it
_REASONS: Final = {
    "reject": "reject",
    "request_supplement": "supplement",
    "decide": "refuse",
    "propose": "refuse",
    "sign": "refuse",
    "return_proposal": "return_proposal",
    "stop": "stop",
}
_TARGETS: Final = {"sign": "routing.decide", "return_result": "intake.return_result"}  # who signs decides as proposed
_DECIDING: Final = ("decide", "propose")


@dataclass(frozen=True, slots=True)
class Deed:
    """An action with its arguments, as routing takes them; `places` says which control each item came from."""

    action: str
    arguments: dict[str, Any]
    places: Sequence[str] = field(default=())

    @property
    def target(self) -> str:
        """The service and method that do it."""
        return _TARGETS.get(self.action, f"routing.{self.action}")

    def control(self, path: str) -> str:
        """The control that an error's `field` speaks of."""
        head, _, rest = path.partition(".")
        index = rest.partition(".")[0]
        if head == "items" and index.isdigit() and int(index) < len(self.places):
            return self.places[int(index)]
        return f"{self.action}-{head}"


def read_deed(action: str, posted: Mapping[str, str], procedure: Document, reasons: Reasons) -> Deed:
    """The deed that a posted form asks for; controls are named `<action>-<argument>`. What is left open is left out.

    Where one row is decided on by itself all are told, each as it is then decided: routing cannot know how many there
    are, nor so whether any is granted.
    """
    posted = {**posted, f"{action}-reason": _reason(action, posted, reasons)}
    if action == "request_supplement":
        return _supplement(posted, procedure)
    arguments = _given(action, posted, _PLAIN[action])
    if action not in _DECIDING:
        return Deed(action, arguments)
    decided = {row: _decided(posted, action, row) for row in _rows(action, posted)}
    if not any(decided.values()):
        return Deed(action, arguments)
    whole = arguments.get("outcome")  # without it, that is what is missing, and not an outcome of each row left open
    told = {row: item or {"row": row, "outcome": whole} for row, item in decided.items() if item or whole}
    return Deed(action, {**arguments, "items": list(told.values())}, [row_place(action, row) for row in told])


def common_reasons(action: str, reasons: Reasons) -> Sequence[Document]:
    """The reasons that are often given for an action; one is chosen in `<action>-common`."""
    return reasons.get(_REASONS.get(action, ""), ())


def _reason(action: str, posted: Mapping[str, str], reasons: Reasons) -> str:
    """The reason that was chosen, in Vietnamese, and what was written besides."""
    chosen = posted.get(f"{action}-common", "")
    known = [one["text"]["vi"] for one in common_reasons(action, reasons) if one["key"] == chosen]
    return "\n".join(text for text in (*known, _text(posted, f"{action}-reason")) if text)


def row_place(action: str, row: int) -> str:
    """The control that decides on a single row, from 1; the reason stands in `<control>-why`."""
    return f"{action}-row-{row}"


def _rows(action: str, posted: Mapping[str, str]) -> list[int]:
    found = (re.fullmatch(f"{action}-row-([1-9][0-9]{{0,3}})", name, re.ASCII) for name in posted)
    return sorted(int(one[1]) for one in found if one)


def _decided(posted: Mapping[str, str], action: str, row: int) -> dict[str, Any] | None:
    """What is decided on one row; None where it goes with the whole. A reason alone asks for an outcome."""
    place = row_place(action, row)
    told = {"outcome": _text(posted, place), "reason": _text(posted, f"{place}-why")}
    given = {name: text for name, text in told.items() if text}
    return {"row": row, **given} if given else None


def _supplement(posted: Mapping[str, str], procedure: Document) -> Deed:
    listed = [(place, {"component": one["code"]}) for place, one in component_places(procedure)]
    listed += [(place, {"field": one["name"]}) for place, one in field_places(procedure)]
    listed += [(place, {}) for place in other_places()]
    chosen = [(place, what, _text(posted, place)) for place, what in listed]
    asked = [(place, {**what, "guidance": text}) for place, what, text in chosen if text]
    arguments = _given("request_supplement", posted, ("reason",))
    days = _text(posted, "request_supplement-respond_within_days")
    if days:
        is_number = days.isascii() and days.isdigit() and len(days) <= _LONGEST_DAYS
        arguments["respond_within_days"] = int(days) if is_number else days[:_LONGEST_DAYS]
    return Deed(
        "request_supplement", {**arguments, "items": [item for _, item in asked]}, [place for place, _ in asked]
    )


def component_places(procedure: Document) -> list[tuple[str, Document]]:
    """The controls that ask for a paper again."""
    return [(f"request_supplement-c-{one['code']}", one) for one in procedure["components"]]


def field_places(procedure: Document) -> list[tuple[str, Document]]:
    """The controls that ask for an answer again."""
    return [(f"request_supplement-f-{one['name']}", one) for one in procedure["form"]]


def other_places() -> list[str]:
    """The controls for anything else."""
    return [f"request_supplement-o-{number}" for number in range(1, OTHERS + 1)]


def _given(action: str, posted: Mapping[str, str], names: Sequence[str]) -> dict[str, Any]:
    texts = {name: _text(posted, f"{action}-{name}") for name in names}
    return {name: text for name, text in texts.items() if text}


def _text(posted: Mapping[str, str], name: str) -> str:
    """What was typed there, with the line breaks of a form made plain ones."""
    return posted.get(name, "").replace("\r\n", "\n").strip()
