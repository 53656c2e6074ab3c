"""A TCP proxy of our own: what the network may do to a line, in a process of its own that takes orders.

Orders and answers are JSON lines on standard input and output; it ends when nobody is left to give orders.
"""

import json
import random
import socket
import struct
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

LOOPBACK: Final = "127.0.0.1"
UP, DOWN = "up", "down"  # from the service to its server, and back
_PIECE: Final = 65_536
_RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER: closed without a farewell


@dataclass
class Weather:
    """What a line is like. Silence holds bytes back until it ends, as lost packets that are sent again."""

    delay: float = 0.0
    jitter: float = 0.0  # seconds more at most, for each piece another while; those behind it wait for it
    rate: float = 0.0  # bytes a second, each way of each connection; as many as there are where it is 0
    silent: frozenset[str] = frozenset()
    closed: bool = False


@dataclass
class Counts:
    """What became of a line since the last order."""

    bytes: int = 0
    squeezed: int = 0  # bytes that waited for others before them, for the line is narrow
    connections: int = 0
    refused: int = 0
    broken: int = 0


@dataclass(eq=False)
class _Pair:
    """One connection through a line: the service's end and the server's."""

    service: socket.socket
    server: socket.socket
    deaf: bool = field(default=False)  # the service was told good-bye, what it says still arrives

    def break_off(self) -> None:
        for end in (self.service, self.server):
            with suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


class Line:
    """One door of the proxy, and the server behind it."""

    def __init__(self, port: int, target: int) -> None:
        self._target = target
        self._listener = socket.create_server((LOOPBACK, port), backlog=128)
        self.port = self._listener.getsockname()[1]
        self._weather, self.counts = Weather(), Counts()
        self._changed = threading.Condition()
        self._pairs: set[_Pair] = set()
        threading.Thread(target=self._serve, daemon=True).start()

    def change(self, **weather: Any) -> None:
        """Let the weather change; whoever waits for better looks again."""
        with self._changed:
            self._weather = Weather(**{**weather, "silent": frozenset(weather.get("silent", ()))})
            self._changed.notify_all()
        if self._weather.closed:
            self.break_off()

    def break_off(self) -> None:
        """Break every connection there is; new ones are taken if the weather lets them."""
        for pair in list(self._pairs):
            self.counts.broken += 1
            pair.break_off()

    def say_goodbye(self) -> None:
        """Close each connection towards the service only: it hears the end, and can still speak."""
        for pair in list(self._pairs):
            self.counts.broken += 1
            pair.deaf = True
            with suppress(OSError):
                pair.service.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """No line any more."""
        self._listener.close()
        self.break_off()

    def _serve(self) -> None:
        while True:
            try:
                service, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=(service,), daemon=True).start()

    def _connect(self, service: socket.socket) -> None:
        self._await_sound(UP)
        try:
            if self._weather.closed:
                raise ConnectionRefusedError
            server = socket.create_connection((LOOPBACK, self._target), timeout=10)
        except OSError:
            self.counts.refused += 1
            service.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            service.close()
            return
        server.settimeout(None)
        pair = _Pair(service, server)
        for end in (service, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.counts.connections += 1
        self._pairs.add(pair)
        threading.Thread(target=self._carry, args=(pair, DOWN), daemon=True).start()
        self._carry(pair, UP)

    def _carry(self, pair: _Pair, way: str) -> None:
        source, sink = (pair.service, pair.server) if way == UP else (pair.server, pair.service)
        try:
            while piece := source.recv(_PIECE):
                self._await_sound(way)
                self._squeeze(len(piece))
                if not (pair.deaf and way == DOWN):
                    sink.sendall(piece)
                self.counts.bytes += len(piece)
        except OSError:
            pass
        finally:
            self._pairs.discard(pair)
            pair.break_off()

    def _await_sound(self, way: str) -> None:
        """As long as the weather wants."""
        with self._changed:
            self._changed.wait_for(lambda: way not in self._weather.silent)
        if longest := self._weather.jitter:
            time.sleep(random.uniform(0, longest))  # noqa: S311 – a line, no secret
        if self._weather.delay:
            time.sleep(self._weather.delay)

    def _squeeze(self, size: int) -> None:
        """Take as long as so many bytes do."""
        if self._weather.rate:
            self.counts.squeezed += size
            time.sleep(size / self._weather.rate)


class Proxy:
    """All lines by name."""

    def __init__(self, lines: dict[str, tuple[int, int]]) -> None:
        self._lines = {name: Line(port, target) for name, (port, target) in lines.items()}

    def obey(self, order: dict[str, Any]) -> dict[str, int]:
        """Do to a line what is ordered; what became of it since the order before."""
        line = self._lines[order["line"]]
        counts, line.counts = line.counts, Counts()
        match order["verb"]:
            case "weather":
                line.change(**order.get("weather", {}))
            case "break_off":
                line.break_off()
            case "say_goodbye":
                line.say_goodbye()
        return vars(counts)


def main() -> None:
    """Take orders until there are no more; the first line says which lines there are."""
    proxy = Proxy(json.loads(sys.stdin.readline()))
    _say({})
    for order in sys.stdin:
        _say(proxy.obey(json.loads(order)))


def _say(what: dict[str, int]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
