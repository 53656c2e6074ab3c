"""A department's own receiver of webhooks, which shares no code with us: `python -m tests.integration.receiver`.

It writes down what it is told and can verify. How it answers at a path, and the secret of that path, stand in a file
`{path: {secret, mode}}` that may change at any time; a path that is not there is refused.
"""

import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

BOOK, PLAN = Path(os.environ["RECEIVER_BOOK"]), Path(os.environ["RECEIVER_PLAN"])
SECONDS_TO_HANG = 30.0


class Receiver(BaseHTTPRequestHandler):
    """One line, and the requests on it."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Verify, write down, answer as planned."""
        body = self.rfile.read(int(self.headers["content-length"]))
        plan = json.loads(PLAN.read_text(encoding="utf-8")).get(self.path)
        mode = plan["mode"] if plan else "unplanned"
        note({"path": self.path, "mode": mode, **read(body, dict(self.headers), plan)})
        getattr(self, f"_{mode}")()

    def log_message(self, *_args: Any) -> None:
        """Silent."""

    def _take(self) -> None:
        self._answer(204)

    def _fail(self) -> None:
        self._answer(500)

    def _unplanned(self) -> None:
        self._answer(404)

    def _gone(self) -> None:
        self._answer(410)

    def _inward(self) -> None:
        self._answer(307, Location="/inner")

    def _huge(self) -> None:
        """An answer without end, after a head that is good."""
        self.send_response(200)
        self.end_headers()
        until = time.monotonic() + SECONDS_TO_HANG
        try:
            while time.monotonic() < until:
                self.wfile.write(b"x" * 65_536)
        except OSError:
            note({"path": self.path, "mode": "hung up on"})

    def _ahead(self) -> None:
        """Answers ahead without end, faster than anybody reads them."""
        try:
            while True:
                self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000)
        except OSError:
            note({"path": self.path, "mode": "hung up on"})

    def _drip(self) -> None:
        """A head that never ends, a byte at a time."""
        until = time.monotonic() + SECONDS_TO_HANG
        try:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
            while time.monotonic() < until:
                self.wfile.write(b"x")
                time.sleep(0.2)
        except OSError:
            note({"path": self.path, "mode": "hung up on"})

    def _answer(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()


def read(body: bytes, headers: dict[str, str], plan: Any) -> dict[str, Any]:
    """What it was told, if it can be believed."""
    if not plan:
        return {"told": None}
    try:
        return {"told": Webhook(plan["secret"]).verify(body, headers), "id": headers["webhook-id"]}
    except WebhookVerificationError as error:
        return {"told": None, "distrusted": str(error)}


def note(line: dict[str, Any]) -> None:
    """Write a line into the book."""
    with BOOK.open("a", encoding="utf-8") as book:
        book.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    with ThreadingHTTPServer(("127.0.0.1", int(os.environ["RECEIVER_PORT"])), Receiver) as server:
        note({"path": None})
        server.serve_forever()
