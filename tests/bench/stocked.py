"""A stack with many dossiers in it: filled in now, or by an earlier run in the same run directory."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Final

import cattrs

from tests.bench.fill import OPEN_SHARE, Filled, fill
from tests.bench.moulds import Pattern
from tests.bench.outcome import Unclosed
from tests.bench.rig import Rig

_CHECKED: Final = 200
_KEPT: Final = "filled.json"


def stocked(
    rig: Rig, dossiers: int, patterns: Callable[[], Sequence[Pattern]], open_share: float = OPEN_SHARE
) -> Filled:
    """What an earlier run left there, else what is filled in now. Raises Unclosed, DemoError."""
    kept = rig.run_dir / _KEPT
    if kept.exists():
        filled = cattrs.structure(json.loads(kept.read_text(encoding="utf-8")), Filled)
    else:
        filled = fill(rig.env["MOTCUA_MONGO_URI"], patterns(), dossiers, open_share=open_share)
        kept.write_text(json.dumps(asdict(filled)), encoding="utf-8")
    _insist(rig, filled)
    return filled


def _insist(rig: Rig, filled: Filled) -> None:
    """What was filled in is as the services themselves would have left it. Raises Unclosed."""
    codes = filled.codes[:: max(1, len(filled.codes) // _CHECKED)]
    if wrong := rig.books.disagreements(codes):
        raise Unclosed("; ".join(("what was filled in is wrong", *wrong[:5])))
