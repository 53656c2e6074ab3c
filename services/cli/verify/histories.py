"""One aggregate by itself: its history makes its state, unbroken, without gaps, each cause once, and is published."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from services.chassis import chain
from services.chassis.errors import ServiceError
from services.chassis.journal import Journal
from services.chassis.store import Document
from services.cli.layout import some
from services.contracts import events
from services.contracts.events import BadEvent, UnknownEvent

Wrong = Iterator[str]


class _Illegible(Exception):
    """It cannot be read; the message says what and why, without any value of it."""


def examine(journal: Journal[Any], document: Document, *, named_after: bool) -> tuple[Any, list[str]]:
    """The state of a stored aggregate, None where it cannot be read, and all that is wrong with it.

    `named_after` when its id is what its state is about.
    """
    try:
        history = document["history"]
        wrong = [*_of_entries(history), *_of_chain(journal, document), *_of_marks(document, len(history))]
        if named_after and journal.about(document) != document["_id"]:
            wrong.append("its state is of another one")
    except Exception as error:  # noqa: BLE001 – whatever somebody has made of it
        return None, [f"it is no history: {_why(error)}"]
    try:
        made = _fold(journal, history)
    except _Illegible as error:
        made, wrong = None, [*wrong, str(error)]
    try:
        return _kept_state(journal, document, made, wrong), wrong
    except Exception as error:  # noqa: BLE001 – as above
        return None, [*wrong, f"its state cannot be read: {_why(error)}"]


def _of_entries(history: Sequence[Document]) -> Wrong:
    if not history:
        yield "it has no events"
    if [entry["seq"] for entry in history] != list(range(1, len(history) + 1)):
        yield "the sequence of its events has a gap"
    acts = [cause for (cause, _), _ in groupby((entry["cause"], entry["at"]) for entry in history)]
    if len(set(acts)) != len(acts):
        yield "a cause acted twice"
    if len({entry["id"] for entry in history}) != len(history):
        yield "two of its events have one id"


def _of_chain(journal: Journal[Any], document: Document) -> Wrong:
    place = chain.broken_at(journal.whose(str(document["_id"])), document["history"])
    if place is not None:
        yield f"event {place} does not follow: it, or one before it, is not as it was written"


def _of_marks(document: Document, count: int) -> Wrong:
    version, relayed, pending = document["version"], document["relayed"], "pending_since" in document
    if version != count:
        yield f"its version is {version}, but it has {some(count, 'events')}"
    if relayed > version:
        yield f"{some(relayed, 'events')} published of {version}"
    elif relayed < version:
        yield f"{some(version - relayed, 'events')} not published" + ("" if pending else ", and no relay will look")
    elif pending:
        yield "everything is published, but it is marked as pending"


def _fold(journal: Journal[Any], history: Sequence[Document]) -> Any:
    """The state that the history makes, event by event, so that the one at fault can be named. Raises _Illegible."""
    state = None
    for entry in history:
        try:
            event = events.read(journal.aggregate.source, entry["type"], entry["v"], entry["data"])
        except (BadEvent, UnknownEvent) as error:
            raise _Illegible(f"event {entry['seq']} cannot be read by its contract: {error}") from error
        try:
            state = journal.aggregate.evolve(state, event)
        except Exception as error:
            raise _Illegible(f"event {entry['seq']} ({entry['type']}) has no place there: {_why(error)}") from error
    return state


def _kept_state(journal: Journal[Any], document: Document, made: Any, wrong: list[str]) -> Any:
    """The state as it is stored; says so when the history makes another one."""
    stored = document["state"]
    if made is not None and journal.unstructure(made) == stored:
        return made
    state = journal.parse(document).state
    if made is not None and state != made:
        differing = [name for name, value in journal.unstructure(made).items() if stored.get(name) != value]
        wrong.append(f"its state is not what its history makes: {', '.join(differing)}")
    return state


def _why(error: Exception) -> str:
    """An error without the values it may carry."""
    return f"{type(error).__name__} {error.code}" if isinstance(error, ServiceError) else type(error).__name__
