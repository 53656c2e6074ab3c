"""Django REST framework with PostgreSQL under the clients of intake's HTTP door."""

import os
import secrets
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, Final, Self

from deploy.local import ports, processes
from deploy.local.ports import LOOPBACK
from deploy.local.programs import http_answers
from deploy.local.waiting import wait_until
from tests.bench import intake, promises
from tests.bench.intake import Contestant
from tests.bench.outcome import Accepted, NotMeasured
from tests.bench.plan import NO_FEE, PeerTrial, Plan
from tests.bench.postgres import Postgres
from tests.bench.rig import ROOT, Rig
from tests.bench.world import DJANGO, World, offers

NAME: Final = "Django REST, HTTP"
_PYTHON: Final = ROOT / ".run" / "django" / "bin" / "python"
_PACKAGES: Final = ("django", "djangorestframework", "psycopg", "gunicorn")
_START_SECONDS: Final = 30.0
_WORKERS_SECONDS: Final = 1.5
_SETTINGS_MODULE: Final = "tests.bench.django.settings"
# A case counts when it has its history, its request and its papers.
_WHOLE: Final = """\
SELECT count(*) FROM cases_case c WHERE code IN ({codes})
  AND (SELECT count(*) FROM cases_event e WHERE e.case_id = c.code) = 1
  AND (SELECT count(*) FROM cases_request r WHERE r.answer->>'dossier_code' = c.code) = 1
  AND (SELECT count(*) FROM cases_paper p JOIN cases_upload u ON u.id = p.upload_id
       WHERE p.case_id = c.code AND u.case_id = c.code) > 0;
"""


class Gunicorn:
    """The application, served in one setting."""

    def __init__(self, database: Postgres, trial: PeerTrial, mark: Path) -> None:
        self._trial, self._mark = trial, mark
        self._env = {"DJANGO_SETTINGS_MODULE": _SETTINGS_MODULE, "PEER_SECRET": secrets.token_hex(32), **database.env}
        self._port = ports.choose(("peer",), {})["peer"]
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        trial = self._trial
        options = ("--worker-class", "gthread", "--workers", str(trial.workers), "--threads", str(trial.threads))
        bind = ("--bind", f"{LOOPBACK}:{self._port}", "--keep-alive", "75", "--no-control-socket")
        self._server = self._spawn("gunicorn", *options, *bind, "tests.bench.django.wsgi:application")
        if not wait_until(http_answers(self._port, "/health"), _START_SECONDS):
            self.__exit__()
            raise NotMeasured("the peer does not start: see its log")
        return self

    def __exit__(self, *_: object) -> None:
        if self._server:
            self._server.terminate()
            self._server.wait(_START_SECONDS)

    @property
    def pid(self) -> int:
        """Gunicorn's first process; its workers are below it."""
        return self._server.pid if self._server else 0

    @property
    def world(self) -> World:
        """How clients see it: neither broker nor MongoDB."""
        return World(DJANGO, "", "", "", f"http://{LOOPBACK}:{self._port}", "", "", patience=30)

    def migrate(self) -> None:
        """Make the tables. Raises NotMeasured."""
        if self._spawn("django", "migrate", "--run-syncdb", "--verbosity", "0").wait(_START_SECONDS):
            raise NotMeasured("the peer's tables cannot be made: see its log")

    def _spawn(self, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        environment = {"PATH": os.environ.get("PATH", ""), **self._env, **processes.mark(self._mark)}
        with (self._mark / "logs" / "peer.log").open("ab") as sink:
            command = [str(_PYTHON), "-m", module, *arguments]
            return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=sink, stderr=sink)


class Peer:
    """Tries settings, then measures under the best, on one fresh server."""

    def __init__(self, rig: Rig, plan: Plan) -> None:
        self._rig, self._plan = rig, plan
        self._told: list[dict[str, float]] = []
        self._version = self._chosen = ""

    def measure(self) -> Accepted:
        """What it accepts. Raises Unclosed, NotMeasured."""
        set_up()
        folder = self._rig.run_dir.with_name(f"{self._rig.run_dir.name}-postgres")
        with Postgres(folder, self._rig.run_dir) as database:
            self._version = database.version()
            Gunicorn(database, self._plan.peer_trials[0], self._rig.run_dir).migrate()
            with self._served(database, self._plan.peer_trials[0]) as one:
                promises.insist(one.world, offers((NO_FEE,))[NO_FEE])
            best = self._best(database)
            self._chosen = f"{best.workers} gunicorn workers of {best.threads} threads"
            with self._served(database, best) as one:
                return intake.measure(self._rig, self._plan, one)

    def said(self) -> str:
        """What was measured, and which settings were tried."""
        tried = "; ".join(
            f"{one['workers']:.0f} × {one['threads']:.0f} threads: {one['rate']:.0f}/s" for one in self._told
        )
        return f"{packages()}, PostgreSQL {self._version}; {self._chosen}. Tried: {tried or 'nothing else'}."

    def _best(self, database: Postgres) -> PeerTrial:
        if len(self._plan.peer_trials) == 1:
            return self._plan.peer_trials[0]
        for trial in self._plan.peer_trials:
            with self._served(database, trial) as one:
                rate = intake.tried(self._rig, self._plan, one, self._plan.peer_trial_seconds)
            self._told.append({**asdict(trial), "rate": round(rate, 1)})
        best = max(self._told, key=lambda one: one["rate"])
        return PeerTrial(int(best["workers"]), int(best["threads"]))

    @contextmanager
    def _served(self, database: Postgres, trial: PeerTrial) -> Iterator[Contestant]:
        with Gunicorn(database, trial, self._rig.run_dir) as served:
            time.sleep(_WORKERS_SECONDS)  # the first answers before the others are there
            pids = {"django": served.pid, "postgresql": database.pid}
            yield Contestant(NAME, served.world, "http", lambda codes: count(database, codes), pids, alone=True)


def count(database: Postgres, codes: Sequence[str]) -> int:
    """How many cases of these codes are there with everything that belongs to them."""
    if not codes:
        return 0
    return int(database.ask(_WHOLE.format(codes=", ".join(f"'{quoted(code)}'" for code in codes))))


def quoted(code: str) -> str:
    """A code for a question in SQL. Raises ValueError for what is no code."""
    if not all(letter.isalnum() or letter in ".-" for letter in code):
        raise ValueError(f"this is no code: {code!r}")
    return code


def packages() -> str:
    """What the peer is made of, in the versions that are installed."""
    folders = [str(path) for path in _PYTHON.parents[1].glob("lib/python*/site-packages")]
    versions = {one.name.lower(): one.version for one in distributions(path=folders)}
    return ", ".join(f"{name} {versions[name]}" for name in _PACKAGES if name in versions)


def set_up() -> None:
    """Install what is missing. Raises NotMeasured."""
    done: Any = subprocess.run([ROOT / "deploy" / "local" / "setup.sh", "peer"], check=False)
    if done.returncode:
        raise NotMeasured("PostgreSQL and Django could not be installed")
