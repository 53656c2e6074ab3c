"""A figure is judged by what was counted, and not at all where somebody else may have made it."""

from dataclasses import replace

import pytest

from tests.bench.client import Lived
from tests.bench.control import ends
from tests.bench.intake import OURS_BY_RPC
from tests.bench.judging import Noise, Row
from tests.bench.memory import Seen, beside, told
from tests.bench.outcome import Result, Sum
from tests.bench.plan import FEE, NO_FEE
from tests.bench.stats import middle_rate
from tests.bench.stress_tables import memory
from tests.bench.stressed import FREE, HELD, Pair, Scaled, Scaling
from tests.bench.targets import rows
from tests.unit.bench.figures import a_control, a_flow, a_growth, a_limit, a_machine, a_viewing, an_accepted

_STOCK = "stock, RPC"
VISITED = {"portal-http": 60, "registry-http": 30}


def a_result(ours: float = 0.0, theirs: float = 0.0) -> Result:
    """Every comparison, with what others used of the machine during our runs and during those beside them."""
    result = Result("2026-01-15T120000Z", "quick", a_machine())
    result.closed[NO_FEE] = replace(a_flow(), others_percent=ours)
    result.stock[NO_FEE] = replace(a_control(), others_percent=theirs)
    result.limit[NO_FEE] = replace(a_limit(), others_percent=theirs)
    result.accepted[OURS_BY_RPC] = replace(an_accepted(OURS_BY_RPC, 300), others_percent=ours)
    result.accepted[_STOCK] = replace(an_accepted(_STOCK, 100), others_percent=theirs)
    return result


def row(result: Result, figure: str) -> Row:
    (found,) = (one for one in rows(result) if one.figure == figure)
    return found


COMPARED = {
    f"{NO_FEE}: end to end, against stock": "6.25 ×",
    f"{NO_FEE}: end to end, against the limit": "62.5 %",
    "intake RPC accepted, against stock's submit": "3.00 ×",
}


@pytest.mark.parametrize("figure", COMPARED)
@pytest.mark.parametrize(("ours", "theirs"), [(0, 0), (10, 10), (0, 5), (5, 0), (6, 10)])
def test_runs_that_had_the_machine_alike_are_compared(figure: str, ours: float, theirs: float) -> None:
    found = row(a_result(ours, theirs), figure)
    assert (found.measured, found.met) == (COMPARED[figure], True)


@pytest.mark.parametrize("figure", COMPARED)
@pytest.mark.parametrize(
    ("ours", "theirs", "shown"),
    [
        (10.5, 10.5, "10.5 % / 10.5 %"),
        (0, 5.5, "0 % / 5.5 %"),
        (9, 3, "9 % / 3 %"),
        (1, 26, "1 % / 26 %"),
        (12, 9, "12 % / 9 %"),
    ],
)
def test_runs_that_shared_the_machine_with_others_are_shown_and_not_judged(
    figure: str, ours: float, theirs: float, shown: str
) -> None:
    found = row(a_result(ours, theirs), figure)
    assert found.met is None
    assert found.measured == f"{COMPARED[figure]} (others took {shown}: not judged)"


@pytest.mark.parametrize("figure", COMPARED)
@pytest.mark.parametrize(("ours", "theirs", "met"), [(2, 4, True), (7, 7, None), (0, 4, None)])
def test_what_the_host_gave_to_others_counts_as_what_others_used(
    figure: str, ours: float, theirs: float, met: bool | None
) -> None:
    result = a_result(4, 6)
    result.closed[NO_FEE] = replace(result.closed[NO_FEE], stolen_percent=ours)
    for name, stolen in ((OURS_BY_RPC, ours), (_STOCK, theirs)):
        result.accepted[name] = replace(result.accepted[name], stolen_percent=stolen)
    result.stock[NO_FEE] = replace(result.stock[NO_FEE], stolen_percent=theirs)
    result.limit[NO_FEE] = replace(result.limit[NO_FEE], stolen_percent=theirs)
    found = row(result, figure)
    assert found.met is met
    assert ("others took" in found.measured) is (met is None)


def test_growth_is_not_judged_where_the_host_gave_the_machine_to_others() -> None:
    result, growth = a_result(), a_growth()
    one = growth.pairs[0]
    growth.pairs[0] = Pair(replace(one.empty, stolen_percent=9.5), replace(one.full, stolen_percent=9.5))
    result.growth = growth
    assert row(result, "growth: throughput, 1,000,000 dossiers stored").met is None


@pytest.mark.parametrize(
    ("of_maximum", "of_rounds", "met"),
    [((6, 4), ((0, 0), (0, 0)), True), ((6, 5), ((0, 0), (0, 0)), None), ((0, 0), ((6, 0), (20, 0)), None)],
)
def test_memory_is_not_judged_where_others_had_the_machine_at_the_maximum_or_meanwhile(
    of_maximum: tuple[float, float], of_rounds: tuple[tuple[float, float], ...], met: bool | None
) -> None:
    most, *rounds = (
        replace(a_flow(), steady=14.0, others_percent=others, stolen_percent=stolen)
        for others, stolen in (of_maximum, *of_rounds)
    )
    seen = [Seen(30.0 * n, {"intake": 70.0}, {"intake": 40.0}) for n in range(61)]
    result = Result("2026-01-15T120000Z", "full", a_machine())
    result.memory = beside(told(seen, NO_FEE, 7.0, 900), most, rounds)
    assert row(result, "memory: growth over 30 minutes under load").met is met
    assert "half of the maximum (14.0)" in memory(result).about


@pytest.mark.parametrize(("maximum", "met"), [(20.0, True), (16.0, True), (15.9, None), (2.4, None), (0.0, None)])
def test_memory_is_judged_only_under_half_of_what_ours_do(maximum: float, met: bool | None) -> None:
    seen = [Seen(30.0 * n, {"intake": 70.0}, {"intake": 40.0}) for n in range(61)]
    result = Result("2026-01-15T120000Z", "full", a_machine())
    most = replace(a_flow(), steady=maximum, rate=maximum)
    result.memory = replace(beside(told(seen, FEE, 7.0, 900), most, [a_flow()]), opened=VISITED)
    result.closed[FEE] = replace(a_flow(), steady=20.0)
    judged = [one for one in rows(result) if one.figure.startswith("memory: ")]
    assert [one.met for one in judged] == [met, met]
    assert all(("ours 20.0: not judged" in one.measured) is (met is None) for one in judged)


def test_the_largest_service_is_not_judged_where_others_had_the_machine() -> None:
    seen = [Seen(30.0 * n, {"intake": 70.0}, {"intake": 40.0}) for n in range(61)]
    result = Result("2026-01-15T120000Z", "full", a_machine())
    result.memory = replace(told(seen, FEE, 7.0, 900), others_percent=30.0, opened=VISITED)
    assert row(result, "memory: largest service under load, RSS").met is None


@pytest.mark.parametrize(
    ("opened", "shown", "met"),
    [
        (VISITED, "131 MB (portal-http)", True),
        ({"portal-http": 7}, "131 MB (portal-http) (nobody was at registry-http: not judged)", None),
        ({}, "131 MB (portal-http) (nobody was at portal-http, registry-http: not judged)", None),
    ],
)
def test_the_largest_service_is_not_judged_where_a_door_stood_open_for_nobody(
    opened: dict[str, int], shown: str, met: bool | None
) -> None:
    seen = [Seen(30.0 * n, {"portal-http": 131.0}, {"portal-http": 90.0}) for n in range(61)]
    result = Result("2026-01-15T120000Z", "full", a_machine())
    result.memory = replace(told(seen, FEE, 7.0, 900), opened=opened)
    found = row(result, "memory: largest service under load, RSS")
    assert (found.measured, found.met) == (shown, met)
    assert all(f"{count} visits to {door}" in memory(result).about for door, count in opened.items())


@pytest.mark.parametrize(("minutes", "said"), [(29.5, "extrapolated"), (30, "flat")])
def test_memory_is_flat_or_not_from_half_an_hour_on(minutes: float, said: str) -> None:
    seen = [Seen(30.0 * n, {"intake": 70.0}, {"intake": 40.0}) for n in range(round(2 * minutes) + 1)]
    result = Result("2026-01-15T120000Z", "full", a_machine(), memory=told(seen, NO_FEE, 7.0, 900))
    (growth,) = (row for row in rows(result) if row.figure.startswith("memory: growth"))
    assert said in growth.target


@pytest.mark.parametrize(
    ("which", "empty", "full", "said", "met"),
    [
        (0, 10, 10, "", True),
        (0, 1, 6, "", True),
        (0, 1, 6.5, " (others took 1 % / 6.5 %: not judged)", None),
        (0, 10.5, 8, " (others took 10.5 % / 8 %: not judged)", None),
        (1, 1, 60, "", True),  # its share is not what counts
    ],
)
def test_growth_is_judged_by_its_middle_pair_where_that_had_the_machine_alike(
    which: int, empty: float, full: float, said: str, met: bool | None
) -> None:
    result, growth = a_result(), a_growth()
    one = growth.pairs[which]
    growth.pairs[which] = Pair(replace(one.empty, others_percent=empty), replace(one.full, others_percent=full))
    result.growth = growth
    found = row(result, "growth: throughput, 1,000,000 dossiers stored")
    assert (found.measured, found.met) == (f"95 %{said}", met)


def test_fewer_than_a_million_stored_can_miss_a_target_of_growth_and_not_meet_one() -> None:
    result, growth = a_result(), a_growth()
    for dossiers in (1_000_000, 25_000):
        result.growth = replace(growth, dossiers=dossiers)
        met = {one.figure: one.met for one in rows(result) if one.figure.startswith("growth: ") and one.target != "–"}
        assert met[f"growth: throughput, {dossiers:,} dossiers stored"] is (True if dossiers == 1_000_000 else None)
        for rank in ("p95", "p99"):
            figure = f"growth: slowest list or look-up at the store, {rank}, {dossiers:,} stored"
            assert met[figure] is (True if dossiers == 1_000_000 else None)
        assert met["growth: lists and look-ups that go by no index"] is False
    found = row(result, "growth: throughput, 25,000 dossiers stored")
    assert found.measured == "95 % (of 25,000: not judged)"


def test_a_missed_target_is_told_on_a_quiet_machine() -> None:
    result = a_result()
    result.stock[NO_FEE] = replace(a_control(), rate=10.0)
    assert row(result, f"{NO_FEE}: end to end, against stock").met is False


@pytest.mark.parametrize(
    ("counted", "shown", "met"),
    [
        (Sum(100, 100, 400, 400), "0 of 100", True),
        (Sum(100, 99, 400, 400), "1 of 100", False),
        (Sum(100, 100, 400, 398), "2 of 100", False),
        (Sum(100, 100, 400, 401), "1 of 100", False),
        (Sum(100, 100, 400, 400, ("routing has not heard of it",)), "1 of 100", False),
    ],
)
def test_our_final_states_are_judged_by_what_the_stores_tell(counted: Sum, shown: str, met: bool) -> None:
    result = a_result()
    result.closed[NO_FEE] = replace(a_flow(), counted=counted)
    found = row(result, f"{NO_FEE}: final states wrong or missing, ours")
    assert (found.measured, found.met) == (shown, met)


@pytest.mark.parametrize(("resolved", "shown", "met"), [(100, "0 of 100", True), (97, "3 of 100", False)])
def test_those_of_a_result_of_before_are_judged_by_what_its_clients_saw(resolved: int, shown: str, met: bool) -> None:
    result = a_result()
    seen = [(0.0, 50.0), (1.0, resolved - 50.0)]
    result.closed[NO_FEE] = replace(a_flow(), counted=None, resolved_per_second=seen)
    found = row(result, f"{NO_FEE}: final states wrong or missing, ours")
    assert (found.measured, found.met) == (shown, met)


def test_the_longest_single_answer_is_shown_beside_the_slowest_and_not_judged() -> None:
    result = Result("2026-01-15T120000Z", "quick", a_machine())
    growth = a_growth()
    result.growth = replace(growth, asked=[growth.asked[0], replace(growth.asked[1], longest=80.0)])
    judged = row(result, "growth: slowest list or look-up at the store, p95, 1,000,000 stored")
    longest = row(result, "growth: longest single answer of a list or look-up")
    assert (judged.measured, judged.met) == ("9.0 ms (by index)", True)
    assert (longest.measured, longest.met) == ("80.0 ms (sorted)", None)


def test_stock_is_compared_by_the_middle_of_its_run_and_ours_too() -> None:
    result = a_result()
    result.closed[NO_FEE] = replace(a_flow(), rate=12.5, steady=14.0)
    result.stock[NO_FEE] = replace(a_control(), rate=2.0, steady=7.0)  # its clients waited for one that was lost
    found = row(result, f"{NO_FEE}: end to end, against stock")
    assert (found.measured, found.met) == ("2.00 ×", False)


def test_a_client_who_waits_for_what_stock_lost_does_not_make_the_others_slow() -> None:
    right = [Lived(0.0, code=f"c{number}", resolved=float(number)) for number in range(100)]
    right.append(Lived(0.0, code="after one that was lost", resolved=400.0))
    sent = {one.code: one.resolved + 0.5 for one in right}
    assert ends(right, sent)[:2] == [0.5, 1.5]
    assert middle_rate(ends(right, sent)) == pytest.approx(1.0)


_OTHERS = Noise(others_percent=7.0, stolen_percent=4.0)


def a_scaled(limit: str, processes: int, rate: float, noise: Noise, machine_percent: float = 50.0) -> Scaled:
    return Scaled(limit, processes, 480, rate, 30.0, machine_percent, 1, 48, noise.others_percent, noise.stolen_percent)


@pytest.mark.parametrize(("noise", "met"), [(Noise(), True), (_OTHERS, None)])
def test_what_one_in_a_hundred_decides_is_not_judged_where_others_had_the_machine(
    noise: Noise, met: bool | None
) -> None:
    result, flow, rpc = a_result(), a_flow(), an_accepted(OURS_BY_RPC, 300)
    many = replace(flow.hops["intake.dossier_submitted → routing"], count=2_000)
    others, stolen = noise.others_percent, noise.stolen_percent
    result.open[NO_FEE] = replace(
        flow, dossiers=2_000, hops={"a → b": many}, others_percent=others, stolen_percent=stolen
    )
    half = replace(rpc.open, count=2_000)
    result.accepted[OURS_BY_RPC] = replace(rpc, open=half, open_others_percent=others, open_stolen_percent=stolen)
    for figure in (
        f"{NO_FEE}: event to subscriber, slowest p99",
        f"{NO_FEE}: notices handed over within 10 s",
        "intake RPC, p99 at half of maximum",
    ):
        assert row(result, figure).met is met
        assert ("others took 11 %: not judged" in row(result, figure).measured) is (met is None)


@pytest.mark.parametrize(("limit", "figure"), [(HELD, "each held to 10 % of a core"), (FREE, "of intake")])
@pytest.mark.parametrize(("of_one", "of_two", "met"), [(Noise(), Noise(), True), (Noise(), Noise(6.0), None)])
def test_scaling_is_not_judged_where_others_had_more_of_the_machine_during_one_run(
    limit: str, figure: str, of_one: Noise, of_two: Noise, met: bool | None
) -> None:
    runs = [a_scaled(limit, 1, 3.0, of_one), a_scaled(limit, 2, 6.0, of_two)]
    result = Result("2026-01-15T120000Z", "normal", a_machine(), scaling=Scaling(NO_FEE, "intake", 0.1, runs))
    (found,) = (one for one in rows(result) if one.figure.startswith("scaling") and one.figure.endswith(figure))
    assert found.met is met
    assert ("others took 0 % / 6 %" in found.measured) is (met is None)


def test_pages_are_not_judged_where_others_had_the_machine_meanwhile() -> None:
    result = Result("2026-01-15T120000Z", "normal", a_machine())
    quick = replace(a_viewing(), pages=a_viewing().pages[1:])
    for noise, met in ((Noise(), True), (_OTHERS, None)):
        result.viewing = replace(quick, noise=noise)
        assert row(result, "pages: slowest at the server, p95, 100,000 dossiers of one unit").met is met
