"""Events are told twice, late, in any order; messages come that are none."""

from collections.abc import Container, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from time import monotonic

from deploy.local.composition import SERVICES
from deploy.local.waiting import wait_until
from services.chassis import dead
from services.chassis.publish import Outgoing
from tests.chaos import messages, rest
from tests.chaos.clocks import wrong_days
from tests.chaos.load import Crowd
from tests.chaos.rig import Rig
from tests.chaos.taken import Taken
from tests.chaos.twins import unlike
from tests.integration.crowd import plots
from tests.integration.test_a_day_later import every_event, everything

_DAY = 86_400.0
_UNIT, _OPENED_BY = "routing", "routing.open_case"
_DAMAGES = (lambda body: body[: len(body) // 2], lambda body: body.replace(b'"dossier_code"', b'"dossier_cod3"'))
_REASONS = ("Invalid message.not_json: ", "Invalid message.not_an_event: intake.dossier_submitted: dossier_code: ")
_COMES = 30.0  # seconds
_TO_NOBODY = "request_without_reply_to_dropped"
_TIMERS = 35.0  # seconds until the slowest timer has looked round
_ROUNDS = 12  # of them, until everything that a day brings has been said


def said_again(rig: Rig) -> None:
    """While dossiers are told, all that was said is said again in another order; at rest, everything twice more."""
    known = every_event(rig.env).keys()  # of scenarios before: they have rested
    crowd, said = rig.crowd(), 0
    for share in (1 / 4, 1 / 2, 3 / 4):
        crowd.await_told(share)
        said += rig.say(rig.chance.shuffled(_heard(rig, known)))
    rig.rest()
    said += _say_everything_twice(rig, known)
    rig.must_bite("events told twice", rig.told_twice, least=said)


def any_order(rig: Rig) -> None:
    """Events come late, in any order, some or all twice, some never: dossiers end, field by field, as quiet ones."""
    told = rig.chance.shuffled(plots(rig.town, rig.dossiers))
    quiet = rig.tell_in_order(told)
    quiet.finish()
    rig.rest()
    with rig.tangled(rig.chance) as tangle:
        crowd = rig.tell_in_order(told)
        with tangle.doubling():
            crowd.await_told(1 / 4)
        for share in rig.size((1 / 2,), (1 / 4, 1 / 2, 3 / 4)):
            crowd.await_told(share)
            with tangle.losing():
                rig.wait(rig.size(2, 15))
            rig.tell_again()
        crowd.finish()
    rig.at_the_end(lambda: list(unlike(rig.env, quiet.tag, crowd.tag)))
    rig.at_the_end(lambda: list(wrong_days(rig.env)))  # twins are compared but for their times
    rig.must_bite("deliveries that came late", lambda: tangle.done["late"], least=10 * rig.dossiers)
    rig.must_bite("twice", lambda: tangle.done["twice"], least=rig.dossiers)
    rig.must_bite("of these, while all did", lambda: tangle.done["doubled"], least=rig.dossiers)
    rig.must_bite("behind a later one of their history", lambda: tangle.done["overtaken"], least=rig.dossiers)
    rig.must_bite("never, until they were told again", lambda: tangle.done["lost"], least=rig.size(5, 50))


def a_day_later(rig: Rig) -> None:
    """When every service has come to tomorrow, all that was ever said is said twice more in another order."""
    known = every_event(rig.env).keys()
    rig.crowd()
    rig.rest()
    with ExitStack() as tomorrow:
        for service in SERVICES:
            tomorrow.enter_context(rig.skewed(service, _DAY))
        _let_clocks_ring(rig)
        said = _say_everything_twice(rig, known)
    rig.must_bite("events told twice", rig.told_twice, least=said)


def _let_clocks_ring(rig: Rig) -> None:
    """Until the timers change nothing any more: every case that is late by now says so. Raises TimeoutError."""
    was, now = None, everything(rig.env)
    for _ in range(_ROUNDS):
        if was == now:
            return
        rig.wait(_TIMERS)
        rig.rest()
        was, now = now, everything(rig.env)
    raise TimeoutError(f"after {_ROUNDS} rounds the timers still change something")


def _heard(rig: Rig, known: Container[str]) -> list[Outgoing]:
    """Every event so far that was not known before."""
    return [event for id_, event in every_event(rig.env).items() if id_ not in known]


def _say_everything_twice(rig: Rig, known: Container[str]) -> int:
    """At rest, and let it come to rest; nothing may have changed, field by field. How much was said."""
    before, taken = everything(rig.env), Taken(Path(rig.env["MOTCUA_METRICS_DIR"]))
    events = 2 * _heard(rig, known)
    said, wanted = rig.say(rig.chance.shuffled(events)), messages.deliveries(events)
    rig.rest()
    rig.must_bite("taken by services once more", (taken.since() & wanted).total(), least=wanted.total())
    after = everything(rig.env)
    for name in before.keys() | after.keys():
        was, is_ = before.get(name, {}), after.get(name, {})
        changed = [id_ for id_ in was.keys() | is_.keys() if was.get(id_) != is_.get(id_)]
        rig.insist(not changed, f"{name} has changed: {changed[:10]}")
    return said


def _damage_two_of(rig: Rig, crowd: Crowd) -> None:
    """Two dossiers' own events are damaged before their unit hears of them: these two wait until they are mended."""
    with rig.away(_UNIT):
        wait_until(lambda: rest.depths(rig.env).get(_OPENED_BY, 0) >= len(_DAMAGES), _COMES)
        mended, published = (rig.damage(_OPENED_BY, spoil) for spoil in _DAMAGES)
    rig.stack.wait_ready([_UNIT])
    whose = [one.headers["cloudEvents:subject"] for one in (mended, published)]
    wanted, blocked = dict(zip(whose, _REASONS, strict=True)), set(whose)
    rig.insist(wait_until(lambda: _are_named(rig, _UNIT, wanted), _COMES), f"not put aside and named: {wanted}")
    crowd.await_told(1 / 4)
    rig.insist(
        not blocked & rig.codes("routing.cases"), f"went on, though damaged: {blocked & rig.codes('routing.cases')}"
    )
    rig.mend(_UNIT, mended)
    rig.publish_again(_UNIT, published)
    rig.at_the_end(lambda: [f"{code} did not go on when mended" for code in blocked - rig.codes("routing.cases")])
    rig.must_bite("dossiers that waited for their damaged event", len(blocked), least=len(_DAMAGES))


def _are_named(rig: Rig, service: str, wanted: Mapping[str, str]) -> bool:
    """Whether the dead letters of a service say that they block these dossiers, each for its reason, and no other."""
    letters = [one for one in dead.peek(rig.env["MOTCUA_AMQP_URI"], service) if one.queue == _OPENED_BY]
    return {one.subject for one in letters} == set(wanted) and all(
        one.reason.startswith(wanted[one.subject]) for one in letters
    )


def poison(rig: Rig) -> None:
    """What is no event goes to every queue, what is no question to every service: it rests by why, all else flows."""
    uri, crowd = rig.env["MOTCUA_AMQP_URI"], rig.crowd()
    crowd.await_told(1 / 8)
    _damage_two_of(rig, crowd)
    alive = rig.stack.pids()
    queues = [queue for _, queue in messages.queues_of_work()]
    aside, took = 0, []
    for part in (queues[::2], queues[1::2]):
        rig.poison(part)
        took.append(_until_all_rest(rig, part))
        crowd.await_told(1 / 2)
        aside += _put_aside(rig, part)
    asked = messages.ask_without_return(uri)
    crowd.finish()
    rig.rest()
    rig.insist(rig.stack.pids() == alive, "somebody died of it")
    rig.must_bite("put aside", aside, least=len(queues) * len(messages.POISON))
    rig.must_bite("from the last that was sent until all had been put aside, at most (s)", max(took), least=0)
    rig.must_bite("questions to be answered to nobody", lambda: rig.witness.said("*", _TO_NOBODY), least=asked)


def _until_all_rest(rig: Rig, queues: Sequence[str]) -> float:
    """How many seconds it takes until as many have been put aside as were sent; no more than is waited for them."""
    began, wanted = monotonic(), len(queues) * len(messages.POISON)
    wait_until(lambda: messages.resting_count(rig.env["MOTCUA_AMQP_URI"]) >= wanted, _COMES)
    return monotonic() - began


def _put_aside(rig: Rig, queues: Sequence[str]) -> int:
    """Each kind rests by its reason, and nothing else; taken away at once: 10 MB for each queue fill the broker."""
    uri = rig.env["MOTCUA_AMQP_URI"]
    resting, aside = messages.resting(uri), 0
    for queue in queues:
        reasons = resting.pop(queue, [])
        aside += len(reasons)
        rig.wrong.extend(f"{queue}: {wrong}" for wrong in messages.otherwise(reasons))
    rig.insist(not resting, f"others rest too: {resting}")
    messages.bury(uri)
    return aside
