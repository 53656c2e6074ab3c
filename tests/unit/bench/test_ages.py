"""Every delivery counts, not only those that somebody wrote something because of; and a stock subscriber is timed."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from services.cli.top import scraping
from tests.bench import ages, listening
from tests.bench.judging import Row
from tests.bench.listening import DEPARTMENT, Listening
from tests.bench.ours import Ours
from tests.bench.outcome import Aged, NotMeasured, Result
from tests.bench.plan import NO_FEE, QUICK
from tests.bench.tables import all_tables
from tests.bench.targets import rows
from tests.bench.world import offers
from tests.unit.bench.figures import a_flow, a_machine, entry_of

OPEN_CASE, ASSESS = "routing.open_case", "payment.assess"


def counts(*within: int) -> Counter[str]:
    return Counter(dict(zip(("0.1", "0.25", "0.5", "+Inf"), within, strict=True)))


def scraped(monkeypatch: pytest.MonkeyPatch, *processes: Mapping[str, Counter[str]]) -> None:
    """Processes that show these."""
    seen = [
        SimpleNamespace(
            samples={
                ("motcua_event_age_seconds_bucket", frozenset({("queue", queue), ("le", bound)})): float(count)
                for queue, told in one.items()
                for bound, count in told.items()
            }
            | {("motcua_event_age_seconds_count", frozenset({("queue", "routing.open_case")})): 1_000.0}
        )
        for one in processes
    ]
    monkeypatch.setattr(scraping, "look", lambda _folder: seen)


def test_ages_are_those_of_all_processes_since_the_run_began(monkeypatch: pytest.MonkeyPatch) -> None:
    env = {"MOTCUA_METRICS_DIR": "/nowhere"}
    scraped(monkeypatch, {OPEN_CASE: counts(5, 5, 5, 5)}, {OPEN_CASE: counts(1, 2, 2, 2), ASSESS: counts(3, 3, 3, 3)})
    before = ages.read(env)
    scraped(monkeypatch, {OPEN_CASE: counts(6, 7, 7, 8)}, {OPEN_CASE: counts(2, 4, 4, 4), ASSESS: counts(3, 3, 3, 3)})
    assert ages.since(before, ages.read(env)) == {
        OPEN_CASE: Aged({"0.1": 2, "0.25": 4, "0.5": 4, "+Inf": 5}),
    }


def test_a_process_that_does_not_say_leaves_nothing_to_compare_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scraping, "look", lambda _folder: [scraping.Seen("routing", 7, 0.0)])
    with pytest.raises(NotMeasured, match="routing does not show"):
        ages.read({"MOTCUA_METRICS_DIR": "/nowhere"})


def test_a_share_within_a_bound_is_what_is_known_of_it() -> None:
    aged = Aged(dict(counts(97, 98, 99, 100)))
    assert (aged.count, aged.share(0.25), aged.share(0.2), aged.share(0.05)) == (100, 0.98, 0.97, 0)
    assert (aged.at_most(0.97), aged.at_most(0.99), aged.at_most(1.0)) == (0.1, 0.5, float("inf"))


def test_what_each_queue_is_given_has_to_be_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    env, entries = {"MOTCUA_METRICS_DIR": "/nowhere"}, [entry_of("intake", "dossier_submitted", "e1", 0, "request")] * 2
    wanted = ages.due(entries)
    assert set(wanted.values()) == {2}
    assert len(wanted) == 3  # routing, payment and notify hear of a submission, though not all of them write
    monkeypatch.setattr(ages, "_PATIENCE_SECONDS", 0)
    scraped(monkeypatch, dict.fromkeys(wanted, counts(2, 2, 2, 2)))
    assert ages.handled(env, {}, entries).keys() == wanted.keys()
    first = next(iter(wanted))
    scraped(monkeypatch, {**dict.fromkeys(wanted, counts(2, 2, 2, 2)), first: counts(1, 1, 1, 1)})
    with pytest.raises(NotMeasured, match=f"'{first}': 1"):
        ages.handled(env, {}, entries)


def judged(of: Mapping[str, Aged]) -> Row:
    result = Result("2026-01-15T120000Z", "normal", a_machine())
    result.open[NO_FEE] = replace(a_flow(), ages=dict(of))
    (row,) = (one for one in rows(result) if one.figure == f"{NO_FEE}: event to handled by each queue, slowest p99")
    if of:
        (table,) = (one for one in all_tables(result) if one.heading == "Deliveries")
        assert {cells[2] for cells in table.cells} == set(of)
    return row


@pytest.mark.parametrize(
    ("slow", "shown", "met"),
    [
        (counts(1_970, 1_980, 2_000, 2_000), "≤ 250 ms (payment.assess)", True),
        (counts(1_970, 1_979, 2_000, 2_000), "≤ 500 ms (payment.assess)", False),
        (counts(2_000, 2_000, 2_000, 2_000), "≤ 100 ms (payment.assess)", True),
        (counts(0, 0, 0, 999), "too few to say: 999 of 1,000", None),
    ],
)
def test_the_queue_that_was_late_most_often_is_judged(slow: Counter[str], shown: str, met: bool | None) -> None:
    always = Aged(dict.fromkeys(("0.025", "0.25", "+Inf"), 5_000))
    row = judged({OPEN_CASE: always, ASSESS: Aged(dict(slow))})
    assert (row.measured, row.met) == (shown, met)
    assert judged({}).measured == "–"


def test_what_a_department_hears_is_timed_and_has_to_be_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told = [entry_of("intake", "dossier_resolved", f"e{n}", 0, "x", dossier_code=f"c{n}") for n in (1, 2)]
    department = Listening({"MOTCUA_AMQP_URI": ""}, tmp_path)
    at = told[0].at.timestamp()
    monkeypatch.setattr(listening, "_PATIENCE_SECONDS", 0)
    (tmp_path / "heard").write_text(f"c1 {at + 0.25}\nc1 {at + 9}\nc0 {at}\n")
    assert department.seconds(told[:1]) == [pytest.approx(0.25, abs=1e-3)]  # as it first came
    with pytest.raises(NotMeasured, match="has not heard of 1 results"):
        department.seconds(told)


def test_the_department_is_one_of_the_subscribers_that_are_judged() -> None:
    result, flow = Result("2026-01-15T120000Z", "normal", a_machine()), a_flow()
    late = replace(flow.hops["intake.dossier_submitted → routing"], p99=300.0, count=2_000)
    result.open[NO_FEE] = replace(flow, hops={**flow.hops, DEPARTMENT: late})
    (row,) = (one for one in rows(result) if one.figure == f"{NO_FEE}: event to subscriber, slowest p99")
    assert (row.measured, row.met) == (f"300 ms ({DEPARTMENT})", False)


def test_while_it_listens_its_process_is_none_of_the_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Ours(cast("Any", SimpleNamespace()), QUICK, offers((NO_FEE,))[NO_FEE])
    monkeypatch.setattr(one, "_listening", {"department": 7})
    assert one._beside(cast("Any", SimpleNamespace(pids={"driver:0": 1}))) == {"driver:0": 1, "department": 7}  # noqa: SLF001
    assert replace(a_flow(), cpu_ms={"intake": 9.0, "department": 4.0}).cpu_ms_in_all == 9.0
