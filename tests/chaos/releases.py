"""Two releases that follow the checkout, as a contract evolves: one reads a new version of an event, one writes it.

Each is a copy of the checkout's code in which a few places of the source read otherwise. What a process runs is the
folder that it was started in.
"""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.local.programs import ROOT

PRESENT, EXPANDED, USING = "present", "expanded", "using"  # the checkout, who reads the new version, who writes it
EVENT: Final = "case_accepted"  # of routing: its version 2 also says who received the dossier
_PARTS: Final = ("services", "deploy", "catalogue")


@dataclass(frozen=True)
class Change:
    """In this file of the source, what stands there once now, and what does in the next release."""

    file: str
    before: str
    after: str


_CONTRACT: Final = "services/contracts/routing.py"
_EXPAND: Final = (
    Change(
        _CONTRACT,
        "class CaseRejected(Lenient):\n",
        "class CaseAcceptedBy(CaseAccepted):\n"
        '    """The same, and the staff id of who received it."""\n\n'
        '    accepted_by = Text(required=True, validate=matching(STAFF_ID, "Mã cán bộ.", "A staff id."))\n\n\n'
        "class CaseRejected(Lenient):\n",
    ),
    Change(_CONTRACT, "{1: CaseAccepted}", "{1: CaseAccepted, 2: CaseAcceptedBy}"),
    Change(
        "services/routing/case.py",
        "    accepted_at: datetime | None = None\n",
        "    accepted_at: datetime | None = None\n    accepted_by: str | None = None\n",
    ),
    Change(
        "services/routing/history.py",
        'replace(case, accepted_at=facts["accepted_at"], due_at=facts["due_at"])',
        "replace(\n"
        '        case, accepted_at=facts["accepted_at"], due_at=facts["due_at"], accepted_by=facts.get("accepted_by")\n'
        "    )",
    ),
)
_USE: Final = (
    Change(
        "services/routing/domain.py",
        'Event("case_accepted", {**about(case), "accepted_at": at, "due_at": None})',
        'Event("case_accepted", {**about(case), "accepted_by": actor.id, "accepted_at": at, "due_at": None}, v=2)',
    ),
)
CHANGES: Final[Mapping[str, tuple[Change, ...]]] = {EXPANDED: _EXPAND, USING: (*_EXPAND, *_USE)}


def changed(root: Path, changes: Iterable[Change]) -> dict[str, str]:
    """The files that read otherwise, by name. Raises LookupError for a place that the source has not, or has twice."""
    texts: dict[str, str] = {}
    for one in changes:
        text = texts.get(one.file) or (root / one.file).read_text(encoding="utf-8")
        if (times := text.count(one.before)) != 1:
            raise LookupError(f"{one.file}: this stands there {times} times, not once: {one.before.strip()!r}")
        texts[one.file] = text.replace(one.before, one.after)
    return texts


class Releases:
    """The three of them in one folder, and the link beside it that says which one a process that starts now runs."""

    def __init__(self, folder: Path) -> None:
        self.link = folder.with_name("release")
        self._folders = {PRESENT: ROOT, **{name: folder / name for name in CHANGES}}
        shutil.rmtree(folder, ignore_errors=True)
        for name, changes in CHANGES.items():
            make(self._folders[name], changes)
        self.begin(PRESENT)

    def begin(self, release: str) -> None:
        """Whoever starts from now on runs this one."""
        draft = self.link.with_suffix(".new")
        draft.unlink(missing_ok=True)
        draft.symlink_to(self._folders[release])
        draft.replace(self.link)

    def of(self, pid: int) -> str:
        """Which one a process runs."""
        folder = Path(f"/proc/{pid}/cwd").readlink()
        return next(name for name, place in self._folders.items() if place == folder)


def make(folder: Path, changes: Iterable[Change]) -> None:
    """A copy of what programs need of the checkout, with changes. Raises LookupError."""
    texts = changed(ROOT, changes)
    for part in _PARTS:
        shutil.copytree(ROOT / part, folder / part)
    for file, text in texts.items():
        (folder / file).write_text(text, encoding="utf-8")
