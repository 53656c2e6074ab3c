"""What `motcua verify` says of a world: its own check, over databases in memory instead of an installation's."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from services.cli.verify.books import Books
from services.cli.verify.dossiers import findings
from services.cli.verify.papers import read_papers
from services.cli.verify.published import Published
from tests.unit.simulation.world import World, catalogued


class WorldBooks(Books):
    """The databases of a world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def collection(self, name: str) -> Any:
        """A collection, named `<service>.<collection>`."""
        service, _, collection = name.partition(".")
        return self._world.databases[service][collection]


def exceptions(world: World, codes: list[str]) -> Iterator[str]:
    """All that is wrong with these dossiers, and with others that somebody knows."""
    for papers in read_papers(WorldBooks(world), {"$gt": ""}, _published(), codes):
        yield from map(str, findings(papers))


@cache
def _published() -> Published:
    """What the one catalogue says."""
    return Published(WorldBooks(catalogued()))
