"""What the pages of the portal cost when a unit has many dossiers."""

from dataclasses import dataclass, field

from tests.bench.judging import Noise
from tests.bench.stats import Spread


@dataclass(frozen=True)
class Viewed:
    """One page, opened again and again."""

    name: str
    visitor: str
    took: Spread  # from the request until the whole page was there, over loopback
    kilobytes: float  # of HTML, at most
    questions: int  # to the stores for one page, at most; what the services ask for themselves meanwhile is among them
    examined: int  # documents that the store read for the longest of them
    detours: list[str]  # COLLSCAN, SORT: of which collection


@dataclass(frozen=True)
class Viewing:
    """All pages, one after the other."""

    unit: str
    dossiers: int  # filled in
    open: int  # of them at work
    documents: int
    seconds: float  # until all was on the disk
    pages: list[Viewed]  # the slowest first
    noise: Noise = field(default_factory=Noise)  # while they were timed
