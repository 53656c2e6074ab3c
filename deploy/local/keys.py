"""The keys of a stack: who in it may say who acts. Made once; only their owner can read them.

In a local sandbox the command line speaks for everybody, so that demonstrations and tests can act; in service its key
is of the kinds `operator` and `system` only.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from deploy.local.identity import write_private
from services.chassis import keys

_FOLDER: Final = "keys"
_PUBLIC: Final = "public.json"
_PEOPLE: Final = ("citizen", "organisation", "officer", "operator")
_HOLDERS: Final[Mapping[str, tuple[str, ...]]] = {
    "portal": _PEOPLE,
    "services": ("system",),
    "cli": (*_PEOPLE, "system"),
}


def settle(run_dir: Path) -> None:
    """Makes the keys that are not there yet, and writes down the public ones."""
    folder = run_dir / _FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    for holder, kinds in _HOLDERS.items():
        path = _path(run_dir, holder)
        if not path.exists():
            write_private(path, json.dumps(keys.make(holder, kinds), indent=1))
    private = [json.loads(_path(run_dir, holder).read_text(encoding="utf-8")) for holder in _HOLDERS]
    text = json.dumps(keys.public_set(private), indent=1)
    public = folder / _PUBLIC
    if not public.exists() or public.read_text(encoding="utf-8") != text:
        write_private(public, text)


def variables(run_dir: Path) -> dict[str, str]:
    """Where the keys lie, as the settings of the services, the portal and the command line name them."""
    return {
        "MOTCUA_ACTOR_KEYS": str(run_dir / _FOLDER / _PUBLIC),
        "MOTCUA_ACTOR_KEY": str(_path(run_dir, "services")),
        "PORTAL_ACTOR_KEY": str(_path(run_dir, "portal")),
        "MOTCUA_CLI_KEY": str(_path(run_dir, "cli")),
    }


def _path(run_dir: Path, holder: str) -> Path:
    return run_dir / _FOLDER / f"{holder}.json"
