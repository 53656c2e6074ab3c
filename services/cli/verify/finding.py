"""What is wrong somewhere, said so that an operator can go and look."""

from collections.abc import Iterator
from dataclasses import dataclass

Said = Iterator[tuple[str, str]]  # where, and what is wrong there


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One exception. `where` is `<service>.<collection> <id>`, or a queue; `dossier` is empty where it is of none."""

    dossier: str
    where: str
    wrong: str
