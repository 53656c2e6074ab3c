"""The API about what can be printed of a dossier, what would be wrong with one, and its further fee orders."""

from typing import Any, Final

import pytest

from services.chassis.errors import NotFound, Unavailable
from tests.unit.portal.answers import CODE, ORDER_ID, PAID, RECEIPT, accepted, dossier, order, services
from tests.unit.portal.fakes import CITIZEN, OFFICER, FakeServices, visit
from tests.unit.portal.test_slips import twice

HERE: Final = f"/api/v1/dossiers/{CODE}"
NOTICE: Final = {
    "notice_id": "n-1",
    "dossier_code": CODE,
    "moment": "received",
    "channel": "email",
    "status": "sent",
    "audience": "applicant",
    "requested_at": "2026-01-15T02:00:01+00:00",
    "sent_at": "2026-01-15T02:00:02+00:00",
    "failed_at": None,
    "subject": "Đã nhận hồ sơ",
    "text": "Kính gửi bà Mẫu",
}
CHECKED: Final[dict[str, Any]] = {"errors": [], "fees": None, "answer_due_at": "2026-01-15T10:00:00+00:00"}


def get(made: FakeServices, path: str, person: Any = CITIZEN) -> Any:
    return visit(made, person).get(f"{HERE}{path}")


def test_the_slips_of_a_dossier_are_listed_with_titles_in_both_languages() -> None:
    (slip,) = get(services(accepted()), "/slips").json["items"]
    assert (slip["kind"], slip["form"]) == ("tiep-nhan", "01")
    assert slip["title"]["vi"] == "Giấy tiếp nhận hồ sơ và hẹn trả kết quả"
    assert slip["title"]["en"] != slip["title"]["vi"]


def test_a_list_that_may_lack_a_slip_is_not_given_for_whole() -> None:
    away = Unavailable("notify.unavailable", "notify does not answer.", "Dịch vụ chưa sẵn sàng.")
    answer = get(services(accepted(), notify__list_notices=away), "/slips")
    assert (answer.status_code, answer.json["code"]) == (503, "notify.unavailable")


def test_the_requests_for_supplements_are_told_apart_by_their_round() -> None:
    made = twice()
    found = [one for one in get(made, "/slips").json["items"] if one["kind"] == "bo-sung"]
    assert [one["round"] for one in found] == [1, 2]
    assert found[0]["title"]["vi"].endswith("(lần 1)")
    assert found[0]["title"]["en"].endswith("(request no. 1)")
    assert get(made, "/slips/bo-sung?round=1").data.startswith(b"%PDF-")
    assert get(made, "/slips/bo-sung?round=3").status_code == 404


def test_a_slip_is_a_pdf() -> None:
    answer = get(services(accepted()), "/slips/tiep-nhan")
    assert answer.mimetype == "application/pdf"
    assert answer.data.startswith(b"%PDF-")


def test_a_language_that_there_is_not_is_named_and_those_that_there_are_stand_in_the_description() -> None:
    answer = get(services(accepted()), "/slips/tiep-nhan?lang=fr")
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (400, "lang")
    spec: Any = visit(services()).get("/api/v1/openapi.json").json
    for path in ("slips/{kind}", "receipts/{order_id}"):
        (lang,) = [
            one
            for one in spec["paths"][f"/api/v1/dossiers/{{code}}/{path}"]["get"]["parameters"]
            if one["name"] == "lang"
        ]
        assert lang["schema"]["enum"] == ["vi", "en"]


def test_a_receipt_is_a_pdf() -> None:
    answer = get(services(payment__find_order=order("paid", **PAID, receipt=RECEIPT)), f"/receipts/{ORDER_ID}")
    assert answer.data.startswith(b"%PDF-")


@pytest.mark.parametrize("path", ["/slips/tu-choi", "/slips/no-such", f"/receipts/{ORDER_ID}", "/notices/n-1"])
def test_what_there_is_not_is_a_problem_by_name(path: str) -> None:
    other = {**NOTICE, "dossier_code": "000.00.06.G14-260115-0002"}
    answer = get(services(dossier(), payment__find_order=order(), notify__get_notice=other), path)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


@pytest.mark.parametrize("path", ["/slips", "/slips/tiep-nhan", f"/receipts/{ORDER_ID}", "/notices/n-1"])
def test_papers_are_for_applicants_who_signed_in(path: str) -> None:
    assert get(services(), path, None).status_code == 401
    assert get(services(), path, OFFICER).status_code == 403


def test_a_notice_has_its_words() -> None:
    assert get(services(notify__get_notice=NOTICE), "/notices/n-1").json["text"] == "Kính gửi bà Mẫu"


def test_an_order_of_another_dossier_is_not_there() -> None:
    made = services(payment__find_order=order())
    assert get(made, f"/orders/{ORDER_ID}").json["order_id"] == ORDER_ID
    elsewhere = {**order(), "dossier_code": "000.00.06.G14-260115-0002"}
    assert get(services(payment__find_order=elsewhere), f"/orders/{ORDER_ID}").status_code == 404


def test_a_submission_is_checked_and_priced_without_being_handed_in() -> None:
    made = services(intake__check=CHECKED)
    asked = {"tenant": "mic", "procedure": "p", "applicant": {"kind": "citizen"}, "form": {}}
    answer = visit(made, CITIZEN).post("/api/v1/checks", json=asked)
    assert answer.json == CHECKED
    assert made.of("intake.check") == [{**asked, "documents": [], "channel": "online"}]
    assert made.of("intake.submit") == []


def test_a_refused_check_is_a_problem() -> None:
    made = services(intake__check=NotFound("intake.unknown_procedure", "No.", "Không có thủ tục này."))
    asked = {"tenant": "mic", "procedure": "p", "applicant": {}, "form": {}}
    assert visit(made, CITIZEN).post("/api/v1/checks", json=asked).status_code == 404
