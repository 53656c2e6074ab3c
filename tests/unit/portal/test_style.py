"""The page of the design system shows everything that the stylesheets have."""

import re
from pathlib import Path
from typing import Any, Final

import pytest
import tinycss2

from services.portal import http
from tests.unit.portal.fakes import FakeServices, visit

STATIC: Final = Path(http.__file__).parent / "static"
COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
RULES: Final = re.compile(r"([^{}]+)\{")
CLASS: Final = re.compile(r"\.([a-z][a-z-]*)")


@pytest.mark.parametrize("sheet", ["portal.css", "desk.css", "slip.css"])
def test_every_class_of_a_stylesheet_is_on_the_page_of_the_design_system(sheet: str) -> None:
    text = COMMENT.sub("", (STATIC / sheet).read_text(encoding="utf-8"))
    styled = {name for selector in RULES.findall(text) for name in CLASS.findall(selector)}
    page = visit(FakeServices()).get("/phong-cach").text
    shown = {name for names in re.findall(r'class="([^"]*)"', page) for name in names.split()}
    assert len(styled) > 10
    assert styled - shown == set()


def moving(rules: list[Any], inside: tuple[str, ...] = ()) -> list[tuple[str, tuple[str, ...]]]:
    """Every declaration that has something move, with the rules that it stands in."""
    found: list[tuple[str, tuple[str, ...]]] = []
    for rule in rules:
        if rule.type == "declaration" and rule.lower_name.startswith(("transition", "animation", "scroll-behavior")):
            found.append((rule.lower_name, inside))
        elif rule.type in {"at-rule", "qualified-rule"} and rule.content:
            head = ("@" + rule.lower_at_keyword if rule.type == "at-rule" else "") + tinycss2.serialize(rule.prelude)
            within = tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True)
            found += moving(within, (*inside, head.strip()))
    return found


def test_nothing_moves_for_who_asked_for_stillness() -> None:
    found = {
        sheet.name: moving(tinycss2.parse_stylesheet(sheet.read_text(encoding="utf-8"), skip_comments=True))
        for sheet in STATIC.glob("*.css")
    }
    assert found["portal.css"], "nothing moves at all: then nothing is seen here"
    free = "@media (prefers-reduced-motion: no-preference)"
    assert [(name, what) for name, those in found.items() for what in those if free not in what[1]] == []


def test_the_page_of_the_design_system_has_an_english_door() -> None:
    answer = visit(FakeServices()).get("/style")
    assert (answer.status_code, answer.location) == (302, "/phong-cach")
