"""The check: every area is looked over, and what disagrees is looked at again until it agrees or patience is over.

A system at work has events in flight, and five databases are not read in one moment: so a disagreement is an exception
only when it stays.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from services.cli.verify import files, queues, waiting, webhooks
from services.cli.verify.anchor import Anchor, insist_it_is_of
from services.cli.verify.anchored import Anchored
from services.cli.verify.books import Books
from services.cli.verify.catalogue import Catalogue
from services.cli.verify.deliveries import Deliveries, ahead_in
from services.cli.verify.dossiers import Account, Dossiers
from services.cli.verify.finding import Finding
from services.cli.verify.queues import DeadLetters
from services.cli.verify.series import Gaps, Owners

PATIENCE_SECONDS: Final = 30.0
_PAUSE: Final = 1.0


class Area(Protocol):
    """Something that is looked over, key by key. `passes` when what is wrong with it may be so for a moment only."""

    name: str
    passes: bool

    def size(self) -> int:
        """How many keys there are, about; 0 where nobody knows."""

    def look(self, keys: Any = None) -> Iterator[tuple[Any, list[Finding]]]:
        """Each key with what is wrong there; or those of `keys` again. Raises Unavailable."""


class Watcher:
    """Is told how the check goes on."""

    def begin(self, name: str, size: int) -> None:
        """An area is looked over now."""

    def step(self) -> None:
        """One key of it is done."""


@dataclass
class Report:
    """What was found, and what was counted beside it."""

    findings: list[Finding] = field(default_factory=list)
    account: Account = field(default_factory=Account)
    notes: list[str] = field(default_factory=list)
    depths: Mapping[str, int] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings and self.account.sum.closes


def verify(
    env: Mapping[str, str],
    codes: Collection[str] | None = None,
    patience: float = PATIENCE_SECONDS,
    watcher: Watcher | None = None,
    *,
    reads_files: bool = False,
    anchor: Anchor | None = None,
) -> Report:
    """Check a whole installation, or some dossiers of it, all files read too if asked for; nothing is written.

    With an anchor of it, all histories are also compared with that. Raises Unavailable, BadAnchor.
    """
    with Books(env) as books:
        if anchor:
            insist_it_is_of(books, anchor)
        dossiers = Dossiers(books, codes, reads_files=reads_files)
        areas: list[Area] = [DeadLetters(env["MOTCUA_AMQP_URI"], codes)]
        areas += [Catalogue(books), Gaps(books), Owners(books)] if codes is None else []
        areas += [Anchored(books, anchor)] if anchor else []
        told = Deliveries(books, ahead_in(books, env["MOTCUA_AMQP_URI"]), codes)
        found = what_stays([*areas, dossiers, told], patience, watcher)
        account = dossiers.account
        notes = [f"{count} {name}" for name, count in sorted(account.notes.items())]
        if codes is None:
            notes += [*files.left_over(books), *webhooks.untold(books), *waiting.long(books, told.unread)]
        return Report(found, account, notes, queues.depths(env))


def what_stays(
    areas: Sequence[Area],
    patience: float,
    watcher: Watcher | None = None,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.monotonic,
) -> list[Finding]:
    """What is wrong in these areas, and still is when it was looked at for `patience` seconds. Raises Unavailable."""
    watcher = watcher or Watcher()
    wrong = [(area, _looked(area, None, watcher)) for area in areas]
    until = now() + patience
    while (left := until - now()) > 0 and any(area.passes and found for area, found in wrong):
        sleep(min(_PAUSE, left))
        wrong = [(area, _looked(area, found, watcher) if area.passes and found else found) for area, found in wrong]
    return sorted(one for _, found in wrong for several in found.values() for one in several)


def _looked(area: Area, keys: Collection[Any] | None, watcher: Watcher) -> dict[Any, list[Finding]]:
    """What is wrong, by key."""
    watcher.begin(area.name if keys is None else f"{area.name} again", area.size() if keys is None else len(keys))
    wrong = {}
    for key, found in area.look(keys):
        watcher.step()
        if found:
            wrong[key] = found
    return wrong
