"""What was measured, and on what."""

import hashlib
import os
import platform
import re
import subprocess
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from deploy.local import mongodb, rabbitmq
from tests.bench.rig import ROOT

_MEASURED: Final = ("services", "deploy", "catalogue", "tests/bench", "requirements.lock")
_PACKAGES: Final = ("nameko", "eventlet", "kombu", "amqp", "pymongo", "marshmallow", "gunicorn")


def describe() -> dict[str, Any]:
    """Cores, memory, versions, and how busy the machine was before anything began."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "kernel": platform.release(),
        "load_before": [round(one, 2) for one in os.getloadavg()],
        "commit": commit(),
        "python": platform.python_version(),
        "rabbitmq": rabbitmq.find_script().parents[1].name.removeprefix("rabbitmq_server-"),
        "mongod": _mongod(),
        **{name: version(name) for name in _PACKAGES},
    }


def _processor() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1].strip() if found else platform.machine()


def _mongod() -> str:
    found = re.search(r"v([0-9.]+)", _said([mongodb.find_mongod(), "--version"]))
    return found[1] if found else "unknown"


def commit() -> str:
    """The commit and whether the files differ from it; of files that are no checkout, a digest instead."""
    name = _git("rev-parse", "--short", "HEAD").strip()
    if not name:
        return f"none (no checkout; digest of the files {_digest()})"
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", *_MEASURED)
    return f"{name}{' with changes' if changed.strip() else ''}"


def _git(*words: str) -> str:
    """What git says, also of a checkout that belongs to somebody else."""
    return _said(["git", "-c", f"safe.directory={ROOT}", "--no-optional-locks", *words])


def _digest() -> str:
    """Twelve digits over all that is measured."""
    together = hashlib.sha256()
    files = (path for name in _MEASURED for path in (ROOT / name, *(ROOT / name).rglob("*")))
    for path in sorted(path for path in files if path.is_file() and "__pycache__" not in path.parts):
        together.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return together.hexdigest()[:12]


def _said(command: Sequence[str]) -> str:
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
