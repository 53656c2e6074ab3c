"""Whether everything is right again: nothing waits, nobody is missing, and all books tell one story."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from deploy.local.waiting import wait_until
from tests.chaos import rest
from tests.chaos.diary import Step
from tests.chaos.rig import PROGRAMS, Rig
from tests.integration.books import Books

_MESSAGE_ID: Final = re.compile(rb"^Message-ID: <([^@>]+)@", re.MULTILINE | re.IGNORECASE)
_HEAD: Final = 8_192
_READY_SECONDS: Final = 20.0  # a process looks at its broker every fifteen
_SHOWN: Final = 10
# Who hands a letter over, keeps that it did, and takes it: killed in between, it is handed over once more.
_OF_LETTERS: Final = ("notify", "mailbox", "mongodb", "primary")


def is_recovered(rig: Rig, healed_at: datetime) -> bool:
    """Whether nothing waits in any queue, nor anything to be published from before it was healed."""
    return not rest.depths(rig.env) and not rest.pending(rig.env, {"$lte": healed_at})


def is_drained(rig: Rig) -> bool:
    """Whether nothing waits anywhere, not even in somebody's hand."""
    return rest.is_at_rest(rig.env, rig.alarms.waiting)


def what_waits(rig: Rig) -> str:
    """What still waits, and what the services last said of messages that failed: for whoever looks for the reason."""
    queues = [f"{name}: {count}" for name, count in rest.in_hand(rig.alarms.waiting()).items()]
    return "; ".join([*queues, *rest.unpublished(rig.env)[:_SHOWN], *rig.witness.failures()[-_SHOWN:]])


def violations(rig: Rig) -> Iterator[str]:
    """Everything that is not as it must be, once all is over."""
    kept = _kept(rig.env)
    for load in rig.loads:
        yield from load.wrong(kept)
    yield from rig.wrong
    for look in rig.looks:
        yield from look()
    yield from rig.witness.crashes()
    yield from rig.stage.stream.wrong()
    yield from _unwritten_letters(rig.env, copies(rig.stage.run_dir))
    if not wait_until(lambda: rig.ready().issuperset(PROGRAMS), _READY_SECONDS):
        yield f"not ready, though all is at rest: {', '.join(sorted(set(PROGRAMS) - rig.ready()))}"
    yield from rig.stage.verify()


def copies(run_dir: Path) -> Counter[str]:
    """How often the mail server took the letter of each notice."""
    found = Counter[str]()
    for letter in (run_dir / "sandbox" / "mail").glob("*.eml"):
        with letter.open("rb") as file:
            if named := _MESSAGE_ID.search(file.read(_HEAD)):
                found[named[1].decode()] += 1
    return found


def letters_twice(run_dir: Path, before: Counter[str]) -> int:
    """How many letters of a notice came since then behind its first."""
    now = copies(run_dir)
    return sum((now - before).values()) - len(now.keys() - before.keys())


def needless_letters(steps: Iterable[Step], twice: int) -> Iterator[str]:
    """Letters that came twice where nobody was harmed who may send one twice for it."""
    if twice and not any(step.is_fault and step.program.rstrip("23") in _OF_LETTERS for step in steps):
        yield f"{twice} letters came twice, and neither notify, nor its database, nor the mail server was harmed"


def _unwritten_letters(env: Mapping[str, str], taken: Mapping[str, int]) -> Iterator[str]:
    """Who is said to have been written to, and got nothing."""
    with Books(env) as books:
        for notice in books.collection("notify.notices").find({"state.sent_at": {"$ne": None}}, {"_id": 1}):
            if not taken.get(notice["_id"]):
                yield f"notify.notices {notice['_id']}: it is sent, but the mail server has no letter of it"


def _kept(env: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Every dossier in intake's own books: its applicant's e-mail address and its status."""
    shown = {"subject.applicant.email": 1, "state.status": 1}
    with Books(env) as books:
        found = books.collection("intake.dossiers").find({}, shown)
        return {one["_id"]: (one["subject"]["applicant"]["email"], one["state"]["status"]) for one in found}
