"""Stops every stack of this checkout, those of broken-off tests too, and removes their data."""

import sys

from deploy.local.identity import FILE as IDENTITY
from deploy.local.programs import ROOT
from deploy.local.stack import Stack


def clean() -> None:
    """Wipes each run directory under `.run`, inner ones first; the downloaded servers stay."""
    for kept in sorted((ROOT / ".run").rglob(IDENTITY), key=lambda path: -len(path.parts)):
        sys.stderr.write(f"• removing the stack in {kept.parent.relative_to(ROOT)}\n")
        Stack(kept.parent).wipe()


if __name__ == "__main__":
    clean()
