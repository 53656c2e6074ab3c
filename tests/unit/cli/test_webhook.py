"""`motcua webhook`, and what `motcua verify` notes of webhooks."""

from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from services.cli import webhook
from services.cli.verify.webhooks import untold

LINE = {
    "webhook_id": "w-1",
    "url": "https://example.vn/",
    "tenant": "mic",
    "unit": "vnnic",
    "types": [],
    "enabled": False,
    "disabled_because": "gone",
    "created_at": "2026-11-27T00:00:00+00:00",
    "rests_until": "2026-11-27T01:00:00+00:00",
    "secrets": 1,
    "waiting": 3,
    "given_up": 2,
}
SENT = {
    "status": "given_up",
    "type": "intake.dossier_submitted",
    "id": "ev-1",
    "subject": "code",
    "timestamp": "2026-11-27T00:00:00+00:00",
    "tries": 10,
    "tried_at": "2026-11-30T03:35:05+00:00",
    "answer": "500",
    "due_at": None,
}
ANSWERS = {
    "add_webhook": {**LINE, "secret": "whsec_one"},
    "rotate_webhook": {**LINE, "secret": "whsec_two"},
    "list_webhooks": {"items": [LINE]},
    "list_webhook_deliveries": {"items": [SENT], "next": None},
    "repeat_webhook": {"revived": 2},
}


class Desk:
    """notify, answering; what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def call(self, service: str, method: str, **said: Any) -> Any:
        assert service == "notify"
        self.asked.append((method, {name: value for name, value in said.items() if name != "request_id"}))
        return ANSWERS.get(method, {})

    def type(self, *words: str, answer: str = "") -> Result:
        return CliRunner().invoke(webhook.webhook, words, input=answer)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk()
    monkeypatch.setattr(webhook, "remote", lambda: desk)
    return desk


def test_the_secret_is_shown_when_it_is_made_and_never_in_a_list(desk: Desk) -> None:
    added = desk.type("add", "https://example.vn/", "--tenant", "mic", "--type", "intake.dossier_submitted")
    assert "whsec_one" in added.output
    said = {"url": "https://example.vn/", "tenant": "mic", "unit": None, "types": ["intake.dossier_submitted"]}
    assert desk.asked == [("add_webhook", said)]
    assert "whsec_two" in desk.type("rotate", "w-1").output
    listed = desk.type("list").output
    assert "whsec" not in listed
    for shown in (
        "w-1",
        "mic/vnnic: every event",
        "disabled: gone",
        "rest until: 2026-11-27T01",
        "waiting: 3",
        "given up: 2",
        "1 webhook.",
    ):
        assert shown in listed


def test_a_type_that_nobody_publishes_is_refused_here(desk: Desk) -> None:
    told = desk.type("add", "https://example.vn/", "--tenant", "mic", "--type", "intake.nothing")
    assert told.exit_code == 2
    assert "intake.nothing" in told.output
    assert desk.asked == []


def test_each_word_asks_for_its_own(desk: Desk) -> None:
    for word in ("disable", "enable"):
        assert desk.type(word, "w-1").exit_code == 0
    assert "2 deliveries" in desk.type("again", "w-1").output
    assert "given_up  intake.dossier_submitted  ev-1" in desk.type("deliveries", "w-1", "--status", "given_up").output
    assert desk.type("remove", "w-1", answer="n\n").exit_code == 1
    assert desk.type("remove", "w-1", "--yes").exit_code == 0
    of = {"webhook_id": "w-1"}
    assert desk.asked == [
        ("switch_webhook", {**of, "enabled": False}),
        ("switch_webhook", {**of, "enabled": True}),
        ("repeat_webhook", of),
        ("list_webhook_deliveries", {**of, "status": "given_up", "limit": 20}),
        ("remove_webhook", of),
    ]


@pytest.mark.parametrize(
    ("enabled", "given_up", "notes"),
    [
        ([True, True], 0, []),
        ([True, False], 0, ["1 webhook disabled: what happens is told when enabled again"]),
        ([True], 2, ["2 events that a webhook did not take in time were given up"]),
    ],
)
def test_verify_notes_who_is_told_no_more_and_what_was_given_up(
    enabled: list[bool], given_up: int, notes: list[str]
) -> None:
    kept = {
        "notify.webhooks": SimpleNamespace(find=lambda *_: [{"_id": "w", "enabled": one} for one in enabled]),
        "notify.deliveries": SimpleNamespace(count_documents=lambda _wanted: given_up),
    }
    books: Any = SimpleNamespace(collection=lambda name: kept[name])
    assert list(untold(books)) == notes
