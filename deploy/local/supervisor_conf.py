"""The configuration file of supervisor, the process that keeps a stack's programs running."""

import resource
import shlex
from collections.abc import Iterable
from pathlib import Path

from deploy.local.programs import ROOT, Program

_WANTED_FILES = 65_536  # mongod and RabbitMQ hold a descriptor for each file and client

_DAEMON = """\
[unix_http_server]
file={socket}
chmod=0700

[supervisord]
directory={root}
logfile={logs}/supervisord.log
logfile_maxbytes=5MB
logfile_backups=1
pidfile={run_dir}/supervisord.pid
childlogdir={logs}
minfds={files}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""

# No program starts by itself: the stack starts them in order. Later retries wait 1, 2, 3… seconds.
_PROGRAM = """
[{kind}:{name}]
command={command}
directory={directory}
environment={environment}
process_name=%(program_name)s-%(process_num)d
numprocs={processes}
numprocs_start=1
autostart=false
autorestart=true
startsecs=1
startretries=100
stopsignal=TERM
stopwaitsecs=30
killasgroup=true
redirect_stderr=true
stdout_logfile={log}
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=3
"""


def render(run_dir: Path, socket: Path, programs: Iterable[Program]) -> str:
    """The whole file; ValueError for a value that the format cannot hold."""
    hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    daemon = _DAEMON.format(
        socket=_escape(socket),
        root=_escape(ROOT),
        logs=_escape(run_dir / "logs"),
        run_dir=_escape(run_dir),
        files=_WANTED_FILES if hard_limit == resource.RLIM_INFINITY else min(_WANTED_FILES, hard_limit),
    )
    return daemon + "".join(_render_program(run_dir / "logs", program) for program in programs)


def log_name(program: str, number: int | str, processes: int) -> str:
    """The log of one process: numbered only where the program has several."""
    return f"{program}-{number}.log" if processes > 1 else f"{program}.log"


def _render_program(logs: Path, program: Program) -> str:
    log = log_name(program.name, "%(process_num)d", program.processes)
    program_lines = _PROGRAM + (f"socket=tcp://{program.listens}\n" if program.listens else "")
    return program_lines.format(
        kind="fcgi-program" if program.listens else "program",
        name=program.name,
        command=_escape(shlex.join(program.command)),
        directory=_escape(program.directory),
        environment=",".join(f"{key}={_quote(value)}" for key, value in sorted(program.env.items())),
        processes=program.processes,
        log=f"{_escape(_escape(logs))}/{log}",  # supervisor unfolds percent signs twice in this one
    )


def _escape(value: object) -> str:
    text = str(value)
    if any(mark in text for mark in ("\n", " ;", " #")):
        raise ValueError(f"supervisor's configuration cannot hold this: {text!r}")
    return text.replace("%", "%%")


def _quote(value: str) -> str:
    if '"' in value:
        raise ValueError(f"supervisor's configuration cannot hold this: {value!r}")
    return f'"{_escape(value)}"'
