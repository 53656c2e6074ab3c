"""A projection of the catalogue in memory, for the services that keep one."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any


class Projected:
    """Versions by address; as of a day the latest that is in force, as `chassis.projection.Projection` has it."""

    def __init__(self, *published: Mapping[str, Any]) -> None:
        self._published = list(published)

    def apply(self, published: Mapping[str, Any]) -> None:
        self._published.append(published)

    def end(self, published: Mapping[str, Any], valid_to: str) -> None:
        """A later revision says that the document ends."""
        self._published[self._published.index(published)] = {**published, "valid_to": valid_to}

    def as_of(self, tenant: str, kind: str, key: str, day: date) -> Mapping[str, Any] | None:
        begun = self._begun(tenant, kind, key, day)
        return _last(one for one in begun if day.isoformat() <= (one["valid_to"] or "9999"))

    def standing(self, tenant: str, kind: str, key: str, day: date) -> Mapping[str, Any] | None:
        return self.as_of(tenant, kind, key, day) or _last(self._begun(tenant, kind, key, day))

    def _begun(self, tenant: str, kind: str, key: str, day: date) -> list[Mapping[str, Any]]:
        return [
            one
            for one in self._published
            if (one["tenant"], one["kind"], one["key"]) == (tenant, kind, key) and one["valid_from"] <= day.isoformat()
        ]


def _last(versions: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return max(versions, key=lambda one: str(one["valid_from"]), default=None)


def version(kind: str, key: str, valid_from: str, valid_to: str | None = None, **document: Any) -> dict[str, Any]:
    """A document as registry publishes it; a calendar is the country's, all else is of `mic`."""
    tenant = "vn" if kind == "calendar" else "mic"
    named = {"tenant": tenant, "kind": kind, "key": key, "valid_from": valid_from, "valid_to": valid_to}
    return {**named, "revision": 1, "document": document}
