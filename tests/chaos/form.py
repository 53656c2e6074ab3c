"""Which form a scenario has: two runs of it compare where it was the same."""

import ast
import hashlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any, Final

_LETTERS: Final = 12


def form_of(act: Callable[..., Any]) -> str:
    """A digest of its code and of all that it names in its own module; how it is laid out does not count."""
    module = inspect.getmodule(act)
    if module is None:
        raise TypeError(f"{act} is in no module")
    known = dict(_named(ast.parse(inspect.getsource(module))))
    wanted, reached = [act.__name__], dict[str, str]()
    while wanted:
        if (name := wanted.pop()) in known and name not in reached:
            reached[name] = ast.dump(known[name])
            wanted += [one.id for one in ast.walk(known[name]) if isinstance(one, ast.Name)]
    return hashlib.sha256("\n".join(reached[name] for name in sorted(reached)).encode()).hexdigest()[:_LETTERS]


def _named(module: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    """Every function, class and constant of a module."""
    for one in module.body:
        if isinstance(one, ast.FunctionDef | ast.ClassDef):
            yield one.name, one
        for target in (
            one.targets if isinstance(one, ast.Assign) else [one.target] if isinstance(one, ast.AnnAssign) else []
        ):
            yield from ((name.id, one) for name in ast.walk(target) if isinstance(name, ast.Name))
