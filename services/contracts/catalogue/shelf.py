"""All catalogue documents by address, for the checks that look from one to another."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

Body = Mapping[str, Any]
Address = tuple[str, str | None, str]


class Finding(NamedTuple):
    """One thing that does not agree: the path in the document, and the sentence twice."""

    path: str
    vi: str
    en: str


@dataclass(frozen=True)
class Shelf:
    """Bodies by address, and what is named at all, so that a broken document is not also a missing one."""

    named: frozenset[Address]
    bodies: Mapping[Address, tuple[Body, ...]]

    @classmethod
    def of(cls, raw: Iterable[Any], bodies: Iterable[Body]) -> "Shelf":
        """A shelf of everything that was read, and of the bodies that have the right shape."""
        by_address: dict[Address, tuple[Body, ...]] = {}
        for body in bodies:
            by_address[address(body)] = (*by_address.get(address(body), ()), body)
        return cls(frozenset(address(value) for value in raw if _is_named(value)), by_address)

    def find(self, kind: str, tenant: str | None, key: str, on: str) -> Body | None:
        """The version in force on a day (ISO), else the first there is, else None."""
        versions = self.bodies.get((kind, tenant, key), ())
        return next((one for one in versions if covers(one, on)), versions[0] if versions else None)

    def lasts(self, kind: str, tenant: str | None, key: str, dated: Body) -> bool:
        """Whether there is a version in force on every day on which `dated` is."""
        wanted, last = _ordinal(dated["valid_from"]), _last_ordinal(dated)
        for one in sorted(self.bodies.get((kind, tenant, key), ()), key=lambda one: str(one["valid_from"])):
            if _ordinal(one["valid_from"]) > wanted:
                return False
            wanted = max(wanted, _last_ordinal(one) + 1)
            if wanted > last:
                return True
        return False


def address(body: Body) -> Address:
    """Kind, tenant and key; a tenant and a calendar belong to no tenant."""
    return body["kind"], body.get("tenant"), body["key"]


def covers(dated: Body, on: str) -> bool:
    """Whether the ISO day lies within `valid_from` and `valid_to`."""
    end = dated["valid_to"]
    return bool(dated["valid_from"] <= on and (end is None or on <= end))


def overlap(one: Body, other: Body) -> bool:
    """Whether some day lies within both."""
    return covers(one, other["valid_from"]) or covers(other, one["valid_from"])


def _ordinal(day: str) -> int:
    return date.fromisoformat(day).toordinal()


def _last_ordinal(dated: Body) -> int:
    return _ordinal(dated["valid_to"]) if dated["valid_to"] else date.max.toordinal()


def _is_named(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    return all(isinstance(value.get(part), str) for part in ("kind", "key")) and isinstance(
        value.get("tenant"), (str, type(None))
    )
