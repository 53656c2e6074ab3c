"""Figures as a run would have them, for those who show and judge them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.bench.books import Entry
from tests.bench.outcome import Accepted, Control, Flow, Limit, Sum, Work
from tests.bench.plan import NO_FEE
from tests.bench.stats import over_time, spread
from tests.bench.stressed import Asked, Grown, Growth, Pair, Scaled, Scaling
from tests.bench.track import Track
from tests.bench.viewed import Viewed, Viewing
from tests.bench.world import World
from tests.chaos.stream import Heard, heard

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
WORK = Work(
    inserts=10.75,
    updates=30.2,
    queries=36.0,
    published={"intake.dossier_submitted": 1.0},
    fan_out={"0": 9.0, "1": 7.0, "3": 3.0},
    state_bytes=1700.0,
    entry_bytes=570.0,
    body_bytes=280.0,
    letters=4,
    letter_bytes=1700.0,
    documents=8.0,
    appends=12.0,
    subject_bytes=900.0,
)


def heard_of(id_: str, dossier: str, sequence: int) -> Heard:
    told = {"source": "/intake", "type": "dossier_submitted", "aggregate": f"dossier/{dossier}", "sequence": sequence}
    return heard(id_, {f"cloudEvents:{name}": value for name, value in told.items()}, b"{}")


def entry_of(source: str, type_: str, id_: str, milliseconds: int, cause: str, **data: str) -> Entry:
    return Entry(source, id_, type_, id_, NOON + timedelta(milliseconds=milliseconds), cause, data, 1)


def a_flow() -> Flow:
    said = spread([0.1, 0.2])
    assert said is not None
    return Flow(
        procedure=NO_FEE,
        load="closed",
        clients=8,
        rate_asked=None,
        dossiers=100,
        seconds=8.0,
        rate=12.5,
        cpu_ms={"intake": 9.0, "driver": 3.0},
        others_percent=0.0,
        steps={"intake.submit": said},
        hops={"intake.dossier_submitted → routing": said},
        notices_in_time=1.0,
        submit_over_time=over_time([(0, 0.1), (1, 0.2)], 1),
        whole_over_time=over_time([(0, 0.1), (1, 0.2)], 1),
        resolved_per_second=[(0, 12), (1, 13)],
        sent_per_second=[(0, 48), (1, 52)],
        track=a_track(),
        work=WORK,
        counted=Sum(submitted=100, resolved=100, notices_due=400, notices_sent=400),
    )


def a_track() -> Track:
    return Track(
        at=[1.0, 2.0],
        cpu_percent={"intake": [10.0, 20.0]},
        rss_mb={"intake": [70.0, 80.0], "mongodb": [200.0, 210.0]},
        queued={"notify": [0, 5]},
        unpublished=[1, 2],
        lag_seconds=[0.1, 0.2],
    )


def a_control() -> Control:
    return Control(
        procedure=NO_FEE,
        workers=50,
        connections=10,
        clients=8,
        dossiers=100,
        seconds=50.0,
        rate=2.0,
        cpu_ms={"stock-intake": 20.0},
        others_percent=0.0,
        steps={},
        wrong={},
        wrong_dossiers=0,
        failures={},
        published={},
        resolved_per_second=[(0, 2), (1, 2)],
        track=replace(a_track(), unpublished=[], lag_seconds=[]),
        submit_over_time=over_time([(0, 0.3), (1, 0.4)], 1),
        whole_over_time=over_time([(0, 3.0), (1, 4.0)], 1),
    )


def a_limit() -> Limit:
    return Limit(NO_FEE, 400, 20.0, 20.0, 15.0, {"limit": 1.0}, 0.0, [(0, 20), (1, 20)])


def an_accepted(door: str, rate: float) -> Accepted:
    said = spread([0.01, 0.02])
    assert said is not None
    return Accepted(door, 16, 600, rate, said, rate / 2, said, over_time([(0, 0.01)], 1), {"intake": 3.0}, 0.0)


def a_scaling() -> Scaling:
    runs = [Scaled("nothing but the machine", n, 100, 10.0 + n, 20.0, 99.0, 3600) for n in (1, 2)]
    runs += [Scaled("a share of a core", n, 100, 4.0 * n, 20.0, 50.0, 3600) for n in (1, 2)]
    return Scaling(NO_FEE, "notify", 0.1, runs)


def a_growth() -> Growth:
    asked = [
        Asked("by index", 1, 9.0, 12, 21, 21, [], 24, 10.0),
        Asked("sorted", 1, 2.0, 3, 900, 20, ["SORT"], 900, 2.5),
    ]
    rates = ((10.0, 9.5), (10.0, 2.0), (5.0, 6.0))  # somebody else was busy during the second
    pairs = [Pair(Grown(500, one, 100.0, 1.0), Grown(500, other, 104.0, 1.0)) for one, other in rates]
    return Growth(NO_FEE, 1_000_000, 2_000_000, 3.6, {"intake": 0.9}, 90.0, pairs, asked)


def a_viewing() -> Viewing:
    quick, slow = spread([0.02, 0.04]), spread([0.1, 0.35])
    assert quick is not None
    assert slow is not None
    pages = [
        Viewed("queue", "officer", slow, 62.0, 9, 2_000, ["SORT of cases"]),
        Viewed("look-up of a dossier", "anybody", quick, 9.0, 2, 1, []),
    ]
    return Viewing("cuc-xb-in-ph", 100_000, 30_000, 2_000_000, 80.0, pages)


def a_machine() -> dict[str, object]:
    names = ("processor", "cores", "memory_gb", "kernel", "commit", "python", "rabbitmq", "mongod")
    return dict.fromkeys((*names, "nameko", "eventlet", "pymongo", "amqp"), "?") | {"load_before": [0.1, 0.2, 0.3]}


def a_world() -> World:
    return World("ours", "", "", "", "", "", "", patience=1)
