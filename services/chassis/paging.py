"""Pages of a list. A cursor names the place at which a page ends; the next page is what an index holds behind it.

What lies behind a moment is never asked for with `$or`: the server would give up the order of the index, and sort all
that is left of the list for each page.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from services.chassis import codec
from services.chassis.errors import Invalid
from services.chassis.store import Document

Item = TypeVar("Item")
_LONGEST = 1000


def moment(said: Any) -> datetime:
    """A moment, as a cursor says it and as it is stored. Raises ValueError, TypeError."""
    return datetime.fromisoformat(said).astimezone(UTC)


def day(said: Any) -> str:
    """A day, which is stored as it is said: `2026-06-01`. Raises ValueError, TypeError."""
    return date.fromisoformat(said).isoformat()


@dataclass(frozen=True, slots=True)
class ByTime:
    """The order of a list by a moment or a day, and by id where that is the same: the newest first, or the oldest."""

    field: str
    newest_first: bool = True
    read: Callable[[Any], datetime | str] = moment

    @property
    def keys(self) -> list[tuple[str, int]]:
        """The order as keys of an index, and of a sort."""
        sign = -1 if self.newest_first else 1
        return [(self.field, sign), ("_id", sign)]

    def behind(self, after: str, service: str) -> Document:
        """The filter for what lies behind a `cursor(time, id)`. Raises Invalid, in the name of `service`."""
        at, id_ = read_cursor(after, service, lambda at, id_: (self.read(at), _text(id_)))
        on, passed = ("$lte", "$gte") if self.newest_first else ("$gte", "$lte")
        return {self.field: {on: at}, "$nor": [{self.field: at, "_id": {passed: id_}}]}


def cursor(*place: datetime | str) -> str:
    """A place in a list as text that says nothing to its reader."""
    return base64.urlsafe_b64encode(codec.encode(place)).rstrip(b"=").decode()


def read_cursor(after: str, service: str, shape: Callable[..., Any]) -> Any:
    """What `shape` makes of the parts of a cursor. Raises Invalid for what is none."""
    try:
        padded = after + "=" * (-len(after) % 4)
        return shape(*codec.decode(base64.b64decode(padded, altchars=b"-_", validate=True), _LONGEST))
    except (Invalid, binascii.Error, ValueError, TypeError, OverflowError):
        problem = {"field": "after", "code": "invalid", "vi": "Không phải vị trí trang.", "en": "Not a page position."}
        raise Invalid(
            f"{service}.invalid",
            "The request is not valid; see errors.",
            "Yêu cầu chưa hợp lệ; xem chi tiết từng trường.",
            [problem],
        ) from None


def page(found: Sequence[Item], limit: int, place: Callable[[Item], str]) -> tuple[list[Item], str | None]:
    """The first `limit` of what was found, of which one more was looked for; and where they end, if there is more."""
    return list(found[:limit]), place(found[limit - 1]) if len(found) > limit else None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
