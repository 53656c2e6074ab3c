"""The doors for files: what is not as declared is refused and leaves nothing; a ticket lets one file in, once."""

import json
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import requests

from services.chassis.patience import HEAD_SECONDS, PIECE_SECONDS
from services.cli.demo.town import SYSTEM, fresh
from services.intake.uploads import MOST_IN_HAND, MOST_TRIES
from tests.conftest import eventually
from tests.integration.files import (
    DISGUISED,
    HONEST,
    LARGE,
    PDF,
    BreakingLine,
    SlowLine,
    Ticket,
    dial,
    open_upload,
    put,
    uploaded,
)
from tests.integration.http_door import HttpDoor
from tests.integration.test_bad_input import insist, submission
from tests.integration.world import CITIZEN, COMPANY, NEIGHBOUR, OFFICER, STRANGER, Actor, World, refused

pytestmark = pytest.mark.servers


def kept(world: World) -> tuple[int, int]:
    """How many files and pieces of files are stored."""
    database = world.mongo["motcua_intake"]
    return database["papers.files"].count_documents({}), database["papers.chunks"].count_documents({})


@pytest.fixture
def nothing_kept(world: World) -> Iterator[World]:
    """A world in which no piece of any file may stay."""
    before = kept(world)
    yield world
    eventually(lambda: kept(world) == before)
    world.insist_well()


def test_what_is_as_declared_is_taken(world: World) -> None:
    for content, filename, content_type in HONEST.values():
        ticket = open_upload(world, content, filename=filename, content_type=content_type)
        answer = put(ticket, content)
        assert (answer.status_code, answer.json()["status"]) == (201, "finished")


def test_a_file_that_is_not_what_it_claims_is_refused_and_leaves_nothing(nothing_kept: World) -> None:
    for what, (content, filename, content_type) in DISGUISED.items():
        ticket = open_upload(nothing_kept, content, filename=filename, content_type=content_type)
        refusal = refused(put(ticket, content))
        assert (refusal.code, refusal.fields) == ("intake.wrong_content", ["content_type"]), what
        assert refused(put(ticket, content)).code == "intake.ticket_used"


def in_pieces(content: bytes) -> Iterator[bytes]:
    """Content without a length."""
    for start in range(0, len(content), 100_000):
        yield content[start : start + 100_000]


def test_another_size_or_sum_than_declared_is_refused_and_leaves_nothing(nothing_kept: World) -> None:
    wrong: dict[str, tuple[Any, dict[str, Any], str, str]] = {
        "too short": (LARGE[:-1], {}, "intake.wrong_size", "size"),
        "too long": (LARGE + b"x", {}, "intake.wrong_size", "size"),
        "empty": (b"", {}, "intake.wrong_size", "size"),
        "too short in pieces": (in_pieces(LARGE[:-1]), {}, "intake.wrong_size", "size"),
        "too long in pieces": (in_pieces(LARGE * 3), {}, "intake.wrong_size", "size"),
        "another sum": (LARGE, {"sha256": "0" * 64}, "intake.wrong_checksum", "sha256"),
        "one bit off": (LARGE[:-1] + b"y", {}, "intake.wrong_checksum", "sha256"),
    }
    for what, (content, changes, code, field) in wrong.items():
        refusal = refused(put(open_upload(nothing_kept, LARGE, **changes), content))
        assert (refusal.kind, refusal.code, refusal.fields) == ("Refused", code, [field]), what


def test_an_upload_that_breaks_off_leaves_nothing_and_may_be_tried_again(world: World) -> None:
    before, ticket = kept(world), open_upload(world, LARGE)
    line = BreakingLine(ticket, len(LARGE))
    line.send(LARGE[:2_500_000])
    eventually(lambda: kept(world)[1] > before[1])
    line.break_off()
    eventually(lambda: kept(world) == before)
    assert put(ticket, LARGE).status_code == 201


def test_an_upload_that_ends_early_is_told_so(nothing_kept: World) -> None:
    ticket = open_upload(nothing_kept, LARGE)
    line = BreakingLine(ticket, len(LARGE))
    line.send(LARGE[:100_000])
    answer = line.hang_up()
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"intake.upload_broken_off" in answer


def test_a_second_try_takes_over_from_one_that_hangs(world: World) -> None:
    before, ticket = kept(world), open_upload(world, LARGE)
    line = BreakingLine(ticket, len(LARGE))
    line.send(LARGE[:2_500_000])
    eventually(lambda: kept(world)[1] > before[1])
    assert put(ticket, LARGE).status_code == 201
    line.send(LARGE[2_500_000:])
    assert b"intake.upload_overtaken" in line.hang_up()
    eventually(lambda: kept(world) == (before[0] + 1, before[1] + 3))


def test_a_ticket_lets_one_file_in(world: World) -> None:
    ticket = open_upload(world, PDF)
    assert put(ticket, PDF).status_code == 201
    before = kept(world)
    assert refused(put(ticket, PDF)).code == "intake.ticket_used"
    assert kept(world) == before


def test_a_ticket_expires(nothing_kept: World) -> None:
    ticket = open_upload(nothing_kept, PDF)
    past = {"$set": {"expires_at": datetime.now(UTC) - timedelta(seconds=1)}}
    nothing_kept.mongo["motcua_intake"]["uploads"].update_one({"_id": ticket.upload_id}, past)
    refusal = refused(put(ticket, PDF))
    assert (refusal.kind, refusal.code) == ("Denied", "intake.ticket_expired")


def test_a_ticket_is_worn_out_by_too_many_tries(nothing_kept: World) -> None:
    ticket = open_upload(nothing_kept, PDF)
    for _ in range(MOST_TRIES):
        BreakingLine(ticket, len(PDF)).hang_up()
    assert refused(put(ticket, PDF)).code == "intake.too_many_tries"


def test_nobody_has_more_uploads_in_hand_than_dossiers_could_name(world: World) -> None:
    declared = {"filename": "a.pdf", "content_type": "application/pdf", "size": 10, "sha256": "0" * 64}
    calls = [{**declared, "request_id": f"r-{number}"} for number in range(MOST_IN_HAND)]
    hoarder = {"kind": "citizen", "id": "001801000078"}
    assert world.refusals(hoarder, "intake.open_upload", calls) == [None] * MOST_IN_HAND
    refusal = world.refusal(hoarder, "intake.open_upload", **declared, request_id="one more")
    assert (refusal.kind, refusal.code) == ("Refused", "intake.too_many_uploads")
    assert world.refusals(hoarder, "intake.open_upload", calls[:1]) == [None]
    open_upload(world, PDF, NEIGHBOUR)


def test_a_ticket_that_was_never_given_opens_nothing(nothing_kept: World) -> None:
    ticket = open_upload(nothing_kept, PDF)
    stem, good = ticket.url.rsplit("/", 1)
    base = stem.rsplit("/", 1)[0]
    for url in (
        f"{stem}/{good[:-1]}x",
        f"{base}/{'0' * 32}/{good}",
        f"{base}/%24ne/{good}",
        f"{stem}/%00",
        f"{stem}/é",
    ):
        assert refused(put(Ticket("", url), PDF)).code == "intake.unknown_upload", url


OPENINGS: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "larger than anything": ({"size": 10**10}, "Refused", "intake.file_too_large", "size"),
    "empty": ({"size": 0}, "Invalid", "intake.invalid", "size"),
    "no sum": ({"sha256": "x" * 64}, "Invalid", "intake.invalid", "sha256"),
    "a web page": ({"content_type": "text/html"}, "Invalid", "intake.invalid", "content_type"),
    "a program by name": ({"filename": "a.exe"}, "Invalid", "intake.invalid", "filename"),
    "two extensions": ({"filename": "a.pdf.exe"}, "Invalid", "intake.invalid", "filename"),
    "another type than its name": ({"filename": "a.png"}, "Invalid", "intake.invalid", "filename"),
    "a way out of the folder": ({"filename": "../../etc/a.pdf"}, "Invalid", "intake.invalid", "filename"),
    "a way out under Windows": ({"filename": "..\\a.pdf"}, "Invalid", "intake.invalid", "filename"),
    "a hidden file": ({"filename": ".pdf"}, "Invalid", "intake.invalid", "filename"),
    "a name turned around": ({"filename": "a\u202efdp.pdf"}, "Invalid", "intake.invalid", "filename"),
    "a name of two lines": ({"filename": "a\r\nX: y.pdf"}, "Invalid", "intake.invalid", "filename"),
}


def test_what_cannot_be_taken_gets_no_ticket(untouched: World) -> None:
    right = {"filename": "a.pdf", "content_type": "application/pdf", "size": 10, "sha256": "0" * 64, "request_id": "r"}
    for changes, kind, code, field in OPENINGS.values():
        insist(untouched.refusal(CITIZEN, "intake.open_upload", **{**right, **changes}), kind, code, field)


def test_an_upload_can_be_named_once_by_him_who_brought_it_only(world: World) -> None:
    procedure = world.procedures["mic", "dk-ten-mien-vn"]

    def problems(*uploads: str) -> set[tuple[str, str]]:
        papers = [
            {"component": code, "upload_id": upload} for code, upload in zip(("TP01", "TP02"), uploads, strict=True)
        ]
        call = submission("mic", procedure, documents=papers, request_id=fresh())
        refusal = world.refusal(CITIZEN, "intake.submit", **call)
        assert (refusal.kind, refusal.code) == ("Invalid", "intake.invalid")
        return {(one["field"], one["code"]) for one in refusal.problem["errors"]}

    own, unfinished = uploaded(world), open_upload(world, PDF).upload_id
    before = world.footprint()["intake.dossiers"]
    assert problems(own, own) == {("documents.1", "named_twice")}
    assert problems(own, unfinished) == {("documents.1", "upload_not_finished")}
    assert problems(own, world.granted.upload_id) == {("documents.1", "upload_already_used")}
    for other in (COMPANY, NEIGHBOUR, OFFICER, {**CITIZEN, "kind": "organisation"}):
        assert problems(own, uploaded(world, other)) == {("documents.1", "unknown_upload")}
    assert world.footprint()["intake.dossiers"][0] == before[0] + 1  # the one of `granted`


def download(world: World, which: str, bearing: str | Actor | None, method: str = "GET") -> requests.Response:
    """A paper of the granted dossier; for an actor, or for who bears something else."""
    token = bearing if bearing is None or isinstance(bearing, str) else f"Bearer {world.token(bearing)}"
    url = f"{world.stack.env['MOTCUA_INTAKE_URL']}/dossiers/{world.granted.code}/documents/{which}"
    return requests.request(method, url, headers={"Authorization": token} if token else {}, timeout=30)


def test_a_paper_goes_to_whom_it_concerns_only(world: World) -> None:
    for actor in (CITIZEN, OFFICER, SYSTEM):
        answer = download(world, world.granted.upload_id, actor)
        assert answer.status_code == 200
        assert answer.content.startswith(b"%PDF")
        assert answer.headers["Content-Disposition"].startswith("attachment; ")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
    for actor in (NEIGHBOUR, COMPANY, STRANGER, {**CITIZEN, "kind": "organisation"}):
        assert refused(download(world, world.granted.upload_id, actor)).code == "intake.unknown_dossier"
    plain = json.dumps(CITIZEN)
    for nobody in (None, "x", plain, f"Bearer {plain}", "Bearer", "Bearer " + "x" * 5000, "Basic eDp4", "é"):
        refusal = refused(download(world, "0", nobody))
        assert (refusal.kind, refusal.problem["status"]) == ("Denied", 403), nobody
    url = f"{world.stack.env['MOTCUA_INTAKE_URL']}/dossiers/{world.granted.code}/documents/0"
    assert refused(requests.get(url, headers={"X-Motcua-Actor": plain}, timeout=30)).code == "actor.missing"
    for which in ("99", "-1", "%24ne", "x" * 64):
        assert refused(download(world, which, CITIZEN)).code == "intake.unknown_document"


def test_what_is_no_door_says_so(world: World) -> None:
    base = world.stack.env["MOTCUA_INTAKE_URL"]
    assert refused(requests.get(f"{base}/nothing", timeout=30)).code == "http.404"
    assert refused(download(world, "0", None, "DELETE")).code == "http.405"
    assert refused(requests.post(f"{base}/uploads/x/y", timeout=30)).code == "http.405"


# Clients who take their time


@contextmanager
def promptly(seconds: float = 2) -> Iterator[None]:
    """What is inside is done at once, whoever else keeps the door waiting."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def trickled(lines: Sequence[SlowLine], others: Callable[[], None]) -> Counter[str]:
    """What senders are told in the end who send byte by byte, while the others' questions are answered at once."""
    until = time.monotonic() + PIECE_SECONDS / 2
    while time.monotonic() < until:
        for line in lines:
            line.trickle()
        with promptly():
            others()
    return Counter(line.ended(PIECE_SECONDS + 5) for line in lines)


def test_slow_senders_do_not_close_the_door_to_others(world: World) -> None:
    code, before = world.granted.code, kept(world)
    door = HttpDoor(world.stack.env["MOTCUA_INTAKE_URL"], world.issuer)
    senders = [{"kind": "citizen", "id": f"00180100010{number}"} for number in range(5)]
    tickets = [open_upload(world, LARGE, actor) for actor in senders for _ in range(10)]
    lines = [BreakingLine(ticket, len(LARGE)) for ticket in tickets]

    def ask() -> None:
        assert requests.get(f"{door.base}/health/ready", timeout=30).status_code == 200
        assert door.ask(CITIZEN, "get", dossier_code=code)["status"] == "resolved"

    told = trickled(lines, ask)
    assert set(told) == {"intake.upload_broken_off", "http.busy", "http.too_many_of_yours"}, told
    with promptly():
        assert put(open_upload(world, PDF), PDF).status_code == 201
    eventually(lambda: kept(world)[0] == before[0] + 1)


def test_slow_senders_whom_nobody_knows_do_not_close_the_portal_to_others(world: World) -> None:
    portal = world.stack.env["MOTCUA_PORTAL_URL"]
    lines = [SlowLine(f"{portal}/api/v1/lookups", 100_000) for _ in range(50)]

    def ask() -> None:
        for path in ("/health/ready", "/", "/tra-cuu"):
            assert requests.get(f"{portal}{path}", timeout=30).status_code == 200

    told = trickled(lines, ask)
    assert set(told) == {"http.broken_off", "http.too_many_of_yours"}, told
    with promptly():
        asked = requests.post(f"{portal}/api/v1/lookups", json={"code": "x", "id_number": "1"}, timeout=30)
        assert asked.status_code < 500


def test_half_a_request_is_not_waited_for(world: World) -> None:
    base = world.stack.env["MOTCUA_INTAKE_URL"]
    lines = [dial(base, b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-Slow: ") for _ in range(20)]
    with promptly():
        assert requests.get(f"{base}/health/live", timeout=30).status_code == 200
    for line in lines:
        line.settimeout(HEAD_SECONDS + 5)
        assert not line.recv(1).startswith(b"H")
        line.close()


def test_half_a_body_is_not_waited_for(world: World) -> None:
    base, token = world.stack.env["MOTCUA_INTAKE_URL"], world.token(CITIZEN).encode()
    head = b"POST /intake/get HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n" % token
    lines = [dial(base, head + b"Content-Length: 100\r\n\r\n{") for _ in range(20)]
    with promptly():
        assert requests.get(f"{base}/health/live", timeout=30).status_code == 200
    for line in lines:
        line.settimeout(PIECE_SECONDS + 5)
        assert b"http.broken_off" in answered(line)


def test_who_does_not_close_keeps_nobody_waiting(world: World) -> None:
    base = world.stack.env["MOTCUA_INTAKE_URL"]
    lines = [dial(base, b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") for _ in range(20)]
    with promptly(1):
        assert requests.get(f"{base}/health/live", timeout=30).status_code == 200
    for line in lines:
        assert b'"live":true' in answered(line)


@pytest.mark.parametrize("body", [b"zz\r\n", b"5\r\n{}", b"2\r\n{}xx", b"-1\r\n", b""])
def test_what_is_not_in_chunks_is_the_senders_mistake(world: World, body: bytes) -> None:
    base, token = world.stack.env["MOTCUA_INTAKE_URL"], world.token(CITIZEN).encode()
    head = b"POST /intake/get HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n" % token
    line = dial(base, head + b"Transfer-Encoding: chunked\r\n\r\n" + body)
    line.shutdown(socket.SHUT_WR)
    assert b"http.broken_off" in answered(line)


def answered(line: socket.socket) -> bytes:
    """All that comes back."""
    with line:
        return b"".join(iter(partial(line.recv, 65536), b""))
