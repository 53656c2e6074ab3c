"""The plan: every scenario in its order, with how many dossiers go on meanwhile, in the short plan and in all of it."""

from collections.abc import Iterable
from typing import Final

from tests.chaos.clocks import new_year, tet
from tests.chaos.cluster import ClusterStage
from tests.chaos.scenario import Scenario
from tests.chaos.scenarios import (
    broker,
    clocks,
    cluster,
    control,
    crowds,
    database,
    disk,
    events,
    lines,
    outside,
    processes,
    rolling,
)
from tests.chaos.small_disk import SmallDiskStage
from tests.chaos.upgrade import UpgradeStage

# What reads all that was ever said comes first, while that is little.
PLAN: Final = (
    Scenario("said again", events.said_again, (14, 1000)),
    Scenario("any order", events.any_order, (14, 1000), full_only=True),
    Scenario("kills", processes.kills, (14, 1000)),
    Scenario("failpoints", processes.failpoints, (80, 400), full_only=True),
    Scenario("frozen", processes.frozen, (60, 1000), full_only=True),
    Scenario("short of memory", processes.short_of_memory, (30, 500), full_only=True),
    Scenario("broker away", broker.broker_away, (14, 1000)),
    Scenario("alarms", broker.alarms, (14, 1000)),
    Scenario("flooded", broker.flooded, (30, 1000), full_only=True),
    Scenario("ten times the load", crowds.ten_times_the_load, (30, 300), full_only=True),
    Scenario("database killed", database.database_killed, (14, 1000)),
    Scenario("database frozen", database.database_frozen, (30, 1000), full_only=True),
    Scenario("database far away", database.database_far_away, (30, 500), full_only=True),
    Scenario("cut off", lines.cut_off, (14, 1000)),
    Scenario("black hole", lines.black_hole, (30, 1000), full_only=True),
    Scenario("bad lines", lines.bad_lines, (30, 500), full_only=True),
    Scenario("subscribers down", outside.subscribers_down, (12, 1000)),
    Scenario("gateway", outside.gateway, (14, 500)),
    Scenario("a day later", events.a_day_later, (20, 1000), full_only=True),
    Scenario("poison", events.poison, (20, 1000)),
    Scenario("rolling restart", rolling.rolling_restart, (14, 1000)),
    Scenario("control", control.control, (14, 1000), is_control=True),
    Scenario("books damaged", control.books_damaged, (14, 60), full_only=True),
    Scenario("slow disk", disk.slow_disk, (30, 60), full_only=True),
    Scenario("full disk", disk.full_disk, (30, 100), full_only=True, stage=SmallDiskStage),
    Scenario("broker's disk full", disk.full_disk_of_broker, (30, 500), full_only=True, stage=SmallDiskStage),
    Scenario("broker's disk lost", disk.broker_lost, (40, 1000), full_only=True),
    Scenario("clocks apart", clocks.clocks_apart, (30, 1000), full_only=True),
    Scenario("restored", disk.restored, (40, 1000), full_only=True),
    Scenario("new year", clocks.midnight, (60, 500), full_only=True, stage=new_year),
    Scenario("tet", clocks.midnight, (60, 500), full_only=True, stage=tet),
    Scenario("rolling upgrade", rolling.rolling_upgrade, (40, 1000), full_only=True, stage=UpgradeStage),
    Scenario("one broker of three", cluster.broker_node_lost, (30, 1000), full_only=True, stage=ClusterStage),
    Scenario("brokers apart", cluster.brokers_apart, (30, 1000), full_only=True, stage=ClusterStage),
    Scenario("one database of three", cluster.database_node_lost, (30, 1000), full_only=True, stage=ClusterStage),
)


def chosen(names: Iterable[str], *, full: bool) -> list[Scenario]:
    """The named scenarios, or the whole plan. Raises ValueError for a name there is not."""
    wanted, known = list(names), {one.name: one for one in PLAN}
    if unknown := [name for name in wanted if name not in known]:
        raise ValueError(f"no such scenario: {', '.join(unknown)}; there are: {', '.join(known)}")
    return [known[name] for name in wanted] or [one for one in PLAN if full or not one.full_only]
