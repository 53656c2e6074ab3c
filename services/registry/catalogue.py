"""Publications: a catalogue document, its revisions, and who may publish. Pure."""

from dataclasses import dataclass, field, replace
from typing import Any, Final

from services.chassis.actor import Actor
from services.chassis.errors import Conflict, Denied, NotFound
from services.contracts.event import Event

COUNTRY: Final = "vn"  # whose calendars serve every tenant


@dataclass(frozen=True)
class Publication:
    """A catalogue document as it stands; `revision` counts its contents."""

    name: str
    tenant: str
    kind: str
    key: str
    valid_from: str
    valid_to: str | None
    revision: int
    document: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Draft:
    """A document that somebody wants published, and where it stands in his request."""

    place: str
    tenant: str
    kind: str
    key: str
    valid_from: str
    valid_to: str | None
    document: dict[str, Any]
    over: int | None = None  # the revision that it is known to come after; 0: none is published; None: any

    @property
    def name(self) -> str:
        """The publication it is for."""
        return name_of(self.tenant, self.kind, self.key, self.valid_from)


def name_of(tenant: str, kind: str, key: str, valid_from: str) -> str:
    """The name of a publication: one for each version of a document."""
    return f"{tenant}/{kind}/{key}@{valid_from}"


def require_system(actor: Actor) -> None:
    """Only the ministry's own programs publish."""
    if actor.kind != "system":
        raise Denied("registry.system_only", "Only the system publishes.", "Chỉ hệ thống được công bố danh mục.")


def unknown_document(kind: str) -> NotFound:
    """No such document is in force on the day asked for."""
    return NotFound(f"registry.unknown_{kind}", f"There is no such {kind} on that day.", "Không có trong danh mục.")


def publish(state: Publication | None, draft: Draft, body: dict[str, Any], *, republish: bool) -> list[Event]:
    """A new revision when the content is new, or when everybody shall hear of the old one again.

    Raises Conflict where the draft may come after another revision only.
    """
    if state and state.document == body and not republish:
        return []
    if draft.over not in {None, state.revision if state else 0}:
        raise Conflict("registry.published_meanwhile", "Another revision came.", "Danh mục vừa được công bố bản khác.")
    said = {
        "name": draft.name,
        "tenant": draft.tenant,
        "kind": draft.kind,
        "key": draft.key,
        "valid_from": draft.valid_from,
        "valid_to": draft.valid_to,
        "revision": state.revision + 1 if state else 1,
        "document": body,
    }
    return [Event("catalogue_published", said)]


def evolve(state: Publication | None, event: Event) -> Publication:
    """The last revision stands."""
    made = Publication(**event.data)
    return replace(state, **event.data) if state else made
