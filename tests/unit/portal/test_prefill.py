"""What the ministry knows already: filled in with its source, of the person himself alone, and never in the way."""

from typing import Any, Final

import pytest

from services.chassis.errors import Defect, Unavailable
from services.portal.people import Person
from tests.unit.portal.drafts import DRAFT_ID, FakeDrafts, form, services, words
from tests.unit.portal.fakes import CITIZEN, FakeServices, catalogue, ended, procedure, visit
from tests.unit.portal.test_apply import value

START: Final = "/nop-ho-so/mic/dk-ten-mien-vn"
AT: Final = f"/ban-nhap/{DRAFT_ID}"
KNOWN: Final = "/api/v1/procedures/mic/dk-ten-mien-vn/known"
AWAY: Final = Unavailable("registry.unavailable", "registry does not answer.", "Dịch vụ chưa sẵn sàng.")
BROKEN: Final = Defect("registry.defect", "Our mistake.", "Lỗi hệ thống.")
NOTHING_FILLED: Final = "nên các ô liên quan chưa được điền sẵn"
LAST: Final = {
    "dossier_code": "000.00.06.G14-261101-0007",
    "submitted_at": "2026-11-01T02:00:00+00:00",
    "applicant": {"kind": "citizen", "name": "Tên Cũ", "email": "moi@example.vn", "phone": "0911111111"},
}


def asks(name: str, of: str | None, label: str = "Tên báo") -> dict[str, Any]:
    """A question that records answer: a field of theirs, or their number."""
    known = {"dataset": "gp-bao-in", "number": True} if of is None else {"dataset": "gp-bao-in", "field": of}
    return {"name": name, "type": "text", "label": words(label), "required": True, "known_from": known}


def record(number: str, title: str, **changes: Any) -> dict[str, Any]:
    """A record as registry lists it."""
    times = {"issued_at": "2026-02-03T02:00:00+00:00", "expires_on": None}
    about = {"dataset": "gp-bao-in", "number": number, "tenant": "mic", "status": "valid"}
    return {**about, **times, "fields": {"title": title}, **changes}


def asked(*records: dict[str, Any], fields: list[dict[str, Any]] | None = None, **answers: Any) -> FakeServices:
    """A form with a question that the records answer."""
    given = services(FakeDrafts(), find_last_applicant=lambda: None)
    page = procedure(form=fields or [asks("newspaper", "title")])
    given.answers |= {**catalogue(page), "registry.get_dataset": {"name": words("Giấy phép báo in")}}
    given.answers["registry.find_records"] = {"items": list(records), "next": None}
    given.answers |= {name.replace("__", "."): answer for name, answer in answers.items()}
    return given


def shown(given: FakeServices, at: str = START, person: Person = CITIZEN) -> Any:
    """The page of the form."""
    page = visit(given, person).get(at)
    assert page.status_code == 200
    return page


def test_what_one_record_says_stands_in_the_form_with_its_source_and_may_be_changed() -> None:
    page = shown(asked(record("1/2026/GP-BC", "Báo Ví Dụ")))
    assert value(page, "form.newspaper") == "Báo Ví Dụ"
    assert "Lấy từ giấy phép số 1/2026/GP-BC, cấp ngày 03/02/2026." in page.text
    assert "readonly" not in page.text
    assert "Điền vào đơn" not in page.text


def test_registry_is_asked_as_the_person_himself_for_nothing_but_what_the_form_asks() -> None:
    given = asked(record("1/2026/GP-BC", "Báo Ví Dụ"))
    shown(given)
    (asking,) = [(actor, said) for actor, target, said in given.asked if target == "registry.find_records"]
    assert asking[0] == CITIZEN.actor
    assert asking[1] == {"dataset": "gp-bao-in", "limit": 20, "with_fields": ["title"]}


@pytest.mark.parametrize(
    "unusable",
    [record("1/2026/GP-BC", "Báo Ví Dụ", status="revoked"), record("1/2026/GP-BC", "Báo Ví Dụ", tenant="mcst")],
)
def test_a_revoked_record_and_one_of_another_ministry_fill_in_nothing(unusable: dict[str, Any]) -> None:
    page = shown(asked(unusable))
    assert value(page, "form.newspaper") == ""
    assert "1/2026/GP-BC" not in page.text


def test_of_several_records_the_person_chooses_and_what_was_typed_stays() -> None:
    given = asked(record("2/2026/GP-BC", "Báo Hai"), record("1/2026/GP-BC", "Báo Một", status="expired"))
    assert value(shown(given), "form.newspaper") == ""
    posted = form(0, **{"do": "known:gp-bao-in", "known.gp-bao-in": "1/2026/GP-BC", "applicant__phone": "0933333333"})
    browser = visit(given, CITIZEN)
    done = browser.post(AT, data=posted)
    assert (done.status_code, done.location) == (303, f"{AT}#f-form.newspaper")
    page = browser.get(AT)
    assert value(page, "form.newspaper") == "Báo Một"
    assert value(page, "applicant.phone") == "0933333333"
    assert "Lấy từ giấy phép số 1/2026/GP-BC" in page.text


def test_several_records_that_say_the_same_need_no_choice() -> None:
    page = shown(asked(record("2/2026/GP-BC", "Báo Một"), record("1/2026/GP-BC", "Báo Một")))
    assert value(page, "form.newspaper") == "Báo Một"


def test_a_form_about_one_licence_is_filled_in_only_once_it_is_said_which() -> None:
    fields = [asks("old_number", None, "Số giấy phép"), asks("newspaper", "title")]
    given = asked(record("1/2026/GP-BC", "Báo Một"), fields=fields)
    page = shown(given)
    assert value(page, "form.newspaper") == value(page, "form.old_number") == ""
    assert "Cơ quan đã có: Số giấy phép, Tên báo." in page.text
    browser = visit(given, CITIZEN)
    browser.post(AT, data=form(0, **{"do": "known:gp-bao-in", "known.gp-bao-in": "1/2026/GP-BC"}))
    page = browser.get(AT)
    assert (value(page, "form.old_number"), value(page, "form.newspaper")) == ("1/2026/GP-BC", "Báo Một")


@pytest.mark.parametrize("number", ["", "9/2026/GP-BC", '"><script>alert(1)</script>'])
def test_a_record_that_is_not_his_fills_in_nothing_and_the_rest_is_kept(number: str) -> None:
    given = asked(record("2/2026/GP-BC", "Báo Hai"), record("1/2026/GP-BC", "Báo Một"))
    posted = form(0, **{"do": "known:gp-bao-in", "known.gp-bao-in": number, "form.newspaper": "Tự gõ"})
    page = visit(given, CITIZEN).post(AT, data=posted)
    assert page.status_code == 422
    assert value(page, "form.newspaper") == "Tự gõ"
    assert 'href="#f-known.gp-bao-in"' in page.text
    assert "<script>alert" not in page.text


def test_what_was_changed_has_no_source_any_more() -> None:
    given = asked(record("1/2026/GP-BC", "Báo Ví Dụ"))
    browser = visit(given, CITIZEN)
    browser.post(AT, data=form(0, **{"do": "save", "form.newspaper": "Báo Khác"}))
    page = browser.get(AT)
    assert "Lấy từ giấy phép" not in page.text
    assert "Điền vào đơn" in page.text


def test_contact_details_are_those_of_his_last_dossier_the_name_that_of_his_account() -> None:
    page = shown(asked(intake__find_last_applicant=LAST))
    assert value(page, "applicant.email") == "moi@example.vn"
    assert value(page, "applicant.name") == CITIZEN.name
    assert "Theo hồ sơ 000.00.06.G14-261101-0007 bạn đã nộp lúc 09 giờ 00, 01/11/2026." in page.text
    assert "Theo tài khoản bạn đăng nhập." in page.text


@pytest.mark.parametrize("error", [AWAY, BROKEN])
@pytest.mark.parametrize("target", ["registry.find_records", "registry.get_dataset", "intake.find_last_applicant"])
def test_where_a_service_does_not_answer_the_form_opens_and_says_that_nothing_was_filled_in(
    target: str, error: Exception
) -> None:
    given = asked(record("1/2026/GP-BC", "Báo Ví Dụ"))
    given.answers[target] = error
    page = shown(given)
    assert NOTHING_FILLED in page.text
    assert value(page, "applicant.email") == CITIZEN.email


@pytest.mark.parametrize(("error", "asked_for"), [(AWAY, ["gp-bao-in"]), (BROKEN, ["gp-bao-in", "the-nha-bao"])])
def test_whoever_fills_in_waits_for_a_silent_registry_once(error: Exception, asked_for: list[str]) -> None:
    card = {**asks("card", "title", "Số thẻ"), "known_from": {"dataset": "the-nha-bao", "field": "title"}}
    given = asked(fields=[asks("newspaper", "title"), card], registry__find_records=error)
    assert NOTHING_FILLED in shown(given).text
    assert [one["dataset"] for one in given.of("registry.find_records")] == asked_for


def test_who_holds_a_licence_in_a_dataset_that_has_ended_finds_it_filled_in() -> None:
    given = asked(record("1/2026/GP-BC", "Báo Ví Dụ"))
    given.answers["registry.get_dataset"] = ended({"name": words("Giấy phép báo in")})
    page = shown(given)
    assert value(page, "form.newspaper") == "Báo Ví Dụ"
    assert NOTHING_FILLED not in page.text


def test_where_all_answer_nothing_is_said_of_it() -> None:
    assert NOTHING_FILLED not in shown(asked()).text


def test_hostile_content_of_a_record_stands_in_its_field_escaped() -> None:
    hostile = "\"><script>alert(1)</script>'{{7*7}}"
    page = shown(asked(record(hostile, hostile)))
    assert value(page, "form.newspaper") == hostile
    assert "<script>alert" not in page.text


def test_the_api_tells_the_same_with_all_there_is_to_choose_from() -> None:
    records = (record("2/2026/GP-BC", "Báo Hai"), record("1/2026/GP-BC", "Báo Một"))
    told = visit(asked(*records, intake__find_last_applicant=LAST), CITIZEN).get(KNOWN).json
    assert told is not None
    assert told["applicant"] == {"name": CITIZEN.name, "email": "moi@example.vn", "phone": "0911111111"}
    assert (told["form"], told["unheard"]) == ({}, [])
    values = [
        (one["source"], one["number"], one["value"]) for one in told["values"] if one["field"].startswith("form.")
    ]
    assert values == [("record", "2/2026/GP-BC", "Báo Hai"), ("record", "1/2026/GP-BC", "Báo Một")]


def test_the_api_names_who_did_not_answer() -> None:
    told = visit(asked(registry__find_records=AWAY), CITIZEN).get(KNOWN).json
    assert told is not None
    assert told["unheard"] == ["registry"]


def test_the_api_tells_nobody_who_has_not_signed_in() -> None:
    given = asked(record("1/2026/GP-BC", "Báo Ví Dụ"))
    assert visit(given).get(KNOWN).status_code == 401
    assert not given.of("registry.find_records")
