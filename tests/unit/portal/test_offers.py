"""Finding a procedure by what people type."""

import re
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import Invalid, NotFound, Unavailable
from services.contracts.folding import fold
from services.portal.offers import Offers, collated
from tests.unit.portal.fakes import MINISTRY, UNIT, FakeServices, catalogue, procedure, visit

PRESS = procedure(
    "the-nha-bao", name={"vi": "Cấp thẻ nhà báo", "en": "Press card"}, level=3, applicant_kinds=["organisation"]
)
DOMAIN = procedure("ma-so", name={"vi": "Gia hạn mã số hòa mạng", "en": "Extension of a code"})


@pytest.mark.parametrize(
    "typed",
    [
        *("gia han ma so", "GIA HẠN", "mã số", "hoà mạng", "hòa mạng", "hoa mang", "extension"),
        *("Gia hạn mã số, hòa mạng", "gia hạn – mã số", "Gia hạn mã số (VNNIC)", "mã số; bộ thông tin"),
    ],
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


def test_the_units_to_choose_from_are_those_of_the_ministry_that_was_chosen() -> None:
    theirs = {"key": "cuc-dien-anh", "name": {"vi": "Cục Điện ảnh", "en": "Cinema"}}
    film = {**ELSEWHERE, "unit": theirs["key"]}
    lists = {one: catalogue(page)["intake.list_procedures"] for one, page in (("mic", PRESS), ("mcst", film))}
    answers = {
        **catalogue(PRESS),
        "registry.list_tenants": MINISTRIES,
        "registry.get_unit": lambda key, **_: theirs if key == theirs["key"] else UNIT,
        "intake.list_procedures": lambda tenant, **_: lists[tenant],
    }
    browser = visit(FakeServices(answers))
    assert 'value="vnnic"' in (everything := browser.get("/thu-tuc/").text)
    assert 'value="cuc-dien-anh"' in everything
    culture = browser.get("/thu-tuc/?tenant=mcst").text
    assert '<option value="mcst" selected>Bộ Văn hóa</option>' in culture
    assert 'value="cuc-dien-anh"' in culture
    assert 'value="vnnic"' not in culture
    turned = browser.get("/thu-tuc/?tenant=mcst&unit=vnnic").text  # the unit stands there from before
    assert "Cấp giấy phép phim" in turned
    assert "Cấp giấy phép phim" not in browser.get("/thu-tuc/?unit=vnnic").text


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


def test_what_is_known_stays_good_while_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    services = FakeServices(catalogue(PRESS))
    browser = visit(services)
    assert "Cấp thẻ nhà báo" in browser.get("/thu-tuc/").text
    away = Unavailable("intake.unavailable", "Away.", "Chưa sẵn sàng.")
    services.answers = dict.fromkeys(services.answers, away)
    monkeypatch.setattr("time.monotonic", lambda: float("inf"))  # long after
    before = len(services.of("registry.list_tenants"))
    assert "Cấp thẻ nhà báo" in browser.get("/thu-tuc/").text
    assert len(services.of("registry.list_tenants")) > before, "nobody was asked anew"
    assert browser.get("/thu-tuc/mic/another").status_code == 503


def test_in_a_new_process_whoever_looks_waits_until_somebody_answers() -> None:
    away, tenants = Unavailable("registry.unavailable", "Away.", "Chưa sẵn sàng."), iter(range(3))
    answers = catalogue(PRESS)
    listed = answers["registry.list_tenants"]
    services = FakeServices(
        {**answers, "registry.list_tenants": lambda **_: listed if next(tenants, None) is None else away}
    )
    assert [one.key for one in Offers(services, patience=60.0).all()] == ["the-nha-bao"]  # type: ignore[arg-type]
    assert len(services.of("registry.list_tenants")) == 4


def test_in_a_new_process_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.monotonic", lambda: sum(slept))
    monkeypatch.setattr("time.sleep", slept.append)
    away = Unavailable("registry.unavailable", "Away.", "Chưa sẵn sàng.")
    services = FakeServices({"registry.list_tenants": away})
    offers = Offers(services, patience=10.0)  # type: ignore[arg-type]
    with pytest.raises(Unavailable):
        offers.all()
    assert sum(slept) == 10.0
    assert len(services.of("registry.list_tenants")) == len(slept) + 1
    assert not offers.read()
    assert sum(slept) == 10.0, "it is no new process any more"


MINISTRIES = {"items": [MINISTRY, {"key": "mcst", "name": {"vi": "Bộ Văn hóa", "en": "Culture"}}], "next": None}
NOTHING_THERE = NotFound("registry.unknown_document", "No.", "Không.")
NOTHING_YET = Unavailable("intake.catalogue_missing", "Not yet.", "Chưa có.")
NOTHING_YET.said_by = "intake"
Logged = list[tuple[str, dict[str, object]]]
ELSEWHERE = procedure("phim", name={"vi": "Cấp giấy phép phim", "en": "Film"}, tenant="mcst")


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Logged:
    """What is said to be wrong, and what is told with it."""
    lines: Logged = []

    def tell(event: str, **known: object) -> None:
        lines.append((event, known))

    monkeypatch.setattr("services.portal.offers.log", SimpleNamespace(warning=tell, error=tell))
    return lines


def two_ministries(second: object) -> FakeServices:
    """Two ministries with a procedure each; `second` is what intake answers of the second."""
    lists = {one: catalogue(page)["intake.list_procedures"] for one, page in (("mic", PRESS), ("mcst", ELSEWHERE))}

    def listed(tenant: str, **_: object) -> object:
        return lists["mcst"] if second is None and tenant == "mcst" else lists["mic"] if tenant == "mic" else second

    return FakeServices({**catalogue(PRESS), "registry.list_tenants": MINISTRIES, "intake.list_procedures": listed})


@pytest.mark.parametrize("address", ["/", "/thu-tuc/", "/api/v1/procedures"])
@pytest.mark.parametrize("answer", [NOTHING_YET, {"items": [], "next": None}])
def test_a_ministry_of_which_nothing_is_there_takes_nothing_from_the_others(
    address: str, answer: object, logged: Logged
) -> None:
    told = visit(two_ministries(answer)).get(address)
    assert told.status_code == 200
    unread = [known["tenant"] for event, known in logged if event == "ministry_not_read"]
    assert unread == (["mcst"] if answer is NOTHING_YET else [])
    assert ("VNNIC" if "api" in address else "Trung tâm Internet Việt Nam") in told.text


def test_a_ministry_that_cannot_be_asked_now_stands_as_it_was_and_is_asked_again_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    instant = 1000.0
    monkeypatch.setattr("time.monotonic", lambda: instant)
    services = two_ministries(None)
    offers = offers_of(services)
    assert [one.key for one in offers.all()] == ["phim", "the-nha-bao"]
    services.answers["intake.list_procedures"] = two_ministries(NOTHING_YET).answers["intake.list_procedures"]
    instant += 61
    assert [one.key for one in offers.all()] == ["phim", "the-nha-bao"]
    services.answers["intake.list_procedures"] = two_ministries({"items": [], "next": None}).answers[
        "intake.list_procedures"
    ]
    instant += 6
    assert [one.key for one in offers.all()] == ["the-nha-bao"]


def test_a_new_process_says_that_a_ministry_lacks_and_shows_what_there_is() -> None:
    offers = offers_of(two_ministries(NOTHING_YET))
    assert not offers.read()
    assert [one.key for one in offers.all()] == ["the-nha-bao"]


def test_a_procedure_whose_unit_has_ended_is_not_on_offer_and_takes_no_other_with_it(logged: Logged) -> None:
    orphan = procedure("mo-coi", unit="giai-the", name={"vi": "Không còn đơn vị", "en": "Orphan"})
    ended = NotFound("registry.unknown_unit", "No.", "Không.")
    known = {**catalogue(PRESS, orphan), "registry.get_unit": lambda key, **_: UNIT if key == "vnnic" else ended}
    page = visit(FakeServices(known)).get("/thu-tuc/").text
    assert "Cấp thẻ nhà báo" in page
    assert "Không còn đơn vị" not in page
    assert ("procedure_without_unit", "mo-coi") in [(event, known.get("procedure")) for event, known in logged]


def test_however_many_days_dossiers_came_on_few_documents_are_kept_and_the_catalogue_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("time.monotonic", lambda: 1000.0)
    services = FakeServices(
        {**catalogue(PRESS), "registry.get_procedure": PRESS, "registry.get_calendar": {"key": "vn"}}
    )
    offers = offers_of(services)
    offers.all()
    for past in range(1000):
        on = (date(2026, 11, 27) - timedelta(days=past)).isoformat()
        offers.procedure_version("mic", "the-nha-bao", on)
        offers.standing("calendar", "vn", on=on)
    assert 0 < len(offers._kept_of_days) <= 200  # noqa: SLF001
    offers.procedure_version("mic", "the-nha-bao", on)
    offers.all()
    assert (len(services.of("registry.get_procedure")), len(services.of("registry.list_tenants"))) == (1000, 1)


def test_of_a_registry_that_cannot_be_asked_how_a_unit_last_was_it_is_not_there() -> None:
    strict = Invalid("registry.invalid", "Unknown argument.", "Không có tham số này.")
    offers = offers_of(
        FakeServices({"registry.get_unit": lambda standing=False, **_: strict if standing else NOTHING_THERE})
    )
    with pytest.raises(NotFound):
        offers.standing("unit", "vnnic", "mic")
    assert offers.unit_name("mic", "vnnic")["vi"] == "vnnic"


def test_a_procedure_that_is_not_there_is_a_page_that_says_so() -> None:
    answer = visit(FakeServices(catalogue(PRESS))).get("/thu-tuc/mic/nothing")
    assert answer.status_code == 404
    assert "Traceback" not in answer.text


def test_the_page_of_a_procedure_is_in_the_language_that_was_chosen() -> None:
    browser = visit(FakeServices(catalogue(DOMAIN)))
    assert "Extension of a code" in browser.get("/thu-tuc/mic/ma-so?lang=en").text
    assert "Time limit" in browser.get("/thu-tuc/mic/ma-so").text
    assert "Thời hạn giải quyết" in browser.get("/thu-tuc/mic/ma-so?lang=vi").text


def test_the_page_of_a_procedure_tells_what_it_costs_and_when_what_comes_of_it_and_by_which_law() -> None:
    fee = {
        "name": {"vi": "Lệ phí cấp phép", "en": "Licence fee"},
        "basis": "flat",
        "amount_vnd": 1_350_000,
        "when_due": "before_result",
        "source": "TT 20/2023/TT-BTC",
        "mark": "unsure",
    }
    laws = [
        {"number": "Luật 41/2009/QH12", "valid_from": "2010-07-01", "valid_to": "2026-06-30"},
        {"number": "NĐ 72/2013/NĐ-CP", "valid_from": "2013-09-01", "valid_to": None},
        {"number": "QĐ 1/QĐ-BTTTT", "valid_from": None, "valid_to": None},
    ]
    result = {"name": {"vi": "Giấy phép", "en": "Licence"}, "validity_years": 5, "record_fields": {}}
    browser = visit(FakeServices(catalogue(procedure("gp", fees=[fee], legal_basis=laws, result=result))))
    vietnamese, english = (read(browser.get(f"/thu-tuc/mic/gp?lang={lang}").text) for lang in ("vi", "en"))
    assert "|Kết quả|Giấy phép|Hiệu lực của kết quả|5 năm|" in vietnamese
    assert "|Lệ phí cấp phép|chưa kiểm chứng|1.350.000\u00a0đ|trước khi nhận kết quả|TT 20/2023/TT-BTC|" in vietnamese
    basis = vietnamese.partition("|Căn cứ pháp lý|")[2]
    assert basis.startswith(
        "Luật 41/2009/QH12|(01/07/2010 – 30/06/2026)|NĐ 72/2013/NĐ-CP|(01/09/2013 – nay)|QĐ 1/QĐ-BTTTT|"
    )
    assert "|Legal basis|Luật 41/2009/QH12|(01/07/2010 – 30/06/2026)|" in english
    assert "|Result|Licence|Validity of the result|5 years|" in english
    assert "|Licence fee|not confirmed|1.350.000\u00a0đ|before the result is handed over|TT 20/2023/TT-BTC|" in english


def read(page: str) -> str:
    """The texts of a page, each between bars."""
    return re.sub(r"\s*(<[^>]*>\s*)+", "|", page)


def test_names_sort_by_the_vietnamese_alphabet() -> None:
    names = ["Ðông", "đèn", "dê", "ăn", "an", "âm", "bà", "bá", "ba"]
    assert sorted(names[1:], key=collated) == ["an", "ăn", "âm", "ba", "bà", "bá", "dê", "đèn"]


def test_procedures_and_units_stand_in_the_order_of_the_vietnamese_alphabet() -> None:
    names = ["An toàn", "Ân xá", "Dừng", "Đăng ký"]  # by their code points the second would be the third
    offered = [
        procedure(f"p-{place}", name={"vi": name, "en": "x"}, unit=f"u-{place}") for place, name in enumerate(names)
    ]
    known = FakeServices(catalogue(*reversed(offered)))
    known.answers["registry.get_unit"] = lambda key, **_: {
        "key": key,
        "name": {"vi": names[int(key[-1])], "en": "x"},
    }
    page = visit(known).get("/thu-tuc/").text
    assert re.findall(r'href="/thu-tuc/mic/p-(\d)"', page) == ["0", "1", "2", "3"]
    assert re.findall(r'<option value="u-(\d)"', page) == ["0", "1", "2", "3"]


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
