"""The stack of the bench: ours on servers of its own, or the servers alone for whoever is measured beside it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Final

from deploy.local.composition import ALL, DOORS, SERVERS, SERVICES
from deploy.local.stack import Stack
from deploy.local.waiting import wait_until
from services.chassis.queues import work_queues
from services.cli.demo.command import await_catalogue
from services.cli.demo.town import Town
from services.cli.place import RUN_DIR_VARIABLE
from services.cli.stack import declare_topology, is_ready
from services.cli.topology import service_classes
from tests.bench.books import COLLECTIONS, Books
from tests.bench.outcome import NotMeasured, Unclosed
from tests.bench.plan import TENANT
from tests.bench.sampling import BENCH, SUPERVISOR, Queues, Sampler, Unpublished

ROOT: Final = Path(__file__).resolve().parents[2]
COUNTERPARTS: Final = (*SERVERS, "mailbox")


class Rig:
    """One run directory, with the settings that `make up` gives; wiped at the end."""

    def __init__(self, run_dir: Path, env: Mapping[str, str] | None = None) -> None:
        self.run_dir = run_dir
        self.stack = Stack(run_dir, env=env, before_services=declare_topology, ready=is_ready)

    @property
    def env(self) -> dict[str, str]:
        """The addresses of the stack."""
        return self.stack.env

    @cached_property
    def books(self) -> Books:
        """What our services have written down."""
        return Books(self.env)

    def make_up(self) -> float:
        """Start all of it as a user does; how many seconds that took."""
        began = time.monotonic()
        environment = {**os.environ, RUN_DIR_VARIABLE: str(self.run_dir)}
        make = subprocess.Popen(["make", "up"], cwd=ROOT, env=environment, stdout=sys.stderr, start_new_session=True)
        try:
            code = make.wait()
        except BaseException:  # what it has started would go on starting things
            os.killpg(make.pid, signal.SIGTERM)
            make.wait()
            raise
        if code:
            raise NotMeasured(f"`make up` failed with code {code}")
        return time.monotonic() - began

    def up(self, programs: Iterable[str] = ALL, *, scale: Mapping[str, int] | None = None) -> None:
        """Start what of these is not running, and wait until intake offers its procedures."""
        wanted = tuple(programs)
        self.stack.up(wanted, scale=scale)
        if "intake" in wanted:
            self.await_catalogue()

    def await_catalogue(self) -> None:
        """Until intake offers all procedures of the ministry."""
        town = Town(self.env)
        try:
            await_catalogue(town, TENANT)
        finally:
            town.close()

    def await_published(self, seconds: float, journals: Sequence[str] = COLLECTIONS) -> None:
        """Until no history in these collections has anything left to tell. Raises Unclosed."""
        unpublished = Unpublished(self.env["MOTCUA_MONGO_URI"], journals)
        try:
            if not wait_until(lambda: not unpublished.lag()[0], seconds):
                raise Unclosed(f"{unpublished.lag()[0]} histories are not published after {seconds:.0f} s")
        finally:
            unpublished.close()

    def stop(self, programs: Iterable[str]) -> None:
        """Stop some programs side by side; the others run on."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(self.stack.stop, programs))

    def stop_services(self) -> None:
        """Leave the servers and the mailbox alone on the machine."""
        self.stop((*DOORS, *SERVICES, "gateway"))

    def pids(self, programs: Iterable[str] = ALL) -> dict[str, int]:
        """The running processes of these programs, and of the supervisor that keeps them."""
        names = set(programs)
        running = {label: pid for label, pid in self.stack.pids().items() if label.partition(":")[0] in names}
        return {**running, SUPERVISOR: self.supervisor_pid}

    @property
    def supervisor_pid(self) -> int:
        """The first process of the stack, which all others come from."""
        return int((self.run_dir / "supervisord.pid").read_text())

    def sampler(
        self,
        others: Mapping[str, int],
        queues: Mapping[str, list[str]] | None = None,
        journals: Sequence[str] = COLLECTIONS,
        *,
        alone: bool = False,
    ) -> Sampler:
        """Looks on at `others`, at ourselves and, unless they are `alone`, at the whole stack; at our queues and
        histories unless others are named.
        """
        watched = Queues(self.env["MOTCUA_AMQP_URI"], queue_names() if queues is None else queues)
        unpublished = Unpublished(self.env["MOTCUA_MONGO_URI"], journals) if journals else None
        return Sampler({**({} if alone else self.pids()), **others, BENCH: os.getpid()}, watched, unpublished)

    def wipe(self) -> None:
        """Leave nothing behind."""
        if "books" in self.__dict__:
            self.books.close()
        self.stack.wipe()
        shutil.rmtree(self.run_dir, ignore_errors=True)


def queue_names() -> dict[str, list[str]]:
    """The work queues of each of our services, its RPC queue among them."""
    return {
        service.name: [f"rpc-{service.name}", *(queue.name for queue in work_queues(service))]
        for service in service_classes()
    }
