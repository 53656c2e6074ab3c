"""What a dossier has left is compared with what its twin has, field by field, but for what is its own."""

import copy
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Self

import pytest

from tests.chaos import twins

QUIET, TANGLED = "quiet", "tangled"


def book(tag: str, code: str, minute: int) -> dict[str, list[dict[str, Any]]]:
    """What one dossier has left in three services."""
    at = datetime(2026, 11, 28, 8, minute, tzinfo=UTC)
    facts = [{"type": kind, "about": "", "data": {"at": at.isoformat()}, "sequence": minute} for kind in ("a", "b")]
    state = {"dossier_code": code, "submitted_at": at, "withdrawn_at": None, "status": "resolved"}
    order = {"dossier_code": code, "order_id": f"{code}-S", "amount_vnd": 200_000, "receipt": {"number": minute}}
    letter = {"subject": f"Hồ sơ {code}", "text": f"Lúc 08:{minute}", "html": ""}
    return {
        "intake.dossiers": [
            {
                "state": {**state, "procedure_version": "2016-01-01", "facts": facts[:: 1 if minute % 2 else -1]},
                "subject": {"applicant": {"email": f"x.{tag}-3@example.vn"}},
                "history": [{"type": "dossier_submitted"}, *({"type": "dossier_progressed"} for _ in range(minute))],
            }
        ],
        "payment.orders": [{"state": order, "subject": {}, "history": [{"type": "fee_paid"}]}],
        "notify.notices": [
            {
                "state": {"dossier_code": code, "notice_id": f"{minute}", "unit": tag},
                "subject": {"letter": letter},
                "history": [],
            }
        ],
    }


class FakeBooks:
    """Both crowds' books, and some other's."""

    def __init__(self, *books: dict[str, list[dict[str, Any]]]) -> None:
        self.books = books

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is open."""

    def collection(self, name: str) -> Any:
        found = [one for book in self.books for one in book.get(name, [])]
        return SimpleNamespace(find=lambda *_: found)


@pytest.fixture
def books() -> list[dict[str, list[dict[str, Any]]]]:
    return [book(QUIET, "000-0001", 1), book(TANGLED, "000-0002", 2), book("another", "000-0003", 3)]


def unlike(monkeypatch: pytest.MonkeyPatch, books: list[dict[str, list[dict[str, Any]]]]) -> list[str]:
    monkeypatch.setattr(twins, "Books", lambda _env: FakeBooks(*books))
    return list(twins.unlike({}, QUIET, TANGLED))


def test_times_numbers_names_and_the_order_of_facts_make_no_difference(
    monkeypatch: pytest.MonkeyPatch, books: list[dict[str, list[dict[str, Any]]]]
) -> None:
    assert unlike(monkeypatch, books) == []


@pytest.mark.parametrize(
    ("shelf", "path", "value"),
    [
        ("intake.dossiers", ("state", "status"), "withdrawn"),
        ("intake.dossiers", ("state", "withdrawn_at"), datetime(2026, 11, 28, tzinfo=UTC)),
        ("intake.dossiers", ("state", "procedure_version"), "2017-01-01"),
        ("intake.dossiers", ("state", "facts"), []),
        ("intake.dossiers", ("history",), [{"type": "dossier_submitted"}]),
        ("payment.orders", ("history",), 2 * [{"type": "fee_paid"}]),
        ("payment.orders", ("state", "amount_vnd"), 100_000),
        ("payment.orders", ("state", "receipt"), None),
        ("payment.orders", ("subject",), {"payer": "x"}),
        ("notify.notices", ("subject", "letter", "subject"), "Hồ sơ khác"),
    ],
)
def test_everything_else_does(
    monkeypatch: pytest.MonkeyPatch,
    books: list[dict[str, list[dict[str, Any]]]],
    shelf: str,
    path: tuple[str, ...],
    value: Any,
) -> None:
    document: Any = books[1][shelf][0]
    for name in path[:-1]:
        document = document[name]
    document[path[-1]] = value
    (line,) = unlike(monkeypatch, books)
    assert line.startswith(f"twins differ: 3/{shelf}/")


def test_what_one_has_more_of_or_nobody_has_is_a_difference(
    monkeypatch: pytest.MonkeyPatch, books: list[dict[str, list[dict[str, Any]]]]
) -> None:
    books[1]["payment.orders"] *= 2
    assert len(unlike(monkeypatch, books)) == 1
    more = copy.deepcopy(books[1])
    more["intake.dossiers"][0]["subject"]["applicant"]["email"] = f"x.{TANGLED}-4@example.vn"
    assert len(unlike(monkeypatch, [books[0], more])) == 2
    assert unlike(monkeypatch, []) == ["nobody was told of"]
