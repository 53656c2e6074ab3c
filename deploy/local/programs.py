"""What a program of the stack is: a command to keep running, and how to ask whether it answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from deploy.local.ports import LOOPBACK

ROOT = Path(__file__).resolve().parents[2]
_PROBE_SECONDS = 2.0


class StackError(Exception):
    """The stack cannot do what was asked; the text names the program, and says what to do or shows its log."""


@dataclass(frozen=True)
class Program:
    """One line of the stack: `processes` copies of `command`, ready when `answers` says so.

    Without `answers` a program is ready when all its processes have lived for a second. Where `listens` names a
    host:port, the supervisor holds it as long as one of the processes lives, and each gets it as its descriptor 0.
    """

    name: str
    command: tuple[str, ...]
    answers: Callable[[], bool] | None
    env: Mapping[str, str] = field(default_factory=dict)
    directory: Path = ROOT
    address: str = ""
    processes: int = 1
    listens: str = ""


def http_answers(port: int, path: str) -> Callable[[], bool]:
    """A probe: true when a GET of the path on this loopback port gives 200."""

    def answers() -> bool:
        connection = HTTPConnection(LOOPBACK, port, timeout=_PROBE_SECONDS)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    return answers
