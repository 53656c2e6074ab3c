"""What shows that losses are seen: stock nameko under the same faults, and our own books with something spoilt."""

from collections import Counter
from pathlib import Path
from typing import Final

from deploy.local.waiting import wait_until
from services.chassis import clock
from services.cli.demo.town import ANSWER_SECONDS
from tests.chaos.control.flow import AT_ONCE, DOUBLINGS, LOSSES, SUBMITTED, StockFlow
from tests.chaos.control.services import NAMES
from tests.chaos.damages import DAMAGES, count_from, is_named, said_of
from tests.chaos.rig import Rig
from tests.chaos.webhooks import Webhooks

_HALVES: Final = 5
_FIRST: Final = 4
_TAKEN_SECONDS: Final = 20.0
_STILL_SECONDS: Final = ANSWER_SECONDS + 3  # whoever asks has given up by then, and asks again
_RUSH: Final = 48
_PATIENCE_WITH_BROKER: Final = 180.0  # that was killed with much to recover, on a busy machine
_FLOWS: Final = 4  # at most, until the broker's death has been felt


def control(rig: Rig) -> None:
    """Stock nameko, killed, standing still, with a damaged event, without a broker (in full): it loses and doubles."""
    wrong, vanished = _among_faults(rig)
    for what, count in wrong.items():
        rig.must_bite(what, count, least=0)
    rig.must_bite("dossiers lost in all of it", sum(wrong[what] for what in LOSSES))
    rig.must_bite("dossiers doubled in all of it", sum(wrong[what] for what in DOUBLINGS))
    rig.must_bite("halves of messages that nobody has any more", vanished)
    if not rig.full:
        return
    without = Counter[str]()
    for _ in range(_FLOWS):
        without = without or _without_broker(rig)
    for what, count in without.items():
        rig.must_bite(f"{what}, when the broker died", count, least=0)
    rig.must_bite("wrong when the broker died", without.total())


def books_damaged(rig: Rig) -> None:
    """When all has ended, single things are spoilt in the books, one at a time: the judgement names each of them."""
    webhooks = rig.beside(Webhooks(rig.stage.run_dir / "told", rig.env, rig.town))
    began = clock.now()
    rig.crowd().finish()
    rig.rest()
    webhooks.catch_up()
    count_from(rig, began)  # now that all has been read: what came before would be, too
    rig.stage.stream.read()
    named, found = 0, said_of(rig)
    rig.insist(not found, f"before anything was spoilt: {found}")
    for damage in DAMAGES:
        with damage.done(rig) as whom:
            rig.note("spoil", f"{damage.what}: {whom}")
            is_seen = is_named(damage, whom, said_of(rig))
        rig.insist(is_seen, f"{damage.what} was not named: {whom}")
        named += is_seen
    rig.must_bite("damages that were named", named, least=len(DAMAGES))


def _among_faults(rig: Rig) -> tuple[Counter[str], int]:
    """What is wrong with dossiers after faults that ours are put to as well, and how many bad messages have vanished.

    Their services are killed; an event is damaged on its way, as in `poison`; intake stands still, as in `frozen`.
    """
    times = rig.size(6, 50)
    with StockFlow(rig.env, _log(rig), rig.alarms.waiting, rig.dossiers) as flow:
        for number, victim in enumerate(rig.chance.picks(NAMES, times)):
            flow.await_told(number / times)
            rig.wait(rig.chance.seconds(0, 1))
            rig.note("kill stock", victim)
            flow.kill(victim)
        flow.await_told(1)
        with flow.away("routing"):
            flow.tell(AT_ONCE)
            flow.damage()
            rig.note("damage stock", "one dossier_submitted")
        flow.await_told(1)
        rig.note("freeze stock", f"intake for {_STILL_SECONDS} s")
        with flow.standing_still("intake"):
            flow.tell(AT_ONCE)
            rig.wait(_STILL_SECONDS)
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
    with StockFlow(rig.env, _log(rig), rig.alarms.waiting, _FIRST, at_once=_RUSH) as flow:
        flow.await_told(1)  # all services are up, and have been used
        flow.tell(_RUSH)
        flow.await_written(_FIRST + _RUSH // 4)
        rig.kill("rabbitmq")
        rig.stack.wait_ready(["rabbitmq"], _PATIENCE_WITH_BROKER)
        return flow.wrong()


def _log(rig: Rig) -> Path:
    return rig.stage.run_dir / "logs" / "stock.log"
