"""Finding a procedure by what people type."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import Unavailable
from services.portal.offers import Offers, collated, fold
from tests.unit.portal.fakes import FakeServices, catalogue, procedure, visit

PRESS = procedure(
    "the-nha-bao", name={"vi": "Cấp thẻ nhà báo", "en": "Press card"}, level=3, applicant_kinds=["organisation"]
)
DOMAIN = procedure("ma-so", name={"vi": "Gia hạn mã số hòa mạng", "en": "Extension of a code"})


@pytest.mark.parametrize(
    "typed", ["gia han ma so", "GIA HẠN", "mã số", "hoà mạng", "hòa mạng", "hoa mang", "extension"]
)
def test_a_procedure_is_found_however_it_is_typed(typed: str) -> None:
    page = visit(FakeServices(catalogue(PRESS, DOMAIN))).get("/thu-tuc/", query_string={"q": typed}).text
    assert "Gia hạn mã số hòa mạng" in page
    assert "Cấp thẻ nhà báo" not in page


def test_filters_narrow_what_is_found() -> None:
    browser = visit(FakeServices(catalogue(PRESS, DOMAIN)))
    assert "Gia hạn" not in browser.get("/thu-tuc/?level=3").text
    assert "Cấp thẻ" not in browser.get("/thu-tuc/?who=citizen").text
    assert "Có 0 thủ tục." in browser.get("/thu-tuc/?unit=another").text


def test_a_paper_that_is_needed_in_some_cases_says_in_which() -> None:
    rule = {"field": "published", "equals": True}
    flag = {"name": "published", "type": "flag", "label": {"vi": "Đã công bố", "en": "Published"}, "required": True}
    paper = {"name": {"vi": "Bản đã công bố", "en": "As published"}, "original": "copy", "copies": 1}
    accepted = {"accepts": ["pdf"], "max_bytes": 1_000_000}
    papers = [
        {"code": "TP01", "need": "conditional", "required_if": rule, **paper, **accepted},
        {"code": "TP02", "need": "required", **paper, **accepted},
    ]
    known = catalogue(procedure("tac-pham", form=[flag], components=papers))
    page = visit(FakeServices(known)).get("/thu-tuc/mic/tac-pham").text
    assert page.count("Bắt buộc khi “Đã công bố” là “Có”.") == 1


def test_what_is_typed_comes_back_escaped() -> None:
    page = (
        visit(FakeServices(catalogue(PRESS))).get("/thu-tuc/", query_string={"q": '"><script>alert(1)</script>'}).text
    )
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_what_is_known_stays_good_while_nobody_answers() -> None:
    services = FakeServices(catalogue(PRESS))
    browser = visit(services)
    assert "Cấp thẻ nhà báo" in browser.get("/thu-tuc/").text
    away = Unavailable("intake.unavailable", "Away.", "Chưa sẵn sàng.")
    services.answers = dict.fromkeys(services.answers, away)
    kept = browser.application.extensions["motcua"].offers._kept  # noqa: SLF001
    for name, (_, answer) in list(kept.items()):
        kept[name] = (-3600.0, answer)  # long ago
    before = len(services.of("registry.list_tenants"))
    assert "Cấp thẻ nhà báo" in browser.get("/thu-tuc/").text
    assert len(services.of("registry.list_tenants")) > before, "nobody was asked anew"
    assert browser.get("/thu-tuc/mic/another").status_code == 503


def test_a_new_process_waits_until_somebody_answers_before_it_shows_pages() -> None:
    away, tenants = Unavailable("registry.unavailable", "Away.", "Chưa sẵn sàng."), iter(range(3))
    answers = catalogue(PRESS)
    listed = answers["registry.list_tenants"]
    services = FakeServices(
        {**answers, "registry.list_tenants": lambda **_: listed if next(tenants, None) is None else away}
    )
    assert offers_of(services).await_any(60.0)
    assert len(services.of("registry.list_tenants")) == 4


def test_a_new_process_does_not_wait_for_ever() -> None:
    away = Unavailable("registry.unavailable", "Away.", "Chưa sẵn sàng.")
    assert not offers_of(FakeServices({"registry.list_tenants": away})).await_any(0.0)


def test_a_procedure_that_is_not_there_is_a_page_that_says_so() -> None:
    answer = visit(FakeServices(catalogue(PRESS))).get("/thu-tuc/mic/nothing")
    assert answer.status_code == 404
    assert "Traceback" not in answer.text


def test_the_page_of_a_procedure_is_in_the_language_that_was_chosen() -> None:
    browser = visit(FakeServices(catalogue(DOMAIN)))
    assert "Extension of a code" in browser.get("/thu-tuc/mic/ma-so?lang=en").text
    assert "Time limit" in browser.get("/thu-tuc/mic/ma-so").text
    assert "Thời hạn giải quyết" in browser.get("/thu-tuc/mic/ma-so?lang=vi").text


def test_names_sort_by_the_vietnamese_alphabet() -> None:
    names = ["Ðông", "đèn", "dê", "ăn", "an", "âm", "bà", "bá", "ba"]
    assert sorted(names[1:], key=collated) == ["an", "ăn", "âm", "ba", "bà", "bá", "dê", "đèn"]


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_numbers_read_as_each_language_writes_them() -> None:
    paper = {
        "code": "TP01",
        "name": {"vi": "Bản khai", "en": "Declaration"},
        "need": "required",
        "original": "original",
        "copies": 1,
        "accepts": ["pdf"],
        "max_bytes": 2_621_440,
    }
    browser = visit(FakeServices(catalogue(procedure(components=[paper]))))
    vietnamese, english = (browser.get(f"/thu-tuc/mic/dk-ten-mien-vn?lang={lang}").text for lang in ("vi", "en"))
    assert "tối đa 2,5 MB" in vietnamese
    assert "1 ngày làm việc" in vietnamese
    assert "at most 2.5 MB" in english
    assert re.search(r"\b1 working day\b", english)


def offers_of(services: FakeServices) -> Offers:
    """What a portal before these services has to offer."""
    offers: Offers = visit(services).application.extensions["motcua"].offers
    return offers
