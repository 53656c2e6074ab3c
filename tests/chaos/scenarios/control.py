"""The control: stock nameko under the same faults must be seen to lose, to double, and to forget."""

from collections import Counter
from pathlib import Path
from typing import Final

from deploy.local.waiting import wait_until
from tests.chaos.control.flow import SUBMITTED, StockFlow
from tests.chaos.control.services import NAMES
from tests.chaos.rig import Rig

_HALVES: Final = 5
_FIRST: Final = 4
_TAKEN_SECONDS: Final = 20.0
_RUSH: Final = 48
_PATIENCE: Final = 60.0  # seconds: a broker needs some of them
_PATIENCE_WITH_BROKER: Final = 180.0  # that was killed with much to recover, on a busy machine
_FLOWS: Final = 4  # at most, until the broker's death has been felt


def control(rig: Rig) -> None:
    """Stock nameko under SIGKILLs, by half messages, when the broker dies (in full): it must be seen to fail."""
    wrong, vanished = _among_kills(rig)
    for what, count in wrong.items():
        rig.must_bite(what, count, least=0)
    rig.must_bite("wrong in all of it", wrong.total())
    rig.must_bite("halves of messages that nobody has any more", vanished)
    if not rig.full:
        return
    without = Counter[str]()
    for _ in range(_FLOWS):
        without = without or _without_broker(rig)
    for what, count in without.items():
        rig.must_bite(f"{what}, when the broker died", count, least=0)
    rig.must_bite("wrong when the broker died", without.total())


def _among_kills(rig: Rig) -> tuple[Counter[str], int]:
    """What is wrong with dossiers while their services are killed, and how many bad messages have vanished."""
    times = rig.size(6, 50)
    with StockFlow(rig.env, _log(rig), rig.dossiers) as flow:
        for number, victim in enumerate(rig.chance.picks(NAMES, times)):
            flow.await_told(number / times)
            rig.wait(rig.chance.seconds(0, 1))
            rig.note("kill stock", victim)
            flow.kill(victim)
        rig.note("say half", f"{_HALVES} events to stock")
        flow.say_half(_HALVES)
        wrong = flow.wrong()
        wait_until(lambda: not _held(rig), _TAKEN_SECONDS)
        return wrong, _HALVES - _held(rig)


def _held(rig: Rig) -> int:
    """How many messages of submissions the broker still has, in somebody's hand or not; stock has no dead letters."""
    return rig.alarms.waiting().get(SUBMITTED, 0)


def _without_broker(rig: Rig) -> Counter[str]:
    """What is wrong with dossiers that many hand in at once when the broker is killed, and comes back soon."""
    with StockFlow(rig.env, _log(rig), _FIRST, at_once=_RUSH, patience=_PATIENCE) as flow:
        flow.await_told(1)  # all services are up, and have been used
        flow.tell(_RUSH)
        flow.await_written(_FIRST + _RUSH // 4)
        rig.kill("rabbitmq")
        rig.stack.wait_ready(["rabbitmq"], _PATIENCE_WITH_BROKER)
        return flow.wrong()


def _log(rig: Rig) -> Path:
    return rig.stage.run_dir / "logs" / "stock.log"
