"""The sum that must close: what was submitted at intake is accounted for by routing, dossier by dossier."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from services.cli.verify.papers import Papers

IN_PROGRESS: Final = "in progress"
ENDS: Final = ("resolved", "rejected", "withdrawn", "stopped")
_AT_INTAKE: Final = {"returned": "resolved", **{end: end for end in ENDS}}


@dataclass
class Sum:
    """Dossiers by how they stand, in the words of intake and in those of routing."""

    at_intake: Counter[str] = field(default_factory=Counter)
    at_routing: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(self.at_intake + other.at_intake, self.at_routing + other.at_routing)

    @property
    def submitted(self) -> int:
        """How many dossiers there are."""
        return self.at_intake.total()

    @property
    def closes(self) -> bool:
        """Whether both say the same."""
        return self.at_intake == self.at_routing

    def __str__(self) -> str:
        said = f"submitted {self.submitted} = {_parts(self.at_intake)}"
        return said if self.closes else f"{said}; but routing has {self.at_routing.total()} = {_parts(self.at_routing)}"


def standing(papers: Papers) -> Sum:
    """One dossier as a sum of its own."""
    at_intake = [_AT_INTAKE.get(dossier.status, IN_PROGRESS) for dossier in papers.dossiers]
    at_routing = []
    for case in papers.cases:
        if case.status == "decided":  # without its record, or with a fee to be paid first, it has not its result yet
            at_routing.append(IN_PROGRESS if at_intake == [IN_PROGRESS] else "resolved")
        else:
            at_routing.append(case.status if case.status in ENDS else IN_PROGRESS)
    return Sum(Counter(at_intake), Counter(at_routing))


def _parts(counted: Mapping[str, int]) -> str:
    return " + ".join(f"{name} {counted.get(name, 0)}" for name in (*ENDS, IN_PROGRESS))
