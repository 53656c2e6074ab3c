"""Tracebacks as they are kept for others to read: files are named from the checkout or their library on."""

import sysconfig
from collections.abc import Sequence
from typing import Final

from deploy.local.programs import ROOT

# Packages may lie inside the standard library or the checkout, so they come first.
_FOLDERS: Final = (*(sysconfig.get_path(name) for name in ("purelib", "platlib", "stdlib")), str(ROOT))


def without_folders(told: str, folders: Sequence[str] = _FOLDERS) -> str:
    """The same words, each file named from its folder on."""
    for folder in folders:
        told = told.replace(f"{folder}/", "")
    return told
