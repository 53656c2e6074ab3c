"""Two releases at work on one history, of which only one knows a field of the state; docs/upgrade.md draws the rule."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

import pytest

from services.chassis.journal import Aggregate
from services.cli.verify.histories import examine
from services.contracts.event import Event
from tests.unit.chassis.tally import cause
from tests.unit.fakes import FakeCollection, fake_journal

AT: Final = datetime(2026, 1, 15, 2, 30, tzinfo=UTC)
RETURNED, WITHDRAWN = "dossier_returned", "dossier_withdrawn"


@dataclass(frozen=True)
class Before:
    """The state as the earlier release knows it."""

    dossier_code: str
    events: int = 0


@dataclass(frozen=True)
class After(Before):
    """As the later one does: it also keeps what one of the events says."""

    method: str | None = None


def before(state: Before | None, event: Event) -> Before:
    state = state or Before(event.data["dossier_code"])
    return replace(state, events=state.events + 1)


def after(state: After | None, event: Event) -> After:
    state = state or After(event.data["dossier_code"])
    return replace(state, events=state.events + 1, method=event.data.get("method", state.method))


EARLIER: Final[Aggregate[Any]] = Aggregate("intake", "dossier", Before, before)
LATER: Final[Aggregate[Any]] = Aggregate("intake", "dossier", After, after)
DATA: Final[dict[str, dict[str, Any]]] = {
    RETURNED: {"method": "post", "returned_at": AT},
    WITHDRAWN: {"withdrawn_at": AT},
}
LOST: Final = "its state is not what its history makes: method"


def said(type_: str, _state: Any) -> list[Event]:
    return [Event(type_, {"dossier_code": "D", **DATA[type_]})]


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ([(EARLIER, WITHDRAWN), (LATER, WITHDRAWN), (EARLIER, WITHDRAWN)], []),  # nothing yet that the field is made of
        ([(EARLIER, WITHDRAWN), (LATER, RETURNED)], []),
        ([(LATER, RETURNED), (LATER, WITHDRAWN)], []),
        ([(LATER, RETURNED), (EARLIER, WITHDRAWN)], [LOST]),
    ],
)
def test_who_does_not_know_a_field_of_the_state_leaves_it_out(
    written: list[tuple[Aggregate[Any], str]], wrong: list[str]
) -> None:
    collection = FakeCollection()
    for number, (release, type_) in enumerate(written):
        fake_journal(release, collection).change("D", cause(str(number)), partial(said, type_))
    _, found = examine(fake_journal(LATER, collection), collection.documents["D"], named_after=True)
    assert [one for one in found if "state" in one] == wrong
