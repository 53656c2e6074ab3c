"""The named errors that a service's source raises, by class: read from the code, so that none is forgotten."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from services.chassis.errors import KINDS

_SERVICES = Path(__file__).resolve().parents[2]
Codes = dict[str, set[str]]
_GAP = "…"


@dataclass(frozen=True)
class _Maker:
    """What makes an error: of which class, from which argument, and how the code is written around it."""

    kind: str
    place: int = 0
    around: str = _GAP


def codes_of(service: str) -> Codes:
    """Error codes by the name of their class; `…` stands for what is filled in when it is raised."""
    trees = [ast.parse(path.read_text("utf-8")) for path in sorted((_SERVICES / service).glob("*.py"))]
    makers = {name: _Maker(name) for name in KINDS} | {name: one for tree in trees for name, one in _helpers(tree)}
    told_elsewhere = {maker.around for maker in makers.values()}
    found: Codes = {}
    for tree in trees:
        for call in _calls(tree):
            maker = makers.get(_name(call.func))
            for code in _made(tree, call, maker) if maker else ():
                if code.startswith(f"{service}.") and code not in told_elsewhere:
                    found.setdefault(maker.kind if maker else "", set()).add(code)
    return found


def _made(tree: ast.Module, call: ast.Call, maker: _Maker) -> Iterator[str]:
    if len(call.args) > maker.place:
        yield from (maker.around.replace(_GAP, code) for code in _codes(tree, call.args[maker.place]))


def _helpers(tree: ast.Module) -> Iterator[tuple[str, _Maker]]:
    """Functions that make an error whose code is one of their arguments."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            places = {argument.arg: place for place, argument in enumerate(function.args.args)}
            for call in _calls(function):
                if _name(call.func) in KINDS and call.args:
                    around = next(_codes(tree, call.args[0]), _GAP)
                    for name in _names(call.args[0]) & set(places):
                        yield function.name, _Maker(_name(call.func), places[name], around)


def _codes(tree: ast.Module, node: ast.expr) -> Iterator[str]:
    """The codes that an argument may be: a word, a word with gaps, or those of a table of the module."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        parts = [str(part.value) if isinstance(part, ast.Constant) else _GAP for part in node.values]
        yield "".join(parts)
    elif isinstance(node, ast.Starred):
        wanted = _names(node)
        for statement in tree.body:
            if isinstance(statement, (ast.Assign, ast.AnnAssign)) and wanted & _names(statement):
                yield from _words(statement)


def _words(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and re.fullmatch(r"[a-z]+\.[a-z_]+", str(inner.value)):
            yield str(inner.value)


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _name(function: ast.expr) -> str:
    return str(getattr(function, "id", getattr(function, "attr", "")))


def _names(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
