"""What MongoDB means by a filter, an update and an expression, as far as the services' stores say any of them."""

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

Document = dict[str, Any]
_ABSENT: Final = object()


def matches(document: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a document is what a filter asks for."""
    for name, test in wanted.items():
        value = document.get(name, _ABSENT)
        plain = value is not _ABSENT and type(value) is not list and type(test) is not dict  # what is asked most
        if not (value == test if plain else _holds(document, name, test)):
            return False
    return True


def values_at(document: Any, path: str) -> list[Any]:
    """All that stands at a dotted path, arrays on the way looked into; nothing where it is absent."""
    first, _, rest = path.partition(".")
    if type(document) is list:
        return [value for one in document for value in values_at(one, path)]
    if type(document) is not dict or first not in document:
        return []
    return values_at(document[first], rest) if rest else [document[first]]


def updated(document: Document, change: Any, *, fresh: bool = False) -> Document:
    """The document after a change; `fresh` when an upsert makes it. The one before stays as it was."""
    after = dict(document)
    if isinstance(change, dict):
        for how, arguments in change.items():
            if how != "$setOnInsert" or fresh:
                for path, argument in arguments.items():
                    _at_path(after, path, _GROWTH[how], argument)
        return after
    for stage in change:
        made = {path: evaluated(after, expression) for path, expression in stage["$set"].items()}
        for path, value in made.items():
            _at_path(after, path, _unset if value is _ABSENT else _set, value)
    return after


def evaluated(document: Mapping[str, Any], expression: Any) -> Any:
    """The value of an aggregation expression."""
    if expression == "$$REMOVE":
        return _ABSENT
    if isinstance(expression, str) and expression.startswith("$"):
        return document.get(expression[1:], _ABSENT)
    if not isinstance(expression, dict):
        return expression
    (how, arguments), *_ = expression.items()
    return _EXPRESSIONS[how](*[evaluated(document, argument) for argument in arguments])


def projected(document: Document, projection: Mapping[str, Any] | None) -> Document:
    """The document cut down; of a dotted path the whole first part stays."""
    if not projection:
        return dict(document)
    if all(shown == 0 for shown in projection.values()):
        return {name: value for name, value in document.items() if name not in projection}
    computed = {name: evaluated(document, how) for name, how in projection.items() if isinstance(how, dict)}
    shown = {name.partition(".")[0] for name in projection} | {"_id"}
    return {**{name: value for name, value in document.items() if name in shown}, **computed}


def _holds(document: Mapping[str, Any], name: str, test: Any) -> bool:
    if name in _LOGIC:
        return _LOGIC[name](document, test)
    found = values_at(document, name) if "." in name else [document[name]] if name in document else []
    if type(test) is dict:
        return all(_TESTS[how](found, bound) for how, bound in test.items())
    return _equals(found, test)


def _equals(found: Sequence[Any], wanted: Any) -> bool:
    if wanted is None:
        return not found or None in found
    return any(value == wanted or (isinstance(value, list) and wanted in value) for value in found)


def _compared(compare: Callable[[Any, Any], bool]) -> Callable[[Sequence[Any], Any], bool]:
    """Only values of one type compare, as in BSON."""

    def holds(found: Sequence[Any], bound: Any) -> bool:
        kind = type(bound)
        return any(compare(value, bound) for value in found if type(value) is kind)

    return holds


def _leaves(found: Sequence[Any]) -> Iterator[Any]:
    for value in found:
        yield value
        if isinstance(value, list):
            yield from value


_TESTS: Final[Mapping[str, Callable[[Sequence[Any], Any], bool]]] = {
    "$lt": _compared(operator.lt),
    "$lte": _compared(operator.le),
    "$gt": _compared(operator.gt),
    "$gte": _compared(operator.ge),
    "$ne": lambda found, value: not _equals(found, value),
    "$in": lambda found, several: any(value in several for value in _leaves(found)) or (None in several and not found),
    "$nin": lambda found, several: not _TESTS["$in"](found, several),
    "$not": lambda found, tests: not all(_TESTS[name](found, bound) for name, bound in tests.items()),
    "$exists": lambda found, wanted: bool(found) == wanted,
    "$type": lambda found, name: any(isinstance(value, {"date": datetime, "string": str}[name]) for value in found),
}
_LOGIC: Final[Mapping[str, Callable[[Mapping[str, Any], Any], bool]]] = {
    "$and": lambda document, several: all(matches(document, one) for one in several),
    "$or": lambda document, several: any(matches(document, one) for one in several),
    "$nor": lambda document, several: not any(matches(document, one) for one in several),
    "$expr": lambda document, expression: bool(evaluated(document, expression)),
}
_EXPRESSIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "$lt": operator.lt,
    "$lte": operator.le,
    "$slice": lambda items, first, most: items[first : first + most],
    "$cond": lambda condition, then, otherwise: then if condition else otherwise,
}


def _at_path(document: Document, path: str, change: Callable[[Document, str, Any], None], argument: Any) -> None:
    *before, last = path.split(".")
    for part in before:
        inner = dict(document.get(part, {}))
        document[part], document = inner, inner
    change(document, last, argument)


def _set(place: Document, name: str, value: Any) -> None:
    place[name] = value


def _unset(place: Document, name: str, _value: Any) -> None:
    place.pop(name, None)


def _lower(place: Document, name: str, to: Any) -> None:
    place[name] = min(place.get(name, to), to)


def _raise(place: Document, name: str, to: Any) -> None:
    place[name] = max(place.get(name, to), to)


def _increment(place: Document, name: str, by: int) -> None:
    place[name] = place.get(name, 0) + by


def _push(place: Document, name: str, what: Any) -> None:
    several = isinstance(what, Mapping) and "$each" in what
    place[name] = [*place.get(name, ()), *(what["$each"] if several else [what])]


_GROWTH: Final[Mapping[str, Callable[[Document, str, Any], None]]] = {
    "$set": _set,
    "$setOnInsert": _set,
    "$unset": _unset,
    "$inc": _increment,
    "$min": _lower,
    "$max": _raise,
    "$push": _push,
}
