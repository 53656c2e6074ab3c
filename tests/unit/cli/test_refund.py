"""`motcua refund made`."""

from typing import Any

import pytest
from click.testing import CliRunner

from services.chassis.actor import Actor
from services.cli import refund

ORDER = "000.00.06.G14-260115-0001-S"
ANSWER = {
    "status": "refunded",
    "refunds": [
        {
            "refund": 1,
            "attempt": None,
            "amount_vnd": 500_000,
            "reason": "dossier_ended",
            "due_at": "2026-01-15T02:30:00+00:00",
            "refunded_at": "2026-01-16T02:30:00+00:00",
        }
    ],
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What payment is asked, and by whom."""
    found: list[Any] = []

    class Desk:
        def __init__(self, actor: Actor) -> None:
            self._actor = actor

        def call(self, service: str, method: str, **said: Any) -> Any:
            assert said.pop("request_id")
            found.append((self._actor, f"{service}.{method}", said))
            return ANSWER

    monkeypatch.setattr(refund, "remote", lambda actor: Desk(actor))
    return found


def test_what_a_person_has_seen_made_is_recorded_under_his_own_id(asked: list[Any]) -> None:
    told = CliRunner().invoke(refund.refund, ["made", ORDER, "1", "--by", "vh-001"])
    assert told.exit_code == 0
    assert asked == [(Actor("operator", "vh-001"), "payment.confirm_refund", {"order_id": ORDER, "refund": 1})]
    assert f"{ORDER}  refund 1" in told.output
    assert told.output.endswith("The order is refunded.\n")


@pytest.mark.parametrize("words", [[ORDER, "1"], [ORDER, "0", "--by", "vh-001"], [ORDER, "--by", "vh-001"]])
def test_it_says_which_refund_and_who_has_looked(asked: list[Any], words: list[str]) -> None:
    assert CliRunner().invoke(refund.refund, ["made", *words]).exit_code == 2
    assert asked == []
