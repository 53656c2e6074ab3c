"""What is counted of a run: hops, ends, order, rates; whether it was long enough; whether the limit did its work."""

import os
import subprocess
import sys
import time
import zlib
from dataclasses import replace
from types import SimpleNamespace

import bson
import pytest
from amqp.exceptions import NotFound
from pymongo import InsertOne

from tests.bench import flushes, machine, proc, sampling
from tests.bench.books import ends, hops, until_sent, work
from tests.bench.limit import Share, filler, insist_written, keys_of, writes
from tests.bench.order import wrong_with
from tests.bench.ours import each_for, seconds_at
from tests.bench.outcome import NotMeasured, Result
from tests.bench.paces import Ended, dossiers_per_second
from tests.bench.plan import NO_FEE
from tests.bench.rig import ROOT
from tests.bench.stats import middle_rate
from tests.bench.targets import rows
from tests.unit.bench.figures import NOON, WORK, a_flow, a_machine, entry_of, heard_of


def test_what_comes_before_its_turn_is_seen_and_what_never_comes_too() -> None:
    begun = entry_of("intake", "dossier_submitted", "", 0, "request")
    written = [replace(begun, id=f"e{number}", document="d1", sequence=number) for number in (1, 2, 3)]
    said = [heard_of(one.id, "d1", one.sequence) for one in written]
    stranger = heard_of("of before", "d0", 7)
    assert wrong_with([stranger, *said, said[1]], written) == []
    assert wrong_with([said[1], said[0], said[2]], written)[0] == "dossier/d1: number 2 came for 1"
    assert wrong_with(said[:2], written) == ["event e3 was written and never published"]
    altered = [replace(written[0], data={"unit": "another"}), *written[1:]]
    assert wrong_with(said, altered) == ["event e1 was published otherwise than it was written"]


def test_the_rate_of_the_middle_leaves_out_how_a_run_begins_and_how_it_ends() -> None:
    burst, steady, last = [0.0] * 10, [10 + number / 4 for number in range(80)], [100.0 + n for n in range(10)]
    assert middle_rate([*last, *steady, *burst]) == pytest.approx(4)
    assert middle_rate([]) is None
    assert middle_rate([7.0] * 50) is None


def test_a_dossier_has_ended_with_its_last_letter() -> None:
    entries = [
        entry_of("intake", "dossier_resolved", "e1", 100, "x", dossier_code="A"),
        entry_of("notify", "notice_sent", "e2", 250, "e1", dossier_code="A"),
        entry_of("intake", "dossier_resolved", "e3", 300, "x", dossier_code="B"),
        entry_of("routing", "case_decided", "e4", 900, "x", dossier_code="B"),
    ]
    assert ends(entries) == [NOON.timestamp() + 0.25, NOON.timestamp() + 0.3]


def test_a_run_is_long_enough_to_say_something() -> None:
    assert (each_for(2.0, 10, 48, least=10), each_for(100.0, 48, 48, least=10)) == (10, 130)
    assert (seconds_at(5, 25, 1_000), seconds_at(100, 25, 1_000)) == (200, 25)


def test_a_p99_of_too_few_is_not_judged() -> None:
    result = Result("2026-01-15T120000Z", "quick", a_machine())
    of_few = replace(a_flow(), dossiers=100)
    slow = replace(of_few.hops["intake.dossier_submitted → routing"], count=1_000, p99=900.0)
    result.open[NO_FEE] = of_few
    told_of_few = {row.figure: row for row in rows(result) if row.figure.startswith(NO_FEE)}
    assert told_of_few[f"{NO_FEE}: event to subscriber, slowest p99"].measured == "too few to say: 2 of 1,000"
    assert told_of_few[f"{NO_FEE}: notices handed over within 10 s"].met is None
    result.open[NO_FEE] = replace(of_few, dossiers=250, hops={"intake.dossier_submitted → routing": slow})
    told_of_many = {row.figure: row.met for row in rows(result)}
    assert told_of_many[f"{NO_FEE}: event to subscriber, slowest p99"] is False
    assert told_of_many[f"{NO_FEE}: notices handed over within 10 s"] is True


def test_a_hop_runs_from_the_cause_to_the_first_effect_of_a_subscriber() -> None:
    submitted = entry_of("intake", "dossier_submitted", "e1", 0, "request")
    opened = entry_of("routing", "case_opened", "e2", 40, "e1")
    asked = [
        entry_of("notify", "notice_requested", f"e{3 + one}", 60 + one, "e1", notice_id=str(one)) for one in (0, 1)
    ]
    sent = [
        entry_of("notify", "notice_sent", f"e{5 + one}", 900 + one, asked[one].id, notice_id=str(one)) for one in (0, 1)
    ]
    entries = [submitted, opened, *asked, *sent]
    assert hops(entries)["intake.dossier_submitted → routing"] == [0.04]
    assert hops(entries)["intake.dossier_submitted → notify"] == [0.06]
    assert len(hops(entries)["notify.notice_requested → notify"]) == 2
    assert [seconds for _, seconds in until_sent(entries, 2)] == [0.9, 0.901]


def test_there_is_no_share_of_notices_of_which_one_cannot_be_told() -> None:
    submitted = entry_of("intake", "dossier_submitted", "e1", 0, "request")
    asked = [
        entry_of("notify", "notice_requested", f"e{2 + n}", 60, cause, notice_id=str(n))
        for n, cause in enumerate(("e1", "of no history"))
    ]
    sent = [entry_of("notify", "notice_sent", f"e{4 + n}", 900, asked[n].id, notice_id=str(n)) for n in (0, 1)]
    assert len(until_sent([submitted, asked[0], sent[0]], 1)) == 1
    for entries in (
        [submitted, *asked, *sent],  # what the second tells of is in no history
        [submitted, asked[0], *sent],  # nobody asked for it
        [submitted, *asked, sent[0]],  # it was not sent
        [submitted, asked[0], sent[0], sent[0]],  # the first was sent twice
    ):
        with pytest.raises(NotMeasured, match="2 notices were due, and of 1"):
            until_sent(entries, 2)


def test_work_counts_what_reaches_how_many_queues() -> None:
    entries = [entry_of("intake", "dossier_submitted", "e1", 0, "request")] * 4
    counted = work(entries, 2, (20, 40, 60), (1000.0, 300.0, 500.0, 1700.0))
    assert counted.published == {"intake.dossier_submitted": 2.0}
    assert counted.deliveries == 6  # routing, payment and notify hear of a submission
    assert (counted.inserts, counted.updates, counted.queries) == (10, 20, 30)
    assert (counted.state_bytes, counted.subject_bytes, counted.entry_bytes) == (1000, 300, 500)


def test_what_begins_a_history_and_what_appends_to_one_are_counted_apart() -> None:
    opened = entry_of("routing", "case_opened", "c1", 0, "request")
    later = [
        replace(opened, id=f"e{number}", type=type_, cause=cause)
        for number, (type_, cause) in enumerate(
            (("case_accepted", "a"), ("fee_requested", "a"), ("case_decided", "b"))  # two were said at once
        )
    ]
    counted = work([opened, *later], 1, (10, 20, 30), (1000.0, 300.0, 500.0, 1700.0))
    assert (counted.documents, counted.appends, counted.inserts, counted.updates) == (1, 2, 10, 20)


def test_the_limit_does_as_much_as_was_counted() -> None:
    share = Share(0, 100, WORK, 500, "", "", None)
    keys = list(keys_of(share))
    assert (len(keys), sum(int(key.partition(".")[2]) for key in keys)) == (1900, 1600)
    written = list(writes(WORK, 100))
    operations = [type(one).__name__ for one in written]
    assert (operations.count("InsertOne"), operations.count("UpdateOne")) == (1075, 3020)
    assert operations[0] == "InsertOne"
    insist_written(share, {"inserted": 1075, "updated": 3020})
    for done in ({"inserted": 1075, "updated": 3019}, {"inserted": 1075}):
        with pytest.raises(NotMeasured, match="3020 updates"):
            insist_written(share, done)


def test_the_limit_writes_a_whole_document_or_event_only_where_we_do() -> None:
    kinds: dict[str, list[int]] = {"document": [], "row": [], "append": [], "mark": []}
    for one in writes(WORK, 100):
        said = one._doc  # noqa: SLF001 – nothing else tells it
        if isinstance(one, InsertOne):
            kind = "document" if "state" in said else "row"
        else:
            kind = "append" if "$push" in said else "mark"
        kinds[kind].append(len(bson.encode(said)))
    assert {kind: len(sizes) for kind, sizes in kinds.items()} == {
        "document": 800,
        "row": 275,
        "append": 1200,
        "mark": 1820,
    }
    event = WORK.entry_bytes * WORK.messages / 20
    assert min(kinds["document"]) == pytest.approx(WORK.state_bytes + WORK.subject_bytes + event, abs=100)
    assert min(kinds["append"]) == pytest.approx(WORK.state_bytes + event, abs=100)  # nobody writes its subject again
    assert max(*kinds["row"], *kinds["mark"]) < 60


def test_what_the_limit_writes_is_compressed_as_documents_are() -> None:
    said = filler(2_000)
    assert len(said) == 2_000
    assert len(zlib.compress(said.encode())) < 1_200


def test_the_limit_is_as_far_as_the_slowest_task_of_each_process() -> None:
    quick, slow = [(10.5, 50), (11.0, 100)], [(10.9, 1), (12.5, 2), (13.0, 4)]
    ended = [Ended(13.0, [quick, slow]), Ended(11.5, [quick, [(11.5, 7)]])]
    assert dossiers_per_second(ended, 8, 10.0) == [(0, 2), (1, 8), (2, 6)]  # 2 + 0, then 0 + 8, then 6 + 0
    assert sum(done for _, done in dossiers_per_second(ended, 8, 10.0)) == 16


def test_what_a_flush_took_is_told_of_each_second_in_which_there_was_one() -> None:
    looks = [(100.0, 10, 5_000), (101.0, 210, 105_000), (102.0, 210, 105_000), (103.0, 217, 525_000)]
    told = flushes.means(looks)
    assert told == [(0.0, 0.5), (2.0, 60.0)]
    assert flushes.in_words(told) == "30.2 / 60.0"
    assert flushes.in_words([]) == "–"


def test_a_queue_that_is_not_there_has_no_depth(monkeypatch: pytest.MonkeyPatch) -> None:
    depths = {"a": 3, "b": 0}

    class Channel:
        is_open = True

        def queue_declare(self, name: str, *, passive: bool) -> SimpleNamespace:
            assert passive
            if name not in depths:
                raise NotFound
            return SimpleNamespace(message_count=depths[name])

    monkeypatch.setattr(sampling, "Connection", lambda _uri: SimpleNamespace(channel=Channel))
    queues = sampling.Queues("", {"notify": ["a", "none"], "routing": ["b"], "registry": ["none"]})
    assert queues.depths() == {"notify": 3, "routing": 0}


def test_the_time_of_children_that_have_ended_is_counted() -> None:
    def busy() -> float:
        return proc.cpu_seconds(os.getpid())

    before = busy()
    count = "import time\nwhile time.process_time() < 0.3: pass"
    own = time.process_time()
    subprocess.run([sys.executable, "-c", count], check=True)
    assert busy() - before - (time.process_time() - own) > 0.2


def test_what_is_measured_is_there_and_the_bench_is_part_of_it() -> None:
    assert {"tests/bench", "requirements.lock"} < set(machine._MEASURED)  # noqa: SLF001
    assert all((ROOT / name).exists() for name in machine._MEASURED)  # noqa: SLF001
