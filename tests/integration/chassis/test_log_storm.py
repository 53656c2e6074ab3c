"""Whatever befalls a process, its log stays small, and says how much it left out."""

import json
from typing import Any

import pytest

from services.chassis.damping import FIRST, LEFT_OUT
from tests.conftest import Process, eventually
from tests.integration.chassis.conftest import publish, waiting

pytestmark = pytest.mark.servers
POISONED = 500


def test_a_poisoned_queue_is_a_few_lines_and_their_number(serving: Process, broker: Any) -> None:
    for number in range(POISONED):
        publish(broker, b"\xff", {"number": number})
    eventually(lambda: waiting(broker, "sample.dead") == POISONED)
    assert serving.stop() == 0
    lines = [json.loads(line) for line in serving.log.read_text().splitlines()]
    failed = [line for line in lines if line["event"] == "message_failed"]
    left_out = [line["count"] for line in lines if line["event"] == LEFT_OUT and line["of_event"] == "message_failed"]
    assert FIRST <= len(failed) < 5 * FIRST
    assert len(failed) + sum(left_out) == POISONED
