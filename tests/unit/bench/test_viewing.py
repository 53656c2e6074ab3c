"""A page has a figure only where it shows what is stored, and a question is told by the way that it went."""

from tests.bench.profiled import Question
from tests.bench.views import _has, _listed, _next, _number, _rows

ROWS = '<a class="code hit" href="/x" data-open>A-1</a> <a class="code hit" href="/y" data-open>A-2</a>'


def test_rows_are_those_that_are_stored_in_their_order() -> None:
    assert _rows(["A-1", "A-2"])(ROWS) == ""
    assert "2 rows" in _rows(["A-2", "A-1"])(ROWS)
    assert "2 rows" in _rows(["A-1", "A-2", "A-3"])(ROWS)
    assert _rows(["A-1", "A-2", "A-3"], or_fewer=True)(ROWS) == ""
    assert _rows([])("nothing at all") != ""
    assert _rows([], or_fewer=True)("nothing at all") != ""


def test_what_a_page_lacks_is_named() -> None:
    page = '<span class="code">B-1</span><span class="code">B-2</span>'
    assert (_listed(["B-2"])(page), _listed(["B-3", "B-2"])(page)) == ("", "without B-3")
    assert (_has("B-1", "B-2")(page), _has("B-1", "B-4")(page)) == ("", "without B-4")


def test_the_next_page_is_where_the_page_says() -> None:
    assert (
        _next('<a class="button" rel="next" href="/q?after=a.b&amp;late=overdue" data-next>')
        == "/q?after=a.b&late=overdue"
    )
    assert _number(1234567) == "1.234.567"


def test_a_question_went_by_an_index_unless_the_server_says_otherwise() -> None:
    told = {"ns": "motcua_routing.cases", "planSummary": "IXSCAN { state.unit: 1 }", "docsExamined": 51}
    assert Question.read(told) == Question("motcua_routing.cases", 51, frozenset())
    assert Question.read({**told, "planSummary": "COLLSCAN"}).detours == {"COLLSCAN"}
    assert Question.read({**told, "hasSortStage": True}).detours == {"SORT"}
