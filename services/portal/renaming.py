"""The names of a session: a browser gets another one now and then, and what it knew before is worth nothing soon after.

Answers get lost on bad lines, and requests are under way at the same time. So both names are good until the browser
first comes with the new one; from then on the old one is good for some minutes, for what was sent before.
"""

import secrets
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

RENAME_AFTER: Final = timedelta(minutes=15)
OVERLAP: Final = timedelta(minutes=5)  # as long as a large form may be on its way


@dataclass(frozen=True, slots=True)
class Names:
    """`now` is good `since` then; `offered` is the one that follows it; `former` was before it, and is good `until`."""

    now: str
    since: datetime
    offered: str | None = None
    former: str | None = None
    until: datetime | None = None

    @classmethod
    def first(cls, at: datetime) -> "Names":
        """Those of a session that begins."""
        return cls(_made(), at)

    def opens(self, name: str, at: datetime) -> bool:
        """Whether the session is open to who knows this name."""
        is_former = name == self.former and self.until is not None and at < self.until
        return is_former or name in {self.now, self.offered}

    def after(self, name: str, at: datetime) -> "Names":
        """The names after a visit under one of them."""
        if name == self.offered:
            return Names(name, at, former=self.now, until=at + OVERLAP)
        if name == self.now and self.offered is None and at - self.since >= RENAME_AFTER:
            return replace(self, offered=_made())
        return self

    def to_tell(self, name: str) -> str | None:
        """The name to be told to who came under this one, until he comes with it; None for nothing.

        Who comes under the former one is told nothing: the browser knows the new one, and nobody else should.
        """
        return self.offered if name == self.now else None

    def kept(self) -> dict[str, Any]:
        """As a session is stored."""
        return asdict(self)


def _made() -> str:
    return secrets.token_urlsafe(32)
