"""What must hold when everything has come to rest, whatever happened before: in each service, and among all five."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from services.chassis.journal import Journal
from services.chassis.store import Document
from services.contracts import events
from services.contracts.event import Event
from services.intake.dossier import MOVES as DOSSIER_MOVES
from services.notify.domain import MOVES as NOTICE_MOVES
from services.payment.order import MOVES as ORDER_MOVES
from services.registry.domain import MOVES as RECORD_MOVES
from services.registry.domain import REVOKED, VALID
from services.routing.case import MOVES as CASE_MOVES
from tests.unit.simulation.checker import exceptions
from tests.unit.simulation.moves import Stage
from tests.unit.simulation.stories import contradictions
from tests.unit.simulation.world import World

Found = Iterator[str]
Moves = Mapping[Any, frozenset[str]]
_RECORD_TABLE: Final = {
    VALID: frozenset(to for (was, _), to in RECORD_MOVES.items() if was == VALID),
    REVOKED: frozenset[str](),
}
TABLES: Final[Mapping[str, Moves]] = {
    "dossier": DOSSIER_MOVES,
    "case": CASE_MOVES,
    "order": ORDER_MOVES,
    "record": _RECORD_TABLE,
    "notice": {status: moves for status, moves in NOTICE_MOVES.items() if status},
}
ENDED: Final = ("returned", "resolved", "rejected", "stopped", "withdrawn")
IN_PROGRESS: Final = ("submitted", "accepted", "processing", "supplement_requested", "payment_required")


class Life(NamedTuple):
    """A history read again: one aggregate, its events, and its state after each of them."""

    kind: str
    journal: Journal[Any]
    document: Document
    events: list[Event]
    states: list[Any]


def broken(stage: Stage) -> list[str]:
    """Everything that does not hold, a sentence each."""
    with stage.world.chance.calmed():
        whole = [f"{rule.__name__[1:]}: {found}" for rule in RULES for found in rule(stage)]
        return whole + [
            f"{rule.__name__[1:]}: {life.kind} {life.document['_id']}: {found}"
            for life in _lives(stage.world)
            for rule in RULES_OF_A_LIFE
            for found in rule(life)
        ]


def _state_is_the_fold_of_its_history(life: Life) -> Found:
    kept = life.journal.parse(life.document).state
    if life.journal.unstructure(life.states[-1]) != life.journal.unstructure(kept):
        yield "its state is another"
    if [entry["seq"] for entry in life.document["history"]] != list(range(1, life.document["version"] + 1)):
        yield "there are gaps"


def _every_move_is_in_the_table(life: Life) -> Found:
    """News may be late and skip steps, so a move may be several steps of the table."""
    table, before = TABLES.get(life.kind, {}), None
    for status in [state.status for state in life.states] if table else ():
        if status not in table or (before and status not in _reach(table, before)):
            yield f"{before} → {status}"
        before = status


def _every_event_reads_as_it_was_written(life: Life) -> Found:
    for entry, event in zip(life.document["history"], life.events, strict=True):
        if events.write(life.journal.aggregate.source, event) != entry["data"]:
            yield str(entry["type"])


def _nothing_waits(stage: Stage) -> Found:
    if stage.world.bus.ready or stage.world.bus.waiting or stage.world.unpublished:
        yield "something is still on its way"


def _the_sum_closes(stage: Stage) -> Found:
    """Submitted = ended somehow + in progress; every service knows of the same dossiers."""
    codes = set(stage.codes.values())
    counted = Counter(dossier.status for dossier in stage.world.states("dossier").values())
    if sum(counted[status] for status in (*ENDED, *IN_PROGRESS)) != len(codes):
        yield f"{len(codes)} submitted, but {dict(counted)}"
    bills = {bill["_id"] for bill in stage.world.databases["payment"]["dossiers"].look()}
    for who, known in (
        ("intake", stage.world.states("dossier")),
        ("routing", stage.world.states("case")),
        ("payment", bills),
    ):
        if set(known) != codes:
            yield f"{who} knows {sorted(known)} of {sorted(codes)}"


def _all_tell_one_story(stage: Stage) -> Found:
    yield from contradictions(stage.world)


def _the_check_of_an_installation_finds_nothing(stage: Stage) -> Found:
    """The same rules as on real servers: `motcua verify`."""
    yield from exceptions(stage.world, list(stage.codes.values()))


def _numbers_have_no_gap(stage: Stage) -> Found:
    payment, registry = stage.world.databases["payment"], stage.world.databases["registry"]
    series: dict[str, list[int]] = {}
    for one in (*payment["receipts"].look(), *registry["numbers"].look()):
        series.setdefault(one["series"], []).append(one["number"])
    for name, numbers in series.items():
        if sorted(numbers) != list(range(1, len(numbers) + 1)):
            yield f"{name}: {sorted(numbers)}"
    receipts = [order.receipt.number for order in stage.world.states("order").values() if order.receipt]
    if len(receipts) != payment["receipts"].count_documents({}) or len(set(receipts)) != len(receipts):
        yield f"receipts {sorted(receipts)} of {payment['receipts'].count_documents({})} numbers taken"
    records = stage.world.states("record")
    if len(records) != registry["numbers"].count_documents({}):
        yield f"{len(records)} records of {registry['numbers'].count_documents({})} numbers taken"


def _no_personal_data_in_events(stage: Stage) -> Found:
    for message in stage.world.bus.published.values():
        text = f"{message.body.decode()} {message.headers}"
        yield from (f"{message.routing_key} says «{secret}»" for secret in stage.secrets if secret in text)


def _one_letter_a_notice(stage: Stage) -> Found:
    """Nothing is written twice about one thing; every notice was handed over or is known to have failed."""
    notices = stage.world.states("notice")
    for notice in notices.values():
        if notice.status == "requested":
            yield f"{notice.moment} of {notice.dossier_code} was not delivered"
    letters = Counter(id_ for id_, _ in stage.world.mail.taken)
    twice = {id_ for id_, times in letters.items() if times > 1}
    sent = {notice.notice_id for notice in notices.values() if notice.sent_at}
    if not sent <= set(letters):
        yield f"noted as sent, and never handed over: {sent - set(letters)}"
    if stage.world.chance.weather.killed:  # who died before he noted it, or got no answer, sends again or gives up
        return
    if twice or not set(letters) <= sent:
        yield f"sent twice, or not noted: {twice | (set(letters) - sent)}"


RULES: Final[tuple[Callable[[Stage], Found], ...]] = (
    _nothing_waits,
    _the_sum_closes,
    _all_tell_one_story,
    _the_check_of_an_installation_finds_nothing,
    _numbers_have_no_gap,
    _no_personal_data_in_events,
    _one_letter_a_notice,
)
RULES_OF_A_LIFE: Final[tuple[Callable[[Life], Found], ...]] = (
    _state_is_the_fold_of_its_history,
    _every_move_is_in_the_table,
    _every_event_reads_as_it_was_written,
)


def _lives(world: World) -> Iterator[Life]:
    for kind, journal in world.journals.items():
        for document in journal.collection.look() if kind != "publication" else ():
            source = journal.aggregate.source
            happened = [world.readings.read(source, one["type"], one["v"], one["data"]) for one in document["history"]]
            yield Life(kind, journal, document, happened, list(_states(journal, happened)))


def _states(journal: Journal[Any], happened: list[Event]) -> Iterator[Any]:
    state = None
    for event in happened:
        state = journal.aggregate.evolve(state, event)
        yield state


def _reach(table: Moves, status: str) -> set[str]:
    reached, ahead = {status}, [status]
    while ahead:
        for following in table[ahead.pop()] - reached:
            reached.add(following)
            ahead.append(following)
    return reached
