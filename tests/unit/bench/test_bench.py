"""The bench counts right, draws what it counted, and says nothing of a run whose sum did not close."""

import json
import os
import xml.etree.ElementTree as ET
from dataclasses import asdict, replace

import cattrs
import pytest
from stdnum.vn import mst

from services.intake.uploads import MOST_IN_HAND
from tests.bench import pages
from tests.bench.applicants import MOST_UNNAMED, identity, shares
from tests.bench.crew import arrivals
from tests.bench.memory import Seen, told
from tests.bench.outcome import Result, Sum, Unclosed
from tests.bench.peer import quoted
from tests.bench.plan import NO_FEE
from tests.bench.plots import Chart, svg, ticks
from tests.bench.quota import home_of
from tests.bench.sampling import Look, others_percent, stolen_percent, used
from tests.bench.stats import over_time, per_second, percentile, share_within, slope, spread
from tests.bench.stressed import Growth
from tests.bench.tables import all_tables
from tests.bench.targets import rows
from tests.unit.bench.figures import a_control, a_flow, a_growth, a_limit, a_machine, a_scaling, a_viewing

_WHOLE = Sum(submitted=10, resolved=10, notices_due=40, notices_sent=40)


def test_a_percentile_is_one_of_the_numbers() -> None:
    hundred = [float(number) for number in range(1, 101)]
    assert [percentile(hundred, share) for share in (0.5, 0.95, 0.99, 1)] == [50, 95, 99, 100]
    assert percentile([7.0], 0.01) == 7
    with pytest.raises(ValueError, match="needs numbers"):
        percentile([], 0.5)


def test_a_spread_is_in_milliseconds_and_there_is_none_of_nothing() -> None:
    said = spread([0.010, 0.030, 0.020])
    assert said is not None
    assert (said.count, said.p50, said.p99, said.longest) == (3, 20, 30, 30)
    assert spread([]) is None
    with pytest.raises(ValueError, match="nothing"):
        share_within([], 10)
    assert share_within([1, 10, 11, 2], 10) == 0.75


def test_over_time_each_stretch_stands_for_itself() -> None:
    moments = over_time([(0.1, 0.5), (0.9, 0.1), (2.5, 0.2)], 1)
    assert [(one.at, one.count, one.p50) for one in moments] == [(0, 2, 100), (2, 1, 200)]
    assert per_second([0.1, 0.9, 2.5]) == [(0, 2), (1, 0), (2, 1)]


def test_arrivals_are_even_and_each_client_takes_its_turn() -> None:
    of_clients = arrivals(rate=10, seconds=2, clients=3)
    assert sorted(at for own in of_clients for at in own) == pytest.approx([number / 10 for number in range(20)])
    assert [own[0] for own in of_clients] == pytest.approx([0, 0.1, 0.2])


def test_identities_are_valid_and_nobody_shares_one() -> None:
    codes = [identity(number) for number in range(60)]
    assert len(set(codes)) == 60
    assert all(mst.is_valid(code) for code in codes)


def test_applicants_share_the_papers_and_nobody_has_too_many() -> None:
    assert shares(5, [3], 100) == [3, 2]
    assert shares(250, [0, 20], 100) == [0, 20, 100, 100, 30]
    assert shares(1, [10, 10], 100) == [1, 0]
    assert MOST_UNNAMED < MOST_IN_HAND
    with pytest.raises(ValueError, match="room"):
        shares(1, [], 0)


def test_a_line_is_laid_through_what_was_seen() -> None:
    assert slope([(0, 1), (1, 3), (2, 5)]) == pytest.approx(2)
    assert slope([(0, 5), (1, 7), (2, 5)]) == pytest.approx(0)
    assert slope([(3, 1)]) == slope([]) == 0


def test_memory_grows_by_what_is_seen_once_it_is_warm() -> None:
    seen = [Seen(30.0 * n, {"intake": 60.0 if n < 2 else 80 + n}, {"intake": 40.0}) for n in range(11)]
    held = told(seen, NO_FEE, 3.0, 900).services["intake"]
    assert (held.rss_first, held.rss_most, held.pss_most) == (60, 90, 40)
    assert (held.rss_slope, held.pss_slope) == (2, 0)  # MB a minute


@pytest.mark.parametrize(
    ("minutes", "a_minute", "is_met"), [(2, 1, True), (2, 4, False), (30, 1, False), (30, 0, True)]
)
def test_a_short_look_is_asked_where_it_leads_and_a_long_one_whether_it_is_flat(
    minutes: int, a_minute: float, is_met: bool
) -> None:
    seen = [Seen(30.0 * n, {"intake": 70 + n * a_minute / 2}, {"intake": 40.0}) for n in range(2 * minutes + 1)]
    result = Result("2026-01-15T120000Z", "quick", a_machine(), memory=told(seen, NO_FEE, 3.0, 900))
    assert next(row for row in rows(result) if row.figure.startswith("memory: growth")).met is is_met


def test_the_group_of_a_process_is_read_in_both_versions() -> None:
    first = "4:memory:/machine/a\n3:cpu,cpuacct:/machine/b\n0::/\n"
    assert home_of(first, second=False) == "machine/b"
    assert home_of("0::/user.slice/c\n", second=True) == "user.slice/c"


def test_the_peer_is_asked_about_codes_only() -> None:
    assert quoted("000.00.03.G14-261126-0001") == "000.00.03.G14-261126-0001"
    with pytest.raises(ValueError, match="no code"):
        quoted("x') OR ('1'='1")


@pytest.mark.parametrize(
    "broken",
    [
        replace(_WHOLE, resolved=9),
        replace(_WHOLE, notices_sent=39),
        replace(_WHOLE, failures=("a code was given twice",)),
        Sum(0, 0, 0, 0),
    ],
)
def test_a_sum_that_does_not_close_is_refused(broken: Sum) -> None:
    _WHOLE.insist()
    with pytest.raises(Unclosed):
        broken.insist()


def test_a_part_without_figures_shows_why_and_no_figure() -> None:
    result = Result("2026-01-15T120000Z", "quick", a_machine())
    result.refuse("ours", Unclosed("9 of 10 resolved"))
    assert all(row.met is None for row in rows(result))
    for text in (pages.page(result), pages.document(result)):
        assert "9 of 10 resolved" in text


def test_a_measured_run_is_a_page_a_document_and_json() -> None:
    result = Result("2026-01-15T120000Z", "quick", a_machine())
    result.closed[NO_FEE] = result.open[NO_FEE] = a_flow()
    assert pages.document(cattrs.structure(json.loads(json.dumps(asdict(result))), Result)) == pages.document(result)
    assert [table.heading for table in all_tables(result)][:2] == ["Targets", "Throughput"]
    assert "| 12.5 |" in pages.document(result)
    drawn = pages.page(result)
    assert drawn.count("<svg") == 2 * 8
    assert "src=" not in drawn
    assert "href=" not in drawn
    memory = next(row for row in rows(result) if row.figure.startswith("memory"))
    assert (memory.measured, memory.met) == ("80 MB (intake)", None)  # nobody was at the doors


def test_long_forms_are_judged_and_shown() -> None:
    result = Result("2026-01-15T120000Z", "quick", a_machine())
    result.scaling = a_scaling()
    result.growth = a_growth()
    seen = [Seen(30.0 * n, {"notify": 80.0 + n}, {"notify": 50.0}) for n in range(11)]
    result.memory = replace(told(seen, NO_FEE, 3.0, 900), opened={"portal-http": 60, "registry-http": 30})
    met = {row.figure.partition(",")[0]: row.met for row in rows(result) if row.met is not None}
    assert met == {
        "growth: throughput": True,
        "growth: slowest list or look-up at the store": True,
        "growth: lists and look-ups that go by no index": False,
        "growth: lists and look-ups that examine more than 4 keys for each one found": False,
        "growth: lists and look-ups that found nothing": True,
        "memory: largest service under load": True,
        "memory: growth over 5 minutes under load": True,
        "scaling: two processes of notify": True,  # held; for the other the cores are full
    }
    written = pages.document(result)
    assert "2.00 ×" in written
    assert "SORT" in written
    assert pages.document(cattrs.structure(json.loads(json.dumps(asdict(result))), Result)) == written
    assert pages.page(result).count("<svg") == 2


def test_stock_is_drawn_as_we_are_and_beside_us_and_the_limit_too() -> None:
    result = Result("2026-01-15T120000Z", "quick", a_machine())
    result.stock[NO_FEE], result.limit[NO_FEE] = a_control(), a_limit()
    assert pages.page(result).count("<svg") == 6 + 1
    result.closed[NO_FEE] = a_flow()
    drawn = pages.page(result)
    assert drawn.count("<svg") == 8 + 6 + 2 + 1
    assert all(f"</i>{line}</span>" in drawn for line in ("ours p99", "stock p99", "ours", "stock", "done"))


def test_the_result_of_a_run_of_before_is_shown_by_what_it_has() -> None:
    result = Result("2026-01-15T120000Z", "quick", a_machine())
    result.closed[NO_FEE], result.stock[NO_FEE], result.limit[NO_FEE] = a_flow(), a_control(), a_limit()
    told = json.loads(json.dumps(asdict(result)))
    del told["closed"][NO_FEE]["counted"], told["limit"][NO_FEE]["per_second"]
    del told["stock"][NO_FEE]["submit_over_time"], told["stock"][NO_FEE]["whole_over_time"]
    drawn = pages.page(cattrs.structure(told, Result))
    assert drawn.count("<svg") == 8 + 4 + 1
    assert "nothing was seen" not in drawn


def test_a_part_alone_has_a_document_of_its_own_with_no_empty_rows() -> None:
    result = Result("2026-01-15T120000Z", "full", a_machine())
    result.growth = a_growth()
    whole, alone = pages.document(result), pages.document(result, "growth")
    assert "of growth, alone" in alone
    assert "95 %" in alone
    assert "| – |" in "".join(line for line in whole.splitlines() if "against stock" in line)
    assert "against stock" not in alone


@pytest.mark.parametrize(
    ("growth", "first"),
    [
        (a_growth(), "# The last measurement"),
        (
            replace(a_growth(), dossiers=25_000),
            "# The last measurement, growth with 25,000 dossiers stored only: 1,000,000 with `make bench FULL=1`",
        ),
        (None, "# The last measurement, without growth"),
    ],
)
def test_the_first_line_of_the_document_says_where_growth_was_not_measured_in_full(
    growth: Growth | None, first: str
) -> None:
    result = Result("2026-01-15T120000Z", "normal", a_machine(), growth=growth)
    assert pages.document(result).splitlines()[0] == first


def test_pages_are_judged_by_the_slowest_and_by_whatever_goes_by_no_index() -> None:
    result = Result("2026-01-15T120000Z", "normal", a_machine(), viewing=a_viewing())
    judged = {row.figure.partition(",")[0]: (row.measured, row.met) for row in rows(result) if "pages:" in row.figure}
    assert judged == {
        "pages: slowest at the server": ("350 ms (queue)", False),
        "pages: that ask for something by no index": ("1 of 2", False),
        "pages: largest": ("62 kB of HTML (queue)", None),
    }
    alone = pages.document(result, "pages")
    assert "| look-up of a dossier | anybody | 20 | 40 | 40 | 9 | 2 | 1 | index |" in alone
    assert pages.document(cattrs.structure(json.loads(json.dumps(asdict(result))), Result), "pages") == alone


def test_a_chart_is_well_formed_and_escapes_its_words() -> None:
    drawn = svg(Chart("a < b", "ms", {"p50 & more": [(0, 1), (10, 250)], "never": []}))
    figure = ET.fromstring(drawn)  # noqa: S314 – our own
    assert [line.get("points") for line in figure.iter("polyline")] != []
    assert svg(Chart("nothing", "ms", {"a": []})).startswith("<figure>")
    assert ticks(250) == [0, 50, 100, 150, 200, 250]
    assert ticks(0) == [0, 1]


def test_what_others_used_is_told_apart() -> None:
    before = Look(at=0, cpu={"intake": 1.0}, rss={}, machine=100, stolen=3)
    after = Look(at=10, cpu={"intake": 3.0, "notify": 1.0}, rss={}, machine=108, stolen=4)
    assert used(before, after) == {"intake": 2.0, "notify": 1.0}
    assert others_percent(before, after) > 0
    assert others_percent(before, replace(after, machine=103)) == 0


def test_what_the_host_gave_to_others_is_told_of_the_whole_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    before = Look(at=0, cpu={}, rss={}, machine=100, stolen=3)
    assert stolen_percent(before, replace(before, at=10, stolen=4)) == 5.0
