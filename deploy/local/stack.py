"""The whole system on one machine: its servers, services and counterparts, up and down as one."""

import contextlib
import fcntl
import math
import shutil
import signal
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from deploy.local import environment, identity, keys, mongodb, processes, rabbitmq
from deploy.local import scale as scaling
from deploy.local.composition import ALL, SERVERS, STEPS, Plan, compose, with_needs
from deploy.local.programs import ROOT, Program, StackError
from deploy.local.supervision import AT_REST, ProcessState, Supervisor
from deploy.local.supervisor_conf import log_name
from deploy.local.waiting import wait_until

READY_SECONDS = 90.0
_LIVES = 4  # what `up` starts has all it needs: who dies again and again will not come up
_TAIL = 20
_OWN_FOLDERS = ("keys", "logs", "mongodb", "rabbitmq", "sandbox")
_OWN_FILES = ("env", "identity.json", "scale.json", "supervisord.conf", "supervisord.pid", "lock")


@dataclass(frozen=True)
class ProgramStatus:
    """One process of the stack: what supervisor says of it and where it listens."""

    name: str
    state: str
    pid: int
    since: int
    address: str


class Stack:
    """One stack, living in one run directory beside any number of others.

    `env` overrides variables of the services (`SANDBOX_…`: of the counterparts); `before_services` is called
    with those variables when the servers answer and services are about to start; `ready` says whether a
    service answers, without it a service is ready when it has lived for a second; `code` is the folder with the release
    that services and doors run; `of_cluster` says that others are to join its servers.
    """

    def __init__(
        self,
        run_dir: Path,
        *,
        env: Mapping[str, str] | None = None,
        before_services: Callable[[dict[str, str]], None] = lambda _env: None,
        ready: Callable[[str, dict[str, str]], bool] | None = None,
        test_commands: bool = False,
        of_cluster: bool = False,
        code: Path = ROOT,
    ) -> None:
        self.run_dir = run_dir.resolve()
        self._before_services = before_services
        self._plan = Plan(env=env or {}, ready=ready, test_commands=test_commands, of_cluster=of_cluster, code=code)
        self._supervisor = Supervisor(self.run_dir)

    @property
    def env(self) -> dict[str, str]:
        """The addresses and keys that the last `up` wrote down; empty when there was none."""
        try:
            return environment.read(self.run_dir)
        except FileNotFoundError:
            return {}

    def up(
        self,
        programs: Iterable[str] = ALL,
        *,
        scale: Mapping[str, int] | None = None,
        deadline_s: float = READY_SECONDS,
    ) -> None:
        """Starts what is not running yet, in order, and returns when all of it answers.

        `scale` is remembered: the next `up` keeps what it does not name. `deadline_s` holds for each program.
        StackError when a server is not on this machine or a program does not come up; what has started then stays, to
        be looked at. ValueError for what there cannot be so many of.
        """
        wanted = with_needs(programs)
        with self._alone():
            self._plan = replace(self._plan, scale=scaling.settle(self.run_dir, scale or {}))
            cast = self._prepare(deadline_s)
            for step in STEPS:
                self._start_step([name for name in step if name in wanted], cast, deadline_s)

    def down(self) -> None:
        """Stops everything, services before servers, and leaves no process. Data and addresses stay."""
        if not self.run_dir.is_dir():
            return
        with self._alone():
            if self._supervisor.running():
                for step in reversed(STEPS):
                    self._supervisor.stop([s.key for s in self._supervisor.states() if s.program in step])
                self._supervisor.shutdown()
            self._clear_away()

    def wipe(self) -> None:
        """Goes down and removes data, logs and addresses."""
        self.down()
        for folder in _OWN_FOLDERS:
            shutil.rmtree(self.run_dir / folder, ignore_errors=True)
        for file in _OWN_FILES:
            (self.run_dir / file).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # stays where others keep something in it
            self.run_dir.rmdir()

    def status(self) -> list[ProgramStatus]:
        """Every process of the stack, also when nothing runs."""
        known = identity.recall(self.run_dir)
        if known is None or not self._supervisor.running():
            return [ProgramStatus(name, "STOPPED", 0, 0, "") for name in ALL]
        cast = compose(self.run_dir, known, self._plan)
        return [
            ProgramStatus(self._label(state), state.state, state.pid, state.since, cast[state.program].address)
            for name in ALL
            for state in self._states(name)
        ]

    def wait_ready(self, programs: Iterable[str] | None = None, deadline_s: float = READY_SECONDS) -> None:
        """Returns when the named programs (default: all that were started) answer; StackError if one does not."""
        cast = self._cast()
        names = programs or [name for name in ALL if self._started(name)]
        for name in names:
            self._await(cast[name], deadline_s)

    def pid(self, program: str) -> int:
        """The process id of a program (`intake`) or of one of its processes (`intake:2`)."""
        return self._running(program)[0].pid

    def pids(self) -> dict[str, int]:
        """Every running process of the stack by `program:number`."""
        return {state.label: state.pid for state in self._supervisor.states() if state.pid}

    def kill(self, program: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Signals a program's processes and their children; the supervisor starts anew what ends.

        After SIGKILL it returns when they are gone.
        """
        for state in self._running(program):
            processes.send_group(state.pid, number)
            if number is signal.SIGKILL:
                wait_until(partial(_gone, state.pid), READY_SECONDS)

    def stop(self, program: str) -> None:
        """Stops a program, in order, until `start`."""
        self._supervisor.stop(self._keys([program]))

    def start(self, program: str) -> None:
        """Starts a stopped program; `wait_ready` tells when it answers."""
        self._supervisor.start(self._keys([program]))

    def restart(self, program: str) -> None:
        """Stops and starts a program."""
        self.stop(program)
        self.start(program)

    def _prepare(self, deadline_s: float) -> dict[str, Program]:
        """Folders, configuration and a running supervisor; a stack that died unburied is cleared away first."""
        running = self._supervisor.running()
        if not running:
            self._clear_away()
        known = identity.recall(self.run_dir) if running else None
        known = known or identity.settle(self.run_dir)
        (self.run_dir / "logs").mkdir(exist_ok=True)
        (self.run_dir / "sandbox").mkdir(mode=0o700, exist_ok=True)
        keys.settle(self.run_dir)
        mongodb.prepare(self.run_dir)
        rabbitmq.prepare(self.run_dir, known)
        environment.write(self.run_dir, environment.for_services(self.run_dir, known, self._plan.env))
        cast = compose(self.run_dir, known, self._plan)
        self._supervisor.configure(cast.values())
        if not running:
            self._supervisor.launch(deadline_s)
        return cast

    def _start_step(self, names: Collection[str], cast: Mapping[str, Program], deadline_s: float) -> None:
        resting = [state for name in names for state in self._states(name) if state.state in AT_REST]
        if any(state.program not in SERVERS for state in resting):
            self._before_services(self.env)
        self._supervisor.start(state.key for state in resting)
        for name in names:
            self._await(cast[name], deadline_s, _LIVES)

    def _await(self, program: Program, deadline_s: float, lives: float = math.inf) -> None:
        """Returns when the program answers; gives up when it rests, or has died too often, or time is over."""
        seen: set[int] = set()

        def answers() -> bool:
            states = self._states(program.name)
            seen.update(state.pid for state in states if state.pid)
            if len(seen) > lives * len(states) or any(state.state in AT_REST for state in states):
                raise StackError(self._complaint(program))
            return self._answers(program)

        if not wait_until(answers, deadline_s):
            raise StackError(self._complaint(program))

    def _answers(self, program: Program) -> bool:
        states = self._states(program.name)
        if program.answers is None:
            return all(state.state == "RUNNING" for state in states)
        return all(state.pid for state in states) and program.answers()

    def _complaint(self, program: Program) -> str:
        states = self._states(program.name)
        said = ", ".join(sorted({state.state for state in states}))
        log = self.run_dir / "logs" / log_name(program.name, states[0].number, len(states))
        lines = log.read_text(errors="replace").splitlines()[-_TAIL:] if log.exists() else []
        tail = "\n".join(f"  {line}" for line in lines) or "  (nothing)"
        return f"{program.name} does not answer: it is {said}. The end of {log}:\n{tail}"

    def _cast(self) -> dict[str, Program]:
        known = identity.recall(self.run_dir)
        if known is None:
            raise StackError(f"there is no stack in {self.run_dir}: it was never up")
        return compose(self.run_dir, known, self._plan)

    def _states(self, name: str) -> list[ProcessState]:
        """The states of a program, or of one process of it."""
        found = [state for state in self._supervisor.states() if name in (state.program, state.label)]
        if not found:
            raise ValueError(f"no such program: {name}")
        return found

    def _running(self, name: str) -> list[ProcessState]:
        running = [state for state in self._states(name) if state.pid]
        if not running:
            raise StackError(f"{name} is not running")
        return running

    def _keys(self, names: Iterable[str]) -> list[str]:
        return [state.key for name in names for state in self._states(name)]

    def _started(self, name: str) -> bool:
        return any(state.state not in AT_REST for state in self._states(name))

    def _label(self, state: ProcessState) -> str:
        return state.label if len(self._states(state.program)) > 1 else state.program

    def _clear_away(self) -> None:
        processes.end_members(self.run_dir)
        self._supervisor.forget()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One `up` or `down` at a time in a run directory."""
        self.run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.run_dir / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _gone(pid: int) -> bool:
    return not processes.exists(pid)
