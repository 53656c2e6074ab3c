"""Dossiers of one unit at every stage of work and of every fate, each told by a real one."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from services.cli.demo.command import catalogue
from services.cli.demo.stories import Story
from services.cli.demo.town import Town, fresh, patiently
from tests.bench.moulds import Pattern
from tests.bench.outcome import Unclosed
from tests.bench.patterns import pattern_of
from tests.bench.plan import TENANT
from tests.bench.rig import Rig

UNIT: Final = "cuc-xb-in-ph"  # of procedures with and without a fee, signed in one step and in two
OFFICERS: Final = ("xb-1", "xb-2", "xb-3", "xb-4", "xb-5")
_AT_ONCE: Final = 3
_ENDED: Final = ("granted", "refused", "withdrawn")
_Plot = tuple[Mapping[str, Any], str, str]  # procedure, fate or stage, officer


def patterns(rig: Rig, seconds: float) -> list[Pattern]:
    """What is stored of each. Raises Unclosed, DemoError."""
    town = Town(rig.env)
    try:
        plots = list(_plots([one for one in catalogue(town, TENANT) if one["unit"] == UNIT]))
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            codes = list(pool.map(lambda plot: _tell(town, plot), plots))
    finally:
        town.close()
    rig.await_published(seconds)
    if wrong := rig.books.disagreements(codes):
        raise Unclosed("; ".join(wrong[:5]))
    return [pattern_of(rig.books, code) for code in codes]


def _plots(procedures: list[Mapping[str, Any]]) -> Iterator[_Plot]:
    """Officers take turns; few wait to be received, as those are late once they are cast with an earlier date."""
    for number, procedure in enumerate(procedures):
        officer, other = (OFFICERS[(number + place) % len(OFFICERS)] for place in (0, 1))
        yield from ((procedure, fate, officer) for fate in _ENDED)
        yield from ((procedure, "accepted", officer), (procedure, "in_hand", officer), (procedure, "in_hand", other))
        if procedure["example"]["documents"]:
            yield procedure, "supplement_requested", officer
        if procedure.get("decision") == "two_step":
            yield procedure, "proposed", officer
    yield procedures[0], "opened", OFFICERS[0]


def _tell(town: Town, plot: _Plot) -> str:
    """Its dossier code."""
    procedure, fate, officer = plot
    story = Story(town, TENANT, procedure, fresh()[:8])
    story.officer = {**story.officer, "id": officer}
    if fate in _ENDED:
        story.tell(fate)
    else:
        story.submit()
        patiently(story.case, f"{story.code} at routing", "NotFound")
        _work(story, fate)
    return story.code


def _work(story: Story, stage: str) -> None:
    """As far as that."""
    if stage == "opened":
        return
    story.accept()
    if stage == "supplement_requested":
        component = story.procedure["example"]["documents"][0]["component"]
        story.act("request_supplement", items=[{"component": component, "guidance": "Bản quét mờ."}], reason="Bản mờ")
    if stage in ("in_hand", "proposed"):
        story.settle_fees("on_submission", "on_acceptance")
        story.act("assign", officer=story.officer["id"])
    if stage == "proposed":
        story.act("propose", outcome="granted")
