"""One WSGI application on loopback, until SIGTERM; what is in hand is finished first."""

import logging
import signal
import sys
import threading
from types import FrameType
from typing import TYPE_CHECKING

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

HOST = "127.0.0.1"
stopping = threading.Event()  # set from the moment the program is told to stop
log = logging.getLogger("sandbox.http")


class _Door(WSGIRequestHandler):
    # One request a connection and a limit on silence, so that stopping never waits for an idle client.
    protocol_version = "HTTP/1.0"
    timeout = 15

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log the path only: query strings carry signatures and addresses."""
        path = getattr(self, "path", "-").partition("?")[0]
        log.info("%s %s %s", self.command, path.encode("ascii", "backslashreplace").decode(), int(code))


class _Server(ThreadedWSGIServer):
    daemon_threads = False
    block_on_close = True


def start_logging() -> None:
    """Log lines on standard error."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for chatty in ("werkzeug", "mail.log", "urllib3"):
        logging.getLogger(chatty).setLevel(logging.ERROR)


def serve(app: "WSGIApplication", port: int, program: str) -> None:
    """Serve `app` until SIGTERM or SIGINT. Prints one `ready` line when it listens."""
    server = _Server(HOST, port, app, _Door)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()
        threading.Thread(target=server.shutdown).start()  # shutdown waits for this very thread's loop

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    sys.stdout.write(f"{program} ready on http://{HOST}:{port}\n")
    sys.stdout.flush()
    server.serve_forever(poll_interval=0.1)
