"""How long each who died was away: by the supervisor's log, gunicorn's and its own."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.chaos.diary import Step, may_delay_a_return, spells
from tests.chaos.returns import Return, late, paired, returns
from tests.chaos.witness import Witness

_NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def moments(*seconds: float) -> list[datetime]:
    return [_NOON + timedelta(seconds=one) for one in seconds]


@pytest.mark.parametrize(
    ("deaths", "back", "found"),
    [
        ((0, 20), (4, 31), {0: 4.0, 20: 11.0}),
        ((0, 3), (9,), {3: 6.0}),  # died again on its way
        ((5,), (1,), {5: float("inf")}),
    ],
)
def test_each_death_counts_until_the_next_return(
    deaths: tuple[float, ...], back: tuple[float, ...], found: dict[float, float]
) -> None:
    pairs = dict(paired(moments(*deaths), moments(*back)))
    assert {(death - _NOON).total_seconds(): seconds for death, seconds in pairs.items()} == found


def test_who_died_and_when_it_worked_again_is_read_from_the_logs_and_what_hindered_it_is_no_fault_of_its_own(
    tmp_path: Path,
) -> None:
    witness = Witness(tmp_path)
    died = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=10)
    local = f"{died.astimezone():%Y-%m-%d %H:%M:%S}"
    (tmp_path / "supervisord.log").write_text(
        f"{local},500 WARN exited: intake-1 (terminated by SIGKILL; not expected)\n"
        f"{local},500 WARN exited: mongodb-1 (terminated by SIGKILL; not expected)\n"
    )
    (tmp_path / "intake.log").write_text(started(died + timedelta(seconds=16.5), "service_started"))
    worker = f"[{died:%Y-%m-%d %H:%M:%S} +0000] [7] [ERROR] Worker (pid:8) was sent SIGKILL! Perhaps out of memory?\n"
    (tmp_path / "portal-http.log").write_text(worker + started(died + timedelta(seconds=3), "door_opened"))
    found = returns(witness, [])
    assert [(one.program, one.seconds) for one in found] == [("intake", 16.0), ("portal-http", 3.0)]
    assert [line.partition(" died")[0] for line in late(found)] == ["intake"]
    assert returns(witness, [(9.0, 12.0)]) == []
    assert returns(witness, [(-30.0, -20.0)]) == found


def started(at: datetime, event: str) -> str:
    return json.dumps({"event": event, "timestamp": at.isoformat()}) + "\n"


def test_a_harmed_server_or_line_may_delay_a_return_and_another_death_or_message_does_not() -> None:
    steps = [
        *(Step(1, "kill", "intake"), Step(2, "kill", "rabbitmq"), Step(3, "say again", "5 events")),
        *(Step(4, "cut", "routing-broker"), Step(5, "fair", "routing-broker"), Step(6, "ration", "notify to 8 bytes")),
    ]
    assert spells(steps, may_delay_a_return) == [(2, 2), (4, 5)]


def test_fifteen_seconds_are_in_time() -> None:
    assert list(late([Return("intake", 1.0, 15.0)])) == []
