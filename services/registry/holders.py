"""Who holds a record, and how a name or a number that somebody states is compared with it."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.chassis.actor import Actor
from services.contracts.catalogue.numbers import plain_number
from services.contracts.folding import fold

NUMBER_OF: Final = {"citizen": "id_number", "organisation": "tax_code"}


@dataclass(frozen=True, slots=True)
class Holder:
    """The applicant a record was issued to; `id` is a citizen's identity number or an organisation's tax code."""

    kind: str
    name: str
    id: str

    def shown(self) -> dict[str, str]:
        """The holder as entitled readers see it, in the shape of an applicant."""
        return {"kind": self.kind, "name": self.name, NUMBER_OF[self.kind]: self.id}

    def kept(self) -> dict[str, str]:
        """The holder as it is stored: `folded` is what searches compare."""
        return {"kind": self.kind, "name": self.name, "id": self.id, "folded": fold(self.name)}


def read_applicant(applicant: Mapping[str, Any]) -> Holder:
    """The holder that an applicant becomes. Raises KeyError on another shape."""
    kind = applicant["kind"]
    return Holder(kind, applicant["name"], applicant[NUMBER_OF[kind]])


def read_kept(kept: Mapping[str, Any]) -> Holder:
    """The holder of a stored record; nobody when it has been erased."""
    return Holder(kept.get("kind", "citizen"), kept.get("name", ""), kept.get("id", ""))


def is_number(stated: str) -> bool:
    """Whether a stated holder is an identity number or tax code, rather than a name."""
    return plain_number(stated).replace("-", "").isdecimal()


def matches(holder: Holder, stated: str) -> bool:
    """Whether `stated` names the holder: by its whole number, or by name whatever its marks and capitals."""
    kept, given = (holder.id, plain_number(stated)) if is_number(stated) else (fold(holder.name), fold(stated))
    return bool(kept) and hmac.compare_digest(kept.encode(), given.encode())


def owns(actor: Actor, holder: Holder) -> bool:
    """Whether the actor is the holder."""
    return actor.kind in NUMBER_OF and (actor.kind, actor.id) == (holder.kind, holder.id)
