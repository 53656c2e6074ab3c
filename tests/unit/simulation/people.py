"""Who takes part: applicants with personal data that may show nowhere, an officer of the unit, and one of another."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from services.chassis.actor import Actor
from services.contracts.words import DUTIES
from tests.unit.simulation.world import catalogued

SIGNER: Final = "cb-002"  # of the same unit as cb-001, who proposes
STRANGER: Final = Actor("officer", "cb-900", "cuc-khac")
_NUMBER_OF: Final = {"citizen": "id_number", "organisation": "tax_code"}
_PRIVATE: Final = frozenset(
    {"text", "long_text", "cccd", "person_name", "email", "phone", "url", "domain_label", "tax_code"}
)
_SHORTEST: Final = 8  # what is shorter may stand in an event by accident


@dataclass(frozen=True)
class Plot:
    """One dossier to be: what is applied for, by whom and how."""

    number: int
    procedure: Mapping[str, Any]
    channel: str

    @property
    def applicant(self) -> dict[str, str]:
        """The applicant, like no other."""
        kind, n = self.procedure["example"]["applicant"]["kind"], self.number
        names = {"citizen": f"Đào Thị Kín {_WORDS[n % len(_WORDS)]}", "organisation": f"Công ty Kín Số {n:03}"}
        numbers = {"citizen": f"001801{n:06}", "organisation": f"9900000016-{n + 1:03}"}
        return {
            "kind": kind,
            "name": names[kind],
            _NUMBER_OF[kind]: numbers[kind],
            "email": f"kin.{n}@example.vn",
            "phone": f"091234{n:04}",
            "address": f"Số {n} ngõ Kín, Hà Nội",
        }

    @property
    def form(self) -> dict[str, Any]:
        """The answers of the example, with words of one's own where words are free."""
        return {**self.procedure["example"]["form"], **self._words}

    @property
    def secrets(self) -> set[str]:
        """What of all this may be in no event."""
        types = {one["name"]: one["type"] for one in self.procedure["form"]}
        answers = {str(answer) for name, answer in self.form.items() if types[name] in _PRIVATE}
        person = {value for name, value in self.applicant.items() if name != "kind"}
        return {secret for secret in answers | person if len(secret) >= _SHORTEST}

    @property
    def owner(self) -> Actor:
        """The applicant, acting."""
        applicant = self.applicant
        return Actor(applicant["kind"], applicant[_NUMBER_OF[applicant["kind"]]])

    @property
    def officer(self) -> Actor:
        """An officer of the unit that the procedure belongs to."""
        return officer_of(self.procedure["unit"])

    @property
    def _words(self) -> dict[str, str]:
        return {
            one["name"]: f"Lời kín {self.number} về {one['name']}"
            for one in self.procedure["form"]
            if one["type"] == "long_text" and one["name"] in self.procedure["example"]["form"]
        }


def officer_of(unit: str) -> Actor:
    """An officer of a unit, who may do all that one can be entrusted with."""
    return Actor("officer", "cb-001", unit, " ".join(DUTIES))


_WORDS: Final = ("An", "Bình", "Chi", "Dung", "Giang", "Hạnh", "Khánh", "Lan", "Mai", "Nga")


@cache
def units(tenant: str) -> list[str]:
    """The units of a ministry."""
    return sorted({one["unit"] for one in procedures().values() if one["tenant"] == tenant})


@cache
def procedures() -> dict[str, Mapping[str, Any]]:
    """Every procedure of the catalogue folder in its latest version, by key."""
    found = catalogued().states("publication").values()
    in_order = sorted((one for one in found if one.kind == "procedure"), key=lambda one: (one.key, one.valid_from))
    return {one.key: one.document for one in in_order}
