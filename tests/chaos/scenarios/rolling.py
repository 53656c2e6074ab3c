"""What operators do on a working day."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlencode

from deploy.local.composition import DOORS, SERVICES
from deploy.local.waiting import wait_until
from services.cli.demo.town import fresh
from tests.chaos.acceptances import NEW, Acceptances
from tests.chaos.load import FolkStory, GaveUp
from tests.chaos.pace import Pace
from tests.chaos.releases import EXPANDED, PRESENT, USING
from tests.chaos.rig import Rig
from tests.chaos.upgrade import UpgradeStage
from tests.chaos.visitors import DoorAskedAgain, are_there
from tests.integration.callbacks import Callback
from tests.integration.crowd import offers

_FIRST: Final = "routing:1"  # of those who write the new version
_FREE: Final = "xn-dk-xuat-ban"  # no fee holds it up
_SEEN_SECONDS: Final = 60.0
_TRIES: Final = 20  # each second one or so


def rolling_restart(rig: Rig) -> None:
    """Every service and all workers of every door are restarted with SIGTERM under load: nobody asks more than twice.

    The masters of the doors stay; `rolling_upgrade` replaces them too.
    """
    callers, rounds = _Callers(rig), rig.size(1, 5)
    for number in range(rounds):
        for service in rig.chance.shuffled(SERVICES):
            rig.restart(service)
            rig.stack.wait_ready([service])
            rig.wait(rig.chance.seconds(0, 1))
        for door in rig.chance.shuffled(DOORS):
            rig.renew(door)
        callers.crowd.await_told(number / rounds)
    stopped, opened = rounds * len(SERVICES), rounds * len(DOORS)
    callers.finish(least=stopped + opened)
    rig.must_bite("stopped in order", lambda: rig.witness.said("*", "service_stopped"), least=stopped)
    rig.must_bite("doors opened anew", lambda: rig.witness.said("*-http", "door_opened"), least=opened)


def rolling_upgrade(rig: Rig) -> None:
    """Process by process two releases follow under load: one reads a new version of an event, the next one writes it.

    No caller must ask more than twice. The first process that writes the new version goes back once.
    """
    upgrade, told = _Upgrade(rig), Acceptances(rig.env)
    upgrade.all_to(EXPANDED)
    upgrade.step(_FIRST, USING)
    dossier = _received_as_new(rig, told)
    upgrade.step(_FIRST, EXPANDED)
    dossier.act("assign", officer=dossier.officer["id"])
    rig.must_bite("of version 2, heard by the release before", told.heard_by_intake())
    rig.must_bite("cases of version 2 that went on under it", told.went_on(upgrade.stage.stopped[_FIRST]))
    upgrade.all_to(USING)
    dossier.decide(outcome="granted")
    upgrade.finish()
    rig.must_bite("accepted as version 1", lambda: told.count(1))
    rig.must_bite("accepted as version 2", lambda: told.count(NEW))
    rig.must_bite("accepted as version 1 after the first of version 2", told.old_after_new)
    rig.must_bite("cases of version 2 that have ended", told.ended_of_new)


def _received_as_new(rig: Rig, told: Acceptances) -> FolkStory:
    """A dossier that was accepted by one of those who write the new version. Raises GaveUp."""
    offer = offers(rig.town)[_FREE]
    for _ in range(_TRIES):
        dossier = FolkStory(rig.town, offer.tenant, offer.procedure, fresh())
        dossier.submit()
        dossier.be_left_open()
        if told.version_of(dossier.code) == NEW:
            return dossier
    raise GaveUp(f"none of {_TRIES} dossiers was accepted as the new version")


def _way_back(env: Mapping[str, str]) -> str:
    """Where the gateway would send whoever has paid what nobody asked for: it is looked for in the books."""
    asked = {"TmnCode": env["PAYMENT_VNPAY_TMN_CODE"], "Amount": "100", "CreateDate": "20260101000000"}
    named = {"OrderInfo": "nothing", "TxnRef": "nobody-asked-for-it"}
    query = urlencode({f"vnp_{name}": value for name, value in (asked | named).items()})
    return f"{env['MOTCUA_PAYMENT_URL']}/payment/vnpay/return?{Callback(env, f'?{query}').signed()}"


class _Callers:
    """Who asks meanwhile, each once more at most: stock clients, who hands in over HTTP, who looks at the doors."""

    def __init__(self, rig: Rig, begin: Callable[..., FolkStory] = FolkStory) -> None:
        pages = {
            "portal": f"{rig.env['MOTCUA_PORTAL_URL']}/",
            "registry": f"{rig.env['MOTCUA_REGISTRY_URL']}/registry/catalogue/mic/procedures",
            "payment": _way_back(rig.env),
        }
        rig.insist(
            wait_until(lambda: are_there(pages), _SEEN_SECONDS), "not all pages were there before anything was done"
        )
        self._rig, self.crowd = rig, rig.crowd(begin)
        self._handed_in = rig.submissions(rate=2, door=DoorAskedAgain)
        self._visitors = rig.visitors(**pages)

    def finish(self, least: int) -> None:
        """Whoever is left, to the end: what all had to bear; of each door, `least` answers at least."""
        self.crowd.finish()
        rig, asked = self._rig, self._rig.callers_who_asked(2)
        rig.insist(not asked, f"{asked} questions and files had to be brought more than twice")
        rig.must_bite("handed in over HTTP", lambda: self._handed_in.accepted, least=least)
        rig.must_bite("pages seen of each door", lambda: min(self._visitors.answered.values()), least=least)
        rig.must_bite("questions and files that had to be brought again", rig.callers_who_asked(1), least=0)
        rig.must_bite("requests that had to be sent again", self._sent_again, least=0)

    def _sent_again(self) -> int:
        door = self._handed_in.door
        return len(self._visitors.again) + (len(door.again) if isinstance(door, DoorAskedAgain) else 0)


class _Upgrade:
    """One process after the other, with who asks meanwhile."""

    def __init__(self, rig: Rig) -> None:
        if not isinstance(rig.stage, UpgradeStage):
            raise TypeError("this needs a stage that can run several releases")
        self.rig, self.stage = rig, rig.stage
        rig.insist(set(self.stage.running().values()) == {PRESENT}, f"this runs at first: {self.stage.running()}")
        self.order = [process for some in self.stage.rounds() for process in rig.chance.shuffled(some)]
        self.pace = Pace(rig.dossiers, 2 * len(self.order) + 2, rig.town.over)
        self._callers = _Callers(rig, self.pace.begin)
        self._done, self._mixed = Counter[bool](), 0

    def all_to(self, release: str) -> None:
        """Every process, in its turn."""
        for process in self.order:
            self.step(process, release)
        self.rig.insist(set(self.stage.running().values()) == {release}, f"this runs at last: {self.stage.running()}")

    def step(self, process: str, release: str) -> None:
        """One process, while some dossiers begin."""
        self.pace.step()
        self.rig.note("replace", f"{process} by {release}")
        self.stage.replace(process, release)
        self._done[process.partition(":")[0] in DOORS] += 1
        self._mixed += len(set(self.stage.running().values())) > 1

    def finish(self) -> None:
        """Whoever is left, to the end; what everybody had to bear."""
        self.pace.all()
        self._callers.finish(least=len(self.order))
        rig = self.rig
        rig.must_bite("services stopped in order", rig.witness.said("*", "service_stopped"), least=self._done[False])
        rig.must_bite("doors opened anew", rig.witness.said("*-http-*", "door_opened"), least=self._done[True])
        rig.must_bite("times that two releases ran side by side", self._mixed, least=len(self.order))
