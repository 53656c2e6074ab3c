"""Free loopback ports for a stack."""

import random
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

LOOPBACK = "127.0.0.1"
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_SPAN = 12_000


def choose(names: Iterable[str], kept: Mapping[str, int]) -> dict[str, int]:
    """A port for each name: the kept one where nobody else has taken it since, else a free one."""
    ports: dict[str, int] = {}
    for name in names:
        port = kept.get(name)
        ports[name] = port if port and is_free(port) else _free_port(taken={*ports.values(), *kept.values()})
    return ports


def is_free(port: int) -> bool:
    """True when a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _free_port(taken: set[int]) -> int:
    candidates = [port for port in outside_ephemeral() if port not in taken]
    random.shuffle(candidates)  # two stacks that start together must not walk in step
    for port in candidates:
        if is_free(port):
            return port
    raise OSError("no free loopback port is left")


def outside_ephemeral() -> range:
    """Ports the kernel never lends to outgoing connections.

    A client that reconnects to a killed server's port could otherwise be lent that very port, connect to
    itself, and keep the server from coming back.
    """
    try:
        lowest = int(_EPHEMERAL.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        lowest = 32_768
    if lowest <= 2_048:  # the kernel lends nearly all of them: no port is better than another
        return range(10_000, 32_000)
    return range(max(1_024, lowest - _SPAN), lowest)
