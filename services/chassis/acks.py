"""Acks, gathered for a few milliseconds: one frame says that everything up to a message is done.

A quorum queue writes down every ack that it is told. What is done out of turn is said one by one, so that a message
that takes long keeps nobody's ack back. An ack that is not sent when the process dies costs a redelivery, as ever.
"""

import math
from collections.abc import Iterable
from typing import Any

TOLD_WITHIN = 0.005  # seconds


class Acks:
    """What was delivered on one channel and is not settled yet, by delivery tag."""

    def __init__(self, channel: Any) -> None:
        self.channel = channel
        self._open: dict[int, bool] = {}  # whether it is done; in the order of their delivery

    def delivered(self, tag: int) -> None:
        """A message is in hand; they come in the order of their tags."""
        self._open[tag] = False

    def done(self, tag: int) -> None:
        """Its effect is durable."""
        if tag in self._open:
            self._open[tag] = True

    def reject(self, tag: int) -> None:
        """Give it back to its queue."""
        if self._open.pop(tag, None) is not None:
            self.channel.basic_reject(tag, requeue=True)

    def tell(self) -> None:
        """Tell the broker what is done. Raises what the channel raises; then the broker has taken it all back."""
        first, *others = self._taken()
        if first:
            self.channel.basic_ack(first, multiple=True)
        for tag in others:
            self.channel.basic_ack(tag)

    def _taken(self) -> Iterable[int]:
        """The last of those done at the front (0: none), and each that is done behind one that is not."""
        waiting = [tag for tag, is_done in self._open.items() if not is_done]
        done = [tag for tag, is_done in self._open.items() if is_done]
        self._open = dict.fromkeys(waiting, False)
        first_waiting = waiting[0] if waiting else math.inf
        behind = [tag for tag in done if tag > first_waiting]
        front = done[: len(done) - len(behind)]
        return front[-1] if front else 0, *behind
