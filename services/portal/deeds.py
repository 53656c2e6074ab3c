"""What an officer asks to be done with a case: the posted form of an action, and where its mistakes are to be shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

Document = Mapping[str, Any]
OTHERS: Final = 3  # rows for what neither a component nor a question names
_LONGEST_DAYS: Final = 4
_PLAIN: Final[Mapping[str, tuple[str, ...]]] = {
    "accept": (),
    "reject": ("reason",),
    "assign": ("officer",),
    "decide": ("outcome", "reason"),
    "stop": ("reason",),
}


@dataclass(frozen=True, slots=True)
class Deed:
    """An action with its arguments, as routing takes them; `places` says which control each item came from."""

    action: str
    arguments: dict[str, Any]
    places: Sequence[str] = field(default=())

    def control(self, path: str) -> str:
        """The control that an error's `field` speaks of."""
        head, _, rest = path.partition(".")
        index = rest.partition(".")[0]
        if head == "items" and index.isdigit() and int(index) < len(self.places):
            return self.places[int(index)]
        return f"{self.action}-{head}"


def read_deed(action: str, posted: Mapping[str, str], procedure: Document) -> Deed:
    """The deed that a posted form asks for; controls are named `<action>-<argument>`. What is left open is left out."""
    if action == "request_supplement":
        return _supplement(posted, procedure)
    return Deed(action, _given(action, posted, _PLAIN[action]))


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
