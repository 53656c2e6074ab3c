"""How many processes of a service or door somebody chose: kept in the run directory until he chooses otherwise."""

import json
from collections.abc import Mapping
from pathlib import Path

from deploy.local.composition import check_scale
from deploy.local.identity import write_private

FILE = "scale.json"


def settle(run_dir: Path, chosen: Mapping[str, int]) -> dict[str, int]:
    """What was chosen before with what is chosen now, kept. ValueError for what there cannot be so many of."""
    check_scale(chosen)
    scale = {**recall(run_dir), **chosen}
    write_private(run_dir / FILE, json.dumps(scale))
    return scale


def recall(run_dir: Path) -> dict[str, int]:
    """What was chosen for this run directory; nothing in a new one."""
    try:
        scale: dict[str, int] = json.loads((run_dir / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return scale
