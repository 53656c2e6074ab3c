"""The lines between services and servers, as the rig sees them: which there are, and the proxy that carries them."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from deploy.local import ports, rabbitmq
from deploy.local.composition import SERVICES
from deploy.local.identity import Identity
from deploy.local.ports import LOOPBACK
from deploy.local.programs import ROOT

BROKER, DATABASE = "broker", "database"
# Who else reaches its database by a line; a replica set's members are found by their own addresses, past any proxy,
# so these two talk to the one member directly, and the other three as in service.
TO_DATABASE: Final = ("routing", "payment")
_SERVER: Final = {BROKER: "rabbitmq", DATABASE: "mongodb"}


class Wires:
    """A line from each service (and its door) to the broker, and from some to the database."""

    def __init__(self, known: Identity, log: Path) -> None:
        names = [f"{service}-{BROKER}" for service in SERVICES] + [f"{one}-{DATABASE}" for one in TO_DATABASE]
        self.ports = ports.choose(names, known.ports)
        self._known = known
        with log.open("ab") as errors:
            self._proxy = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.proxy"],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self._tell({name: (port, self._target(name)) for name, port in self.ports.items()})

    @property
    def env(self) -> dict[str, str]:
        """What leads each service onto its lines."""
        found = {}
        for name, port in self.ports.items():
            service, _, server = name.partition("-")
            found[f"{service.upper()}_{'AMQP' if server == BROKER else 'MONGO'}_URI"] = self._uri(server, port)
        return found

    def order(self, service: str, server: str, verb: str, weather: Mapping[str, Any] | None = None) -> dict[str, int]:
        """Do something to a line; what became of it since the order before."""
        return self._tell({"line": f"{service}-{server}", "verb": verb, "weather": weather or {}})

    def heal(self) -> None:
        """Fair weather everywhere."""
        for name in self.ports:
            service, _, server = name.partition("-")
            self.order(service, server, "weather")

    def close(self) -> None:
        """No lines any more."""
        if self._proxy.stdin is not None:
            self._proxy.stdin.close()
        self._proxy.wait(10)

    def _uri(self, server: str, port: int) -> str:
        if server == BROKER:
            return rabbitmq.uri(self._known).replace(f":{self._known.ports['rabbitmq']}/", f":{port}/")
        return f"mongodb://{LOOPBACK}:{port}/?directConnection=true"

    def _target(self, name: str) -> int:
        return self._known.ports[_SERVER[name.partition("-")[2]]]

    def _tell(self, what: Mapping[str, Any]) -> dict[str, int]:
        if self._proxy.stdin is None or self._proxy.stdout is None:
            raise RuntimeError("the proxy has no ears")
        self._proxy.stdin.write(json.dumps(what) + "\n")
        self._proxy.stdin.flush()
        answer: dict[str, int] = json.loads(self._proxy.stdout.readline())
        return answer
