"""The parts of the harness that need no server: chance, the logs, loads, payers, the plan."""

import sqlite3
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from click.testing import CliRunner

from services.cli.demo.stories import FATES
from tests.chaos import recovery, rest, verbs
from tests.chaos import rig as rig_module
from tests.chaos.__main__ import chaos
from tests.chaos.alarms import Alarms
from tests.chaos.chance import Chance
from tests.chaos.deaths import Meant
from tests.chaos.diary import Step, done_to
from tests.chaos.gateway import GatewayLedger, insist_one_id
from tests.chaos.load import Handed, Submissions, Townsfolk
from tests.chaos.payers import FAULTS, FAULTS_OF_CALLS, LOST, SILENT, Payers, dealt
from tests.chaos.plan import PLAN, chosen
from tests.chaos.questions import Asked, Questions
from tests.chaos.rest import rests
from tests.chaos.rig import Rig
from tests.chaos.scenarios.outside import slowdown
from tests.chaos.stage import Stage
from tests.chaos.witness import Witness
from tests.integration.crowd import PARTS
from tests.integration.http_door import HttpDoor

OFFER = {"key": "x", "unit": "u", "example": {"applicant": {"kind": "citizen", "id_number": "001801000001"}}}


def drawn(seed: int, name: str) -> list[Any]:
    chance = Chance(seed, name)
    return [chance.picks("abc", 7), chance.seconds(0, 9), chance.pick("abc"), chance.shuffled(range(20))]


def test_the_same_seed_and_scenario_give_the_same_and_others_give_others() -> None:
    assert drawn(1, "kills") == drawn(1, "kills")
    assert drawn(1, "kills") != drawn(2, "kills")
    assert drawn(1, "kills") != drawn(1, "poison")


def test_everybody_is_picked_about_as_often() -> None:
    picked = Chance(3, "x").picks("abc", 8)
    assert sorted(picked.count(one) for one in "abc") == [2, 3, 3]


def test_the_witness_tells_the_killed_from_those_who_ended_by_themselves(tmp_path: Path) -> None:
    witness = Witness(tmp_path)
    before, now = datetime.now() - timedelta(hours=1), datetime.now() + timedelta(seconds=1)  # noqa: DTZ005 – as logged
    exits = [
        (before, "intake-1 (terminated by SIGKILL; not expected)"),
        (now, "intake-1 (terminated by SIGKILL; not expected)"),
        (now, "notify-1 (exit status 1; not expected)"),
    ]
    lines = [f"{at:%Y-%m-%d %H:%M:%S},123 WARN exited: {how}" for at, how in exits]
    (tmp_path / "supervisord.log").write_text("\n".join(lines))
    assert witness.deaths() == 1
    assert witness.crashes() == ["notify-1 ended by itself: exit status 1"]
    assert (witness.ended("notify"), witness.ended("intake")) == (1, 0)
    witness.pardon("notify")
    assert witness.crashes() == []


def test_the_witness_names_those_who_were_killed_while_they_were_stopped_and_in_every_folder(tmp_path: Path) -> None:
    now, folders = datetime.now() + timedelta(seconds=1), [tmp_path / "a", tmp_path / "b"]  # noqa: DTZ005 – as logged
    witness = Witness(*folders)
    hows = ("stopped: mongodb-1 (terminated by SIGKILL)", "stopped: rabbitmq2-1 (exit status 1)")
    for folder, how in zip(folders, hows, strict=True):
        folder.mkdir()
        (folder / "supervisord.log").write_text(f"{now:%Y-%m-%d %H:%M:%S},123 WARN {how}\n")
    assert witness.killed() == {"mongodb"}
    assert (witness.deaths(), witness.crashes()) == (0, [])


def test_the_witness_reads_a_server_s_words_from_its_moment_on_though_the_log_is_moved(tmp_path: Path) -> None:
    log = tmp_path / "mongodb.log"
    log.write_text("No space left\n")
    witness = Witness(tmp_path)
    with log.open("a") as more:
        more.write("No space left\n")
    log.rename(tmp_path / "mongodb.log.1")
    log.write_text("No space left\nspace\n")
    assert witness.wrote("mongodb", "No space left") == 2


def test_the_witness_counts_what_was_logged_since_it_looks(tmp_path: Path) -> None:
    witness = Witness(tmp_path)
    old, new = (datetime.now(UTC) + timedelta(seconds=by) for by in (-60, 60))
    lines = [f'{{"event": "relay_paused", "timestamp": "{at.isoformat()}"}}' for at in (old, new, new)]
    (tmp_path / "intake.log").write_text("\n".join([*lines, "no JSON", "[]"]))
    assert witness.said("intake", "relay_paused", "timer_failed") == 2


def test_a_gap_lasts_from_the_first_who_was_not_answered_to_the_last_before_somebody_was() -> None:
    load = Submissions(HttpDoor("http://nobody"), {}, rate=1)
    for at, failure in ((0, ""), (10, "x"), (11, "x"), (12, ""), (20, "x"), (25, "")):
        load.handed.append(Handed(at, seconds=0.5, failure=failure))
    assert load.longest_gap() == 1.5
    assert len(load.wrong({})) == 3


def test_who_fails_is_forgiven_only_for_a_gap_after_something_was_done() -> None:
    load = Submissions(HttpDoor("http://nobody"), {}, rate=1, gap=5, harmed_at=lambda: [100, 120])
    for at in range(80, 140):  # every second one fails, for ever
        load.handed.append(Handed(at, seconds=0.5, failure=f"at {at}" if at % 2 else ""))
    forgiven = {99, 101, 103, 105, 119, 121, 123, 125}  # what was done is written down to the second
    assert load.wrong({}) == [f"a submission failed: at {at}" for at in range(81, 140, 2) if at not in forgiven]
    assert load.failed() == 30


def test_nobody_is_forgiven_where_an_outage_lasts_longer_than_its_gap() -> None:
    load = Submissions(HttpDoor("http://nobody"), {}, rate=1, gap=5, harmed_at=lambda: [100, 105])
    load.handed = [Handed(at, seconds=0.5, failure="x") for at in range(100, 106)]
    assert len(load.wrong({})) == 6


@pytest.mark.parametrize(
    ("at", "seconds", "code", "taken"), [(9, 2, "A", 0), (10, 2, "A", 1), (19, 2, "A", 0), (12, 1, "", 0)]
)
def test_who_was_taken_meanwhile_came_and_was_answered_meanwhile(
    at: float, seconds: float, code: str, taken: int
) -> None:
    load = Submissions(HttpDoor("http://nobody"), {}, rate=1)
    load.handed = [Handed(at, code, seconds, failure="" if code else "x")]
    assert load.taken([(0, 5), (10, 20)]) == taken


def test_almost_all_must_be_taken_who_come_while_a_fault_lasts_and_each_second_of_it_counts_once() -> None:
    rig, load = rig_that_did(), Submissions(HttpDoor("http://nobody"), {}, rate=2)
    load.handed = [Handed(at, "A", 0.1) for at in (5, 11, 15, 25)]
    rig.must_have_taken("meanwhile", load)
    rig.must_have_taken("of one", load, done_to("memory"))
    assert [(one.count(), one.least) for one in rig.bites] == [(3, 0.85 * 2 * 20), (2, 0.85 * 2 * 10)]


def test_a_tail_that_grew_is_seen_where_the_middle_did_not() -> None:
    before, meanwhile = [1.0] * 20, [1.0] * 18 + [9.0] * 2
    assert (slowdown(before, meanwhile), slowdown(before, meanwhile, 0.95)) == (1.0, 9.0)


def rig_that_did() -> Rig:
    """It had one alarm for ten seconds, and two faults within ten others."""
    rig = Rig.__new__(Rig)
    vars(rig).update(began=0.0, bites=[])
    rig.steps = [
        *(Step(2, "kill", "rabbitmq"), Step(10, "alarm", "memory"), Step(20, "alarm over", "memory")),
        *(Step(24, "slow by 1 s:", "payment-broker"), Step(25, "cut", "routing-broker")),
        *(Step(30, "fair", "routing-broker"), Step(34, "fair", "payment-broker"), Step(40, "heal", "")),
    ]
    return rig


def test_a_submission_may_fail_after_a_verb_or_the_death_of_its_door_and_not_after_what_waits_for_its_moment() -> None:
    rig = rig_that_did()
    since = datetime.now(UTC)
    vars(rig)["began"] = 1000.0
    rig.steps = [Step(2, "die_at", "intake-http relay.after_publish +5"), Step(3, "fill disk", "mongodb")]
    died = {"intake-http": [since + timedelta(seconds=7)], "notify": [since]}
    rig.witness = cast("Witness", SimpleNamespace(since=since, died=died.get))
    assert rig.harmed_at() == [1003.0, 1007.0]


def test_who_died_is_known_by_his_name_and_by_his_point(tmp_path: Path) -> None:
    rig = Rig.__new__(Rig)
    points = ("relay.after_publish", "rpc.before_reply")
    fuses = [tmp_path / f"{process}@{point}" for process in ("intake", "notify") for point in points]
    vars(rig)["_fuses"] = fuses
    fuses[0].touch()  # intake has not passed it
    assert (rig.burnt(), rig.burnt("intake"), rig.burnt("notify", "routing")) == (3, 1, 2)
    assert (rig.burnt(point=points[0]), rig.burnt("intake", point=points[0]), rig.burnt(point=points[1])) == (1, 0, 2)


@pytest.mark.parametrize(("hangs", "done"), [(False, []), (True, ["kill"])])
def test_a_broker_that_hangs_while_it_joins_again_is_started_anew(
    monkeypatch: pytest.MonkeyPatch, hangs: bool, done: list[str]
) -> None:
    ended, whole, killed = list[bool](), list[bool](), list[str]()
    monkeypatch.setattr(verbs, "Firewall", lambda _: SimpleNamespace(end=lambda: ended.append(True)))
    keeper = SimpleNamespace(kill=killed.append)
    stage = SimpleNamespace(
        is_whole=lambda within: not hangs, await_whole=lambda: whole.append(True), keeper=lambda _: keeper
    )
    rig = Rig.__new__(Rig)
    vars(rig).update(began=0.0, steps=[], tell=lambda _: None, meant=Meant(), stage=stage)
    with rig.split_off("rabbitmq2", ["tcp dport 1"]):
        assert not ended
    assert (ended, whole, killed) == ([True], [True], ["rabbitmq2"] * hangs)
    assert [one.verb for one in rig.steps] == ["split off", *done, "together"]


def test_each_queue_of_the_others_must_be_seen_empty_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = [{"routing.open_case": 1, "notify.tell": 4}, {"routing.note": 1, "notify.tell": 4}]
    owned = [("routing", "routing.open_case"), ("routing", "routing.note"), ("notify", "notify.tell")]
    monkeypatch.setattr(rig_module, "queues_of_work", lambda: owned)
    monkeypatch.setattr(rig_module, "depths", lambda _: looks.pop(0) if len(looks) > 1 else looks[0])
    rig = Rig.__new__(Rig)
    rig.env, rig.wrong = {}, []
    rig.insist_flow("routing", soon=5)
    assert rig.wrong == []
    rig.insist_flow("routing", "notify", soon=0)
    assert rig.wrong == ["for 0 s something waited in notify.tell, routing.note"]


def test_who_was_answered_with_a_code_must_be_kept_once() -> None:
    load = Submissions(HttpDoor("http://nobody"), {}, rate=1)
    load.handed = [Handed(0, code="A"), Handed(1, code="B"), Handed(2, code="B")]
    wrong = load.wrong(
        {"B": (f"x.{load.tag}-1@example.vn", "submitted"), "C": (f"x.{load.tag}-2@example.vn", "submitted")}
    )
    assert wrong == ["A was answered and is not kept", "B was answered 2 times", "C is kept and was never answered"]


def test_what_the_gateway_keeps_is_what_it_took_less_what_it_gave_back(tmp_path: Path) -> None:
    (tmp_path / "sandbox").mkdir()
    ledger = GatewayLedger(tmp_path)
    with sqlite3.connect(tmp_path / "sandbox" / "gateway.sqlite") as db:
        db.execute("CREATE TABLE transactions (number, txn_ref, amount, status, ipn_fault, ipn_tries)")
        db.execute("CREATE TABLE refunds (payment, amount)")
        paid = [
            (1, "A", 20_000_00, "00", "lost", 0),
            (2, "B", 5_000_00, "00", "repeat:20", 20),
            (3, "C", 1_00, "02", "", 1),
        ]
        db.executemany("INSERT INTO transactions VALUES (?, ?, ?, ?, ?, ?)", paid)
        db.execute("INSERT INTO refunds VALUES (2, 500000)")
        db.execute("CREATE TABLE calls (command, request_id)")
        db.execute("INSERT INTO calls VALUES ('querydr', 'q1'), ('refund', 'r1')")
        db.execute("CREATE TABLE mishaps (command, fault, response_code)")
        met = [("refund", "lost", "00"), ("refund", "lost", "94"), ("querydr", "cut", "00"), ("refund", "error", "")]
        db.executemany("INSERT INTO mishaps VALUES (?, ?, ?)", met)
    assert {reference: kept for reference, kept in ledger.kept_vnd().items() if kept} == {"A": 20_000}
    assert (ledger.met("lost"), ledger.tries("lost"), ledger.tries("repeat:20")) == (1, 0, 20)
    assert (ledger.mishaps("lost"), ledger.unheard_refunds()) == (2, 1)
    look = insist_one_id(ledger)
    assert look() == []
    with sqlite3.connect(tmp_path / "sandbox" / "gateway.sqlite") as db:
        db.execute("INSERT INTO calls VALUES ('refund', 'r2')")
    assert look() == ["1 requests for refunds had an id of their own, and nothing to give back"]


def test_in_the_smallest_crowd_of_the_plan_money_goes_back() -> None:
    smallest = min(one.dossiers[0] for one in PLAN)
    fates = {fate for _, fate in islice(cycle(PARTS), smallest)}
    assert fates >= {*FATES, "rejected when paid", "withdrawn when paid"}


def test_every_scenario_says_what_it_is_in_one_sentence() -> None:
    assert len({one.name for one in PLAN}) == len(PLAN)
    assert all(one.what and one.act.__doc__ and one.act.__doc__.strip().endswith(".") for one in PLAN)


def test_the_short_plan_leaves_out_what_only_the_full_one_has() -> None:
    assert [one for one in chosen([], full=False) if one.full_only] == []
    assert chosen([], full=True) == list(PLAN)
    assert [one.name for one in chosen(["poison", "kills"], full=False)] == ["poison", "kills"]


def test_an_unknown_scenario_is_refused_with_the_names_of_those_there_are() -> None:
    told = CliRunner().invoke(chaos, ["--only", "nonsense"])
    assert told.exit_code == 2
    assert "nonsense" in told.output
    assert "kills" in told.output


@pytest.mark.parametrize(
    ("queue", "may"),
    [
        ("events.log", True),
        ("intake.dead", True),
        ("rpc.reply-x", True),
        ("rpc-intake", False),
        ("routing.open_case", False),
    ],
)
def test_only_what_rests_may_be_left_in_a_queue(queue: str, may: bool) -> None:
    assert rests(queue) == may


def test_the_witness_tells_why_messages_failed_the_last_one_last(tmp_path: Path) -> None:
    witness = Witness(tmp_path)
    line = (
        '{"event": "message_failed", "timestamp": "%s", "dossier": "G14", "queue": "q", "attempt": %d, "outages": 0, '
    )
    for program, attempt in (("routing", 2), ("intake", 1)):
        at = (datetime.now(UTC) + timedelta(seconds=attempt)).isoformat()
        (tmp_path / f"{program}.log").write_text(line % (at, attempt) + '"reason": "NotFound"}\n{"event": "started"}\n')
    told = witness.failures()
    assert [one.partition(" ")[2] for one in told] == [
        f"G14 failed in q ({attempt} times, 0 for an outage): NotFound" for attempt in (1, 2)
    ]


def test_only_what_goes_wrong_is_counted_as_a_fault() -> None:
    assert [Step(0, verb, "x").is_fault for verb in ("kill", "away", "back", "heal")] == [True, True, False, False]


@pytest.mark.parametrize(
    ("said", "on"), [("[]\n", []), ("[disk]\n", ["disk"]), ("[disk,memory]\n", ["disk", "memory"])]
)
def test_which_alarms_are_on_is_what_the_broker_says(monkeypatch: pytest.MonkeyPatch, said: str, on: list[str]) -> None:
    monkeypatch.setattr(Alarms, "order", lambda *_: said)
    assert Alarms({"RABBITMQ_NODENAME": "x"}).active() == on


@pytest.mark.parametrize("count", [14, 60, 500])
def test_each_fault_of_the_gateway_meets_somebody_and_hardly_anybody_meets_many(count: int) -> None:
    for seed in range(20):
        lots = dealt(Chance(seed, "x"), count)
        assert max(Counter(one.fault for one in lots).values()) - count // (len(FAULTS) + 1) <= 1
        assert {one.fault for one in lots} == {"", *FAULTS}
        assert {fault for one in lots for fault in (*one.queries, *one.refunds)} == set(FAULTS_OF_CALLS)
        assert max(len(one.queries) for one in lots) <= 3
        assert max(len(one.refunds) for one in lots) <= 2
        assert {one.fault for one in lots if one.queries} <= SILENT
        assert all(one.refunds for one in lots if one.pays_twice)
        assert next(one for one in lots if one.pays_twice).refunds[0] == LOST


def test_each_payer_has_his_lot_whoever_begins_first() -> None:
    payers, lots = Payers(Chance(1, "x"), 16), dealt(Chance(1, "x"), 16)
    for number in reversed(range(16)):
        assert payers.begin(Townsfolk({}), "mic", OFFER, f"x-{number}").lot == lots[number]


def test_at_rest_is_where_nothing_is_in_hand_nor_written_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = iter([0, 1])
    monkeypatch.setattr(rest, "depths", lambda _: {})
    monkeypatch.setattr(rest, "pending", lambda *_: next(written, 0))
    assert not rest.is_at_rest({}, dict)
    assert not rest.is_at_rest({}, lambda: {"routing.open_case": 1})
    assert rest.is_at_rest({}, lambda: {"routing.dead": 1, "events.log": 7})


def test_who_is_answered_when_asking_once_more_has_not_asked_in_vain() -> None:
    questions = Questions.__new__(Questions)
    said = [
        ("intake", True),
        ("notify", False),
        ("intake", False),
        ("notify", False),
        ("intake", True),
        ("intake", False),
    ]
    questions.asked = [
        Asked(at, name, 0.1, "an answer" if answered else "Unavailable") for at, (name, answered) in enumerate(said)
    ]
    always = [(0, 10)]
    assert questions.in_vain("intake", "routing", meanwhile=always) == []
    assert questions.in_vain("intake", "notify", meanwhile=always) == ["notify"]
    assert questions.in_vain("intake", "notify", meanwhile=[(2, 10)]) == []


def test_questions_count_in_the_time_of_a_fault_and_who_was_asked_none_is_known() -> None:
    questions = Questions.__new__(Questions)
    questions.asked = [Asked(at, "intake", 5.0, "Unavailable") for at in (1, 7, 13)]
    questions.asked += [Asked(at, "notify", 0.1) for at in (1, 13, 14)]
    meanwhile = [(6, 14)]
    assert (questions.unavailable(), questions.unavailable(meanwhile=meanwhile)) == (3, 2)
    assert questions.unavailable("notify", meanwhile=meanwhile) == 0
    assert questions.answers(meanwhile) == 2
    assert questions.least_asked("intake", "notify", meanwhile=meanwhile) == 2
    assert questions.least_asked("intake", "routing", meanwhile=meanwhile) == 0


def test_what_was_in_hand_when_all_was_healed_must_be_settled_though_people_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ready = iter([{"routing.open_case": 1}, {}, {}, {}])
    in_hand = iter([{"a": 1, "b": 2, "evt-x--y.z": 9, "rpc-intake": 1}, {"b": 1, "c": 1, "events.log": 7}, {"b": 1}])
    settled = iter([Counter({"b": 1, "c": 9}), Counter({"b": 2})])
    monkeypatch.setattr(rest, "depths", lambda _: next(ready))
    monkeypatch.setattr(rest, "pending", lambda *_: 0)
    monkeypatch.setattr(recovery, "Taken", lambda _: SimpleNamespace(since=lambda: next(settled)))
    rig = SimpleNamespace(env={"MOTCUA_METRICS_DIR": "x"}, alarms=SimpleNamespace(waiting=lambda: next(in_hand)))
    looks = recovery.Recovery(cast("Rig", rig))
    assert [looks.is_over() for _ in range(4)] == [False, False, False, True]


def test_what_every_supervisor_has_heard_is_kept(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "run")
    stage.logs.append(stage.run_dir / "nodes" / "logs")  # as a cluster's
    for logs in stage.logs:
        logs.mkdir(parents=True, exist_ok=True)
        (logs / "supervisord.log").write_text(str(logs))
    stage.keep_logs(tmp_path / "kept")
    stage.close()
    kept = [tmp_path / "kept" / name for name in ("supervisord.log", "nodes/supervisord.log")]
    assert [one.read_text() for one in kept] == [str(logs) for logs in stage.logs]
