"""Questions by RPC as any client asks them, and again where the answer says that this is worth it."""

import json
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from nameko.exceptions import RemoteError
from nameko.standalone.rpc import ClusterRpcProxy

from services.chassis.tokens import Issuer
from services.cli.acting import Context, bearer
from tests.bench.world import World

ANSWER_SECONDS: Final = 30
_PASSING: Final = ("Unavailable", "Conflict")  # what our services ask a client to try again after
_TRIES: Final = 5


def proxy_of(world: World, actor: Mapping[str, str]) -> ClusterRpcProxy:
    """A stock nameko proxy under this actor, not started yet."""
    config = {"AMQP_URI": world.amqp_uri}
    return ClusterRpcProxy(config, timeout=ANSWER_SECONDS, context_data=_context(world, actor))


def http_actor(world: World, actor: Mapping[str, str]) -> dict[str, str]:
    """The header that says who asks over HTTP: signed, or as the peers take it."""
    return bearer(_issuer(world.key), actor) if world.key else {"X-Motcua-Actor": json.dumps(actor)}


def _context(world: World, actor: Mapping[str, str]) -> dict[str, Any]:
    return Context(_issuer(world.key), actor) if world.key else {"actor": dict(actor)}


@cache
def _issuer(key: str) -> Issuer:
    return Issuer.of_file(Path(key))


def ask(call: Callable[..., Any], asked_again: Callable[[], None] | None = None, /, **arguments: Any) -> Any:
    """The answer; `asked_again` hears of each time but the first. Raises RemoteError."""
    for again in range(_TRIES):
        try:
            return call(**arguments)
        except RemoteError as error:
            if error.exc_type not in _PASSING or again == _TRIES - 1:
                raise
            if asked_again:
                asked_again()
            time.sleep(0.1)
    raise AssertionError("unreachable")
