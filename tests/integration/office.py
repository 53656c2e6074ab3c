"""A department that receives webhooks: its program, how that shall answer, and what it has been told."""

import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deploy.local.ports import choose
from services.cli.demo.town import fresh
from tests.conftest import Process, eventually

Ask = Callable[..., Any]  # a method of notify and its arguments


class Office:
    """The receiver beside the stack; it may be closed and opened."""

    def __init__(self, ask: Ask, folder: Path) -> None:
        self.ask = ask  # what its operator asks notify
        self._book, self._plan = folder / "receiver.book", folder / "receiver.plan"
        self._book.unlink(missing_ok=True)
        self.port = choose(["receiver"], {})["receiver"]
        self._plan.write_text("{}", encoding="utf-8")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MOTCUA")}
        own = {"RECEIVER_BOOK": self._book, "RECEIVER_PLAN": self._plan, "RECEIVER_PORT": self.port}
        env = {**kept, **{name: str(value) for name, value in own.items()}}
        self._program = Process("tests.integration.receiver", env, folder / "receiver.log")
        self.webhooks: dict[str, str] = {}

    def open(self) -> None:
        """Receive; returns when it does."""
        before = len(self._lines())
        self._program.start()
        eventually(lambda: len(self._lines()) > before)

    def close(self) -> None:
        """Be away."""
        self._program.end()

    def subscribe(self, name: str, mode: str, *types: str, **more: Any) -> str:
        """Be told at a path of this name from now on; the secret."""
        url = more.pop("url", f"http://127.0.0.1:{self.port}/{name}")
        asked = {"url": url, "tenant": "mic", "types": list(types), "request_id": fresh(), **more}
        added = self.ask("add_webhook", **asked)
        self.webhooks[name] = added["webhook_id"]
        self.plan(name, mode, added["secret"])
        return str(added["secret"])

    def plan(self, name: str, mode: str, secret: str | None = None) -> None:
        """Answer in this way there from now on."""
        plan = json.loads(self._plan.read_text(encoding="utf-8"))
        plan[f"/{name}"] = {"mode": mode, "secret": secret or plan[f"/{name}"]["secret"]}
        draft = self._plan.with_suffix(".new")
        draft.write_text(json.dumps(plan), encoding="utf-8")
        draft.replace(self._plan)

    def told(self, name: str) -> list[Any]:
        """What it took there and believes, in the order in which it came."""
        return [one["told"] for one in self._lines() if one["path"] == f"/{name}" and one["told"]]

    def times(self, name: str) -> Counter[str]:
        """How often each message came there."""
        return Counter(told["data"]["id"] for told in self.told(name))

    def modes(self) -> Counter[tuple[str, str]]:
        """How often it was asked at each path, and what it did."""
        return Counter((one["path"], one["mode"]) for one in self._lines() if one["path"])

    def line(self, name: str) -> Any:
        """How its webhook of that name stands."""
        return next(one for one in self.ask("list_webhooks")["items"] if one["webhook_id"] == self.webhooks[name])

    def deliveries(self, name: str, **filters: Any) -> list[Any]:
        """What was and will be sent there."""
        asked = {"webhook_id": self.webhooks[name], "limit": 200, **filters}
        found: list[Any] = self.ask("list_webhook_deliveries", **asked)["items"]
        return found

    def leave(self) -> None:
        """Be told nothing any more."""
        for id_ in self.webhooks.values():
            self.ask("remove_webhook", webhook_id=id_, request_id=fresh())
        self.close()

    def _lines(self) -> list[Any]:
        if not self._book.exists():
            return []
        return [json.loads(line) for line in self._book.read_text(encoding="utf-8").splitlines()]
