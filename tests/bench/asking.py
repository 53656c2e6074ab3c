"""Questions by RPC as any client asks them, and again where the answer says that this is worth it."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from nameko.exceptions import RemoteError
from nameko.standalone.rpc import ClusterRpcProxy

from tests.bench.world import World

ANSWER_SECONDS: Final = 30
_PASSING: Final = ("Unavailable", "Conflict")  # what our services ask a client to try again after
_TRIES: Final = 5


def proxy_of(world: World, actor: Mapping[str, str]) -> ClusterRpcProxy:
    """A stock nameko proxy under this actor, not started yet."""
    config = {"AMQP_URI": world.amqp_uri}
    return ClusterRpcProxy(config, timeout=ANSWER_SECONDS, context_data={"actor": dict(actor)})


def ask(call: Callable[..., Any], **arguments: Any) -> Any:
    """The answer. Raises RemoteError."""
    for again in range(_TRIES):
        try:
            return call(**arguments)
        except RemoteError as error:
            if error.exc_type not in _PASSING or again == _TRIES - 1:
                raise
            time.sleep(0.1)
    raise AssertionError("unreachable")
