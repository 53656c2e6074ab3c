"""What operators import into Prometheus and Grafana names what processes show, and leaves nothing out."""

import json
import re
from importlib import import_module
from typing import Any, Final

import yaml
from prometheus_client import Counter, Gauge, Histogram

from services.chassis import metrics
from services.chassis.errors import KINDS
from services.contracts.events import PUBLISHERS
from tests.conftest import ROOT

FOLDER: Final = ROOT / "deploy/monitoring"
PAGE: Final = (ROOT / "docs/monitoring.md").read_text(encoding="utf-8")
FAMILIES: Final = {
    family.name: family.type
    for one in vars(metrics).values()
    if isinstance(one, (Counter, Gauge, Histogram))
    for family in one.collect()
}
PARTS: Final = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("_total",), "gauge": ("",)}
SHOWN: Final = {f"{name}{part}": name for name, kind in FAMILIES.items() for part in PARTS[kind]}


def alerts() -> list[dict[str, Any]]:
    """Every rule."""
    groups = yaml.safe_load((FOLDER / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    """Every panel of the dashboard that shows something."""
    board = json.loads((FOLDER / "grafana-dashboard.json").read_text(encoding="utf-8"))
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def asked(expression: str) -> set[str]:
    """The series of ours that an expression names."""
    return set(re.findall(r"\bmotcua_[a-z_]+", expression))


def test_alerts_and_panels_name_what_is_shown() -> None:
    expressions = {rule["alert"]: rule["expr"] for rule in alerts()}
    expressions |= {panel["title"]: target["expr"] for panel in panels() for target in panel["targets"]}
    assert {where: asked(text) - set(SHOWN) for where, text in expressions.items() if asked(text) - set(SHOWN)} == {}


def test_every_metric_is_on_the_dashboard() -> None:
    named = {SHOWN[name] for panel in panels() for target in panel["targets"] for name in asked(target["expr"])}
    assert named == set(FAMILIES)


def test_every_metric_and_every_alert_is_explained() -> None:
    counted = {f"{name}_total" if kind == "counter" else name for name, kind in FAMILIES.items()}
    assert set(re.findall(r"^\| `(motcua_[a-z_]+)`", PAGE, re.MULTILINE)) == counted
    assert {rule["alert"] for rule in alerts()} == set(re.findall(r"`(Motcua[A-Z]\w+)`", PAGE))


def test_an_alert_says_how_urgent_it_is_and_what_is_the_matter_in_both_languages() -> None:
    for rule in alerts():
        assert rule["labels"]["severity"] in {"page", "ticket"}, rule["alert"]
        said = rule["annotations"]
        assert said["summary"] != said["summary_vi"], rule["alert"]


def test_whoever_is_called_to_set_something_right_is_told_how() -> None:
    modules = [file for file in (ROOT / "services").rglob("*.py") if "metrics.NEEDS_HAND" in file.read_text("utf-8")]
    for file in modules:
        import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
    (told,) = (rule["annotations"]["description"] for rule in alerts() if rule["alert"] == "MotcuaNeedsHand")
    begun = {sample.labels["what"] for family in metrics.NEEDS_HAND.collect() for sample in family.samples}
    assert begun
    assert [what for what in sorted(begun) if what not in told or f"`{what}`" not in PAGE] == []


def test_labels_have_the_values_that_processes_give_them() -> None:
    types = {type_ for events in PUBLISHERS.values() for type_ in events}
    for rule in alerts():
        assert set(re.findall(r'\btype="(\w+)"', rule["expr"])) <= types
        for words in re.findall(r'motcua_(?:request|call)_seconds_\w+\{outcome[!=]~"([^"]+)"', rule["expr"]):
            assert set(words.split("|")) <= {"ok", *KINDS}


def test_the_scrape_finds_the_folder_that_make_up_writes() -> None:
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    (job,) = config["scrape_configs"]
    ((path,),) = (one["files"] for one in job["file_sd_configs"])
    assert (FOLDER / path).resolve() == (ROOT / ".run/metrics/*.json").resolve()
    assert config["rule_files"] == ["alerts.yml"]
