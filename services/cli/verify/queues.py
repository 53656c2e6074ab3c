"""What waits at the broker: messages on their way, which are no exception, and dead letters, which are."""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from services.chassis import dead, topology
from services.chassis.dead import DeadLetter
from services.cli import topology as known
from services.cli.layout import some
from services.cli.verify.finding import Finding
from services.contracts.events import PUBLISHERS

MOST: Final = 1000  # dead letters of a service that are named one by one


class DeadLetters:
    """The dead letters of every service, or those about some dossiers. They do not pass by themselves."""

    name, passes = "dead letters", False

    def __init__(self, uri: str, codes: Collection[str] | None = None) -> None:
        self._uri, self._codes = uri, codes

    def size(self) -> int:
        """As many services as there are."""
        return len(PUBLISHERS)

    def look(self, keys: Collection[str] | None = None) -> Iterator[tuple[str, list[Finding]]]:
        """Each service with its dead letters."""
        for service in PUBLISHERS if keys is None else keys:
            count = dead.count(self._uri, service)
            letters = dead.peek(self._uri, service, MOST) if count else []
            found = [_finding(service, one) for one in letters if self._codes is None or one.subject in self._codes]
            if count > MOST and self._codes is None:
                found.append(Finding("", topology.dead_name(service), f"{some(count - MOST, 'more dead letters')}"))
            yield service, found


def depths(env: Mapping[str, str]) -> dict[str, int]:
    """How many messages wait in each queue that is not empty. Raises Unavailable."""
    found = known.depths(env["MOTCUA_AMQP_URI"], known.ladders_of(env))
    return {name: depth for name, depth in found.items() if depth}


def _finding(service: str, letter: DeadLetter) -> Finding:
    about = f"{letter.type or 'no event'} {letter.id}".strip()
    where = f"{topology.dead_name(service)} ← {letter.queue or 'unknown'}"
    return Finding(letter.subject, where, f"a dead letter ({about}): {letter.reason}")
