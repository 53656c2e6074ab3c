"""Uploads that go on where they broke off, as a stock tus client asks: over cut lines, hanging lines, restarts."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from deploy.local.stack import Stack
from tests.conftest import eventually
from tests.integration.files import LARGE, PDF, BreakingLine, Ticket, dial, open_upload, put
from tests.integration.test_uploads import kept
from tests.integration.world import World, refused

pytestmark = pytest.mark.servers
TUS = {"Tus-Resumable": "1.0.0"}
CUT = 1_700_000


class CutLine(BreakingLine):
    """A sender of a part whose line can be cut."""

    def __init__(self, ticket: Ticket, offset: int, announced: int) -> None:
        head = {**headers(offset), "Host": "x", "Content-Length": str(announced)}
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        path = urlsplit(ticket.url).path
        self._socket = dial(ticket.url, f"PATCH {path} HTTP/1.1\r\n{lines}\r\n".encode())


def headers(offset: int) -> dict[str, str]:
    """What goes with a part."""
    return {**TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}


def patch(ticket: Ticket, offset: int, content: Any, **changes: str) -> requests.Response:
    """Send a part."""
    return requests.patch(ticket.url, data=content, headers={**headers(offset), **changes}, timeout=30)


def offset(ticket: Ticket) -> int:
    """How much is here."""
    answer = requests.head(ticket.url, headers=TUS, timeout=30)
    assert (answer.status_code, answer.headers["Tus-Resumable"]) == (200, "1.0.0")
    assert answer.headers["Cache-Control"] == "no-store"
    return int(answer.headers["Upload-Offset"])


def parts(world: World) -> int:
    """How many parts are stored."""
    return world.mongo["motcua_intake"]["papers.parts"].count_documents({})


@pytest.fixture
def no_part_left(world: World) -> Iterator[World]:
    """A world in which no part of any file may stay."""
    before = parts(world)
    yield world
    assert parts(world) == before
    world.insist_well()


def status(world: World, ticket: Ticket) -> str:
    """Of the upload."""
    found = world.mongo["motcua_intake"]["uploads"].find_one({"_id": ticket.upload_id})
    return str(found and found["status"])


def test_a_line_that_is_cut_keeps_what_arrived_and_another_door_goes_on(no_part_left: World, stack: Stack) -> None:
    ticket = open_upload(no_part_left, LARGE)
    assert offset(ticket) == 0
    line = CutLine(ticket, 0, len(LARGE))
    line.send(LARGE[:CUT])
    line.break_off()
    eventually(lambda: offset(ticket) == CUT)
    stack.restart("intake-http")
    stack.wait_ready(["intake-http"])
    answer = patch(ticket, CUT, LARGE[CUT:])
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(len(LARGE)))
    assert (offset(ticket), status(no_part_left, ticket)) == (len(LARGE), "finished")
    assert patch(ticket, len(LARGE), b"").status_code == 409


def test_who_comes_back_on_a_new_line_takes_over_from_the_one_that_hangs(no_part_left: World) -> None:
    ticket = open_upload(no_part_left, LARGE)
    line = CutLine(ticket, 0, len(LARGE))
    line.send(LARGE[:CUT])
    here = eventually(lambda: offset(ticket))
    assert here < CUT
    assert patch(ticket, here, LARGE[here:]).status_code == 204
    with suppress(OSError):  # the door may have given it up by now
        line.send(LARGE[CUT:])
        told = line.hang_up()
        assert not told or b"intake.upload_overtaken" in told or b"intake.upload_broken_off" in told
    assert status(no_part_left, ticket) == "finished"


def test_the_right_bytes_come_back_however_they_were_cut(no_part_left: World) -> None:
    ticket, here = open_upload(no_part_left, LARGE), 0
    for length in (1, 300_000, 1_200_000, len(LARGE)):
        here = int(patch(ticket, here, LARGE[here : here + length]).headers["Upload-Offset"])
    database = no_part_left.mongo["motcua_intake"]
    file_id = database["uploads"].find_one({"_id": ticket.upload_id})["current"]  # type: ignore[index]
    chunks = database["papers.chunks"].find({"files_id": file_id}).sort("n", 1)
    assert b"".join(bytes(one["data"]) for one in chunks) == LARGE


def test_each_part_makes_the_ticket_good_for_longer(world: World) -> None:
    ticket = open_upload(world, LARGE)
    uploads = world.mongo["motcua_intake"]["uploads"]
    before = uploads.find_one({"_id": ticket.upload_id})
    patch(ticket, 0, LARGE[:1000])
    after = uploads.find_one({"_id": ticket.upload_id})
    assert before is not None
    assert after is not None
    assert after["expires_at"] > before["expires_at"]
    assert "forget_at" not in after
    assert put(ticket, LARGE).status_code == 201


def test_what_does_not_fit_is_refused_by_name(no_part_left: World) -> None:
    ticket, before = open_upload(no_part_left, PDF), kept(no_part_left)
    answers = {
        "http.415": patch(ticket, 0, PDF, **{"Content-Type": "application/pdf"}),
        "http.412": patch(ticket, 0, PDF, **{"Tus-Resumable": "0.2.2"}),
        "intake.wrong_offset": patch(ticket, 3, PDF[3:]),
        "intake.invalid": patch(ticket, 0, PDF, **{"Upload-Offset": "-1"}),
        "intake.wrong_size": patch(ticket, 0, PDF + b"x"),
        "intake.unknown_upload": patch(Ticket("", ticket.url[:-1]), 0, PDF),
        "intake.wrong_checksum": patch(ticket, 0, PDF[:-1] + b"x"),
        "intake.ticket_used": patch(ticket, 0, PDF),
    }
    assert {code: refused(answer).code for code, answer in answers.items()} == {code: code for code in answers}
    assert answers["http.412"].headers["Tus-Version"] == "1.0.0"
    assert answers["intake.wrong_offset"].status_code == 409
    assert (kept(no_part_left), status(no_part_left, ticket)) == (before, "refused")
    assert requests.options(ticket.url, timeout=30).headers["Tus-Version"] == "1.0.0"
    assert requests.head(ticket.url, headers=TUS, timeout=30).status_code == 409
