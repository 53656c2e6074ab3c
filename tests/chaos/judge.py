"""Whether everything is right again: nothing waits, nobody is missing, and all books tell one story."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from deploy.local.waiting import wait_until
from services.notify.settings import NotifySettings
from tests.chaos import rest, returns, tries
from tests.chaos.diary import Step, harms_the_broker, loses_replies
from tests.chaos.gateway import compared
from tests.chaos.rig import PROGRAMS, Rig
from tests.integration.books import Books

_MESSAGE_ID: Final = re.compile(rb"^Message-ID: <([^@>]+)@", re.MULTILINE | re.IGNORECASE)
_HEAD: Final = 8_192
_READY_SECONDS: Final = 20.0  # a process looks at its broker every fifteen
_SHOWN: Final = 10
# Who hands a letter over, keeps that it did, and takes it: killed in between, it is handed over once more.
_OF_LETTERS: Final = ("notify", "mailbox", "mongodb", "primary")
_LETTERS_IN_HAND: Final[int] = NotifySettings.model_fields["prefetch"].default  # of the one process of notify
_FORGETS: Final = "lose and restore"


def is_drained(rig: Rig) -> bool:
    """Whether nothing waits anywhere, not even in somebody's hand."""
    return rest.is_at_rest(rig.env, rig.alarms.waiting)


def what_waits(rig: Rig) -> str:
    """What still waits, and what the services last said of messages that failed: for whoever looks for the reason."""
    queues = [f"{name}: {count}" for name, count in rest.in_hand(rig.alarms.waiting()).items()]
    return "; ".join([*queues, *rest.unpublished(rig.env)[:_SHOWN], *rig.witness.failures()[-_SHOWN:]])


def violations(rig: Rig) -> Iterator[str]:
    """Everything that is not as it must be, once all is over."""
    for look in JUDGED.values():
        yield from look(rig)


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


def needless_letters(steps: Iterable[Step], twice: int, crashes: int = 0) -> Iterator[str]:
    """Letters that came twice for which no harm accounts: each costs at most what notify has in hand at that moment.

    `crashes`: how often its database ended by itself, of a harm that lasted. Where a backup came back, whatever was
    sent behind it is sent once more.
    """
    harms = [step for step in steps if step.is_fault and step.program.rstrip("23") in _OF_LETTERS]
    most = _LETTERS_IN_HAND * (len(harms) + crashes)
    if twice > most and not any(step.verb == _FORGETS for step in harms):
        yield (
            f"{twice} letters came twice, where notify, its database and the mail server were harmed"
            f" {len(harms) + crashes} times, which accounts for {most} at most"
        )


def _unwritten_letters(env: Mapping[str, str], taken: Mapping[str, int]) -> Iterator[str]:
    """Who is said to have been written to, and got nothing."""
    with Books(env) as books:
        for notice in books.collection("notify.notices").find({"state.sent_at": {"$ne": None}}, {"_id": 1}):
            if not taken.get(notice["_id"]):
                yield f"notify.notices {notice['_id']}: it is sent, but the mail server has no letter of it"


def given_up(notices: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Letters that will not be sent any more: the mail server of a stack refuses none for good."""
    for notice in notices:
        state = notice["state"]
        if state["sent_at"] is None and state["failed_round"] >= state["round"]:
            yield f"notify.notices {notice['_id']}: it was given up, and nobody had refused it"


def _given_up(rig: Rig) -> Iterator[str]:
    with Books(rig.env) as books:
        yield from given_up(books.collection("notify.notices").find({"state.sent_at": None}, {"state": 1}))


def untrue_answers(rig: Rig) -> Iterator[str]:
    """What those who were answered were told, and is not so; and who was not answered, or broke off."""
    kept = _kept(rig.env)
    for load in rig.loads:
        yield from load.wrong(kept)


def _vain_tries(rig: Rig) -> Iterator[str]:
    of_broker, of_its_disk = rig.spells(harms_the_broker), rig.spells(loses_replies)
    yield from tries.wrong(rig.calls(), rig.harms(), of_broker, of_its_disk, since=rig.began)


def _insisted(rig: Rig) -> Iterator[str]:
    """What the scenario itself found wrong, meanwhile or now."""
    yield from rig.wrong
    for look in rig.looks:
        yield from look()


def _unready(rig: Rig) -> Iterator[str]:
    if not wait_until(lambda: rig.ready().issuperset(PROGRAMS), _READY_SECONDS):
        yield f"not ready, though all is at rest: {', '.join(sorted(set(PROGRAMS) - rig.ready()))}"


def _kept(env: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Every dossier in intake's own books: its applicant's e-mail address and its status."""
    shown = {"subject.applicant.email": 1, "state.status": 1}
    with Books(env) as books:
        found = books.collection("intake.dossiers").find({}, shown)
        return {one["_id"]: (one["subject"]["applicant"]["email"], one["state"]["status"]) for one in found}


# By name, for what is kept of a run says what was looked at.
JUDGED: Final[Mapping[str, Callable[[Rig], Iterable[str]]]] = {
    "dossiers that were answered": untrue_answers,
    "each try by RPC": _vain_tries,
    "what a scenario insists on": _insisted,
    "who ended by itself": lambda rig: rig.witness.crashes(),
    "who died though nobody had him die": lambda rig: rig.unmeant_deaths(),
    "how soon each who died worked again": lambda rig: returns.late(rig.returns()),
    "events in the stream, word for word": lambda rig: rig.stage.stream.wrong(),
    "letters that are called sent": lambda rig: _unwritten_letters(rig.env, copies(rig.stage.run_dir)),
    "letters that are given up": _given_up,
    "letters that come twice": lambda rig: needless_letters(rig.steps, rig.letters_twice, rig.witness.ended("mongodb")),
    "money that the gateway has kept": lambda rig: compared(rig.env, rig.stage.gateway).wrong,
    "who is ready": _unready,
    "lag and memory of each process": lambda rig: rig.watch.wrong(rig.steps, rig.began),
    "one story of all services": lambda rig: rig.stage.verify(),
}
