"""What notify asks of others, and for how long it believes the answer."""

from collections import Counter
from datetime import timedelta
from typing import Any, cast

import pytest

from services.chassis import clock
from services.chassis.errors import Defect, NotFound
from services.chassis.remote import Remote
from services.notify import clients
from services.notify.clients import REMEMBERED, Neighbours
from tests.unit.notify.builders import AT, CODE, DOSSIER

ANSWER = {
    "dossier_code": CODE,
    "tenant": DOSSIER.tenant,
    "procedure": DOSSIER.procedure,
    "procedure_version": DOSSIER.procedure_version,
    "unit": DOSSIER.unit,
    "applicant": {"kind": "citizen", "id_number": "001801000001", "name": DOSSIER.name, "email": DOSSIER.email},
}


class Line:
    """A line to intake, which counts what it is asked."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.knows = True

    def call(self, _service: str, method: str, **arguments: Any) -> Any:
        self.asked[arguments["dossier_code"]] += 1
        if not self.knows:
            raise NotFound("intake.unknown_dossier", "There is no such dossier.", "Không tìm thấy hồ sơ.")
        return {**ANSWER, **arguments}


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def neighbours(line: Line, monkeypatch: pytest.MonkeyPatch) -> Neighbours:
    monkeypatch.setattr(clock, "now", lambda: AT)
    return Neighbours(cast("Remote", line))


def test_who_may_read_is_asked_each_time(line: Line, neighbours: Neighbours) -> None:
    for _ in range(2):
        assert neighbours.dossier(CODE) == DOSSIER
    assert line.asked[CODE] == 2


def test_who_is_written_to_is_asked_once_a_minute(
    line: Line, neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        assert neighbours.remembered_dossier(CODE) == DOSSIER
    assert line.asked[CODE] == 1
    monkeypatch.setattr(clock, "now", lambda: AT + REMEMBERED)
    neighbours.remembered_dossier(CODE)
    assert line.asked[CODE] == 2


@pytest.mark.parametrize("passed", [REMEMBERED, timedelta(hours=-1)])
def test_nothing_stays_in_memory_for_longer(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch, passed: timedelta
) -> None:
    neighbours.remembered_dossier(CODE)
    monkeypatch.setattr(clock, "now", lambda: AT + passed)
    neighbours.forget()
    assert neighbours._known == {}  # noqa: SLF001


def test_memory_is_bounded_and_the_longest_known_goes_first(
    line: Line, neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "_MOST_REMEMBERED", 3)
    for code in ("a", "b", "c", "d", "e", "e", "b"):
        neighbours.remembered_dossier(code)
        assert len(neighbours._known) <= 4  # noqa: SLF001
    assert line.asked == {"a": 1, "b": 2, "c": 1, "d": 1, "e": 1}


def test_what_is_not_there_is_asked_for_again(line: Line, neighbours: Neighbours) -> None:
    line.knows = False
    with pytest.raises(NotFound):
        neighbours.remembered_dossier(CODE)
    line.knows = True
    assert neighbours.remembered_dossier(CODE) == DOSSIER


def test_of_a_case_the_reasons_of_refused_rows_are_read(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"row": 1, "outcome": "granted", "reason": None}, {"row": 2, "outcome": "refused", "reason": None}]
    case: dict[str, Any] = {"reasons": {}, "supplements": [], "transfers": [], "due_at": None}
    monkeypatch.setattr(
        Line, "call", lambda *_, **_asked: {**case, "items": [*rows, {**rows[1], "row": 3, "reason": "Trùng."}]}
    )
    assert neighbours.case(CODE).rows == {2: "", 3: "Trùng."}


def test_an_answer_in_another_form_is_a_defect(neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ANSWER, "applicant", "somebody")
    with pytest.raises(Defect):
        neighbours.dossier(CODE)
