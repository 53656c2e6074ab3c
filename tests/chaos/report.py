"""How a run went, as data and as a page of `docs/`, one for each plan, which is written here and never by hand."""

import json
import os
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from deploy.local.programs import ROOT
from tests.chaos.judge import JUDGED
from tests.chaos.plan import PLAN, chosen
from tests.chaos.scenario import Outcome

PAGES: Final = {"short": ROOT / "docs" / "chaos.md", "full": ROOT / "docs" / "chaos-full.md"}
_OF_PLAN: Final = {
    "short": "This is the short plan; all of it is in [chaos-full.md](chaos-full.md).\n",
    "full": "This is all of it; the short plan, of ten minutes, is in [chaos.md](chaos.md).\n",
}
_MEANT_SECONDS: Final = {"short": 600.0}  # on two cores that do nothing else
_HEAD: Final = """\
# What was made to go wrong, and what held

Written by `make chaos`, or by `python -m tests.chaos --page` from a run that it has kept; not by hand. What stands on
it is kept beside it as JSON, so that one scenario may be played anew and put in its place with `--page`. Each scenario
runs on a stack of this machine, which the next one uses on where all held: real RabbitMQ, real MongoDB, the five
services, their doors, the gateway and the mailbox. After each one, every dossier that was accepted must have ended
once and as it was told, every history must fold to its state, all services must tell one story (`motcua verify`), the
gateway's own ledger must have kept of each payment what our books say (but for what came after a backup, where all
that did is lost: it is counted), every event must be in the stream `events.log`, in order and word for word as it was
written, no dead letter may rest that was not planned, no letter may have come twice unless notify, its database or the
mail server was harmed, and every service and door must say that it is ready. Each *try* by RPC of those who tell
dossiers must have ended within its deadline of 15 s and a grace of 3, in an answer or in an error that says what it
is; *unanswered* until then may be one only while somebody was harmed who could have answered it, or within 20 s of
that. A stock client has more time where the broker was harmed: nameko sets no limit to handing over a request while the
broker takes nothing, and begins anew when the line was lost. Its 15 s are therefore counted from 15 s after that harm,
by when the broker is whole again. Our own client, which asks in many scenarios, has to keep its deadline of 5 s all the
time. When the broker has lost its disk, a stock client's queue for replies is gone too; it finds that out after it has
asked, and may wait in vain once on each line of before. A fault that was not felt counts as not run: *did not bite*.
[faults.md](faults.md) has every fault and every invariant.

All is *healed* when the last fault has been taken away; whatever is not running is started after that moment.
*Recovery* is counted from it, and must be over within 60 s: no event waits in any queue of the services, nothing from
before is unpublished, and what the services had in hand when the last queue ran empty has been worked off. (People go
on handing in, so somebody always has something in hand: of each queue as many events as were in hand at that moment
must have been settled since, unless none is in hand any more.) What piled up in *subscribers down* has a third of the
time for which they were away: it all goes by the same cores. Dossiers are told on meanwhile, at their own pace; *at
rest* says how long after the heal the last one had ended and nothing waited, was in hand or unpublished anywhere, which
must be so within 60 s of its end.

*Slowest return* is how long the slowest of those services, doors and workers that died was away, and of how many: each
must work again within 15 s, where no server or line was harmed that it needs for it.

*Latest* is how late any process came at worst to what it meant to do, on a machine that is busy with all of this at
once; *own* is the worst when the time that it waited for a processor is taken off. 1 s of its own is what is aimed at,
and of a service that nobody stopped, 5 s are a violation: no question would be answered in time. *Memory* is the most
that any process had; 400 MB are a violation.

*Told* is the size of a scenario's crowd, whose dossiers are told from beginning to end (a few scenarios have two such
crowds): the plan's own size, or, as in `100 of 300`, the one that the run was asked for instead. *Dossiers* are all
that were taken, with those that others handed in over HTTP meanwhile.

A scenario with an asterisk was played in an older form than it has now, or does not say in which; what it showed is
what that form could show. Where its description was another, both stand under the table.

    make chaos                      # the short plan
    make chaos FULL=1               # all of it
    make chaos ONLY="cut off" SEED=7 DOSSIERS=100

The same seed gives the same faults to the same programs in the same order; their moments follow the dossiers, and so
the machine. So does which dossier has which code: in *any order* the seed says for each queue and each place in the
history of each code how late an event comes and whether twice, and the machine which dossier that is.
"""
_COLUMNS: Final = (
    *("scenario", "result", "seed", "told", "dossiers", "faults", "felt as", "events twice", "letters twice"),
    *(
        "tries (unanswered)",
        "violations",
        "slowest return (s)",
        "recovery (s)",
        "at rest (s)",
        "latest (s)",
        "own (s)",
        "memory (MB)",
    ),
)


@dataclass
class Run:
    """One invocation."""

    stamp: str
    plan: str
    seed: int
    outcomes: list[Outcome] = field(default_factory=list)
    seconds: float = 0.0
    machine: str = ""
    commit: str = ""
    judged: Sequence[str] = ()  # at what its harness looked after each scenario

    @property
    def held(self) -> bool:
        """Whether everything held, and was felt."""
        return all(one.is_well for one in self.outcomes)


def keep(run: Run, folder: Path) -> Path:
    """Write the whole run down as JSON; where."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{run.stamp}.json"
    file.write_text(_json(_unstructured(run)), encoding="utf-8")
    return file


def publish(*runs: Run, pages: Mapping[str, Path] = PAGES) -> Path:
    """The page of the plan of these runs, with what they showed anew; where. Raises ValueError: they are of two plans.

    What stands on it is kept beside it as JSON: so a scenario may be played alone, and the others stay as they were.
    """
    if len({run.plan for run in runs}) > 1:
        raise ValueError("they are of two plans")
    where = pages[runs[-1].plan]
    beside = where.with_suffix(".json")
    before = json.loads(beside.read_text(encoding="utf-8")) if beside.exists() else []
    stand = standing([*map(_read, before), *runs])
    beside.write_text(_json([_unstructured(run) for run in stand]), encoding="utf-8")
    where.write_text(page(*stand), encoding="utf-8")
    return where


def standing(runs: Iterable[Run]) -> list[Run]:
    """Of these runs what is the newest of each scenario that the plan has, whatever their order, one told twice or not.

    How a scenario came about, step by step, is left out: it is played again by its seed.
    """
    told = sorted({run.stamp: run for run in runs}.values(), key=lambda run: run.stamp)
    newest = {one.scenario: run.stamp for run in told for one in run.outcomes}
    names = {one.name for one in PLAN}
    stand = [
        replace(
            run,
            outcomes=[
                replace(one, steps=[])
                for one in run.outcomes
                if one.scenario in names and newest[one.scenario] == run.stamp
            ],
        )
        for run in told
    ]
    return [run for run in stand if run.outcomes]


def _json(told: Any) -> str:
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def _unstructured(run: Run) -> dict[str, Any]:
    return {**asdict(run), "outcomes": [{**asdict(one), "result": one.result} for one in run.outcomes]}


def read(file: Path) -> Run:
    """A run that was kept; what it did not write down is as if nothing had been, a plan's size is today's."""
    return _read(json.loads(file.read_text(encoding="utf-8")))


def _read(kept: Mapping[str, Any]) -> Run:
    sizes = {one.name: one.dossiers[kept["plan"] == "full"] for one in PLAN}
    outcomes = [Outcome(**_known(Outcome, one)) for one in kept["outcomes"]]
    for one, said in zip(outcomes, kept["outcomes"], strict=True):
        if "asked" in said:  # without it, nobody knows whether it was played at the plan's size
            one.planned = one.planned or sizes.get(one.scenario, 0)
    run = Run(**{**_known(Run, kept), "outcomes": outcomes})
    run.machine = run.machine or machine()
    return run


def page(*runs: Run) -> str:
    """The page for readers: of one run, or of several of one plan, each scenario in one of them."""
    places = {one.name: place for place, one in enumerate(PLAN)}
    missing = [one.name for one in chosen([], full=runs[-1].plan == "full") if one.name not in {*_played(runs)}]
    last = sorted((one for run in runs for one in run.outcomes), key=lambda one: places.get(one.scenario, len(places)))
    rows = [_row(one) for one in last]
    lines = [
        _HEAD,
        _OF_PLAN[runs[-1].plan],
        *(f"- {_told_of(run, alone=len(runs) == 1)}" for run in runs),
        "",
        *_whole_times(runs),
        f"| {' | '.join(_COLUMNS)} |",
        f"|{'---|' * len(_COLUMNS)}",
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
        *([f"Not played yet: {', '.join(missing)}.", ""] if missing else []),
        *map(_described, last),
    ]
    return "\n".join(lines) + "\n"


def show(one: Outcome, console: Console) -> None:
    """How a scenario went; what it takes to play it again where it did not hold."""
    colour = "green" if one.is_well else "red"
    console.print(
        f"[{colour}]{one.result}[/]  {one.scenario}: {one.dossiers} dossiers, {_listed(one.faults)};"
        f" {_listed(one.bites)}; recovery {_seconds(one.recovery_seconds)} s; {one.seconds:.0f} s in all",
        highlight=False,
        soft_wrap=True,
    )
    if one.is_well:
        return
    for line in (*one.violations[:40], *one.missed, *one.broke_off.splitlines(), *filter(None, [one.not_here])):
        console.print(f"  ✗ {line}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"  play it again: {one.again}", highlight=False)
    for step in one.steps:
        console.print(f"    {step}", markup=False, highlight=False)


def summary(run: Run) -> Table:
    """One line a scenario."""
    table = Table("scenario", "result", "dossiers", "events twice", "letters twice", "violations", "recovery (s)", "s")
    for one in run.outcomes:
        cells = (
            one.dossiers,
            one.duplicates,
            one.letters_twice,
            len(one.violations),
            _seconds(one.recovery_seconds),
            f"{one.seconds:.0f}",
        )
        table.add_row(one.scenario, one.result, *map(str, cells))
    return table


def whole_time(run: Run) -> str:
    """How long all of it took, beside what is meant, where that is known of its plan."""
    took, meant = f"{run.seconds / 60:.1f} min in all", _MEANT_SECONDS.get(run.plan)
    if meant is None:
        return took
    if run.seconds <= meant:
        return f"{took}, of the {meant / 60:.0f} that are meant"
    return f"{took}: more than the {meant / 60:.0f} that are meant on two cores that do nothing else"


def _played(runs: Sequence[Run]) -> Iterator[str]:
    return (one.scenario for run in runs for one in run.outcomes)


def _name(one: Outcome) -> str:
    """With its mark, where today's scenario is another than the one that was played."""
    forms = {known.name: known.form for known in PLAN}
    return one.scenario if one.form == forms.get(one.scenario) else f"{one.scenario} \\*"


def _described(one: Outcome) -> str:
    """What goes wrong in it today and, where that was something else when it was played, what it was then."""
    today = next((known.what for known in PLAN if known.name == one.scenario), one.what)
    then = "" if one.what == today else f" As it was played: {one.what}."
    return f"- **{one.scenario}**: {today}.{then}"


def _whole_times(runs: Sequence[Run]) -> Sequence[str]:
    """Where one run has played its whole plan."""
    return [f"The run took {whole_time(runs[0])}.", ""] if len(runs) == 1 else []


def _told_of(run: Run, *, alone: bool) -> str:
    """When and where a run was, and what of it is on the page where others are there too."""
    of_it = "" if alone else f": {', '.join(one.scenario for one in run.outcomes)}"
    return f"run {run.stamp}, {run.machine}, {run.seconds / 60:.0f} min, {_by(run)}{of_it}"


def _by(run: Run) -> str:
    """Of which commit it was, and what it does not say that it looked at: by what it wrote down itself."""
    of = f"commit {run.commit}" if run.commit else "of a commit that it does not name"
    if not run.judged:
        return f"{of}, which does not say at what it looked"
    missing = [name for name in JUDGED if name not in run.judged]
    return f"{of}, which does not say that it looked at {', '.join(missing)}" if missing else of


def _known(kind: type[Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """Of what was kept, what it is made of today."""
    return {one.name: kept[one.name] for one in fields(kind) if one.name in kept}


def _row(one: Outcome) -> Sequence[str]:
    cells: tuple[Any, ...] = (
        *(_name(one), one.result, one.seed, one.size, one.dossiers, _listed(one.faults), _listed(one.bites)),
        *(
            one.duplicates,
            one.letters_twice,
            _tries(one),
            len(one.violations),
            _slowest(one.returns),
            _seconds(one.recovery_seconds),
        ),
        *(_seconds(one.rest_seconds), _worst(one.watched, "lag", 2), _worst(one.watched, "own_lag", 2)),
        _worst(one.watched, "megabytes", 0),
    )
    return [str(cell) for cell in cells]


def _listed(counts: Mapping[str, float]) -> str:
    return ", ".join(f"{what} {count:g}" for what, count in counts.items()) or "–"


def _tries(one: Outcome) -> str:
    return f"{one.tries} ({one.unanswered})" if one.tries else "–"


def _slowest(returns: Sequence[tuple[str, float]]) -> str:
    """Who was longest away of all who died, and of how many."""
    if not returns:
        return "–"
    program, seconds = max(returns, key=lambda one: one[1])
    return f"{program} {seconds:.1f} of {len(returns)}"


def _worst(watched: Mapping[str, Mapping[str, float]], what: str, digits: int) -> str:
    """Whose it was, and how much."""
    if not watched:
        return "–"
    name = max(watched, key=lambda one: watched[one][what])
    return f"{name} {watched[name][what]:.{digits}f}"


def _seconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:.1f}"


def machine() -> str:
    """On what it is played."""
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"
