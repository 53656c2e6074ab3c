"""Orders to the broker by its own command line: alarms, and what waits in its queues, in hand or not."""

import json
import os
import subprocess
from collections.abc import Mapping
from typing import Any, Final

from deploy.local.rabbitmq import LEAST_DISK, MOST_MEMORY, find_script

_SECONDS: Final = 60
_RAISE: Final = {
    "memory": ("set_vm_memory_high_watermark", "absolute", "1MB"),
    "disk": ("set_disk_free_limit", "900000GB"),
}
_CLEAR: Final = {
    "memory": ("set_vm_memory_high_watermark", "absolute", MOST_MEMORY),
    "disk": ("set_disk_free_limit", LEAST_DISK),
}
_ACTIVE: Final = "[Resource || {{resource_limit, Resource, _Node}, _} <- rabbit_alarm:get_alarms()]."
# What a shell of ours must not hand on to the tool: it would take the node's own ports for its.
_NODE_ONLY: Final = ("RABBITMQ_DIST_PORT", "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "RABBITMQ_ALLOW_INPUT")


class Alarms:
    """One broker, by the environment that its node was started with."""

    def __init__(self, node_env: Mapping[str, str]) -> None:
        self._node = node_env["RABBITMQ_NODENAME"]
        kept = {name: value for name, value in node_env.items() if name not in _NODE_ONLY}
        self._env = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **kept}

    def raise_(self, resource: str) -> None:
        """Let it find that it has too little memory or disk."""
        self.order(*_RAISE[resource])

    def clear(self, resource: str) -> None:
        """Let it have enough again."""
        self.order(*_CLEAR[resource])

    def active(self) -> list[str]:
        """Which alarms are on."""
        return self.order("eval", _ACTIVE).strip("[]\n ").replace(",", " ").split()

    def slowed(self) -> int:
        """How many connections it slows down, because they publish more than it can write."""
        return self.order("list_connections", "state").split().count("flow")

    def waiting(self) -> dict[str, int]:
        """How many messages each queue holds, those in somebody's hand too."""
        rows: list[dict[str, Any]] = json.loads(self.order("list_queues", "name", "messages", "--formatter", "json"))
        return {row["name"]: int(row["messages"]) for row in rows}

    def order(self, *words: str) -> str:
        """One command; what it printed."""
        done = subprocess.run(
            [str(find_script().with_name("rabbitmqctl")), "-q", "-n", self._node, *words],
            env=self._env,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"rabbitmqctl {words[0]}: {done.stdout}{done.stderr}")
        return done.stdout
