"""As much of PromQL as our alert rules use, over two scrapes of each process: `fires` is what Prometheus would find.

Selectors with ranges, `rate`, `increase`, `histogram_quantile`, `absent`, `vector`, `hour`, `day_of_week`, sums and
maxima by label, division, comparisons as filters, `and`, `unless`, `or`. Anything else is a SyntaxError, not a silent
match.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from prometheus_client.parser import text_string_to_metric_families

Labels = frozenset[tuple[str, str]]
Vector = dict[Labels, float]
_TOKEN: Final = re.compile(r'\s*(\d+(?:\.\d+)?(?![\w])|[A-Za-z_]\w*|"[^"]*"|\[\d+[smh]\]|[<>=!]=|=~|!~|[-(){},/<>=])')
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600}
_COMPARED: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
}
_MATCHED: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "=": lambda value, wanted: value == wanted,
    "!=": lambda value, wanted: value != wanted,
    "=~": lambda value, wanted: re.fullmatch(wanted, value) is not None,
    "!~": lambda value, wanted: re.fullmatch(wanted, value) is None,
}
_MERGED: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {"sum": math.fsum, "max": max, "min": min}


@dataclass(frozen=True)
class Series:
    """One time series by its last value and what it grew by in a second; None where it was not there before."""

    name: str
    labels: Labels
    value: float
    growth: float | None


def scraped(page: str) -> dict[tuple[str, Labels], float]:
    """The samples of one page of `/metrics`."""
    families = text_string_to_metric_families(page)
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def series_of(before: str, now: str, seconds: float, **target: str) -> Iterator[Series]:
    """What two scrapes of one process come to, under the labels of its target, which win; `up` is one of them."""
    earlier = scraped(before)
    for (name, labels), value in scraped(now).items():
        own = {f"exported_{label}" if label in target else label: text for label, text in labels}
        before_that = earlier.get((name, labels))
        growth = None if before_that is None else max(0.0, value - before_that) / seconds
        yield Series(name, frozenset({**own, **target}.items()), value, growth)
    yield Series("up", frozenset(target.items()), 1.0, 0.0)


def fires(rule: str, series: Sequence[Series], at: datetime | None = None) -> Vector:
    """For what, by its labels, a rule holds."""
    reader = _Reader(rule, series, at or datetime.now(UTC))
    found = reader.any()
    if reader.tokens:
        raise SyntaxError(f"{reader.tokens} is left of {rule}")
    return found if isinstance(found, dict) else {frozenset(): found}


class _Reader:
    """Reads and reckons at once, from the loosest binding to the tightest."""

    def __init__(self, rule: str, series: Sequence[Series], at: datetime) -> None:
        self._series, self._at, self.tokens = series, at, _tokens(rule)

    def any(self) -> Any:
        found = self.all()
        while self._take("or"):
            other = self.all()
            found = {**other, **found}
        return found

    def all(self) -> Any:
        found = self.compared()
        while self.tokens and self.tokens[0] in {"and", "unless"}:
            both = self.tokens.pop(0) == "and"
            shared = self._names() if self._take("on") else None
            other = {_only(labels, shared) for labels in self.compared()}
            found = {labels: value for labels, value in found.items() if (_only(labels, shared) in other) == both}
        return found

    def compared(self) -> Any:
        found = self.divided()
        while self.tokens and self.tokens[0] in _COMPARED:
            holds, bound = _COMPARED[self.tokens.pop(0)], self.divided()
            found = {labels: value for labels, value in found.items() if holds(value, bound)}
        return found

    def divided(self) -> Any:
        found = self.one()
        while self._take("/"):
            by = self.one()
            found = {labels: _ratio(value, by[labels]) for labels, value in found.items() if labels in by}
        return found

    def one(self) -> Any:
        word = self.tokens.pop(0)
        if word == "(":
            found = self.any()
            self._insist(")")
            return found
        if word[0].isdigit():
            return float(word)
        if word in _MERGED:
            return self._merged(_MERGED[word])
        if self._take("("):
            found = self._called(word)
            self._insist(")")
            return found
        return {one.labels: one.value for one in self._selected(word)}

    def _called(self, function: str) -> Any:
        match function:
            case "rate" | "increase":
                chosen, seconds = self._selected(self.tokens.pop(0)), _range(self.tokens.pop(0))
                times = seconds if function == "increase" else 1
                return {one.labels: one.growth * times for one in chosen if one.growth is not None}
            case "histogram_quantile":
                share = self.any()
                self._insist(",")
                return _quantiles(share, self.any())
            case "absent":
                before = list(self.tokens)
                found = self.any()
                named = re.findall(r'(\w+) = "([^"]*)"', " ".join(before[: len(before) - len(self.tokens)]))
                return {} if found else {frozenset(named): 1.0}
            case "vector":
                return {frozenset(): self.any()}
            case "hour":
                return {frozenset(): float(self._at.hour)}
            case "day_of_week":
                return {frozenset(): float(self._at.isoweekday() % 7)}
        raise SyntaxError(f"no function {function}")

    def _merged(self, merge: Callable[[Sequence[float]], float]) -> Vector:
        kept = self._names() if self._take("by") else ()
        self._insist("(")
        groups: dict[Labels, list[float]] = {}
        for labels, value in self.any().items():
            groups.setdefault(_only(labels, kept), []).append(value)
        self._insist(")")
        return {labels: merge(values) for labels, values in groups.items()}

    def _selected(self, name: str) -> list[Series]:
        found = [one for one in self._series if one.name == name]
        if self._take("{"):
            while not self._take("}"):
                label, how, wanted = (self.tokens.pop(0) for _ in range(3))
                found = [one for one in found if _MATCHED[how](dict(one.labels).get(label, ""), wanted.strip('"'))]
                self._take(",")
        return found

    def _names(self) -> tuple[str, ...]:
        self._insist("(")
        found = []
        while not self._take(")"):
            found.append(self.tokens.pop(0))
            self._take(",")
        return tuple(found)

    def _take(self, token: str) -> bool:
        if self.tokens[:1] != [token]:
            return False
        del self.tokens[0]
        return True

    def _insist(self, token: str) -> None:
        if not self._take(token):
            raise SyntaxError(f"{token} is missing before {self.tokens}")


def _tokens(rule: str) -> list[str]:
    found, at = [], 0
    rule = rule.strip()
    while at < len(rule):
        token = _TOKEN.match(rule, at)
        if token is None:
            raise SyntaxError(rule[at:])
        found.append(token[1])
        at = token.end()
    return found


def _range(token: str) -> int:
    return int(token[1:-2]) * _SECONDS[token[-2]]


def _only(labels: Labels, names: Sequence[str] | None) -> Labels:
    return labels if names is None else frozenset(one for one in labels if one[0] in names)


def _ratio(value: float, by: float) -> float:
    return value / by if by else math.nan if not value else math.inf


def _quantiles(share: float, buckets: Vector) -> Vector:
    groups: dict[Labels, list[tuple[float, float]]] = {}
    for labels, count in buckets.items():
        bound = float(dict(labels)["le"])
        groups.setdefault(frozenset(one for one in labels if one[0] != "le"), []).append((bound, count))
    return {labels: _quantile(share, sorted(counts)) for labels, counts in groups.items()}


def _quantile(share: float, counts: Sequence[tuple[float, float]]) -> float:
    rank, low, below = share * counts[-1][1], 0.0, 0.0
    if not counts[-1][1]:
        return math.nan
    for bound, count in counts:
        if count >= rank:
            return low if math.isinf(bound) else low + (bound - low) * (rank - below) / (count - below)
        low, below = bound, count
    return low
