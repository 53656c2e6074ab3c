"""What templates speak of is given to them: a name that nobody gives is nothing, until something is asked of it."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from jinja2 import nodes
from jinja2.meta import find_undeclared_variables

from services.portal import http
from tests.unit.portal.fakes import FakeServices, app

PORTAL: Final = Path(str(http.__file__)).parent
TEMPLATES: Final = PORTAL / "templates"
OF_FLASK: Final = {"g", "request", "session", "url_for", "config"}
NAMES: Final = sorted(str(file.relative_to(TEMPLATES)) for file in TEMPLATES.rglob("*.html"))


def given() -> Iterator[str]:
    """Every name by which the code gives something to somebody: keywords of calls, and words that may be keys."""
    for file in PORTAL.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.keyword) and node.arg:
                yield node.arg
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
                yield node.value


def made(tree: nodes.Template) -> Iterator[str]:
    """Every name that a template makes, for itself, for what it imports, or for what it is a part of."""
    yield from (one.name for one in tree.find_all(nodes.Name) if one.ctx in {"store", "param"})
    yield from (one.name for one in tree.find_all(nodes.Macro))
    yield from (one.target for one in tree.find_all(nodes.Import))


def test_every_name_in_a_template_is_given_by_somebody() -> None:
    environment = app(FakeServices()).jinja_env
    trees = {name: environment.parse((TEMPLATES / name).read_text("utf-8")) for name in NAMES}
    known = {*given(), *environment.globals, *OF_FLASK, *(name for tree in trees.values() for name in made(tree))}
    unknown = {name: find_undeclared_variables(tree) - known for name, tree in trees.items()}
    assert {name: names for name, names in unknown.items() if names} == {}
