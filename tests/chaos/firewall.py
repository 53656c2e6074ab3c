"""Packets that do not arrive: rules of the kernel for ports of a stage's own, which go with the process that made them.

The table belongs to one `nft`: when that ends, however it ends, the kernel takes the rules away.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from itertools import count
from typing import Final

from deploy.local.waiting import wait_until
from tests.chaos.missing import NotHere

_COUNTED: Final = re.compile(r"counter packets (\d+) bytes \d+ drop")
_SECONDS: Final = 10.0
_numbers = count()


class Firewall:
    """Drops what enters over loopback and matches one of `matches`, in nft's own words. Raises NotHere."""

    def __init__(self, matches: Sequence[str]) -> None:
        found = shutil.which("nft", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        if found is None:
            raise NotHere("nft is not installed; on Debian: apt-get install nftables")
        self._nft, self._table, self._dropped = found, f"motcua_chaos_{os.getpid()}_{next(_numbers)}", 0
        self._process = subprocess.Popen(
            [found, "-i"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        assert self._process.stdin is not None
        self._process.stdin.write("\n".join(_orders(self._table, matches)) + "\n")
        self._process.stdin.flush()
        if not wait_until(lambda: len(self._counters()) == len(matches), _SECONDS):
            self.end()
            assert self._process.stderr is not None
            raise NotHere(f"the kernel takes no such rules: {self._process.stderr.read().strip() or 'it says nothing'}")

    def dropped(self) -> int:
        """How many packets have not arrived; when it is over, how many had not by then."""
        if self._process.poll() is None:
            self._dropped = sum(self._counters())
        return self._dropped

    def end(self) -> None:
        """Everything arrives again."""
        self.dropped()
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(_SECONDS)

    def _counters(self) -> list[int]:
        """How many packets each rule has dropped so far."""
        command = [self._nft, "list", "table", "inet", self._table]
        listed = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
        return [int(packets) for packets in _COUNTED.findall(listed.stdout)]


def all_of(port: int) -> list[str]:
    """Every packet to and from this port: a black hole, for nobody is told that nothing arrives."""
    return [f"tcp {way} {port}" for way in ("dport", "sport")]


def one_in(many: int, ports: Sequence[int]) -> list[str]:
    """One packet in so many, to and from these ports."""
    listed = ", ".join(map(str, ports))
    return [f"tcp {way} {{ {listed} }} numgen random mod {many} == 0" for way in ("dport", "sport")]


def _orders(table: str, matches: Sequence[str]) -> list[str]:
    return [
        f"add table inet {table} {{ flags owner; }}",
        f"add chain inet {table} loopback {{ type filter hook input priority 0; policy accept; }}",
        *(f"add rule inet {table} loopback iif lo {match} counter drop" for match in matches),
    ]
