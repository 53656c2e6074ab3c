"""Of each enabled webhook: what was passed over is found, and what waits, is too old or is not its business is not."""

from collections.abc import Collection
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from services.chassis import clock
from services.chassis.stream import PlaceLost
from services.cli.verify import books as shelves
from services.cli.verify import deliveries
from services.cli.verify.checker import what_stays
from services.cli.verify.deliveries import Deliveries, ahead_in
from services.notify.webhooks import KEPT
from tests.unit.cli.builders import GRANTED, OPEN, REJECTED, Installation

HOOK, SUBMITTED, TRANSFERRED = "hook-1", "intake.dossier_submitted", "routing.case_transferred"
DAY = timedelta(days=1)


@pytest.fixture
def installation() -> Installation:
    """Four dossiers that went their ways; nobody is told by webhook."""
    return Installation()


def add(installation: Installation, since: timedelta = DAY, **differing: Any) -> None:
    """An endpoint that was added so long ago."""
    told: dict[str, Any] = {"url": "https://x.vn", "tenant": "mic", "unit": None, "types": [], "enabled": True}
    place = {"since": clock.now(), "place": {"offset": 7, "id": "ev"}}
    installation.kept("notify.webhooks").put(
        {"_id": HOOK, **told, **place, "created_at": clock.now() - since, **differing}
    )


def every_event(installation: Installation) -> dict[str, Any]:
    """Each event of each history, by id."""
    return {
        entry["id"]: entry
        for shelf in shelves.HISTORIES
        for document in installation.kept(shelf.name).documents.values()
        for entry in document["history"]
    }


def deliver(installation: Installation, but: Collection[str] = (), **as_it_is: Any) -> None:
    """Everything was made a delivery of, `but` these events."""
    made = {"endpoint": HOOK, "status": "pending", "made_at": clock.now(), **as_it_is}
    ids = every_event(installation).keys() - set(but)
    installation.kept("notify.deliveries").put(*({"_id": f"{HOOK}.{id_}", "event": id_, **made} for id_ in ids))


def first(installation: Installation, shelf: shelves.Shelf, id_: str) -> str:
    """The id of the event that began a history."""
    return str(installation.document(shelf, id_)["history"][0]["id"])


def passed_over(installation: Installation, ahead: Collection[str] | None = ()) -> list[tuple[str, str]]:
    """Of which dossier what is said, when all is looked over; `ahead`: what is still to be read."""
    found = what_stays([Deliveries(installation.books, lambda _endpoint: ahead)], patience=0)
    assert {one.where for one in found} <= {f"notify.webhooks {HOOK}"}
    return [(one.dossier, one.wrong.removeprefix("it was passed over when ").split()[0]) for one in found]


def test_where_all_was_made_a_delivery_nothing_is_found(installation: Installation) -> None:
    assert passed_over(installation) == []
    add(installation)
    assert len(passed_over(installation)) == len(every_event(installation))
    deliver(installation)
    assert passed_over(installation) == []


@pytest.mark.parametrize(
    ("shelf", "id_", "code", "type_"),
    [
        (shelves.DOSSIERS, GRANTED, GRANTED, SUBMITTED),
        (shelves.ORDERS, f"{GRANTED}-S", GRANTED, "payment.fee_assessed"),
        (shelves.CASES, OPEN, OPEN, "routing.case_opened"),
        (shelves.PUBLICATIONS, "mic/dataset/ten-mien-vn@2016-01-01", "", "registry.catalogue_published"),
    ],
    ids=lambda one: one.name if isinstance(one, shelves.Shelf) else "",
)
def test_an_event_that_was_passed_over_is_named_with_its_dossier(
    installation: Installation, shelf: shelves.Shelf, id_: str, code: str, type_: str
) -> None:
    add(installation)
    skipped = first(installation, shelf, id_)
    deliver(installation, but=[skipped])
    assert passed_over(installation) == [(code, type_)]
    own = Deliveries(installation.books, lambda _endpoint: (), [code])
    assert [one for _, found in own.look() for one in found if skipped in one.wrong]
    assert passed_over(installation, ahead=[skipped]) == passed_over(installation, ahead=None) == []


@pytest.mark.parametrize(
    "differing",
    [
        {"enabled": False},
        {"tenant": "mcst"},
        {"types": [TRANSFERRED]},
        {"unit": "cuc-bao-chi"},
        {"since": timedelta()},
        {"since": clock.APART},
    ],
    ids=str,
)
def test_what_is_not_its_business_it_need_not_be_told(installation: Installation, differing: dict[str, Any]) -> None:
    add(installation, **differing)
    deliver(installation, but=[first(installation, shelves.DOSSIERS, GRANTED)])
    assert passed_over(installation) == []


def test_what_is_not_published_cannot_have_been_read(installation: Installation) -> None:
    add(installation)
    deliver(installation, but=[first(installation, shelves.DOSSIERS, REJECTED)])
    installation.document(shelves.DOSSIERS, REJECTED)["relayed"] = 0
    assert passed_over(installation) == []


def test_what_was_delivered_so_long_ago_that_it_has_gone_is_not_missed(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(installation)
    later = clock.now() + KEPT - timedelta(minutes=30)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert passed_over(installation) == []


def test_a_unit_is_told_of_what_it_has_and_of_transfers_to_it_and_from_it(installation: Installation) -> None:
    """Of the rest of a dossier that was handed on nobody can say whose it was when it was read."""
    moved = [one for one in installation.document(shelves.CASES, OPEN)["history"] if one["type"] == "case_transferred"]
    for unit in ("vnnic", "cuc-bao-chi"):
        add(installation, unit=unit)
        deliver(installation, but=[moved[0]["id"], first(installation, shelves.DOSSIERS, OPEN)])
        assert passed_over(installation) == [(OPEN, TRANSFERRED)]
        installation.kept("notify.deliveries").documents.clear()
    add(installation, unit="vnnic")
    deliver(installation, but=[first(installation, shelves.DOSSIERS, GRANTED)])
    assert passed_over(installation) == [(GRANTED, SUBMITTED)]


def test_what_somebody_has_spoilt_keeps_nobody_from_looking_at_the_rest(installation: Installation) -> None:
    add(installation)
    deliver(installation, but=[first(installation, shelves.DOSSIERS, GRANTED)])
    installation.document(shelves.ORDERS, f"{GRANTED}-S")["history"] = "?"
    del installation.document(shelves.CASES, REJECTED)["relayed"]
    assert passed_over(installation) == [(GRANTED, SUBMITTED)]


def said(id_: str, at: datetime, offset: int) -> Any:
    """A message of the stream."""
    return SimpleNamespace(
        place=SimpleNamespace(offset=offset, id=id_), envelope=SimpleNamespace(id=id_, time=at.isoformat())
    )


@pytest.mark.parametrize(
    ("parts", "ids"),
    [
        ([], set()),
        ([["a", "b"], ["c"]], {"a", "b", "c"}),
        ([["a"], ["now"], ["never read"]], {"a", "now"}),
        ([["a"], PlaceLost()], None),
    ],
)
def test_what_the_stream_has_behind_a_place_is_still_to_be_read(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, parts: list[Any], ids: set[str] | None
) -> None:
    add(installation)
    asked: list[Any] = []

    class FakeStream:
        def __init__(self, _uri: str) -> None:
            self.left, self.closed = [*parts], False

        def read(self, after: Any, _most: int) -> Any:
            asked.append(after)
            part = self.left.pop(0) if self.left else []
            if isinstance(part, Exception):
                raise part
            now = clock.now()
            return [said(one, now + DAY if one == "now" else now - DAY, number) for number, one in enumerate(part)]

        def close(self) -> None:
            self.closed = True

    monkeypatch.setattr(deliveries, "Stream", FakeStream)
    endpoint = installation.kept("notify.webhooks").documents[HOOK]
    assert ahead_in(installation.books, "amqp://nowhere")(endpoint) == ids
    assert (asked[0].offset, asked[0].id) == (7, "ev")
