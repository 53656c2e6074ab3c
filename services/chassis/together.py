"""What many ask for at once is done together: whoever comes while a batch is under way is in the next one.

Nobody waits for company. A lone item goes at once; under load a batch grows by itself to as many as came in while the
last one was on its way.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.chassis.store import unknown_outcome

Item = TypeVar("Item")
Result = TypeVar("Result")
MOST = 500


@dataclass(eq=False, slots=True)
class _Ticket(Generic[Item, Result]):
    item: Item
    outcome: Result | Exception | None = None
    done: bool = False


class Together(Generic[Item, Result]):
    """`work` does a batch: it returns a result for each item, in their order; an exception is raised by its asker.

    What `work` itself raises is raised by all of the batch. One batch is under way at a time.
    """

    def __init__(self, work: Callable[[Sequence[Item]], Sequence[Result | Exception]], most: int = MOST) -> None:
        self._work, self._most = work, most
        self._waiting: list[_Ticket[Item, Result]] = []
        self._turn = threading.Lock()

    def do(self, item: Item) -> Result:
        """The result for `item`, from work that began after this was called. Raises what `work` has for it."""
        ticket: _Ticket[Item, Result] = _Ticket(item)
        self._waiting.append(ticket)
        while not ticket.done:
            with self._turn:
                if not ticket.done:
                    batch = self._waiting[: self._most]
                    del self._waiting[: len(batch)]  # in place: others append to this very list meanwhile
                    self._do(batch)
        if isinstance(ticket.outcome, Exception):
            raise ticket.outcome
        return ticket.outcome  # type: ignore[return-value]  # None only where it is a result

    def _do(self, batch: Sequence[_Ticket[Item, Result]]) -> None:
        outcomes: Sequence[Result | Exception] = [unknown_outcome()] * len(batch)
        try:
            outcomes = _one_each(self._work([ticket.item for ticket in batch]), len(batch))
        except Exception as error:  # noqa: BLE001 – it is raised again by each who waits for it
            outcomes = [error] * len(batch)
        finally:  # also where the greenlet is being killed: nobody may wait for ever
            for ticket, outcome in zip(batch, outcomes, strict=True):
                ticket.outcome, ticket.done = outcome, True


def _one_each(outcomes: Sequence[Result | Exception], count: int) -> Sequence[Result | Exception]:
    if len(outcomes) != count:
        raise ValueError("a batch is answered one by one")
    return outcomes
