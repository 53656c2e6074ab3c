"""The board's counts in the real store: what the dossiers say, of every month, counted once by whoever is first."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from deploy.local.stack import Stack
from services.chassis.settings import read_settings
from services.chassis.wired import Base
from services.contracts.catalogue.dates import local_day
from services.intake.settings import IntakeSettings
from services.intake.store import DOSSIER
from services.intake.tallies import Tallies
from tests.integration.shelf import overheard
from tests.integration.test_indexes import seed

pytestmark = pytest.mark.servers
NOW: Final = datetime(2026, 11, 26, 9, tzinfo=UTC)
EVERY: Final = timedelta(seconds=15)


@pytest.fixture(scope="module")
def base(servers: Stack) -> Iterator[Base]:
    """A database of its own with some hundred dossiers of eight months."""
    base = Base(read_settings(IntakeSettings, "counts_intake", servers.env | {"MOTCUA_INTAKE_URL": "http://x"}))
    journal = base.journal(DOSSIER, "dossiers")
    dossiers = [seed(journal, number) for number in range(400)]
    for number, one in enumerate(dossiers):
        one["state"]["submitted_at"] = NOW - timedelta(hours=13 * number)
    journal.collection.insert_many(dossiers)
    yield base
    base.database.client.drop_database(base.database.name)
    base.database.client.close()


def tallies(base: Base) -> Tallies:
    """As one process has them."""
    made = Tallies(*(base.database[name] for name in ("tally_months", "tallies", "dossiers")))
    made.ensure_indexes()
    return made


def found(base: Base, *names: str) -> Counter[Any]:
    """The dossiers by what they say of themselves."""
    states = [one["state"] for one in base.database["dossiers"].find({}, {"state": 1})]
    return Counter((_month(one), *(one[name] for name in names)) for one in states)


def _month(state: Any) -> str:
    return f"{local_day(state['submitted_at']):%Y-%m}"


def told(base: Base, member: str, *names: str) -> Counter[Any]:
    """The same from the tallies."""
    sums: Counter[Any] = Counter()
    for month in tallies(base).read("2000-01", "2999-12", with_days=True):
        for row in month[member]:
            sums[month["_id"], *(row[name] for name in names)] += row["n"]
    return sums


def test_the_tallies_say_what_the_dossiers_say_and_read_none_of_them(base: Base) -> None:
    with overheard() as commands:
        tallies(base).count(NOW, EVERY)
    for member, names in (
        ("statuses", ("status", "unit", "tenant")),
        ("kinds", ("channel", "level", "unit", "tenant")),
    ):
        assert told(base, member, *names) == found(base, *names)
    days: Counter[str] = Counter()
    for month in tallies(base).read("2000-01", "2999-12", with_days=True):
        days.update({row["day"]: 0 for row in month["days"]})
        for row in month["days"]:
            days[row["day"]] += row["n"]
    submitted = [one["state"]["submitted_at"] for one in base.database["dossiers"].find({}, {"state.submitted_at": 1})]
    assert days == Counter(local_day(at).isoformat() for at in submitted)
    by_day: Counter[Any] = Counter()
    for month in tallies(base).read("2000-01", "2999-12", with_days=True):
        for row in month["day_statuses"]:
            assert row["day"].startswith(month["_id"])
            by_day[month["_id"], row["status"], row["unit"], row["tenant"]] += row["n"]
    assert by_day == told(base, "statuses", "status", "unit", "tenant")
    asked = [command for _, command in commands if "aggregate" in command]
    assert len(asked) == len({month for (month,) in found(base)}) >= 8
    for command in asked:
        plan = base.database.command("explain", {**_plain(command), "cursor": {}}, verbosity="executionStats")
        assert "'totalDocsExamined': 0" in str(plan)


def _plain(command: Any) -> dict[str, Any]:
    return {name: command[name] for name in ("aggregate", "pipeline", "hint")}


def test_what_an_earlier_version_counted_is_counted_anew(base: Base) -> None:
    tallies(base).count(NOW, EVERY)
    oldest = min(one["_id"] for one in base.database["tallies"].find())
    base.database["tallies"].update_one({"_id": oldest}, {"$unset": {"statuses": "", "kinds": ""}})
    base.database["tally_months"].drop()
    assert tallies(base).with_days(oldest) is None
    assert tallies(base).read("2000-01", "2999-12", with_days=False) == []
    tallies(base).count(NOW, EVERY)
    counted = tallies(base).with_days(oldest) or {}
    assert counted.get("statuses")
    assert counted.get("kinds")


def test_a_month_says_the_same_with_and_without_its_days(base: Base) -> None:
    tallies(base).count(NOW, EVERY)
    whole, by_day = (tallies(base).read("2000-01", "2999-12", with_days=days) for days in (False, True))
    assert len(whole) == len(by_day) >= 8
    for one, other in zip(whole, by_day, strict=True):
        assert one.keys() == {"_id", "claimed_at", "as_of", "statuses", "kinds"}
        assert {name: other[name] for name in one if name != "claimed_at"} == {
            name: one[name] for name in one if name != "claimed_at"
        }


def test_the_release_before_reads_what_is_counted_now(base: Base) -> None:
    tallies(base).count(NOW, EVERY)
    rows = [{**row, "month": one["_id"]} for one in base.database["tallies"].find() for row in one["standing"]]
    counts: Counter[Any] = Counter()
    for row in rows:
        counts[row["month"], row["status"], row["channel"], row["level"]] += row["n"]
    assert counts == found(base, "status", "channel", "level")


def test_what_was_counted_by_a_clock_that_was_ahead_is_counted_anew(base: Base) -> None:
    tallies(base).count(NOW + timedelta(days=3), EVERY)
    tallies(base).count(NOW, EVERY)
    for kept in ("tallies", "tally_months"):
        assert {one["as_of"] for one in base.database[kept].find()} == {NOW}
    assert told(base, "statuses", "status") == found(base, "status")


def test_what_changes_is_counted_in_the_next_round_and_once(base: Base) -> None:
    tallies(base).count(NOW, EVERY)
    dossiers = base.database["dossiers"]
    last = max(dossiers.find(), key=lambda one: one["state"]["submitted_at"])
    dossiers.update_one({"_id": last["_id"]}, {"$set": {"state.status": "withdrawn"}})
    with overheard() as commands:
        for _ in range(3):
            tallies(base).count(NOW + timedelta(seconds=5), EVERY)
    assert not [command for _, command in commands if "aggregate" in command]
    with overheard() as commands:
        for _ in range(3):
            tallies(base).count(NOW + EVERY, EVERY)
    assert len([command for _, command in commands if "aggregate" in command]) == 3  # the last months, by one of three
    assert told(base, "statuses", "status") == found(base, "status")
