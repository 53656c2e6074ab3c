"""What is looked at when all is over: the stream against the histories, who subscribes, letters, refusals."""

import json
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from math import inf
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from kombu.exceptions import OperationalError
from nameko.exceptions import RemoteError, RpcTimeout, UnknownService

from services.chassis.publish import Outgoing
from services.cli.top.scraping import Seen
from tests.chaos import gateway, judge, messages, stream, tries
from tests.chaos.department import Volume, disorder
from tests.chaos.diary import Spell, Step, may_cost_answers, spells, waits_for_its_moment
from tests.chaos.gateway import GatewayLedger
from tests.chaos.load import Handed, Submissions, Townsfolk
from tests.chaos.rig import Rig
from tests.chaos.scenarios import crowds, disk
from tests.chaos.stream import Heard, Ledger, digest
from tests.chaos.taken import counts, growth
from tests.chaos.tries import Try
from tests.conftest import eventually
from tests.integration.http_door import HttpDoor

_VAIN = "had no answer within 15.0 s, and nobody was harmed"


def test_the_ledger_counts_what_comes_twice_and_names_what_comes_too_early() -> None:
    ledger = Ledger()
    heard = [heard_of("1", "A", 1), heard_of("2", "B", 1), heard_of("1", "A", 1), heard_of("4", "A", 3)]
    assert [bool(ledger.note(one)) for one in heard] == [False, False, False, True]
    assert ledger.twice == {"routing": 1}


def test_the_ledger_names_what_was_lost_and_what_nobody_wrote() -> None:
    ledger = Ledger()
    ledger.note(heard_of("ghost", "A", 1))
    assert sorted(ledger.compare({"written": b""})) == [
        "event ghost was published and is in no history",
        "event written was written and never published",
    ]


def test_the_ledger_names_what_was_published_in_other_words_than_it_was_written_or_than_the_first_time() -> None:
    ledger = Ledger()
    assert ledger.note(heard_of("1", "A", 1, officer="x")) == ""
    assert ledger.note(heard_of("1", "A", 1, officer="y")) == "event 1 was told in two ways"
    assert list(ledger.compare({"1": digest("case_opened", "A", 1, {"officer": "x"})})) == []
    for written in (("case_opened", "A", 1, {"officer": "y"}), ("case_closed", "A", 1, {"officer": "x"})):
        assert list(ledger.compare({"1": digest(*written)})) == ["event 1 was published otherwise than it was written"]


def test_where_the_past_is_lost_a_history_counts_from_when_it_is_told_from_its_beginning() -> None:
    ledger = Ledger(past_is_lost=True)
    told = [ledger.note(heard_of(f"A{number}", "A", number)) for number in (3, 1, 2, 4)]
    assert told == ["", "", "", "case/A: number 4 came for 3"]
    ledger.note(heard_of("B2", "B", 2))
    assert ledger.rests == 2
    lost = [line for line in ledger.compare({"A3": b"", "B2": b""}) if "never published" in line]
    assert lost == [f"event {id_} was written and never published" for id_ in ("A3", "B2")]


def heard_of(id_: str, case: str, sequence: int, **data: str) -> Heard:
    headers = {"source": "/routing", "type": "case_opened", "aggregate": f"case/{case}", "sequence": sequence}
    said = {f"cloudEvents:{name}": value for name, value in headers.items()}
    return stream.heard(id_, said, json.dumps(data).encode())


def test_who_subscribes_must_hear_each_history_in_its_order_however_often() -> None:
    volumes = [Volume("case A", [("r", "1"), ("r", "2"), ("r", "same")]), Volume("case B", [("r", "3"), ("r", "same")])]
    heard = [("r", one) for one in ("same", "1", "3", "2", "1", "2")]
    assert disorder(volumes, heard) == []
    assert disorder(volumes, heard[3:]) == ["the department heard case A out of its order"]


@pytest.mark.parametrize(
    ("error", "clear"),
    [
        (RemoteError("Unavailable", "x"), True),
        (RemoteError("Refused", "x"), True),
        (RemoteError("Defect", "x"), False),
        (RemoteError("KeyError", "x"), False),
        (RpcTimeout(15), True),
        (ConnectionResetError(), True),
        (OperationalError(), True),
        (UnknownService("intake"), True),
        (KeyError("result"), False),
    ],
)
def test_a_try_ends_in_an_answer_or_in_an_error_that_says_what_it_is(error: Exception, clear: bool) -> None:
    noted: list[Try] = []
    with tries.noted(noted, "intake.get"):
        pass
    with pytest.raises(type(error)), tries.noted(noted, "intake.get"):
        raise error
    assert [one.clear for one in noted] == [True, clear]
    assert len(list(tries.wrong(noted, {"intake": [(0, noted[-1].at + 1)]}, []))) == (not clear)


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (Try(0, "intake.get", 18.1), "intake.get at 0 s took 18.1 s, and ended in an answer"),
        (Try(0, "intake.get", 2.0, "Defect", clear=False), "intake.get at 0 s ended in Defect after 2.0 s"),
        (Try(0, "intake.get", 15.0, "RpcTimeout"), f"intake.get at 0 s {_VAIN}"),
        (Try(108, "intake.get", 55.0), ""),  # a broker was harmed until 130
        (Try(108, "intake.get", 55.1), "intake.get at 108 s took 55.1 s, and ended in an answer"),
        (Try(146, "intake.get", 18.1), "intake.get at 146 s took 18.1 s, and ended in an answer"),
        (Try(86, "intake.get", 15.0, "RpcTimeout"), ""),
        (Try(150, "intake.get", 15.0, "RpcTimeout"), ""),
        (Try(221, "intake.get", 15.0, "RpcTimeout"), f"intake.get at 221 s {_VAIN}"),
        (Try(150, "routing.accept", 15.0, "RpcTimeout"), f"routing.accept at 150 s {_VAIN}"),  # another was harmed
        (Try(221, "intake.get", 17.0, "Unavailable"), ""),
    ],
)
def test_a_try_that_is_late_or_vain_in_peace_is_named_with_its_call_and_its_seconds(one: Try, said: str) -> None:
    harms: dict[str, list[Spell]] = {"intake": [(107, 207)], "routing": []}
    wrong = list(tries.wrong([replace(one, at=one.at + 7)], harms, [(117, 137)], since=7))
    assert [line.partition(" who could")[0] for line in wrong] == [said] * bool(said)


@pytest.mark.parametrize(("line_good_at", "is_wrong"), [(100, False), (131, True), (inf, True)])
def test_a_line_from_before_a_broker_lost_its_disk_may_be_without_an_answer_once(
    line_good_at: float, is_wrong: bool
) -> None:
    one = Try(300, "intake.get", 15.0, "RpcTimeout", line_good_at=line_good_at)
    assert bool(list(tries.wrong([one], {"intake": []}, [], [(110, 130)]))) == is_wrong


class OfOneLine(Townsfolk):
    """Townsfolk whose client answers as told."""

    def __init__(self, *answers: Exception | None) -> None:
        super().__init__({})
        self.answers = list(answers)

    def _client(self, actor: Mapping[str, str]) -> Any:
        return self

    intake = property(lambda self: self)

    def get(self) -> None:
        answer = self.answers.pop(0)
        if answer is not None:
            raise answer


def test_a_line_is_good_from_when_it_is_made_or_last_brought_an_answer() -> None:
    town = OfOneLine(None, RemoteError("Refused", "x"), RpcTimeout(15), None)
    town.ask({"kind": "system"}, "intake.get")
    with pytest.raises(RemoteError):
        town.ask({"kind": "system"}, "intake.get")
    town.ask({"kind": "system"}, "intake.get")
    first, refused, unanswered, anew = town.calls
    assert first.line_good_at >= first.at - 0.1
    assert first.line_good_at < refused.line_good_at < unanswered.line_good_at < unanswered.at
    assert anew.line_good_at > unanswered.at + unanswered.seconds


def test_a_fault_lasts_until_it_is_taken_back_and_costs_answers_of_nobody_else() -> None:
    steps = [
        *(Step(1, "die_at", "notify relay.after_publish +5"), Step(2, "silence", "routing-broker")),
        *(Step(3, "kill", "intake"), Step(3.5, "kill", "intake-http"), Step(4, "poison", "notify.tell")),
        *(Step(5, "pause", "gateway"), Step(5.2, "replace", "routing:2 by using"), Step(5.5, "alarm", "memory")),
        *(Step(6, "fair", "routing-broker"), Step(7, "go on", "gateway"), Step(8, "heal", "")),
        Step(9, "alarm over", "memory"),
    ]
    assert spells(steps, may_cost_answers("routing")) == [(2, 6), (5.2, 5.2), (5.5, 9)]
    assert spells(steps, may_cost_answers("intake")) == [(3, 3), (5.5, 9)]
    assert spells(steps, may_cost_answers("notify")) == [(5.5, 9)]  # and when it dies, which the logs tell
    assert spells(steps, waits_for_its_moment) == [(1, 8)]


def test_what_nobody_takes_back_does_not_last_until_something_else_is_taken_back() -> None:
    steps = [
        *(Step(1, "kill", "mongodb"), Step(2, "restart", "mongodb"), Step(3, "step down", "primary")),
        *(Step(4, "break off", "routing-broker"), Step(5, "lose disk", "mongodb"), Step(6, "pause", "mongodb")),
        *(Step(7, "go on", "mongodb"), Step(8, "fair", "routing-broker"), Step(9, "heal", "")),
    ]
    assert spells(steps, may_cost_answers("routing")) == [(1, 1), (2, 2), (3, 3), (4, 4), (5, 7), (6, 7)]


class BrokenDoor(HttpDoor):
    """Answers what is no answer."""

    def submission(self, procedure: Any, tag: str, *_: Any, **__: Any) -> dict[str, Any]:
        return {"applicant": {"kind": "citizen", "id_number": "1"}}

    def ask(self, *_: Any, **__: Any) -> Any:
        return {}


def test_an_answer_that_is_none_is_a_submission_that_failed() -> None:
    rush = Submissions(BrokenDoor("http://nobody"), {}, rate=100)
    rush.start()
    assert eventually(lambda: list(rush.handed))
    rush.finish()
    assert not rush.under_way
    assert "a submission failed: KeyError('dossier_code')" in rush.wrong({})


def test_who_still_waits_is_the_slowest() -> None:
    rush = Submissions(HttpDoor("http://nobody"), {}, rate=1)
    rush.handed = [Handed(0, code="A", seconds=3.0)]
    assert rush.slowest() == 3.0
    rush.under_way = [Handed(time.monotonic() - 60)]
    assert rush.slowest() >= 60


def test_no_more_dossiers_are_nobodys_than_there_were_who_heard_nothing() -> None:
    rush = Submissions(HttpDoor("http://nobody"), {}, rate=1, gap=9, harmed_at=lambda: [1])
    kept = dict.fromkeys("ABC", (f"a.{rush.tag}-1@example.vn", "accepted"))
    rush.handed = [Handed(0, code="A"), Handed(1, failure="reset"), Handed(2, failure="reset")]
    assert rush.wrong(kept) == []
    rush.handed.pop()
    assert sorted(rush.wrong(kept)) == [f"{code} is kept and was never answered" for code in "BC"]


def test_a_letter_that_is_given_up_is_named() -> None:
    waits = {"sent_at": None, "round": 2, "failed_round": 1}
    states = {"a": waits, "b": {**waits, "failed_round": 2}, "c": {**waits, "failed_round": 2, "sent_at": 1}}
    (line,) = judge.given_up({"_id": id_, "state": state} for id_, state in states.items())
    assert line.startswith("notify.notices b:")


class Till(GatewayLedger):
    """What a gateway took and gave back, without a gateway."""

    def __init__(self, taken: Mapping[str, int], back: Mapping[str, int] | None = None) -> None:
        super().__init__(Path("nowhere"))
        self.taken, self.back = Counter(taken), Counter(back or {})

    def taken_vnd(self) -> Counter[str]:
        """As it is said."""
        return self.taken.copy()

    def given_back_vnd(self) -> Counter[str]:
        """As it is said."""
        return self.back.copy()

    def references(self) -> set[str]:
        """All under which it took something."""
        return set(self.taken)


def order(*captured: str, back: Mapping[str, int] | None = None, failed: str = "") -> dict[str, Any]:
    """A fee of 100 đ: references under which it was paid, what was given back of some, one that failed."""
    outcomes = {**dict.fromkeys(captured, "captured"), failed: "failed"}
    refunds = [{"attempt": one, "amount_vnd": vnd, "refunded_at": 1} for one, vnd in (back or {}).items()]
    attempts = [{"reference": one, "outcome": outcome} for one, outcome in outcomes.items() if one]
    return {"_id": "O", "state": {"amount_vnd": 100, "attempts": attempts, "refunds": refunds}}


@pytest.mark.parametrize(
    ("till", "orders", "wrong"),
    [
        (Till({"A": 100, "B": 100}, {"B": 100}), [order("A", "B", back={"B": 100})], 0),
        (Till({"A": 100}, {"A": 70}), [order("A", back={"A": 70}, failed="B")], 0),
        (Till({"A": 90}), [order("A")], 1),  # it took another amount
        (Till({"A": 100}), [order(failed="A")], 1),  # we know nothing of it
        (Till({}), [order("A")], 1),  # it has taken nothing
        (Till({"A": 100}), [order("A", back={"A": 70})], 1),  # what we call given back is still there
        (Till({"A": 100}, {"A": 70}), [order("A")], 1),  # it gave back what was not owed
        (Till({"A": 100}, {"B": 100}), [order("A", "B", back={"A": 100})], 2),  # of another payment than it ought to be
        (Till({"A": 100}, {"A": 100}), [], 1),  # it came from nobody, though all of it went back
    ],
)
def test_the_gateway_must_have_kept_under_each_reference_what_our_books_say(
    till: Till, orders: list[dict[str, Any]], wrong: int
) -> None:
    found = gateway.compare(orders, till)
    assert len(found.wrong) == wrong, found
    assert (found.unknown, found.undone) == ([], [])


def test_what_came_after_a_backup_that_all_went_back_to_is_counted_and_what_came_before_is_wrong() -> None:
    till = Till({"known": 100, "begun": 100, "later": 100, "undone": 100})
    till.note_loss({"known", "begun", "undone"}, Counter({"known": 0}))
    till.back["undone"] = 100  # nobody lost that
    orders = [order("known"), order("undone")]
    found = gateway.compare(orders, till)
    assert found.unknown == ["later"]
    assert [line.partition(" đ")[0] for line in found.wrong] == [
        "payment.orders O: under undone the gateway has kept 0",
        "the gateway took money for begun, which nobody knows",
    ]
    till.note_loss(till.references(), Counter())
    assert gateway.compare(orders, till).undone == ["undone"]
    till.taken["known"] = 90
    assert "under known the gateway has kept 90 đ" in gateway.compare(orders, till).wrong[0]


def test_after_each_scenario_the_gateway_s_ledger_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    till = Till({"A": 100})
    no_orders = SimpleNamespace(collection=lambda _: SimpleNamespace(find=lambda *_: []))
    monkeypatch.setattr(gateway, "Books", lambda _env: nullcontext(no_orders))
    rig: Any = SimpleNamespace(env={}, stage=SimpleNamespace(gateway=till))
    assert list(judge.JUDGED["money that the gateway has kept"](rig)) == [
        "the gateway took money for A, which nobody knows"
    ]


@pytest.mark.parametrize(
    ("verb", "whom", "may"),
    [
        ("kill", "intake", False),
        ("poison", "notify.tell, routing.open_case", False),
        ("back", "notify", False),
        ("cut", "notify-broker", True),
        ("die_at", "notify relay.after_publish +5", True),
        ("away", "mongodb2", True),
        ("away", "mailbox", True),
    ],
)
def test_a_letter_comes_twice_only_where_who_sends_or_keeps_or_takes_it_was_harmed(
    verb: str, whom: str, may: bool
) -> None:
    steps = [Step(0, "kill", "routing"), Step(1, verb, whom)]
    assert list(judge.needless_letters(steps, 0)) == []
    assert bool(list(judge.needless_letters(steps, 1))) is not may


@pytest.mark.parametrize(
    ("harms", "crashes", "twice", "wrong"),
    [
        ([("kill", "notify")], 0, 32, False),
        ([("kill", "notify")], 0, 33, True),  # more than one process had in hand
        ([("kill", "notify"), ("die_at", "notify relay.after_publish +5")], 0, 64, False),
        ([("kill", "notify"), ("kill", "routing")], 0, 64, True),
        ([("fill disk", "mongodb with 7 bytes")], 2, 96, False),
        ([("lose and restore", "mongodb, rabbitmq")], 0, 500, False),  # all that was sent behind the backup
    ],
)
def test_no_more_letters_come_twice_than_were_in_hand_at_each_harm(
    harms: list[tuple[str, str]], crashes: int, twice: int, wrong: bool
) -> None:
    steps = [Step(at, verb, whom) for at, (verb, whom) in enumerate(harms)]
    assert bool(list(judge.needless_letters(steps, twice, crashes))) is wrong


def test_a_letter_is_counted_once_more_for_each_that_came_behind_its_first(tmp_path: Path) -> None:
    mail = tmp_path / "sandbox" / "mail"
    mail.mkdir(parents=True)
    (mail / "1.eml").write_text("Message-ID: <a@x>\n\n")
    before = judge.copies(tmp_path)
    for number, name in enumerate("abbc", 2):
        (mail / f"{number}.eml").write_text(f"Message-ID: <{name}@x>\n\n")
    assert judge.letters_twice(tmp_path, before) == 2


def test_what_went_wrong_before_the_disks_were_lost_stays_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    rush = Submissions(BrokenDoor("http://nobody"), {}, rate=1).start()
    rush.finish()
    rush.handed = [Handed(0, code="A"), Handed(1, failure="reset", seconds=2.0), Handed(4, code="B")]
    monkeypatch.setattr(judge, "_kept", lambda _: {"A": (f"a.{rush.tag}-1@example.vn", "submitted")})
    rig = cast("Rig", SimpleNamespace(env={}, loads=[rush], wrong=[]))
    assert disk._end(rig) == {"A", "B"}  # noqa: SLF001
    assert rig.wrong == ["a submission failed: reset", "B was answered and is not kept"]
    assert rig.loads == []


def test_who_is_refused_must_be_told_why_and_when_to_come_back() -> None:
    rush = Submissions(HttpDoor("http://nobody"), {}, rate=1)
    rush.handed = [
        Handed(0, code="A"),
        Handed(1, failure="503", refusal="http.late", again_after="2"),
        Handed(2, failure="503", refusal="http.late"),
        Handed(3, failure="reset"),
    ]
    assert [line.partition(":")[0] for line in crowds.badly_told(rush)] == [
        "told nothing",
        "refused with http.late, and not told when to come back",
    ]


@pytest.mark.parametrize(
    ("taken_at", "seconds"), [([1, 2, 3, 30], 17.0), ([], 20.0), ([5, 15], 10.0), (list(range(21)), 1.0)]
)
def test_nobody_is_taken_for_as_long_as_lies_between_two_who_are(taken_at: list[float], seconds: float) -> None:
    rush = Submissions(HttpDoor("http://nobody"), {}, rate=1)
    refused = [Handed(0, failure="503"), Handed(20, failure="503")]
    rush.handed = [*refused, *(Handed(0, code="A", seconds=at) for at in taken_at)]
    assert crowds.nobody_taken(rush) == seconds


def test_what_services_have_taken_is_counted_of_processes_that_live_since_then() -> None:
    def seen(pid: int, **counted: float) -> Seen:
        samples = {
            ("motcua_message_seconds_count", frozenset({("queue", queue), ("outcome", outcome)})): count
            for queue, count in counted.items()
            for outcome in ("done", "ladder")
        }
        return Seen("routing", pid, 0.0, {**samples, ("other", frozenset()): 9.0})

    before = counts([seen(1, a=2, b=1), seen(2, a=5)])
    after = counts([seen(1, a=4, b=1, c=3), seen(3, a=7)])
    assert growth(before, after) == {"a": 4, "b": 0, "c": 6}
    assert growth(counts([seen(4)]), counts([seen(4, a=4)])) == {"a": 8}  # who had just begun


def test_an_event_is_delivered_to_each_queue_that_is_bound_to_its_kind() -> None:
    event = Outgoing("1", "routing.events", "case_accepted", b"{}", {})
    strange = Outgoing("2", "routing.events", "nothing_such", b"{}", {})
    found = messages.deliveries([event, event, strange])
    assert set(found.values()) == {0, 2}
    assert found["intake.note_case"] == 2
