"""Each process is killed with SIGKILL at each step of the main job, and the dossier still ends right, and once."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from deploy.local.composition import SERVICE_DOORS, SERVICES
from deploy.local.stack import Stack
from services.chassis import failpoint
from services.cli.demo.stories import Told
from services.cli.demo.town import SYSTEM, fresh
from tests.conftest import eventually
from tests.integration import agreement
from tests.integration.crowd import PatientStory, PatientTown, await_rest, copies, offers

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]

# Who passes each point. A door hears no events and answers no RPC. Only payment's appends (what a callback says); those
# of intake and registry append nothing, so their relays have work only when the service itself died over it: see the
# last test.
_WRITERS: Final = (*SERVICES, "payment-http")
PASSED_BY: Final = {
    "journal.before_write": _WRITERS,
    "journal.after_write": _WRITERS,
    "relay.before_publish": _WRITERS,
    "relay.after_publish": _WRITERS,
    "subscribe.before_ack": SERVICES,
    "rpc.before_reply": SERVICES,
}
# How often a process may pass before it dies at a later step: payment at the receipt, registry at the record whose
# number is taken, the others in the middle. Who passes only once in a dossier's life dies then; so does a relay whose
# work its door may have taken over meanwhile.
_LET_GO: Final = {
    "journal.before_write": {"registry": 1, "payment-http": 0},
    "journal.after_write": {"registry": 1, "payment-http": 0},
    "relay.before_publish": {"registry": 0, "payment": 1},
    "relay.after_publish": {"registry": 0, "payment": 1},
    "subscribe.before_ack": {"registry": 1, "routing": 2},
    "rpc.before_reply": {"registry": 0, "notify": 0, "payment": 2, "routing": 2},
}
_OFTEN: Final = 3
# At which point they die first, and at which the second time: not both times at a relay, whose work another has taken
# over by then. Every process dies at every point at any time in the scenario `failpoints` of `make chaos FULL=1`.
_POINTS: Final = tuple(zip(failpoint.POINTS[:3], failpoint.POINTS[3:], strict=True))
Fuse = Callable[[str, str, int], Path]


@pytest.fixture
def fuse(stack: Stack) -> Iterator[Fuse]:
    """Arms a process to die at a point after some passes; the file is gone when it has. The rest is taken away."""
    folder, laid = Path(stack.env[failpoint.VARIABLE]), list[Path]()

    def lay(process: str, point: str, let_go: int) -> Path:
        laid.append(folder / f"{process}@{point}")
        draft = folder / "draft"
        draft.write_text(str(let_go))
        draft.replace(laid[-1])
        return laid[-1]

    yield lay
    for one in laid:
        one.unlink(missing_ok=True)


@pytest.fixture
def story(patient_town: PatientTown) -> PatientStory:
    """A dossier with a fee, told by patient people; a letter may come twice, since notify is killed too."""
    offer = offers(patient_town)["ma-so-quan-ly-qc"]
    story = PatientStory(patient_town, offer.tenant, offer.procedure, fresh())
    story.letters_may_repeat = True
    return story


def test_every_point_is_in_the_table() -> None:
    assert set(PASSED_BY) == set(failpoint.POINTS)


@pytest.mark.parametrize(("first", "second"), _POINTS)
def test_a_dossier_ends_right_and_once_though_everybody_dies_twice(
    story: PatientStory, fuse: Fuse, first: str, second: str
) -> None:
    early = [fuse(process, first, 0) for process in _surely_pass(first)]
    later = [fuse(process, second, _LET_GO[second].get(process, _OFTEN)) for process in _surely_pass(second)]
    told = story.tell("granted")
    assert not [one.name for one in (*early, *later) if one.exists()], "these were never killed"
    insist_once(story, told)


def test_what_a_service_dies_over_its_door_publishes(story: PatientStory, fuse: Fuse) -> None:
    points = ("relay.before_publish", "relay.after_publish")
    laid = {door: [fuse(door, point, 0) for point in points] for door in SERVICE_DOORS}

    def all_doors_died_twice() -> bool:
        burning = [door for door, fuses in laid.items() if any(one.exists() for one in fuses)]
        for door in burning:  # until then its service dies each time it would publish
            fuse(door.removesuffix("-http"), "relay.before_publish", 0)
        return not burning

    with ThreadPoolExecutor(1) as pool:
        telling = pool.submit(story.tell, "granted")
        eventually(all_doors_died_twice, seconds=60)
        told = telling.result()
    insist_once(story, told)


def insist_once(story: PatientStory, told: Told) -> None:
    """All services agree; the order was paid once, its record issued once, and no letter is missing."""
    await_rest(story.town)
    agreement.insist(story.town.env, [told.dossier_code])
    assert (told.status, told.fee_vnd, bool(told.number)) == ("resolved", 200_000, True)
    notices = story.town.ask(SYSTEM, "notify.list_notices", dossier_code=told.dossier_code)["items"]
    assert not [one["moment"] for one in notices if not copies(story.town, one["notice_id"])]


def _surely_pass(point: str) -> Sequence[str]:
    """Who passes it whoever is slow: what a door is late to publish its service publishes, see the last test."""
    return SERVICES if point.startswith("relay") else PASSED_BY[point]
