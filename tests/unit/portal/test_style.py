"""The page of the design system shows everything that the stylesheets have."""

import re
from pathlib import Path
from typing import Final

import pytest

from services.portal import http
from tests.unit.portal.fakes import FakeServices, visit

STATIC: Final = Path(http.__file__).parent / "static"
COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
RULES: Final = re.compile(r"([^{}]+)\{")
CLASS: Final = re.compile(r"\.([a-z][a-z-]*)")


@pytest.mark.parametrize("sheet", ["portal.css", "desk.css"])
def test_every_class_of_a_stylesheet_is_on_the_page_of_the_design_system(sheet: str) -> None:
    text = COMMENT.sub("", (STATIC / sheet).read_text(encoding="utf-8"))
    styled = {name for selector in RULES.findall(text) for name in CLASS.findall(selector)}
    page = visit(FakeServices()).get("/phong-cach").text
    shown = {name for names in re.findall(r'class="([^"]*)"', page) for name in names.split()}
    assert len(styled) > 10
    assert styled - shown == set()
