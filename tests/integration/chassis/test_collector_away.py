"""Whether a collector takes the traces is nobody else's affair: work goes on, stops in order, and says little."""

import json
from functools import partial
from typing import Any

import pytest

from tests.conftest import Process, eventually
from tests.integration.chassis.conftest import await_ready
from tests.integration.collector import collecting

pytestmark = pytest.mark.servers
NOBODY = "http://127.0.0.1:9"
NO_SUCH_NAME = "http://collector.invalid:4318"


def counted(rpc: Any, tag: str) -> None:
    """Many tallies are raised, and their echoes follow."""
    names = [f"{tag}-{number}" for number in range(60)]
    for name in names:
        rpc.sample.add(name=name, amount=1, request_id=name)
    for name in names:
        eventually(partial(followed, rpc, name))


def followed(rpc: Any, name: str) -> bool:
    """Whether its echo has heard of a tally."""
    return bool(rpc.sample.get(name=name) == {"total": 1, "echo": 1})


def lines(sample: Process) -> list[dict[str, Any]]:
    """The log of the process."""
    return [json.loads(line) for line in sample.log.read_text().splitlines()]


def said(sample: Process, event: str) -> list[dict[str, Any]]:
    """What it says of an event."""
    return [line for line in lines(sample) if line["event"] == event]


@pytest.mark.parametrize("endpoint", [NOBODY, NO_SUCH_NAME])
def test_where_nobody_collects_work_goes_on_and_one_line_says_so(sample: Process, rpc: Any, endpoint: str) -> None:
    sample.start(MOTCUA_OTLP_ENDPOINT=endpoint)
    await_ready(rpc)
    counted(rpc, "before")
    eventually(lambda: said(sample, "traces_not_exported"))
    counted(rpc, "after")
    assert sample.stop() == 0
    assert [line["event"] for line in lines(sample) if line["level"] != "info"] == ["traces_not_exported"]


def test_a_collector_that_never_answers_holds_nobody_up_nor_keeps_anybody_from_stopping(
    sample: Process, rpc: Any
) -> None:
    with collecting() as collector:
        collector.hangs = True
        sample.start(MOTCUA_OTLP_ENDPOINT=collector.address)
        await_ready(rpc)
        counted(rpc, "before")
        eventually(lambda: collector.bodies)
        counted(rpc, "after")
        assert sample.stop() == 0
        assert collector.spans == []


def test_a_collector_that_comes_back_gets_what_is_new_and_a_stop_sends_what_is_left(sample: Process, rpc: Any) -> None:
    with collecting() as collector:
        sample.start(MOTCUA_OTLP_ENDPOINT=collector.address)
        await_ready(rpc)
        collector.refuses = True
        counted(rpc, "before")
        eventually(lambda: said(sample, "traces_not_exported"))
        collector.refuses = False
        counted(rpc, "after")
        eventually(lambda: said(sample, "traces_exported_again"))
        rpc.sample.get(name="after-0")
        assert sample.stop() == 0
        assert [span.name for span in collector.spans].count("sample/get") >= 1
        assert "process sample.echo" in {span.name for span in collector.spans}
