"""What a template may be told, worded in Vietnamese or English: local times, whole đồng, names from the catalogue."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from services.contracts.catalogue.dates import VIETNAM
from services.contracts.event import Event

LANGUAGES: Final = ("vi", "en")
_FEE: Final = {"vi": "phí, lệ phí", "en": "a fee"}
_DESK: Final = {"vi": "Bộ phận Một cửa, {name}", "en": "the one-stop desk, {name}"}
_TRANSFERS: Final = {
    "not_competent": {
        "vi": "hồ sơ không thuộc thẩm quyền giải quyết của đơn vị đã nhận",
        "en": "the dossier is not within the competence of the unit that received it",
    },
    "task_moved": {
        "vi": "nhiệm vụ đã được giao cho đơn vị khác",
        "en": "the task has been assigned to another unit",
    },
    "misdirected": {"vi": "hồ sơ được gửi nhầm đơn vị", "en": "the dossier was sent to the wrong unit"},
    "other": {"vi": "lý do khác", "en": "another reason"},
}
_ROW: Final = {"vi": "mục {row}", "en": "item {row}"}
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_LONGEST: Final = 4000  # as long as an officer may write


@dataclass(frozen=True, slots=True)
class Dossier:
    """What notify asks intake of a dossier. `name` and `email` are the applicant's; `owner` is `<kind>:<number>`."""

    dossier_code: str
    tenant: str
    procedure: str
    procedure_version: str
    unit: str
    owner: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing a unit asks for: a component or a field of the form where it is one, and the officer's guidance."""

    component: str
    field: str
    guidance: str


@dataclass(frozen=True, slots=True)
class Request:
    """A supplement request in the officer's words."""

    wishes: Sequence[Wish]
    reason: str


@dataclass(frozen=True, slots=True)
class Case:
    """What notify asks routing of a case.

    Reasons by what was done, supplement requests by round, what was written at each transfer, why rows were refused, by
    their number, the date due now.
    """

    reasons: Mapping[str, str] = field(default_factory=dict)
    requests: Mapping[int, Request] = field(default_factory=dict)
    notes: Mapping[int, str] = field(default_factory=dict)
    rows: Mapping[int, str] = field(default_factory=dict)
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """Everything one notice is made from: the event, and what the services and the catalogue say of it."""

    event: Event
    dossier: Dossier
    unit: Mapping[str, Any]
    procedure: Mapping[str, Any]
    case: Case = Case()
    former_unit: Mapping[str, Any] = field(default_factory=dict)


def code(told: Told, _language: str) -> str:
    """The dossier code."""
    return told.dossier.dossier_code


def agency(told: Told, language: str) -> str:
    """The unit's name."""
    return str(told.unit["name"][language])


def former_agency(told: Told, language: str) -> str:
    """The name of the unit that handed the dossier on."""
    return str(told.former_unit["name"][language])


def phone(told: Told, _language: str) -> str:
    """The unit's telephone number, or nothing."""
    return str(told.unit.get("phone") or "")


def transfer_reason(told: Told, language: str) -> str:
    """Why the dossier was handed on."""
    return _TRANSFERS[told.event.data["reason"]][language]


def transfer_note(told: Told, _language: str) -> str:
    """What the officer wrote about that, or nothing."""
    return sentence(told.case.notes.get(told.event.data["transfer"], ""))


def procedure(told: Told, language: str) -> str:
    """The procedure's name."""
    return str(told.procedure["name"][language])


def place(told: Told, language: str) -> str:
    """Where a result is handed out."""
    return _DESK[language].format(name=agency(told, language))


def fee(_told: Told, language: str) -> str:
    """What is to be paid."""
    return _FEE[language]


def items(told: Told, language: str) -> str:
    """All that this round asks for: each thing by its name in the catalogue, and the officer's guidance."""
    names = _names(told.procedure, language)
    asked = told.case.requests.get(told.event.data["round"])
    if asked is None:
        return "; ".join(names.get(code, code) for code in told.event.data["components"])
    return "; ".join(_wished(wish, names) for wish in asked.wishes)


def supplement_reason(told: Told, _language: str) -> str:
    """Why this round was needed, or nothing."""
    asked = told.case.requests.get(told.event.data["round"])
    return sentence(asked.reason) if asked else ""


def refused_rows(told: Told, language: str) -> str:
    """Each row of what was applied for that was refused by itself, and the officer's reason; or nothing."""
    named = ((_ROW[language].format(row=row), sentence(why)) for row, why in sorted(told.case.rows.items()))
    return "; ".join(": ".join(filter(None, one)) for one in named)


def new_date(told: Told, language: str) -> str:
    """The date due now if it is later than the one that slipped, or nothing."""
    due = told.case.due_at
    return spoken_day(due, language) if due is not None and due > told.event.data["due_at"] else ""


def reason(act: str) -> Callable[[Told, str], str]:
    """The officer's reason for `act`, or nothing."""
    return lambda told, _language: sentence(told.case.reasons.get(act, ""))


def text(name: str) -> Callable[[Told, str], str]:
    """A field of the event as it is; nothing for null."""
    return lambda told, _language: "" if told.event.data[name] is None else str(told.event.data[name])


def moment(name: str) -> Callable[[Told, str], str]:
    """A time of the event: 09:05 31/12/2026."""
    return lambda told, language: spoken_moment(told.event.data[name], language)


def day(name: str) -> Callable[[Told, str], str]:
    """A day of the event: 31/12/2026."""
    return lambda told, language: spoken_day(told.event.data[name], language)


def amount(name: str) -> Callable[[Told, str], str]:
    """An amount of the event, without its currency: 1.550.000 in Vietnamese, 1,550,000 in English."""
    return lambda told, language: spoken_amount(told.event.data[name], language)


def spoken_moment(at: datetime, language: str) -> str:
    """The local time and day of an instant."""
    return f"{at.astimezone(VIETNAM):%H:%M} {spoken_day(at, language)}"


def spoken_day(at: datetime, language: str) -> str:
    """The local day of an instant; with the month's name in English, which has two orders of numbers."""
    local = at.astimezone(VIETNAM)
    return f"{local:%d/%m/%Y}" if language == "vi" else f"{local.day} {_MONTHS[local.month - 1]} {local.year}"


def spoken_amount(vnd: int, language: str) -> str:
    """Whole đồng in groups of three."""
    grouped = f"{vnd:,}"
    return grouped.replace(",", ".") if language == "vi" else grouped


def sentence(words: str) -> str:
    """Somebody's words as the end of a sentence of ours, which has its own full stop."""
    return words.strip()[:_LONGEST].rstrip(" .")


def one_line(words: str) -> str:
    """Words for a header: no line break, no control character."""
    return "".join(letter for letter in " ".join(words.split()) if letter.isprintable())


def _names(procedure_: Mapping[str, Any], language: str) -> dict[str, str]:
    components = {part["code"]: str(part["name"][language]) for part in procedure_["components"]}
    return components | {part["name"]: str(part["label"][language]) for part in procedure_["form"]}


def _wished(wish: Wish, names: Mapping[str, str]) -> str:
    about = wish.component or wish.field
    return ": ".join(filter(None, (names.get(about, about), sentence(wish.guidance))))
