"""YAML read strictly, with the line of every value: no anchors, no repeated keys, no guessing of dates or numbers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

_NULLS = ("", "~", "null")


@dataclass(frozen=True)
class Read:
    """One YAML document: its value, and the line on which each dotted path begins."""

    value: Any
    lines: dict[str, int]

    def line_of(self, path: str) -> int:
        """The line of the path, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path.rpartition(".")[0]
        return self.lines[path]


class Unreadable(ValueError):
    """The text is not YAML as the catalogue wants it."""

    def __init__(self, line: int, path: str, vi: str, en: str) -> None:
        super().__init__(en)
        self.line, self.path, self.vi, self.en = line, path, vi, en


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, Any] = {}  # yaml's own shape; filled below

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            line = mark.line + 1
            raise Unreadable(line, "", "Không dùng neo và bí danh.", "Anchors and aliases are not used here.")
        return super().compose_node(parent, index)


for _tag, _pattern, _first in (
    ("bool", r"true|false", "tf"),
    ("int", r"-?(?:0|[1-9][0-9]{0,15})", "-0123456789"),
    ("null", r"~|null|", ["~", "n", ""]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), list(_first))


def read(text: str) -> list[Read]:
    """The documents of a stream; Unreadable for the first thing that cannot be read."""
    try:
        return list(_documents(text))
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        line = mark.line + 1 if mark else 1
        raise Unreadable(line, "", "Sai cú pháp YAML.", f"Not valid YAML: {wrong.problem}.") from wrong
    except yaml.YAMLError as wrong:
        raise Unreadable(1, "", "Có ký tự không được phép.", "Contains a forbidden character.") from wrong


def _documents(text: str) -> Iterator[Read]:
    loader = _Loader(text)
    try:
        while loader.check_node():
            lines: dict[str, int] = {}
            yield Read(_value(loader.get_node(), "", lines), lines)
    finally:
        loader.dispose()


def _value(node: Any, path: str, lines: dict[str, int]) -> Any:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, lines)
    if isinstance(node, yaml.SequenceNode):
        return [_value(inner, _below(path, position), lines) for position, inner in enumerate(node.value)]
    return _scalar(node, path)


def _mapping(node: yaml.MappingNode, path: str, lines: dict[str, int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise Unreadable(line, path, "Khóa phải là văn bản.", "A key must be text.")
        key = str(key_node.value)
        below = _below(path, key)
        if key in found:
            raise Unreadable(line, below, f"Khóa {key} bị lặp lại.", f"The key {key} appears twice.")
        lines[below] = line
        found[key] = _value(value_node, below, lines)
    return found


def _scalar(node: yaml.ScalarNode, path: str) -> Any:
    tag = str(node.tag).rpartition(":")[2]
    if tag == "str":
        return str(node.value)
    if tag == "null" and node.value in _NULLS:
        return None
    if tag == "bool" and node.value in ("true", "false"):
        return node.value == "true"
    if tag == "int" and re.fullmatch(r"-?\d+", node.value, re.ASCII):
        return int(node.value)
    raise Unreadable(node.start_mark.line + 1, path, "Kiểu không được dùng.", f"The tag {node.tag} is not used here.")


def _below(path: str, name: str | int) -> str:
    return f"{path}.{name}" if path else str(name)
