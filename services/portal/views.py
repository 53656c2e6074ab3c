"""The views an officer keeps: filters of the queue under a name of his own.

The portal owns nothing but sessions, so a view is no more than what the address of the queue says already, and can be
bookmarked or sent to a colleague as well. Kept in the store of the sessions by staff id, not in a cookie: two officers
at one counter each have their own, and an officer has his at every counter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from services.portal.worklist import Wish

MOST_VIEWS: Final = 20
_LONGEST_NAME: Final = 60


class Choices(Protocol):
    """Where choices are kept beyond a session."""

    def remember(self, name: str, data: Any) -> None:
        """Keep this."""

    def remembered(self, name: str) -> Any:
        """What was kept, or None."""


@dataclass(frozen=True, slots=True)
class Views:
    """The views of one officer, in the order in which they were kept."""

    choices: Choices
    officer: str

    def all(self) -> list[tuple[str, Wish]]:
        """Name and filters of each."""
        return [(one["name"], Wish.read(one["wish"])) for one in self._kept()]

    def keep(self, name: str, wish: Mapping[str, str]) -> bool:
        """Keep filters under a name, in place of those that had it; whether that was possible."""
        name = " ".join(name.split())[:_LONGEST_NAME]
        others = [one for one in self._kept() if one["name"] != name]
        if not name or len(others) >= MOST_VIEWS:
            return False
        self._write([*others, {"name": name, "wish": dict(wish)}])
        return True

    def forget(self, name: str) -> None:
        """Leave the view of that name."""
        self._write([one for one in self._kept() if one["name"] != name])

    def _kept(self) -> list[dict[str, Any]]:
        return self.choices.remembered(self._place) or []

    def _write(self, views: list[dict[str, Any]]) -> None:
        self.choices.remember(self._place, views)

    @property
    def _place(self) -> str:
        return f"views:{self.officer}"
