"""`motcua notice`: what failed, page by page, and again."""

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from services.chassis.errors import Refused
from services.cli import notice


def failed(id_: str, reason: str) -> dict[str, Any]:
    return {
        "notice_id": id_,
        "dossier_code": "000.00.06.G14-260115-0001",
        "moment": "submitted",
        "audience": "applicant",
        "round": 1,
        "failed_at": "2026-11-27T00:00:00+00:00",
        "reason": reason,
    }


PAGES = {
    None: {"items": [failed("n-1", "554 5.7.1"), failed("n-2", "bad_address")], "next": "2.n-2"},
    "2.n-2": {"items": [failed("n-3", "554 5.7.1")], "next": None},
}


class Desk:
    """notify, answering; what it was asked to send again."""

    def __init__(self) -> None:
        self.resent: list[str] = []

    def call(self, service: str, method: str, **said: Any) -> Any:
        assert service == "notify"
        if method == "list_failed_notices":
            return PAGES[said["after"]]
        assert (method, len(said["request_id"])) == ("resend", 32)
        if said["notice_id"] == "n-2":
            raise Refused("notify.already_sent", "It is sent.", "Đã gửi.")
        self.resent.append(said["notice_id"])
        return {}

    def type(self, *words: str) -> Result:
        return CliRunner().invoke(notice.notice, words)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk()
    monkeypatch.setattr(notice, "remote", lambda: desk)
    return desk


def test_every_page_of_what_failed_is_listed(desk: Desk) -> None:
    told = [json.loads(line)["notice_id"] for line in desk.type("list", "--json").output.splitlines()]
    assert told == ["n-1", "n-2", "n-3"]
    shown = desk.type("list").output
    assert "reason: 554 5.7.1" in shown
    assert shown.endswith("3 notices could not be delivered.\n")


def test_those_of_one_reason_are_listed_and_sent_again(desk: Desk) -> None:
    assert "n-2" not in desk.type("list", "--reason", "554 5.7").output
    assert desk.type("resend", "--reason", "554 5.7").output == "2 notices will be sent again.\n"
    assert desk.resent == ["n-1", "n-3"]


def test_one_that_cannot_be_sent_again_is_named_and_keeps_nobody_back(desk: Desk) -> None:
    done = desk.type("resend", "--all")
    assert done.exit_code == 0
    assert "n-2: notify.already_sent" in done.output
    assert desk.resent == ["n-1", "n-3"]


@pytest.mark.parametrize("words", [(), ("n-1", "--all"), ("--all", "--reason", "554")])
def test_what_is_sent_again_is_said_in_one_way(desk: Desk, words: tuple[str, ...]) -> None:
    assert desk.type("resend", *words).exit_code == 2
    assert desk.resent == []
