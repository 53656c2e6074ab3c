"""What the parts of the portal teach the templates."""

from collections import Counter

import pytest
from flask import Flask

from services.portal import casework, drawing, prefill, telling, wording

PARTS = (wording, telling, casework, drawing, prefill)


def test_no_part_takes_a_name_that_another_part_teaches() -> None:
    known = set(Flask(__name__).jinja_env.globals)
    taught: Counter[str] = Counter()
    for part in PARTS:
        app = Flask(__name__)
        part.teach(app)
        taught.update(set(app.jinja_env.globals) - known)
    assert [name for name, times in taught.items() if times > 1] == []


@pytest.mark.parametrize("part", PARTS)
def test_every_part_teaches_something(part: object) -> None:
    app = Flask(__name__)
    before = set(app.jinja_env.globals)
    part.teach(app)  # type: ignore[attr-defined]
    assert set(app.jinja_env.globals) > before
