"""Each single try of a caller by RPC: it ends within its deadline, in an answer or in an error that says what it is."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from typing import Final

from amqp.exceptions import AMQPError
from kombu.exceptions import OperationalError
from nameko.exceptions import RemoteError, RpcTimeout, UnknownService

from services.chassis.errors import KINDS, Defect
from services.cli.demo.town import ANSWER_SECONDS
from tests.chaos.diary import Spell

GRACE_SECONDS: Final = 3.0  # for a busy machine, and for a connection that has to be made first
FELT_SECONDS: Final = 15.0  # after a broker was harmed: by then it is whole, and a cluster has found together
CALM_SECONDS: Final = 20.0  # after a fault; by then whoever was harmed must answer
# What a stock client says when its line is lost or refused, or the service has no queue at a broker that is empty.
_OWN: Final = (OSError, AMQPError, OperationalError, UnknownService)
_CLEAR: Final = KINDS.keys() - {Defect.__name__}


@dataclass(frozen=True)
class Try:
    """When it began, of what it was, how long it took and in what it ended; `clear` is whether that says what it is."""

    at: float  # of `time.monotonic`
    target: str  # service.method
    seconds: float
    how: str = "an answer"
    clear: bool = True
    line_good_at: float = inf  # when its caller's line was made, or last brought an answer

    @property
    def is_unanswered(self) -> bool:
        """Whether it waited in vain to its deadline."""
        return self.how == RpcTimeout.__name__


@contextmanager
def noted(tries: list[Try], target: str, line_good_at: float = inf) -> Iterator[None]:
    """Note what goes on inside as one try."""
    began = time.monotonic()

    def note(how: str, *, clear: bool = True) -> None:
        tries.append(Try(began, target, time.monotonic() - began, how, clear, line_good_at))

    try:
        yield
    except RemoteError as error:
        note(str(error.exc_type), clear=error.exc_type in _CLEAR)
        raise
    except Exception as error:
        note(type(error).__name__, clear=isinstance(error, (RpcTimeout, *_OWN)))
        raise
    note(Try.how)


def wrong(
    tries: Iterable[Try],
    harms: Mapping[str, Sequence[Spell]],
    of_broker: Sequence[Spell],
    of_its_disk: Sequence[Spell] = (),
    *,
    since: float = 0.0,
) -> Iterator[str]:
    """Who waited past the deadline, was told nothing clear, or nothing at all while nobody was harmed who could answer.

    `harms`: from when to when each service was, or what it needs. When he asked is told in seconds since then.

    A stock client hands its request over however long a broker takes nothing, and begins to wait anew when it has lost
    its line: its time counts from when that broker is whole again. Where the broker has lost its disk, and so the
    client's queue for replies, it finds that out after it has asked, and waits in vain once on each line of before.
    """
    for one in tries:
        ended, asked = one.at + one.seconds, f"{one.target} at {one.at - since:.0f} s"
        whole = [min(ended, over + FELT_SECONDS) for begun, over in of_broker if begun <= ended]
        if ended - max([one.at, *whole]) > ANSWER_SECONDS + GRACE_SECONDS:
            yield f"{asked} took {one.seconds:.1f} s, and ended in {one.how}"
        elif not one.clear:
            yield f"{asked} ended in {one.how} after {one.seconds:.1f} s"
        elif one.is_unanswered and not _may_wait_in_vain(one, harms, of_its_disk):
            yield f"{asked} had no answer within {one.seconds:.1f} s, and nobody was harmed who could give one"


def _may_wait_in_vain(one: Try, harms: Mapping[str, Sequence[Spell]], of_its_disk: Sequence[Spell]) -> bool:
    ended, service = one.at + one.seconds, one.target.partition(".")[0]
    is_amid = any(begun <= ended and one.at <= over + CALM_SECONDS for begun, over in harms[service])
    return is_amid or any(one.line_good_at < over <= one.at for _, over in of_its_disk)
