"""Every panel of the dashboard shows something, under the names that its legend has, of a process that has counted."""

import math
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

import pytest

from tests.conftest import ROOT
from tests.contract.test_monitoring import panels
from tests.promql import Series, fires, series_of

TARGET: Final = {"job": "motcua", "service": "intake", "door": "bus", "instance": "intake:1"}
SCRAPE_SECONDS: Final = 15.0
CHOSEN: Final = {"$service": "intake", "$__rate_interval": "5m"}  # what Grafana puts in for the time and the choice
SHOWN: Final = [
    pytest.param(target["expr"], target["legendFormat"], id=f"{panel['title']} {number}")
    for panel in panels()
    for number, target in enumerate(panel["targets"])
]
READY: Final = 'motcua_ready{service=~"$service"}'
HANDLED: Final = 'motcua_message_seconds_bucket{service=~"$service"}[$__rate_interval]'


@cache
def scraped() -> Sequence[Series]:
    """A first scrape that found nothing yet, and one that finds one of everything."""
    command = [sys.executable, "-m", "tests.contract.one_of_everything"]
    now = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    nothing_yet = re.sub(r"(?m)^([^#].*) \S+$", r"\1 0.0", now)
    return list(series_of(nothing_yet, now, SCRAPE_SECONDS, **TARGET))


def flaws(expression: str, legend: str) -> Iterator[str]:
    """What is wrong with a line of a panel."""
    query = expression
    for name, chosen in CHOSEN.items():
        query = query.replace(name, chosen)
    try:
        found = fires(query, scraped())
    except (SyntaxError, LookupError, TypeError, ValueError, AttributeError) as error:
        yield f"cannot be read: {error!r}"
        return
    if not found:
        yield "shows nothing"
    if any(not math.isfinite(value) for value in found.values()):
        yield "shows no number"
    wanted = {name for names in re.findall(r"\bby \(([^)]*)\)", expression) for name in names.split(", ")} - {"le"}
    wanted |= set(re.findall(r"\{\{(\w+)\}\}", legend))
    if lacking := {name for labels in found for name in wanted - set(dict(labels))}:
        yield f"has no label {', '.join(sorted(lacking))}"
    counted = set(re.findall(r"\b\w+_(?:total|count|sum|bucket)\b", expression))
    if counted != set(re.findall(r"\brate\((\w+)", expression)):
        yield "shows a counter that is no rate, or the rate of what is none"


@pytest.mark.parametrize(("expression", "legend"), SHOWN)
def test_a_panel_shows_what_is_counted_under_the_names_of_its_legend(expression: str, legend: str) -> None:
    assert list(flaws(expression, legend)) == []


@pytest.mark.parametrize(
    ("expression", "legend", "flaw"),
    [
        (f"min by (service) ({READY}", "{{service}}", "cannot be read"),
        (f"min by (service) ({READY}))", "{{service}}", "cannot be read"),
        (f"least by (service) ({READY})", "{{service}}", "cannot be read"),
        (f"histogram_quantile(0.95, sum by (queue) (rate({HANDLED})))", "{{queue}}", "cannot be read"),
        ('motcua_ready{servce=~"$service"}', "{{service}}", "shows nothing"),
        ('motcua_reddy{service=~"$service"}', "{{service}}", "shows nothing"),
        (f"sum by (queue) (rate({HANDLED})) / sum by (outcome) (rate({HANDLED}))", "", "shows nothing"),
        (f"{READY} / (motcua_ready > 1)", "", "shows nothing"),
        (f"min by (servce) ({READY})", "", "has no label servce"),
        (f"min by (service) ({READY})", "{{service}} {{door}}", "has no label door"),
        (f"rate({READY.replace('}', '}[$__rate_interval]')})", "{{service}}", "shows a counter that is no rate"),
        ('motcua_events_refused_total{service=~"$service"}', "{{type}}", "shows a counter that is no rate"),
    ],
)
def test_a_panel_that_shows_something_else_is_found_out(expression: str, legend: str, flaw: str) -> None:
    assert any(found.startswith(flaw) for found in flaws(expression, legend)), list(flaws(expression, legend))
