"""What the kernel does for the harness: packets are dropped, whoever wants too much is ended. Left out where not."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.chaos.firewall import Firewall, all_of, one_in
from tests.chaos.memory import Ration
from tests.chaos.missing import NotHere
from tests.chaos.proxy import LOOPBACK
from tests.conftest import eventually
from tests.unit.chaos.test_proxy import SOON, Echo

_EATER = "import sys; sys.stdin.readline(); wanted = bytearray(200_000_000); print(len(wanted))"


@pytest.fixture
def echo() -> Iterator[Echo]:
    with closing(Echo()) as echo:
        yield echo


@pytest.fixture
def line(echo: Echo) -> Iterator[socket.socket]:
    with socket.create_connection((LOOPBACK, echo.port), timeout=SOON * 10) as line:
        yield line


def raised(matches: list[str]) -> Firewall:
    try:
        return Firewall(matches)
    except NotHere as missing:
        pytest.skip(str(missing))


def test_what_is_dropped_is_counted_and_arrives_when_it_is_over(echo: Echo, line: socket.socket) -> None:
    firewall = raised(all_of(echo.port))
    try:
        line.sendall(b"x")
        eventually(lambda: firewall.dropped() > 0)
        assert echo.heard == b""
    finally:
        firewall.end()
    assert line.recv(1) == b"x", "the kernel sends it again until it arrives"
    assert firewall.dropped() > 0, "what was dropped is known afterwards"


def test_of_many_packets_some_are_lost_and_all_is_said_in_the_end(echo: Echo, line: socket.socket) -> None:
    firewall = raised(one_in(10, [echo.port]))
    try:
        for _ in range(200):
            line.sendall(b"x")
            assert line.recv(1) == b"x"
            if firewall.dropped():
                break
        else:
            pytest.fail("nothing was lost")
    finally:
        firewall.end()


def test_whoever_wants_more_than_his_ration_is_ended() -> None:
    eater = subprocess.Popen([sys.executable, "-c", _EATER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        ration = Ration(eater.pid, 8_000_000)
    except NotHere as missing:
        eater.kill()
        eater.communicate()
        pytest.skip(str(missing))
    try:
        assert not ration.has_ended()
        said, _ = eater.communicate(b"\n", SOON * 4)
        assert (eater.returncode, said) == (-9, b"")
        assert ration.has_ended()
    finally:
        eater.kill()
        ration.end()
