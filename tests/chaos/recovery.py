"""Whether what was under way when all was healed has been worked off, while people go on with their dossiers."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from tests.chaos import rest
from tests.chaos.rig import Rig
from tests.chaos.taken import Taken

_NOT_EVENTS = (
    "evt-",
    "rpc-",
)  # of others, as stock nameko names them; requests, whose callers wait no longer than 30 s


class Recovery:
    """From the moment when everything answers again.

    People hand in meanwhile, so that somebody has always something in hand. What was in hand when nothing waited any
    more is gone when its queue has been seen empty, or when as many messages of that queue have been settled as it held
    then: who takes them works on several at once, and settles them about in their order.
    """

    def __init__(self, rig: Rig) -> None:
        self._rig, self._since = rig, datetime.now(UTC)
        self._held: dict[str, int] | None = None
        self._taken: Taken | None = None

    def is_over(self) -> bool:
        """Whether, besides, no message waits in any queue now, nor anything to be published from before."""
        env = self._rig.env
        if rest.depths(env) or rest.pending(env, {"$lte": self._since}):
            return False
        with suppress(TimeoutError):  # a service that does not tell is asked again
            return self._is_settled(rest.in_hand(self._rig.alarms.waiting()))
        return False

    def _is_settled(self, now: Mapping[str, int]) -> bool:
        if self._held is None or self._taken is None:
            self._held = {name: count for name, count in now.items() if not name.startswith(_NOT_EVENTS)}
            self._taken = Taken(Path(self._rig.env["MOTCUA_METRICS_DIR"])) if self._held else None
            return not self._held
        settled = self._taken.since()
        self._held = {name: held for name, held in self._held.items() if name in now and settled[name] < held}
        return not self._held
