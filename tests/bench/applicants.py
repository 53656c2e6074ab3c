"""Who applies. A client stands for as many applicants as its papers need: nobody may have 200 uploads unnamed."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import count, islice
from typing import Any, Final

from stdnum.vn import mst

from tests.bench.asking import ask, proxy_of
from tests.bench.uploads import Papers, Uploads
from tests.bench.world import Offer, World

MOST_UNNAMED: Final = 150  # intake opens no upload for who has 200, and some may be left of an earlier run
MOST_CLIENTS: Final = 500  # so far apart are the numbers of a client's applicants


class Applicant:
    """An organisation with a proxy of its own. Used by one thread."""

    def __init__(self, world: World, offer: Offer, number: int) -> None:
        tax_code = identity(number)
        self.said = {**offer.applicant, "tax_code": tax_code}
        self.actor = {"kind": "organisation", "id": tax_code}
        self._world, self._components = world, offer.components
        self._proxy = proxy_of(world, self.actor) if world.amqp_uri else None
        self.rpc: Any = self._proxy.start() if self._proxy else None
        self._uploads = Uploads(world, tax_code, self._open_upload)
        self._unnamed = 0

    @property
    def room(self) -> int:
        """For how many dossiers more its uploads may lie ready."""
        return max(0, MOST_UNNAMED - self._unnamed) // max(1, len(self._components))

    def make(self, dossiers: int) -> list[Papers]:
        """The `documents` of so many dossiers."""
        self._unnamed += dossiers * len(self._components)
        return self._uploads.make(self._components, dossiers)

    def hand_over(self, papers: Papers) -> Papers:
        """These are named in a dossier now."""
        self._unnamed -= len(papers)
        return papers

    def close(self) -> None:
        """Leave."""
        if self._proxy:
            with suppress(Exception):
                self._proxy.stop()

    def _open_upload(self, **declared: Any) -> Any:
        intake = getattr(self.rpc, self._world.service("intake"))
        return ask(intake.open_upload, request_id=str(uuid.uuid4()), **declared)


def shares(dossiers: int, rooms: Sequence[int], most: int) -> list[int]:
    """How many dossiers each applicant takes, by the room that it has; those that come on top have room for `most`."""
    if most < 1:
        raise ValueError("an applicant has room for one dossier at least")
    taken = []
    for room in rooms:
        taken.append(min(room, dossiers))
        dossiers -= taken[-1]
    while dossiers > 0:
        taken.append(min(most, dossiers))
        dossiers -= taken[-1]
    return taken


def identity(number: int) -> str:
    """The tax code of an organisation that there is not, valid by its check digit; another for each number."""
    return next(islice(identities(), number, None))


def identities() -> Iterator[str]:
    """All of them, from number 0 on."""
    stems = (f"990{serial:06d}" for serial in count())
    return (code for stem in stems if mst.is_valid(code := f"{stem}{mst.calc_check_digit(stem)}"))
