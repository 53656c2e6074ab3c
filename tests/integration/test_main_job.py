"""The main job end to end, by stock nameko clients, on the whole system."""

import pytest

from services.cli.catalogue import FOLDER
from services.cli.demo.command import TENANTS, await_catalogue, cast, counted
from services.cli.demo.stories import FATES, Story
from services.cli.demo.town import Town
from tests.conftest import eventually

pytestmark = pytest.mark.servers


@pytest.mark.parametrize("fate", FATES)
def test_a_dossier_of_a_level_four_procedure_ends_as_its_fate_wants(town: Town, fate: str) -> None:
    procedure = next(one for one in await_catalogue(town, "mic") if one["key"] == "ma-so-quan-ly-qc")
    told = Story(town, "mic", procedure, f"job-{fate.replace(' ', '-')}").tell(fate)
    assert told.fee_vnd == (200_000 if fate in ("granted", "supplemented", "refused", "handed on") else 0)
    assert bool(told.number) == (fate in ("granted", "supplemented", "handed on"))


@pytest.mark.parametrize("fate", ["rejected when paid", "withdrawn when paid"])
def test_what_was_paid_for_a_dossier_that_ends_without_a_result_goes_back(town: Town, fate: str) -> None:
    procedure = next(one for one in await_catalogue(town, "mic") if one["key"] == "dk-ten-mien-vn")
    story = Story(town, "mic", procedure, f"job-{fate.replace(' ', '-')}")
    told = story.tell(fate)
    assert (told.status, told.fee_vnd) == (fate.partition(" ")[0], 800_000)
    (refund,) = story.order()["refunds"]
    assert refund["reason"] == "dossier_ended"
    assert refund["amount_vnd"] in {700_000, 800_000}  # all of it where it ended in the second in which it was paid


def test_every_procedure_of_both_ministries_is_on_offer(town: Town) -> None:
    offered = {tenant: await_catalogue(town, tenant) for tenant in TENANTS}
    for tenant, count in zip(TENANTS, (18, 7), strict=True):
        written = {path.stem for path in (FOLDER / tenant / "procedures").glob("*.yaml")}
        assert len(written) >= count
        assert written <= {procedure["key"] for procedure in offered[tenant]}
    plots = cast(offered)
    assert sorted({fate for _, _, fate in plots}) == sorted(FATES)


def test_nothing_waits_when_the_system_has_come_to_rest(town: Town) -> None:
    eventually(lambda: not any(counted(town).values()))
