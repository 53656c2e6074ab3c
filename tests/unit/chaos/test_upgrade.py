"""The parts of the rolling upgrade that need no server: the releases, who runs them, who asks, who is let in."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, Final

import pytest
import requests

from deploy.local.programs import ROOT
from services.cli.demo.town import DemoError
from tests.chaos.acceptances import Acceptance, read
from tests.chaos.load import Townsfolk
from tests.chaos.pace import Pace
from tests.chaos.releases import CHANGES, EXPANDED, PRESENT, USING, Change, Releases, changed, make
from tests.chaos.visitors import DoorAskedAgain, Visitors, are_there
from tests.conftest import eventually

AT: Final = datetime(2026, 1, 15, 3, tzinfo=UTC)
STORY: Final = (None, "mic", {"key": "x", "unit": "u", "example": {"applicant": {"kind": "citizen", "id_number": "1"}}})
# What a release writes when an officer accepts, and what it makes of version 2, whoever wrote that.
ACCEPTS: Final = """
from services.contracts import events
from services.routing.history import evolve
from tests.unit.routing.builders import Book

accepted = Book().opened().accepted().history[-1]
told = events.read("routing", "case_accepted", 2, {**events.write("routing", accepted), "accepted_by": "cb-7"})
print(accepted.v, accepted.data.get("accepted_by"), evolve(Book().opened().now, told).accepted_by)
"""


@pytest.mark.parametrize("release", CHANGES)
def test_each_place_that_a_release_changes_stands_once_in_the_source(release: str) -> None:
    files = changed(ROOT, CHANGES[release])
    assert all(text != (ROOT / file).read_text(encoding="utf-8") for file, text in files.items())


@pytest.mark.parametrize("text", ["nothing of it", "here here"])
def test_a_place_that_is_not_there_or_twice_is_refused_with_its_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "rules.py").write_text(text)
    with pytest.raises(LookupError, match=r"rules\.py.*'here'"):
        changed(tmp_path, [Change("rules.py", "here", "there")])


def test_of_two_changes_of_one_file_the_second_finds_the_first(tmp_path: Path) -> None:
    (tmp_path / "rules.py").write_text("one two")
    assert changed(tmp_path, [Change("rules.py", "one", "1"), Change("rules.py", "two", "2")]) == {"rules.py": "1 2"}


@pytest.mark.parametrize(("release", "says"), [(EXPANDED, "1 None cb-7"), (USING, "2 cb-001 cb-7")])
def test_one_release_reads_the_new_version_and_the_next_one_writes_it(tmp_path: Path, release: str, says: str) -> None:
    make(tmp_path, CHANGES[release])
    command, env = [sys.executable, "-c", ACCEPTS], {**os.environ, "PYTHONPATH": str(ROOT)}  # for what tests bring
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout.strip(), done.stderr) == (says, "")


@pytest.fixture
def releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Releases:
    monkeypatch.setattr("tests.chaos.releases.make", lambda folder, _changes: folder.mkdir(parents=True))
    return Releases(tmp_path.resolve() / "releases")


def test_a_process_keeps_the_release_that_it_was_started_with(releases: Releases) -> None:
    started = []
    try:
        for release in (PRESENT, EXPANDED, USING):
            releases.begin(release)
            started.append(subprocess.Popen(["sleep", "60"], cwd=releases.link))
        assert [releases.of(one.pid) for one in started] == [PRESENT, EXPANDED, USING]
    finally:
        for one in started:
            one.kill()
            one.wait()


@pytest.mark.parametrize(("dossiers", "shares"), [(7, [2, 2, 3]), (2, [1, 1, 0])])
def test_all_dossiers_are_let_in_a_share_a_step(dossiers: int, shares: list[int]) -> None:
    pace, begun = Pace(dossiers, 3, threading.Event()), list[int]()

    def begin() -> None:
        pace.begin(*STORY, f"x-{len(begun)}")
        begun.append(1)

    for share in shares:
        before = len(begun)
        pace.step()
        for _ in range(share):
            begin()
        assert len(begun) == before + share
    pace.over.set()
    with pytest.raises(DemoError):
        begin()


def test_in_the_end_all_that_are_left_are_let_in() -> None:
    pace = Pace(5, 9, threading.Event())
    pace.step()
    pace.all()
    assert [pace.begin(*STORY, "x").procedure["key"] for _ in range(5)] == ["x"] * 5


def case(*types: str, v: int = 2, status: str = "in_hand") -> dict[str, Any]:
    history = [{"type": one, "v": v, "at": AT + timedelta(hours=number)} for number, one in enumerate(types)]
    return {"_id": "A", "state": {"status": status}, "history": history}


def test_of_a_case_its_acceptance_is_read_and_what_came_behind_it() -> None:
    assert read(case("case_opened")) is None
    later = (AT + timedelta(hours=2),)
    told = Acceptance("A", 2, AT + timedelta(hours=1), later, is_open=True)
    assert read(case("case_opened", "case_accepted", "case_assigned")) == told


class Door(BaseHTTPRequestHandler):
    """Breaks off as often as it is to, without a word, then is busy as often as it is to, and answers then."""

    breaks: list[int]
    busy: list[int]
    says: Final = {"/late": 503, "/moved": 404}

    def do_GET(self) -> None:
        """Answer, or not."""
        if self.breaks and self.breaks.pop():
            return
        self.send_response(503 if self.busy and self.busy.pop() else self.says.get(self.path, 200))
        self.end_headers()

    def do_PUT(self) -> None:
        """The same for a file."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def door() -> Iterator[str]:
    Door.breaks, Door.busy = [], []
    server = HTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_who_is_cut_off_asks_once_more_and_is_counted(door: str) -> None:
    asked = DoorAskedAgain(door)
    Door.breaks = [1]
    assert asked.send("GET", door).status_code == 200
    assert len(asked.again) == 1
    Door.breaks = [1, 1]
    with pytest.raises(requests.ConnectionError):
        asked.send("GET", door)


def test_a_page_that_is_not_there_or_says_that_it_cannot_is_a_failure_and_was_not_seen(door: str) -> None:
    Door.breaks = [1, 1]
    pages = {name: f"{door}/{name}" for name in ("there", "late", "moved")}
    visitors = Visitors({**pages, "nobody": "http://127.0.0.1:1/"})
    assert eventually(lambda: visitors.answered["there"] > 1 and len(visitors.failures) > 6)
    visitors.finish()
    told = {failure.partition(":")[0] for failure in visitors.wrong({})}
    assert {"late answered 503", "moved answered 404", "nobody did not answer"} <= told
    assert not any("there answered" in one for one in told)
    assert [name for name, seen in visitors.answered.items() if seen] == ["there"]


def test_pages_are_there_when_each_answers_with_itself(door: str) -> None:
    assert are_there({"one": f"{door}/one", "other": f"{door}/other"})
    assert not are_there({"one": f"{door}/one", "moved": f"{door}/moved"})
    assert not are_there({"nobody": "http://127.0.0.1:1/"})


class Senders(Townsfolk):
    """Townsfolk who are given tickets for one door."""

    def __init__(self, door: str) -> None:
        super().__init__({})
        self.door = door

    def _try(self, actor: Any, target: str, arguments: Any) -> Any:
        return {"url": f"{self.door}/paper", "upload_id": "u"}


@pytest.mark.parametrize(("breaks", "busy", "tries"), [([], [], 1), ([], [1], 2), ([1], [1], 3), ([], [1] * 9, 10)])
def test_a_file_is_counted_as_often_as_it_had_to_be_brought(
    monkeypatch: pytest.MonkeyPatch, door: str, breaks: list[int], busy: list[int], tries: int
) -> None:
    Door.breaks, Door.busy, people = breaks, busy, Senders(door)
    monkeypatch.setattr("tests.chaos.load._PAUSE", 0.0)
    assert people.upload({"kind": "citizen", "id": "1"}, "TP01") == "u"
    assert people.tries[tries] == 1
