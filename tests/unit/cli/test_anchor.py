"""An anchor shows what a chain cannot: histories that are gone, cut short, made up, or rewritten with new hashes."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

from services.chassis import chain, clock
from services.cli import anchor as command
from services.cli.verify import anchor as anchors
from services.cli.verify import books as shelves
from services.cli.verify import checker
from services.cli.verify.anchor import BUCKETS, Anchor, BadAnchor
from services.cli.verify.anchored import Anchored
from services.cli.verify.books import HISTORIES, Shelf
from services.cli.verify.checker import what_stays
from services.cli.verify.command import verify
from services.cli.verify.dossiers import UNCHAINED, Dossiers
from services.cli.verify.finding import Finding
from tests.unit.cli.builders import GRANTED, OPEN, Installation

NOW: Final = datetime(2026, 2, 3, 4, 5, 6, 7000, tzinfo=UTC)
Spoil = Callable[[Installation], Any]


@pytest.fixture
def installation(monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Four dossiers that went their ways; then an hour passed."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    made = Installation()
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(hours=1))
    return made


def differing(installation: Installation, anchor: Anchor) -> list[Finding]:
    """What an anchor finds."""
    return what_stays([Anchored(installation.books, anchor)], patience=0)


def rewrite(shelf: Shelf, id_: str, change: Callable[[dict[str, Any]], object]) -> Spoil:
    """Change a document as an administrator would who knows how it is chained."""

    def spoil(installation: Installation) -> None:
        document = installation.document(shelf, id_)
        change(document)
        bare = [{name: value for name, value in one.items() if name != "hash"} for one in document["history"]]
        document["history"] = chain.extend(installation.journals[shelf.name].whose(id_), (), bare)

    return spoil


def cut_short(document: dict[str, Any]) -> None:
    """The last event is gone."""
    document["history"].pop()


def other_officer(document: dict[str, Any]) -> None:
    """Somebody else is said to have done it."""
    document["history"][1]["by"] = {"kind": "officer", "id": "cb-99", "unit": "vnnic"}


def made_up(installation: Installation) -> None:
    """A notice that nobody sent, dated back."""
    one = installation.notice(OPEN, "submitted")
    installation.kept("notify.notices").put({**one, "_id": "n-0"})


def test_where_nothing_was_changed_all_agrees_and_new_events_do_not_matter(installation: Installation) -> None:
    anchor = anchors.take(installation.books)
    assert [one.journal for one in anchor.buckets] == [shelf.name for shelf in HISTORIES for _ in range(BUCKETS)]
    assert anchor.head.as_of == NOW + timedelta(minutes=45)
    assert anchor.histories == sum(len(installation.kept(shelf.name).documents) for shelf in HISTORIES)
    installation.pay(OPEN)
    installation.submit(f"{OPEN[:-4]}0009")
    installation.rest()
    assert differing(installation, anchor) == []
    assert anchors.take(installation.books) == anchor
    assert anchors.take(installation.books, timedelta(0)).buckets != anchor.buckets


def test_what_came_in_the_margin_is_of_no_anchor(installation: Installation) -> None:
    anchor = anchors.take(installation.books, timedelta(hours=2))
    assert anchor.histories == 0
    made_up(installation)
    assert differing(installation, anchor) == []


@pytest.mark.parametrize(
    ("spoil", "journal", "now"),
    [
        (lambda one: one.kept("routing.cases").documents.pop(GRANTED), "routing.cases", -1),
        (made_up, "notify.notices", 1),
        (rewrite(shelves.DOSSIERS, GRANTED, cut_short), "intake.dossiers", 0),
        (rewrite(shelves.CASES, GRANTED, other_officer), "routing.cases", 0),
        (lambda one: one.document(shelves.CASES, GRANTED).update(history=7), "routing.cases", 0),
    ],
    ids=["removed", "made up", "cut short", "rewritten", "spoilt"],
)
def test_what_was_done_to_the_past_is_found(installation: Installation, spoil: Spoil, journal: str, now: int) -> None:
    anchor = anchors.take(installation.books)
    spoil(installation)
    (found,) = differing(installation, anchor)
    then = next(one for one in anchor.buckets if f"{one.journal} bucket {one.bucket} of {BUCKETS}" == found.where)
    assert found.wrong.startswith("as of 2026-02-03T04:50:06.007000+00:00 it held ")
    assert (f"there are {then.histories + now} now" if now else "as many now, but not the same") in found.wrong


def test_a_history_chained_anew_is_found_by_the_anchor_alone(installation: Installation) -> None:
    anchor = anchors.take(installation.books)
    rewrite(shelves.CASES, GRANTED, other_officer)(installation)
    assert what_stays([Dossiers(installation.books)], patience=0) == []
    assert len(differing(installation, anchor)) == 1


def test_whoever_takes_the_hashes_away_changes_no_past_and_is_counted(installation: Installation) -> None:
    anchor, dossiers = anchors.take(installation.books), Dossiers(installation.books)
    document = installation.document(shelves.CASES, GRANTED)
    for entry in document["history"]:
        del entry["hash"]
    assert what_stays([dossiers], patience=0) == []
    assert dossiers.account.notes[UNCHAINED] == 1
    assert differing(installation, anchor) == []
    other_officer(document)
    assert len(differing(installation, anchor)) == 1


def test_an_anchor_is_read_as_it_was_written_and_never_written_over(installation: Installation, tmp_path: Path) -> None:
    anchor, file = anchors.take(installation.books), tmp_path / "2026-02-03.anchor"
    anchors.write(anchor, file)
    assert anchors.read(file) == anchor
    assert file.stat().st_mode & 0o777 == 0o444
    assert len(file.read_bytes().splitlines()) == 1 + BUCKETS * len(HISTORIES)
    assert not [one for one in (GRANTED, "Nguyễn", "officer") if one in file.read_text(encoding="utf-8")]
    with pytest.raises(FileExistsError):
        anchors.write(anchor, file)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda _lines: [], "is not an anchor of the kind motcua-anchor/1"),
        (lambda _lines: ["\ud800".encode("utf-8", "surrogatepass").decode("latin-1")], "is not an anchor"),
        (lambda lines: ['{"format": "motcua-backup/1"}', *lines[1:]], "is not an anchor"),
        (lambda lines: [*lines[:5], lines[5].replace('"histories":', '"histories":-'), *lines[6:]], "is not an anchor"),
        (lambda lines: lines[:-1], "is not a whole anchor"),
        (lambda lines: [*lines, lines[-1]], "is not a whole anchor"),
        (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], "is not a whole anchor"),
        (lambda lines: [lines[0].replace("notify.notices", "notify.letters"), *lines[1:]], "notify.letters"),
        (lambda lines: [lines[0].replace('"as_of":"2026', '"as_of":"2036'), *lines[1:]], "is of the future"),
    ],
)
def test_a_file_that_is_no_anchor_says_why(
    installation: Installation, tmp_path: Path, spoil: Callable[[list[str]], list[str]], said: str
) -> None:
    file = tmp_path / "anchor"
    anchors.write(anchors.take(installation.books), file)
    lines = file.read_text(encoding="utf-8").splitlines()
    file.unlink()
    file.write_text("".join(f"{line}\n" for line in spoil(lines)), encoding="utf-8")
    with pytest.raises(BadAnchor, match=said):
        anchors.read(file)


def test_the_anchor_of_another_installation_is_refused_by_name(installation: Installation) -> None:
    anchor = anchors.take(installation.books)
    anchors.insist_it_is_of(installation.books, anchor)
    with pytest.raises(BadAnchor, match=r"is of another installation: there registry.publications mic/.* here with"):
        anchors.insist_it_is_of(Installation().books, anchor)
    installation.kept("registry.publications").documents.clear()
    with pytest.raises(BadAnchor, match="is not here, or no more"):
        anchors.insist_it_is_of(installation.books, anchor)
    anchors.insist_it_is_of(installation.books, anchors.take(installation.books))  # no catalogue: nobody can tell


def test_the_commands_write_it_and_compare_it(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "anchor"
    for name in ("MOTCUA_MONGO_URI", "MOTCUA_AMQP_URI"):
        monkeypatch.setenv(name, "nowhere")
    for module in (command, checker):
        monkeypatch.setattr(module, "Books", lambda _env: installation.books)
    monkeypatch.setattr("services.cli.verify.queues.DeadLetters.look", lambda _self, _keys=None: iter(()))
    monkeypatch.setattr("services.cli.verify.queues.depths", lambda _env: {})
    monkeypatch.setattr("services.cli.verify.files.left_over", lambda _books: [])
    monkeypatch.setattr("services.cli.verify.webhooks.untold", lambda _books: [])
    written = CliRunner().invoke(command.anchor, [str(file)])
    assert (written.exit_code, written.stderr) == (0, "")
    assert f"histories in {len(HISTORIES)} journals as of 2026-02-03T04:50:06.007000+00:00" in written.stdout
    assert "is there already" in CliRunner().invoke(command.anchor, [str(file)]).output
    compare = ["--patience", "0", "--anchor", str(file), "--json"]
    result = CliRunner().invoke(verify, compare)
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    rewrite(shelves.CASES, GRANTED, other_officer)(installation)
    result = CliRunner().invoke(verify, compare)
    assert result.exit_code == 1
    assert json.loads(result.stdout.splitlines()[0])["where"].startswith("routing.cases bucket ")
    for bad in (tmp_path / "none", tmp_path):
        result = CliRunner().invoke(verify, ["--anchor", str(bad)])
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith("✗ could not look: ")
    assert "not of some dossiers" in CliRunner().invoke(verify, [*compare, "--dossier", GRANTED]).stderr
