"""Settings from environment variables, with every problem reported at once."""

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

Wanted = TypeVar("Wanted")


class BadEnvironment(Exception):
    """One line for each variable that is missing or wrong; never a value, it may be a secret."""


class Environment:
    """Reads variables one by one, remembers what is wrong, and says so in `check`."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._problems: list[str] = []

    def text(self, name: str, pattern: str, meaning: str, default: str | None = None) -> str:
        """The value of `name`, which must match `pattern` from end to end."""
        value = self._variables.get(name, "") or default
        if value is None:
            return self._wrong(name, f"is missing; expected {meaning}")
        if not re.fullmatch(pattern, value):
            return self._wrong(name, f"is not {meaning}")
        return value

    def port(self, name: str) -> int:
        """A TCP port to listen on."""
        value = self.text(name, r"[0-9]{1,5}", "a port from 1 to 65535")
        if value and not 1 <= int(value) <= 65535:
            self._wrong(name, "is not a port from 1 to 65535")
        return int(value or 0)

    def url(self, name: str) -> str:
        """An absolute http(s) address."""
        meaning = "an absolute http(s) address"
        value = self.text(name, r"https?://[!-~]+", meaning)
        if value and not has_host(value):
            self._wrong(name, f"is not {meaning}")
        return value

    def folder(self, name: str) -> Path:
        """A folder that exists afterwards and can be written to."""
        value = self.text(name, r".+", "a folder to keep data in")
        if not value:
            return Path()
        try:
            Path(value).mkdir(parents=True, exist_ok=True)
            (Path(value) / ".writable").touch()
            (Path(value) / ".writable").unlink(missing_ok=True)
        except OSError as error:
            self._wrong(name, f"cannot be written to: {error.strerror}")
        return Path(value)

    def seconds(self, name: str, default: str, most: int) -> tuple[float, ...]:
        """Up to `most` waiting times, separated by commas."""
        number = r"[0-9]+(\.[0-9]+)?"
        meaning = f"1 to {most} numbers of seconds separated by commas"
        value = self.text(name, rf"\s*{number}\s*(,\s*{number}\s*)*", meaning, default)
        delays = tuple(float(part) for part in value.split(",")) if value else ()
        if len(delays) > most:
            self._wrong(name, f"is not {meaning}")
        return delays

    def must(self, holds: bool, problem: str) -> None:
        """Remember `problem` unless it holds."""
        if not holds:
            self._problems.append(problem)

    def check(self) -> None:
        """Raise BadEnvironment if anything was wrong."""
        if self._problems:
            raise BadEnvironment("\n".join(self._problems))

    def _wrong(self, name: str, problem: str) -> str:
        self._problems.append(f"{name} {problem}")
        return ""


def has_host(address: str) -> bool:
    """Whether an address names a host and, if any, a port that can exist."""
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def settings_or_exit(program: str, read: Callable[[], Wanted]) -> Wanted:
    """What `read` gives, or the list of problems on standard error and exit code 2."""
    try:
        return read()
    except BadEnvironment as error:
        sys.stderr.write(f"{program} cannot start, its settings are wrong:\n")
        sys.stderr.writelines(f"  {line}\n" for line in str(error).splitlines())
        raise SystemExit(2) from None
