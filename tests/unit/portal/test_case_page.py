"""The case on one screen: what may be done and only that, what is kept when somebody was faster, papers."""

import io
import re
from dataclasses import replace
from typing import Any

import pytest
import requests

from services.chassis.errors import Denied, NotFound, Refused, Unavailable
from tests.unit.portal.cases import CODE, PAPER, at_work, case, dossier, line, step
from tests.unit.portal.fakes import CLERK, ENDED_UNIT, OFFICER, FakeServices, visit

HERE = f"/ban-lam-viec/{CODE}"
ACCEPTED: dict[str, Any] = {
    "status": "in_hand",
    "accepted_at": "2026-11-26T02:00:00+00:00",
    "officer": "vnnic-1",
    "steps": [step("case_opened"), step("case_accepted", "vnnic-1"), step("case_assigned", "vnnic-1")],
}
PROPOSAL = {"outcome": "refused", "by": "vnnic-2", "proposed_at": "2026-11-26T03:00:00+00:00"}
ROWS = [{"row": 1, "outcome": "refused", "reason": "Máy chủ không trả lời"}]
PROPOSED = {**ACCEPTED, "status": "proposed", "officer": "vnnic-2", "proposal": {**PROPOSAL, "items": ROWS}}
MOVED = ("chuyen-don-vi",)
OWN = {**PROPOSAL, "by": "vnnic-1", "items": []}


def test_the_whole_case_is_one_page() -> None:
    page = visit(at_work(), OFFICER).get(HERE).text
    for told in ("Tên miền", "vi-du", "ns1.example.vn", "Nguyễn Thị Mẫu", "Đơn đăng ký", "2,4 MB", "Hồ sơ đến đơn vị"):
        assert told in page


@pytest.mark.parametrize("kind", ["application/pdf", "image/png", "image/jpeg"])
def test_a_paper_that_a_browser_can_show_stands_beside_the_answers(kind: str) -> None:
    page = visit(at_work(intake__get=dossier(documents=[{**PAPER, "content_type": kind}])), OFFICER).get(HERE).text
    assert f'src="{HERE}/giay-to/0190-paper#' in page
    assert f'href="{HERE}/giay-to/0190-paper#navpanes=0&amp;view=FitH" target="paper"' in page


@pytest.mark.parametrize("address", [HERE, "/ban-lam-viec/lich", "/ban-lam-viec/so-theo-doi"])
def test_officers_of_a_unit_that_ended_can_finish_their_work(address: str) -> None:
    known = at_work(
        registry__get_unit=ENDED_UNIT,
        routing__due_calendar={"days": [], "overdue": 0},
        intake__list_register={"items": [], "next": None},
    )
    assert visit(known, OFFICER).get(address).status_code == 200


@pytest.mark.parametrize(
    ("changes", "listed"),
    [
        ({}, ["da-nhan", "kiem-soat"]),
        ({"case": {"accepted_at": "2026-11-26T02:00:00+00:00", "rejected_at": None}}, ["tiep-nhan", "kiem-soat"]),
        (
            {"case": {"accepted_at": None, "rejected_at": "2026-11-26T02:00:00+00:00"}},
            ["da-nhan", "tu-choi", "kiem-soat"],
        ),
    ],
)
def test_the_forms_of_a_case_are_there_to_be_printed(changes: dict[str, Any], listed: list[str]) -> None:
    page = visit(at_work(intake__get=dossier(**changes)), OFFICER).get(HERE).text
    assert re.findall(rf'href="/ho-so/{CODE}/phieu/([^"]+)"', page) == listed
    assert "Phiếu kiểm soát quá trình giải quyết hồ sơ" in page


def test_an_apology_can_be_printed_once_its_applicant_was_written_it() -> None:
    notice = {"moment": "apology", "audience": "applicant", "status": "sent", "recipient": "a@example.vn"}
    notices = [{**notice, "sent_at": "2026-11-26T02:00:00+00:00"}]
    page = visit(at_work(notify__list_notices={"items": notices, "next": None}), OFFICER).get(HERE).text
    assert f'href="/ho-so/{CODE}/phieu/xin-loi"' in page
    assert "Có thể còn giấy tờ khác" not in page


def test_whether_an_apology_can_be_printed_is_left_open_while_notify_is_away() -> None:
    away = Unavailable("notify.unavailable", "Away.", "Chưa sẵn sàng.")
    page = visit(at_work(notify__list_notices=away), OFFICER).get(HERE).text
    assert "Chưa tải được danh sách thông báo." in page
    assert "Có thể còn giấy tờ khác: danh sách thông báo chưa tải được." in page


NEXT = f"{CODE[:-1]}2"


@pytest.mark.parametrize(
    ("rows", "following", "address"),
    [
        ([CODE, NEXT], None, f"/ban-lam-viec/{NEXT}?status=opened&amp;after=a"),
        ([NEXT], None, f"/ban-lam-viec/{NEXT}?status=opened&amp;after=a"),
        ([NEXT, CODE], "b", "/ban-lam-viec?status=opened&amp;after=b"),
    ],
)
def test_a_case_leads_on_to_the_next_of_its_queue(rows: list[str], following: str | None, address: str) -> None:
    page_of_queue = {"items": [line(dossier_code=code) for code in rows], "next": following}
    services = at_work(routing__list_cases=page_of_queue)
    page = visit(services, OFFICER).get(f"{HERE}?status=opened&after=a").text
    assert services.of("routing.list_cases") == [{"status": "opened", "order": "due", "after": "a", "limit": 50}]
    assert f'rel="next" href="{address}"' in page
    assert '<a href="/ban-lam-viec?status=opened&amp;after=a">Bàn làm việc</a>' in page
    assert f'action="{HERE}/tiep-nhan?status=opened&amp;after=a"' in page


def test_behind_the_last_case_there_is_no_next() -> None:
    assert 'rel="next"' not in visit(at_work(), OFFICER).get(HERE).text


def test_what_was_done_leads_back_to_the_same_place() -> None:
    answer = visit(at_work(routing__accept={}), OFFICER).post(
        f"{HERE}/tiep-nhan?late=overdue", data={"request_id": "one", "seen": "1"}
    )
    assert answer.location == f"{HERE}?late=overdue"


def test_a_case_is_given_to_a_stranger_only_by_who_is_sure() -> None:
    services = at_work(routing__get_case=case(**ACCEPTED), routing__assign={})
    browser = visit(services, OFFICER)
    form = {"request_id": "one", "seen": "3", "assign-officer": "vnnic-22"}
    answer = browser.post(f"{HERE}/giao", data=form)
    assert answer.status_code == 422
    assert 'name="assign-sure" value="vnnic-22"' in answer.text
    assert 'href="#f-assign-officer"' in answer.text
    assert services.of("routing.assign") == []
    assert browser.post(f"{HERE}/giao", data={**form, "assign-sure": "vnnic-22"}).status_code == 303
    assert services.of("routing.assign") == [{"dossier_code": CODE, "request_id": "one", "officer": "vnnic-22"}]


def clock_of(**changes: Any) -> list[str]:
    """The rows of the table that explains the deadline, without their markup."""
    page = visit(at_work(intake__get=dossier(**changes)), OFFICER).get(HERE).text
    told = page.partition("Xem cách tính từng ngày")[2].partition("</details>")[0]
    return [re.sub("<[^>]+>", "|", row).replace("||", "|") for row in re.findall("<tr><td.*?</tr>", told)]


def test_the_clock_is_explained_day_by_day() -> None:
    (row,) = clock_of()
    assert "26/11/2026" in row
    assert "ngày làm việc" in row
    received = {
        "submitted_at": "2026-09-01T01:00:00+00:00",
        "case": {"accepted_at": "2026-09-01T02:00:00+00:00", "rejected_at": None},
    }
    first, holiday, last = clock_of(status="processing", due_at="2026-09-03T10:00:00+00:00", **received)
    assert "chưa tính" in first
    assert "Quốc khánh" in holiday
    assert "ngày thứ 1" in last


def test_a_case_that_has_ended_has_no_clock() -> None:
    assert clock_of(status="rejected") == []


def test_the_form_reads_in_the_words_it_was_filled_in_under() -> None:
    services = at_work()
    visit(services, OFFICER).get(HERE)
    assert services.of("registry.get_procedure") == [{"tenant": "mic", "key": "dk-ten-mien-vn", "as_of": "2016-01-01"}]


@pytest.mark.parametrize(("status", "is_offered"), [("requested", True), ("expired", True), ("paid", False)])
def test_money_is_taken_at_the_counter_while_some_is_due(status: str, is_offered: bool) -> None:
    fee = dict.fromkeys(("paid_at", "pay_by", "receipt")) | {
        "when_due": "on_acceptance",
        "amount_vnd": 1,
        "status": status,
    }
    page = visit(at_work(intake__get=dossier(fees=[fee])), OFFICER).get(HERE).text
    assert (f'href="{HERE}/thu-tien"' in page) == is_offered


@pytest.mark.parametrize(
    ("changes", "offered"),
    [
        ({}, {*MOVED, "tiep-nhan", "bo-sung", "tu-choi"}),
        (ACCEPTED, {*MOVED, "bo-sung", "giao", "quyet-dinh", "de-xuat", "dung"}),
        ({**ACCEPTED, "officer": "vnnic-2"}, {*MOVED, "bo-sung", "giao", "quyet-dinh", "dung"}),
        (
            {**ACCEPTED, "supplements": [{"before_acceptance": False}]},
            {*MOVED, "giao", "quyet-dinh", "de-xuat", "dung"},
        ),
        ({**ACCEPTED, "unpaid": ["on_acceptance"]}, {*MOVED, "bo-sung", "giao", "de-xuat", "dung"}),
        ({**ACCEPTED, "decision": "two_step"}, {*MOVED, "bo-sung", "giao", "de-xuat", "dung"}),
        (PROPOSED, {"bo-sung", "giao", "ky", "tra-lai", "dung"}),
        ({**PROPOSED, "proposal": OWN, "officer": "vnnic-1"}, {"bo-sung", "giao", "de-xuat", "dung"}),
        ({"status": "supplement_requested", "supplements": [{"before_acceptance": True}]}, {*MOVED, "dung"}),
        ({"status": "decided"}, set()),
    ],
)
def test_only_what_may_be_done_is_offered(changes: dict[str, Any], offered: set[str]) -> None:
    asked = {"round": 1, "respond_by": "2026-12-01T00:00:00+00:00", "received_at": None, "reason": None, "items": []}
    supplements = [{**asked, **one} for one in changes.get("supplements", ())]
    page = visit(at_work(routing__get_case=case(**{**changes, "supplements": supplements})), OFFICER).get(HERE).text
    addresses = ("tiep-nhan", "tu-choi", "bo-sung", "giao", "quyet-dinh", "de-xuat", "ky", "tra-lai", "dung", *MOVED)
    assert {one for one in addresses if f'action="{HERE}/{one}"' in page} == offered


def test_a_proposal_that_was_signed_waits_no_more() -> None:
    page = visit(at_work(routing__get_case=case(**{**PROPOSED, "status": "decided"})), OFFICER).get(HERE).text
    assert "Đề xuất đang chờ ký" not in page
    assert "Kết quả từng mục" in page


@pytest.mark.parametrize(
    ("duties", "offered"),
    [("", set()), ("sign", {"ky", "tra-lai"}), ("transfer", {*MOVED}), ("sign transfer", {"ky", "tra-lai", *MOVED})],
)
def test_what_takes_a_duty_is_offered_to_who_has_it(duties: str, offered: set[str]) -> None:
    officer, found = replace(CLERK, duties=duties), set()
    for changes in (PROPOSED, ACCEPTED):
        page = visit(at_work(routing__get_case=case(**changes)), officer).get(HERE).text
        found |= {one for one in ("ky", "tra-lai", *MOVED) if f'action="{HERE}/{one}"' in page}
        is_told = changes is PROPOSED and "sign" not in duties
        assert ("Người được giao nhiệm vụ ký của đơn vị" in page) == is_told
    assert found == offered


def test_an_action_is_done_under_the_request_id_of_the_form() -> None:
    services = at_work(routing__accept={})
    answer = visit(services, OFFICER).post(f"{HERE}/tiep-nhan", data={"request_id": "one", "seen": "1"})
    assert (answer.status_code, answer.location) == (303, HERE)
    assert services.of("routing.accept") == [{"dossier_code": CODE, "request_id": "one"}]


TRANSFER = {
    "request_id": "one",
    "seen": "1",
    "transfer-to_unit": "cuc-bao-chi",
    "transfer-reason": "not_competent",
    "transfer-note": " Thuộc lĩnh vực báo chí. ",
}


def test_a_case_is_handed_on_to_another_unit_of_the_ministry_and_is_there_no_more() -> None:
    services = at_work(routing__transfer={})
    browser = visit(services, OFFICER)
    page = browser.get(HERE).text
    assert '<option value="cuc-bao-chi">Cục Báo chí</option>' in page
    assert '<option value="vnnic">' not in page
    answer = browser.post(f"{HERE}/chuyen-don-vi", data=TRANSFER)
    assert (answer.status_code, answer.location) == (303, "/ban-lam-viec")
    assert services.of("routing.transfer") == [
        {
            "dossier_code": CODE,
            "request_id": "one",
            "to_unit": "cuc-bao-chi",
            "reason": "not_competent",
            "note": "Thuộc lĩnh vực báo chí.",
        }
    ]
    assert "Đã chuyển hồ sơ sang đơn vị khác." in browser.get("/ban-lam-viec").text


def test_a_form_that_handed_a_case_on_may_be_sent_twice_but_no_other_form_of_a_strange_case() -> None:
    gone = NotFound("routing.unknown_case", "There is no such case.", "Không tìm thấy hồ sơ.")
    denied = Denied("routing.other_unit", "Another unit's.", "Hồ sơ thuộc đơn vị khác.")
    again = visit(at_work(routing__get_case=gone, routing__transfer={}), OFFICER)
    assert again.post(f"{HERE}/chuyen-don-vi", data=TRANSFER).status_code == 303
    strange = visit(at_work(routing__get_case=gone, routing__transfer=denied, routing__accept={}), OFFICER)
    assert strange.post(f"{HERE}/chuyen-don-vi", data=TRANSFER).status_code == 404
    assert strange.post(f"{HERE}/tiep-nhan", data=TRANSFER).status_code == 404


@pytest.mark.parametrize(
    "told",
    [
        {"routing__get_case": NotFound("routing.unknown_case", "No.", "Không tìm thấy hồ sơ.")},
        {"routing__reject": Denied("routing.other_unit", "Another unit's.", "Hồ sơ thuộc đơn vị khác.")},
    ],
    ids=["before it is looked at", "while it is done"],
)
def test_what_an_officer_typed_of_a_case_that_was_handed_on_meanwhile_is_shown(told: dict[str, Any]) -> None:
    typed = {"request_id": "one", "seen": "1", "reject-reason": "Không thuộc <thẩm quyền>"}
    headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    answer = visit(at_work(**told), OFFICER).post(f"{HERE}/tu-choi", data=typed, headers=headers)
    assert answer.status_code in {403, 404}
    assert '<div class="letter">Không thuộc &lt;thẩm quyền&gt;</div>' in answer.text
    assert '<div class="letter">one</div>' not in answer.text


def test_a_unit_that_is_refused_is_named_at_its_field_and_what_was_typed_stays() -> None:
    problem = {"field": "to_unit", "code": "unknown_unit", "vi": "Bộ không có đơn vị này.", "en": "No such unit."}
    refused = Refused("routing.unknown_unit", "No such unit.", "Bộ không có đơn vị này.", [problem])
    answer = visit(at_work(routing__transfer=refused), OFFICER).post(f"{HERE}/chuyen-don-vi", data=TRANSFER)
    assert answer.status_code == 422
    assert 'id="w-transfer-to_unit"' in answer.text
    assert "Thuộc lĩnh vực báo chí." in answer.text


def test_a_case_that_came_from_elsewhere_says_from_where_and_why() -> None:
    moved = {"from_unit": "cuc-bao-chi", "to_unit": "vnnic", "reason": "other", "note": "Đã hỏi ý kiến"}
    steps = [step("case_opened"), step("case_transferred", "bc-1")]
    services = at_work(routing__get_case=case(steps=steps, transfers=[{**moved, "transferred_at": steps[0]["at"]}]))
    page = visit(services, OFFICER).get(HERE).text
    assert "Lý do khác: Đã hỏi ý kiến" in page
    assert "Chuyển đơn vị khác" in page


def test_a_supplement_is_asked_for_as_one_list() -> None:
    services = at_work(routing__request_supplement={})
    form = {
        "request_id": "one",
        "seen": "1",
        "request_supplement-c-TP01": "Bản mờ",
        "request_supplement-f-label": "  ",
        "request_supplement-f-servers": "Thiếu máy thứ hai",
        "request_supplement-o-1": "Giấy ủy quyền\r\ncó chứng thực",
        "request_supplement-reason": "Chưa đủ",
        "request_supplement-respond_within_days": "10",
    }
    visit(services, OFFICER).post(f"{HERE}/bo-sung", data=form)
    assert services.of("routing.request_supplement") == [
        {
            "dossier_code": CODE,
            "request_id": "one",
            "reason": "Chưa đủ",
            "respond_within_days": 10,
            "items": [
                {"component": "TP01", "guidance": "Bản mờ"},
                {"field": "servers", "guidance": "Thiếu máy thứ hai"},
                {"guidance": "Giấy ủy quyền\ncó chứng thực"},
            ],
        }
    ]


def test_what_was_asked_for_is_shown_whatever_it_is_about() -> None:
    items = [
        {"component": "TP01", "guidance": "Bản mờ"},
        {"field": "label", "guidance": "Viết lại"},
        {"guidance": "Giấy ủy quyền"},
    ]
    times = {"respond_by": "2026-12-26T03:00:00+00:00", "received_at": None}
    supplement = {"round": 1, "before_acceptance": True, "reason": None, "items": items, **times}
    page = visit(at_work(routing__get_case=case(supplements=[supplement])), OFFICER).get(HERE)
    assert page.status_code == 200
    for told in ("<strong>Đơn đăng ký:</strong> Bản mờ", "<strong>Tên miền:</strong> Viết lại", "<li>Giấy ủy quyền"):
        assert told in page.text


def test_a_reason_is_chosen_from_the_list_and_written_on() -> None:
    services = at_work(routing__reject={})
    form = {"request_id": "one", "seen": "1", "reject-common": "not_competent", "reject-reason": "Nộp tại Sở."}
    visit(services, OFFICER).post(f"{HERE}/tu-choi", data=form)
    assert services.of("routing.reject")[0]["reason"] == "Không thuộc thẩm quyền.\nNộp tại Sở."


def test_rows_are_decided_on_one_by_one() -> None:
    services = at_work(routing__get_case=case(**ACCEPTED), routing__propose={})
    page = visit(services, OFFICER).get(HERE).text
    assert '<label for="f-propose-row-1">1. ns1.example.vn' in page
    form = {
        "request_id": "one",
        "seen": "3",
        "propose-outcome": "refused",
        "propose-reason": "Chưa đủ",
        "propose-row-1": "refused",
        "propose-row-1-why": "Máy chủ không trả lời",
        "propose-row-2": "",
    }
    visit(services, OFFICER).post(f"{HERE}/de-xuat", data=form)
    assert services.of("routing.propose") == [
        {
            "dossier_code": CODE,
            "request_id": "one",
            "outcome": "refused",
            "reason": "Chưa đủ",
            "items": [
                {"row": 1, "outcome": "refused", "reason": "Máy chủ không trả lời"},
                {"row": 2, "outcome": "refused"},
            ],
        }
    ]


def test_where_one_row_is_refused_those_left_open_are_granted_with_the_whole() -> None:
    services = at_work(routing__get_case=case(**ACCEPTED), routing__propose={})
    form = {"propose-outcome": "granted", "propose-row-1": "", "propose-row-2": "refused", "propose-row-2-why": "Trùng"}
    visit(services, OFFICER).post(f"{HERE}/de-xuat", data={"request_id": "one", "seen": "3", **form})
    (told,) = services.of("routing.propose")
    assert told["items"] == [{"row": 1, "outcome": "granted"}, {"row": 2, "outcome": "refused", "reason": "Trùng"}]


def test_where_no_row_is_decided_on_by_itself_the_whole_is_told_alone() -> None:
    services = at_work(routing__get_case=case(**ACCEPTED), routing__propose={})
    form = {"propose-outcome": "granted", "propose-row-1": "", "propose-row-2": ""}
    visit(services, OFFICER).post(f"{HERE}/de-xuat", data={"request_id": "one", "seen": "3", **form})
    assert "items" not in services.of("routing.propose")[0]


def test_without_a_common_result_nothing_is_said_of_rows_left_open() -> None:
    services = at_work(routing__get_case=case(**ACCEPTED), routing__propose={})
    form = {"propose-outcome": "", "propose-row-1": "", "propose-row-2": "granted"}
    visit(services, OFFICER).post(f"{HERE}/de-xuat", data={"request_id": "one", "seen": "3", **form})
    assert services.of("routing.propose")[0]["items"] == [{"row": 2, "outcome": "granted"}]


def test_what_has_had_its_answer_is_sent_under_another_request_id() -> None:
    """Else the same form would be answered as it was the first time, though it was undone since."""
    typed = {"request_id": "one", "seen": "0", "reject-reason": "Không thuộc thẩm quyền"}
    answer = visit(at_work(), OFFICER).post(f"{HERE}/tu-choi", data=typed)
    assert answer.status_code == 409
    assert "Không thuộc thẩm quyền" in answer.text
    assert 'name="request_id" value="one"' not in answer.text
    assert 'name="request_id" value="' in answer.text


def test_an_officer_is_not_said_to_be_unknown_while_nobody_tells_who_works_there() -> None:
    away = Unavailable("routing.unavailable", "Away.", "Không trả lời.")
    services = at_work(routing__get_case=case(**ACCEPTED), routing__case_load=away, routing__assign={})
    form = {"request_id": "one", "seen": "3", "assign-officer": "vnnic-22"}
    assert visit(services, OFFICER).post(f"{HERE}/giao", data=form).status_code == 303


def test_who_signs_sees_what_was_proposed_and_signs_just_that() -> None:
    reasons = {"proposed": "Chưa đủ điều kiện", "returned": None, "decided": None, "rejected": None, "stopped": None}
    services = at_work(routing__get_case=case(**PROPOSED, reasons=reasons), routing__decide={})
    page = visit(services, OFFICER).get(HERE).text
    assert "Đề xuất đang chờ ký: không cấp" in page
    assert "1. ns1.example.vn" in page
    assert "Chưa đủ điều kiện</textarea>" in page
    form = {"request_id": "one", "seen": "3", "sign-outcome": "refused", "sign-reason": "Chưa đủ điều kiện"}
    visit(services, OFFICER).post(f"{HERE}/ky", data=form)
    assert services.of("routing.decide") == [
        {"dossier_code": CODE, "request_id": "one", "outcome": "refused", "reason": "Chưa đủ điều kiện"}
    ]


def test_a_result_that_is_ready_is_handed_over() -> None:
    services = at_work(
        routing__get_case=case(status="decided"),
        intake__get=dossier(status="resolved"),
        intake__return_result={},
    )
    browser = visit(services, OFFICER)
    assert f'action="{HERE}/tra-ket-qua"' in browser.get(HERE).text
    browser.post(f"{HERE}/tra-ket-qua", data={"request_id": "one", "seen": "1", "return_result-method": "direct"})
    assert services.of("intake.return_result") == [{"dossier_code": CODE, "request_id": "one", "method": "direct"}]


def test_a_mistake_stands_beside_the_control_it_came_from() -> None:
    wrong = {"field": "items.1.field", "code": "unlisted_item", "vi": "Không có trong danh mục.", "en": "Not listed."}
    services = at_work(routing__request_supplement=Refused("routing.unlisted_item", "No.", "Không.", [wrong]))
    form = {"request_supplement-c-TP01": "Bản mờ", "request_supplement-f-label": "<script>", "seen": "1"}
    answer = visit(services, OFFICER).post(f"{HERE}/bo-sung", data=form)
    assert answer.status_code == 422
    assert 'href="#f-request_supplement-f-label"' in answer.text
    assert 'id="w-request_supplement-f-label">Không có trong danh mục.' in answer.text
    assert "&lt;script&gt;</textarea>" in answer.text


def test_who_was_not_faster_is_told_what_changed_and_keeps_what_he_typed() -> None:
    steps = [*ACCEPTED["steps"], step("case_assigned", "vnnic-2")]
    services = at_work(routing__get_case=case(**{**ACCEPTED, "steps": steps}), routing__decide={})
    form = {"request_id": "one", "seen": "3", "decide-outcome": "refused", "decide-reason": "Chưa đủ điều kiện"}
    answer = visit(services, OFFICER).post(f"{HERE}/quyet-dinh", data=form)
    assert answer.status_code == 409
    assert "vnnic-2 – Giao xử lý" in answer.text
    assert "Chưa đủ điều kiện</textarea>" in answer.text
    assert 'name="seen" value="4"' in answer.text
    assert services.of("routing.decide") == []


def test_a_form_sent_twice_is_no_news_to_whoever_sent_it() -> None:
    steps = [step("case_opened"), step("case_accepted", "vnnic-1")]
    services = at_work(routing__get_case=case(status="accepted", steps=steps), routing__accept={})
    answer = visit(services, OFFICER).post(f"{HERE}/tiep-nhan", data={"request_id": "one", "seen": "1"})
    assert answer.status_code == 303


def test_what_cannot_be_done_any_more_leaves_what_was_typed_in_sight() -> None:
    moved = case(status="withdrawn", steps=[step("case_opened"), step("case_withdrawn")])
    form = {"seen": "1", "reject-reason": "Không thuộc thẩm quyền"}
    page = visit(at_work(routing__get_case=moved), OFFICER).post(f"{HERE}/tu-choi", data=form).text
    assert "Người nộp rút hồ sơ" in page
    assert "<li>Không thuộc thẩm quyền</li>" in page


def test_services_that_are_away_keep_the_form_for_another_try() -> None:
    services = at_work(routing__reject=Unavailable("routing.unavailable", "Away.", "Chưa sẵn sàng."))
    form = {"request_id": "one", "seen": "1", "reject-reason": 'Trùng "hồ sơ" khác'}
    answer = visit(services, OFFICER).post(f"{HERE}/tu-choi", data=form)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert 'name="request_id" value="one"' in answer.text
    assert 'value="Trùng &#34;hồ sơ&#34; khác"' in answer.text


def test_a_case_can_be_worked_on_while_intake_and_notify_are_away() -> None:
    away = Unavailable("intake.unavailable", "Away.", "Chưa sẵn sàng.")
    answer = visit(at_work(intake__get=away, notify__list_notices=away), OFFICER).get(HERE)
    assert answer.status_code == 200
    assert "Chưa tải được nội dung hồ sơ" in answer.text


def test_a_case_of_another_unit_is_not_there() -> None:
    unknown = NotFound("routing.unknown_case", "No such case.", "Không tìm thấy hồ sơ.")
    browser = visit(at_work(routing__get_case=unknown), OFFICER)
    assert browser.get(HERE).status_code == 404
    assert browser.post(f"{HERE}/tiep-nhan", data={}).status_code == 404
    assert browser.post(f"{HERE}/xoa", data={}).status_code == 404


class Papers(FakeServices):
    """Services that have papers of one kind."""

    def __init__(self, kind: str) -> None:
        super().__init__(at_work(intake__get=dossier()).answers)
        self.kind = kind

    def download(self, *_: Any) -> requests.Response:
        """A paper as intake's door sends it."""
        found = requests.Response()
        found.status_code, found.raw = 200, io.BytesIO(b"bytes")
        found.headers.update(
            {
                "Content-Type": self.kind,
                "Content-Length": "5",
                "Content-Disposition": "attachment; filename*=UTF-8''%C4%91%C6%A1n.pdf",
            }
        )
        return found


@pytest.mark.parametrize("kind", ["application/pdf", "image/png", "image/jpeg"])
def test_papers_are_shown_inside_our_own_pages_only(kind: str) -> None:
    answer = visit(Papers(kind), OFFICER).get(f"{HERE}/giay-to/0190-paper")
    assert (answer.data, answer.mimetype) == (b"bytes", kind)
    assert answer.headers["Content-Disposition"] == "inline; filename*=UTF-8''%C4%91%C6%A1n.pdf"
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    policy = answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/xhtml+xml", ""])
def test_anything_else_is_saved_and_never_shown(kind: str) -> None:
    answer = visit(Papers(kind), OFFICER).get(f"{HERE}/giay-to/0190-paper")
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_a_paper_can_be_saved_too() -> None:
    answer = visit(Papers("application/pdf"), OFFICER).get(f"{HERE}/giay-to/0190-paper?tai")
    assert answer.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("upload", ["..", "a%3Fb", "a%23b", "%2e%2e"])
def test_no_address_leads_elsewhere_in_intake(upload: str) -> None:
    assert visit(Papers("application/pdf"), OFFICER).get(f"{HERE}/giay-to/{upload}").status_code == 404


def test_a_paper_that_cannot_be_had_says_so_where_it_would_have_stood() -> None:
    class Away(FakeServices):
        def download(self, *_: Any) -> requests.Response:
            raise Unavailable("intake.unavailable", "intake does not answer.", "Dịch vụ chưa sẵn sàng.")

    answer = visit(Away({}), OFFICER).get(f"{HERE}/giay-to/0190-paper", headers={"Sec-Fetch-Dest": "iframe"})
    assert answer.status_code == 503
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
    assert "Dịch vụ chưa sẵn sàng." in answer.text
    assert f'href="{HERE}/giay-to/0190-paper"' in answer.text
    assert "<header" not in answer.text


LAST_FEE: dict[str, Any] = {"order_id": f"{CODE}-R", "when_due": "before_result", "waived": False}
ASKED, SETTLED = (
    {"required_at": "2026-11-26T02:00:00+00:00", "settled_at": None},
    {"settled_at": "2026-11-26T03:00:00+00:00"},
)


@pytest.mark.parametrize(
    ("outcome", "fee", "is_offered"),
    [
        ("granted", {**LAST_FEE, **ASKED}, True),
        ("granted", {**LAST_FEE, **ASKED, **SETTLED}, False),
        ("granted", {**LAST_FEE, **ASKED, "when_due": "on_acceptance"}, False),
        ("refused", {**LAST_FEE, **ASKED}, False),
    ],
)
def test_what_was_granted_is_stopped_only_while_it_waits_for_its_last_fee(
    outcome: str, fee: dict[str, Any], is_offered: bool
) -> None:
    given = case(status="decided", outcome=outcome, decided_at="2026-11-26T01:30:00+00:00", fees=[fee])
    page = visit(at_work(routing__get_case=given), OFFICER).get(HERE).text
    assert ("Dừng xử lý hồ sơ" in page) == is_offered


def test_the_history_goes_on_after_the_decision() -> None:
    result = {"outcome": "granted", "number": "12/GP-VNNIC", "at": "2026-11-27T02:00:00+00:00", "revoked_at": None}
    given = dossier(result=result, returned_at="2026-11-28T02:00:00+00:00", return_method="post")
    page = visit(at_work(intake__get=given), OFFICER).get(HERE).text
    assert "Số 12/GP-VNNIC." in page
    assert page.index("12/GP-VNNIC") < page.index("Kết quả đã được nhận")
