"""No list, look-up or timer reads a whole collection or sorts in memory: the server's own plans say so."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from deploy.local.stack import Stack
from services.chassis.journal import Journal
from services.chassis.paging import cursor
from services.contracts.events import PUBLISHERS
from tests.integration.questions import EXACT, FILTERS, LIMIT, Sample, acts, dossiers_by, questions
from tests.integration.shelf import Document, Shelf, explained, overheard, shelf_over, stages
from tests.unit.intake.builders import CODE, Book

pytestmark = pytest.mark.servers
SEEDED: Final = 3000
NOW: Final = Sample().now
SAMPLE: Final = replace(
    Sample(),
    dossiers_behind=cursor(NOW + timedelta(minutes=SEEDED // 6), f"{CODE}-{SEEDED // 2}"),
    records_behind=cursor(NOW, "d/1"),
)
ASKED: Final = {**questions(SAMPLE), **acts(SAMPLE)}


@pytest.fixture(scope="module")
def shelf(servers: Stack) -> Iterator[Shelf]:
    """All stores over empty databases of their own, but for some thousand dossiers."""
    shelf = shelf_over(servers.env, prefix="indexes_")
    shelf.ensure_indexes()
    dossiers = shelf.journals[0]
    dossiers.collection.insert_many([seed(dossiers, number) for number in range(SEEDED)])
    yield shelf
    for name in PUBLISHERS:
        shelf.client.drop_database(f"motcua_indexes_{name}")
    shelf.close()


def seed(journal: Journal[Any], number: int) -> Document:
    """One of many dossiers: each filter cuts down to another share of them; one unit has a rare status only once."""
    said = {
        "dossier_code": f"{CODE}-{number}",
        "tenant": f"t{number % 2}",
        "procedure": f"p{number % 30}",
        "unit": f"u{number % 10}",
        "submitted_at": NOW + timedelta(minutes=number // 3),
    }
    status = "returned" if number % 7 else "submitted"
    status = "stopped" if number == SEEDED // 2 else status
    state = journal.unstructure(replace(Book().submitted(**said).now, status=status))
    subject = {"owner": f"citizen:{number % 100}", "documents": []}
    return {"_id": said["dossier_code"], "state": state, "history": [], "version": 1, "relayed": 1, "subject": subject}


@pytest.mark.parametrize("question", ASKED)
def test_nothing_is_read_whole_and_nothing_is_sorted(shelf: Shelf, question: str) -> None:
    with overheard() as commands:
        ASKED[question](shelf)
    assert commands, "nothing was asked"
    for database, command in list(commands):
        found = set(stages(explained(shelf.client, database, command)))
        assert not found & {"COLLSCAN", "SORT"}, (command, found)


@pytest.mark.parametrize("names", EXACT, ids=", ".join)
@pytest.mark.parametrize("after", [None, SAMPLE.dossiers_behind], ids=["first page", "next page"])
def test_a_page_of_dossiers_costs_a_page(shelf: Shelf, names: tuple[str, ...], after: str | None) -> None:
    with overheard() as commands:
        dossiers_by(SAMPLE, names, after)(shelf)
    ((database, command),) = commands
    assert explained(shelf.client, database, command)["executionStats"]["totalDocsExamined"] <= 2 * LIMIT


def test_a_rare_status_is_found_without_looking_through_the_common_ones(shelf: Shelf) -> None:
    for where in ({"unit": f"u{SEEDED // 2 % 10}"}, {"tenant": f"t{SEEDED // 2 % 2}"}, {}):
        wanted = {**dict.fromkeys(FILTERS), **where, "status": "stopped"}
        with overheard() as commands:
            (found,), following = shelf.dossiers.listed(wanted, LIMIT, None)
        assert (found.dossier_code, following) == (f"{CODE}-{SEEDED // 2}", None)
        ((database, command),) = commands
        assert explained(shelf.client, database, command)["executionStats"]["totalDocsExamined"] <= 2
