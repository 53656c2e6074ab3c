"""The line to somebody who waits for an answer: whether he still does."""

import select
import socket
import time

from deploy.sandbox import serving

_LOOK_SECONDS = 0.1


class Line:
    """One caller's connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def is_gone(self) -> bool:
        """Whether he has hung up."""
        looking = select.poll()
        looking.register(self._connection, select.POLLIN)
        try:
            return bool(looking.poll(0)) and not self._connection.recv(1, socket.MSG_PEEK)
        except OSError:
            return True

    def hold(self, seconds: float) -> None:
        """Let him wait. Raises ConnectionAbortedError as soon as he hangs up, or the gateway is told to stop."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if serving.stopping.wait(min(left, _LOOK_SECONDS)) or self.is_gone():
                raise ConnectionAbortedError
