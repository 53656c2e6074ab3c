"""The clock, and a payer at the gateway."""

from typing import Any

import pytest

from services.chassis import clock
from tests.unit.payment.builders import NOW
from tests.unit.payment.fakes import Desk


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The clock: the test sets the one instant in it."""
    instant = [NOW]
    monkeypatch.setattr(clock, "now", lambda: instant[0])
    return instant


@pytest.fixture
def desk(now: list[Any]) -> Desk:
    """A dossier whose payer was sent to the gateway twice."""
    desk = Desk()
    desk.submit()
    desk.start("request-1")
    desk.start("request-2")
    return desk
