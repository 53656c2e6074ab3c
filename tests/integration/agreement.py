"""Whether the books of all five services are right: the product's own checker, asked about what a test has made."""

from collections.abc import Collection, Mapping

from services.cli.verify.checker import what_stays
from services.cli.verify.dossiers import NOT_DELIVERED, Dossiers
from services.cli.verify.series import Gaps, Owners
from tests.conftest import PATIENCE
from tests.integration.books import JOURNALS, Books


def insist(env: Mapping[str, str], codes: Collection[str], *, told: bool = True, patience: float = PATIENCE) -> None:
    """Fail unless all books agree on these dossiers, once whoever has the last message in hand had seconds to finish.

    Without `told`, whether the notices were sent is left open.
    """
    with Books(env) as books:
        dossiers = Dossiers(books, codes, told=told)
        found = what_stays([dossiers, Gaps(books), Owners(books)], patience)
    assert not found, "\n".join(map(str, found[:40]))
    total = dossiers.account.sum
    assert (total.closes, total.submitted) == (True, len(set(codes))), str(total)
    assert not (told and dossiers.account.notes[NOT_DELIVERED]), dossiers.account.notes


def broken_histories(env: Mapping[str, str]) -> list[str]:
    """What is wrong in any history of any service, each looked at by itself."""
    with Books(env) as books:
        return [f"{name} {one.id}: {wrong}" for name in JOURNALS for one in books.kept(name) for wrong in one.wrong]
