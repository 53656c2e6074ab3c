"""What is read of a receiver's answer: its head, and of that so much.

Answers that a receiver may send ahead (100 to 199) are read over, as many as come. Whoever sends them faster than they
are read would have the process for himself: greenlets take turns at waits, and there is always something to read.
"""

from http.client import HTTPException, HTTPResponse
from typing import Any, Final

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

LONGEST_HEAD: Final = 65_536  # bytes, with all that came ahead of it


class _Counted:
    """A connection's file, of which so much may be read line by line."""

    def __init__(self, file: Any) -> None:
        self._file, self._left = file, LONGEST_HEAD

    def readline(self, limit: int) -> bytes:
        """The next line. Raises HTTPException."""
        line: bytes = self._file.readline(min(limit, self._left + 1))
        self._left -= len(line)
        if self._left < 0:
            raise HTTPException("the head of the answer is too long")
        return line

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class _Answer(HTTPResponse):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fp: Any = _Counted(self.fp)


class _Plain(HTTPConnection):
    response_class = _Answer


class _Secured(HTTPSConnection):
    response_class = _Answer


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecuredPool(HTTPSConnectionPool):
    ConnectionCls = _Secured


POOLS: Final = {"http": _PlainPool, "https": _SecuredPool}
