"""Slips: which there are, what they hold, and that a PDF is the page."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import g

from services.chassis.errors import NotFound, Unavailable
from services.portal import pdf
from services.portal.people import Person
from services.portal.qr import qr
from services.portal.slips import in_language, there_are
from services.portal.spoken import spoken_vnd
from tests.unit.portal.answers import (
    CODE,
    LETTER,
    ORDER_ID,
    PAID,
    RECEIPT,
    REJECTED,
    accepted,
    dossier,
    order,
    services,
    with_letter,
)
from tests.unit.portal.fakes import CITIZEN, OFFICER, FakeServices, app, ended, procedure, visit

HERE = f"/ho-so/{CODE}/phieu"
SUPPLEMENT = {
    "round": 1,
    "components": ["CCCD"],
    "requested_at": "2026-01-15T04:00:00+00:00",
    "respond_by": "2026-02-14T10:30:00+00:00",
    "open": True,
}
RESULT = {
    "outcome": "granted",
    "dataset": "ten-mien-vn",
    "number": "1/2026/TM-VNNIC",
    "at": "2026-01-16T03:00:00+00:00",
    "expires_on": None,
    "revoked_at": None,
}
RECORD = {
    "dataset": "ten-mien-vn",
    "number": RESULT["number"],
    "issued_at": RESULT["at"],
    "expires_on": None,
    "holder": {"name": "Nguyễn Thị Mẫu"},
    "fields": {"label": "vi-du"},
}
RECEPTION = {
    "dossier_code": CODE,
    "accepted_at": "2026-01-15T03:00:00+00:00",
    "officer": "vnnic-1",
    "unit": "vnnic",
}
DATASET = {
    "key": "ten-mien-vn",
    "name": {"vi": "Tên miền", "en": "Domains"},
    "fields": [{"name": "label", "type": "text", "label": {"vi": "Nhãn", "en": "Label"}}],
}
AWAY = Unavailable("notify.unavailable", "notify does not answer.", "Dịch vụ chưa sẵn sàng.")


DUE = "2026-01-16T02:00:00+00:00"


def by(officer: str) -> dict[str, str]:
    return {"kind": "officer", "id": officer}


def step(event: str, at: str, who: dict[str, str], due_at: str | None = None, how: str | None = None) -> dict[str, Any]:
    """As routing tells it."""
    return {"event": event, "at": at, "by": who, "due_at": due_at, "punctuality": how}


def kinds(of: dict[str, Any], *moments: str, for_officer: bool = False) -> list[str]:
    notices = [{"moment": moment} for moment in moments]
    return [slip.kind for slip in there_are(of, notices, for_officer=for_officer)]


def test_a_slip_is_there_once_its_event_happened() -> None:
    assert kinds(dossier()) == ["da-nhan"]
    assert kinds(accepted(result=None)) == ["tiep-nhan"]
    assert kinds(accepted(supplement=SUPPLEMENT), "apology") == ["tiep-nhan", "bo-sung", "xin-loi"]
    assert kinds(dossier("rejected", case={"rejected_at": "2026-01-15T04:00:00+00:00"})) == ["da-nhan", "tu-choi"]
    assert kinds(accepted("resolved", result=RESULT), for_officer=True) == ["tiep-nhan", "kiem-soat", "ket-qua"]


def test_no_result_is_printed_that_was_refused_or_revoked() -> None:
    assert "ket-qua" not in kinds(accepted("resolved", result={**RESULT, "outcome": "refused"}))
    assert "ket-qua" not in kinds(accepted("resolved", result={**RESULT, "revoked_at": RESULT["at"]}))


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0, "Không đồng"),
        (5, "Năm đồng"),
        (15, "Mười lăm đồng"),
        (21, "Hai mươi mốt đồng"),
        (105, "Một trăm linh năm đồng"),
        (550_000, "Năm trăm năm mươi nghìn đồng"),
        (1_005_000, "Một triệu không trăm linh năm nghìn đồng"),
        (2_000_350, "Hai triệu ba trăm năm mươi đồng"),
        (1_000_000_005, "Một tỷ không trăm linh năm đồng"),
        (10**12, "Một nghìn tỷ đồng"),
    ],
)
def test_amounts_are_read_the_vietnamese_way(amount: int, words: str) -> None:
    assert spoken_vnd(amount) == words


@pytest.fixture
def _in_english() -> Iterator[None]:
    with app(FakeServices()).test_request_context():
        g.language = "en"
        yield


@pytest.mark.usefixtures("_in_english")
def test_a_letter_is_printed_in_the_language_of_the_page() -> None:
    assert in_language(LETTER) == "To: Mẫu\n\nNot legible."
    assert in_language("Only one.") == "Only one."


def assert_leads_to(address: str, page: str) -> None:
    """A slip has this address to be read and to be scanned, and no other code."""
    assert f'<span class="slip-address">{address}</span>' in page
    assert qr(address, "Mã QR để tra cứu") in page
    assert page.count('class="qr"') == 1


def test_an_appointment_names_the_day_the_papers_and_the_way_to_look_up() -> None:
    known = services(accepted(), routing__get_reception=RECEPTION)
    page = visit(known, CITIZEN).get(f"{HERE}/tiep-nhan").text
    for said in ("Giấy tiếp nhận hồ sơ và hẹn trả kết quả", "Mẫu số 01", "17 giờ 30, 16/01/2026", "Căn cước công dân"):
        assert said in page
    assert "cán bộ mã số vnnic-1, Trung tâm Internet Việt Nam" in page
    assert_leads_to(f"http://localhost/tra-cuu?ma={CODE}", page)
    assert CITIZEN.id not in page


def test_a_result_says_what_was_decided_on_each_row() -> None:
    column = {"name": "label", "type": "text", "label": {"vi": "Nhãn", "en": "Label"}}
    form = [{**column, "type": "table", "columns": [column]}]
    of = accepted("resolved", result=RESULT, case={"decided_at": RESULT["at"], "outcome": "granted"})
    known = services(
        {**of, "form": {"label": [{"label": "vi-du"}, {"label": "mau"}]}},
        registry__get_record=RECORD,
        registry__get_dataset=DATASET,
        routing__get_decision={"items": [{"row": 2, "outcome": "refused", "reason": "Đã cấp cho người khác"}]},
    )
    known.answers["registry.get_procedure"] = procedure(
        form=form, result={"name": DATASET["name"], "validity_years": None, "record_fields": {"label": "label"}}
    )
    page = visit(known, CITIZEN).get(f"{HERE}/ket-qua").text
    assert "<td>1. vi-du</td><td>cấp</td><td></td>" in page
    assert "<td>2. mau</td><td>không cấp</td><td>Đã cấp cho người khác</td>" in page


def test_who_received_a_dossier_is_not_left_out_in_silence() -> None:
    away = Unavailable("routing.unavailable", "routing does not answer.", "Dịch vụ chưa sẵn sàng.")
    page = visit(services(accepted(), routing__get_reception=away), CITIZEN).get(f"{HERE}/tiep-nhan")
    assert page.status_code == 200
    assert "Người tiếp nhận</dt><dd>chưa lấy được" in page.text


def test_who_reads_english_has_the_vietnamese_text_and_the_english_beside_it() -> None:
    browser = visit(services(accepted(), routing__get_reception=RECEPTION), CITIZEN)
    page = browser.get(f"{HERE}/tiep-nhan?lang=en").text
    legal, translation = page.split('<article class="slip" lang="')[1:]
    assert legal.startswith('vi"')
    assert "17 giờ 30, 16/01/2026" in legal
    assert "Căn cước công dân" in legal
    assert translation.startswith('en"')
    assert "17:30, 16/01/2026" in translation
    assert "the Vietnamese text is the legal one" in translation
    assert page.count("<h1") == 1
    assert browser.get(f"{HERE}/tiep-nhan?lang=vi").text.count("<article") == 1


@pytest.mark.parametrize("reader", [CITIZEN, OFFICER])
def test_a_supplement_request_says_what_the_officer_wrote(reader: Person) -> None:
    items = [{"component": "TP01", "guidance": "Thiếu bản <rõ>."}, {"guidance": "Nộp thêm."}]
    requests = [{"round": SUPPLEMENT["round"], "reason": "Chưa đủ.", "items": items}]
    known = services(
        accepted("supplement_requested", supplement=SUPPLEMENT),
        routing__get_supplements={"dossier_code": CODE, "items": requests},
    )
    page = visit(known, reader).get(f"{HERE}/bo-sung").text
    for said in ("Chưa đủ.", "Thiếu bản &lt;rõ&gt;.", "Nộp thêm."):
        assert said in page


BY_LETTER = [(REJECTED, "rejected", "tu-choi"), (accepted(), "apology", "xin-loi")]


@pytest.mark.parametrize(("of", "moment", "kind"), BY_LETTER)
def test_a_slip_that_a_letter_words_has_its_words(of: dict[str, Any], moment: str, kind: str) -> None:
    assert "Thiếu bản rõ." in visit(with_letter(of, moment), CITIZEN).get(f"{HERE}/{kind}").text


@pytest.mark.parametrize("away", ["notify__list_notices", "notify__get_notice"])
@pytest.mark.parametrize(("of", "moment", "kind"), BY_LETTER)
def test_no_slip_is_made_up_while_the_letter_that_words_it_cannot_be_had(
    of: dict[str, Any], moment: str, kind: str, away: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed: list[str] = []
    monkeypatch.setattr(pdf, "_printed", lambda html: printed.append(html) or b"%PDF")  # type: ignore[func-returns-value]
    browser = visit(with_letter(of, moment, **{away: AWAY}), CITIZEN)
    api = f"/api/v1/dossiers/{CODE}/slips/{kind}"
    assert [browser.get(path).status_code for path in (f"{HERE}/{kind}", f"{HERE}/{kind}.pdf", api)] == [503] * 3
    assert not printed


def test_a_letter_that_is_not_there_yet_is_told_from_one_that_is_no_longer_kept() -> None:
    path, gone, not_yet = f"{HERE}/tu-choi", "Nội dung thông báo không còn được lưu.", "Chưa có nội dung thông báo."
    before = visit(services(REJECTED), CITIZEN).get(path).text
    assert (not_yet in before, gone in before) == (True, False)
    after = visit(with_letter(REJECTED, "rejected", notify__get_notice={"text": None}), CITIZEN).get(path).text
    assert (not_yet in after, gone in after) == (False, True)


def test_nobody_was_apologised_to_who_was_not_written_to() -> None:
    unheard = NotFound("notify.unknown_notice", "No.", "Không.")
    assert visit(services(accepted(), notify__list_notices=unheard), CITIZEN).get(f"{HERE}/xin-loi").status_code == 404


@pytest.mark.parametrize("reader", [CITIZEN, OFFICER])
def test_slips_that_no_letter_words_are_there_while_notify_is_away(reader: Person) -> None:
    known = services(accepted("supplement_requested", supplement=SUPPLEMENT), notify__list_notices=AWAY)
    for kind in ("tiep-nhan", "bo-sung"):
        assert visit(known, reader).get(f"{HERE}/{kind}").status_code == 200


def twice() -> FakeServices:
    """A dossier whose applicant was asked for a supplement once more after it was accepted."""
    first = {"round": 1, "reason": "Lần đầu.", "items": [{"guidance": "Bản khai."}], "respond_by": DUE}
    second = {"round": 2, "reason": "Lần sau.", "items": [{"guidance": "Căn cước."}], "respond_by": RESULT["at"]}
    times = {"requested_at": "2026-01-15T04:00:00+00:00", "received_at": "2026-01-15T05:00:00+00:00"}
    return services(
        accepted("supplement_requested", supplement={**SUPPLEMENT, "round": 2}),
        routing__get_supplements={"dossier_code": CODE, "items": [first | times, second | times]},
    )


def test_each_request_for_a_supplement_has_its_form() -> None:
    browser = visit(twice(), CITIZEN)
    listed = browser.get(f"/ho-so/{CODE}").text
    for place in (1, 2):
        assert f'href="{HERE}/bo-sung?lan={place}">Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ (lần {place})</a>' in listed
    first, second = (browser.get(f"{HERE}/bo-sung?lan={place}").text for place in (1, 2))
    assert ("Lần đầu." in first, "Bản khai." in first, "09 giờ 00, 16/01/2026" in first) == (True, True, True)
    assert "Lần sau." not in first
    assert "(lần 1)" in first
    assert f"{HERE}/bo-sung.pdf?lan=1" in first
    assert ("Lần sau." in second, "Lần đầu." in second) == (True, False)
    assert "Lần sau." in browser.get(f"{HERE}/bo-sung").text
    assert browser.get(f"{HERE}/bo-sung?lan=3").status_code == 404


def test_the_form_of_a_request_that_stayed_the_only_one_is_found_by_its_number_too() -> None:
    known = services(accepted("supplement_requested", supplement=SUPPLEMENT))
    assert visit(known, CITIZEN).get(f"{HERE}/bo-sung?lan=1").status_code == 200


def test_the_time_line_tells_both_requests() -> None:
    known = twice()
    whole = visit(known, CITIZEN).get(f"/ho-so/{CODE}/hien-trang").text
    assert (whole.count("Cơ quan yêu cầu bổ sung hồ sơ"), "chưa tải được" in whole) == (2, False)
    known.answers["routing.get_supplements"] = Unavailable("routing.unavailable", "No answer.", "Chưa sẵn sàng.")
    partial = visit(known, CITIZEN).get(f"/ho-so/{CODE}/hien-trang").text
    assert (partial.count("Cơ quan yêu cầu bổ sung hồ sơ"), "chưa tải được" in partial) == (1, True)


def test_routing_is_not_asked_about_requests_that_intake_tells() -> None:
    known = services(accepted("supplement_requested", supplement=SUPPLEMENT))
    visit(known, CITIZEN).get(f"/ho-so/{CODE}/hien-trang")
    assert not known.of("routing.get_supplements")


def test_a_control_slip_is_for_officers() -> None:
    case = {
        "due_at": None,
        "answer_due_at": "2026-01-16T02:00:00+00:00",
        "decided_at": None,
        "on_time": None,
        "overdue": False,
        "steps": [
            step("case_opened", "2026-01-15T02:00:00+00:00", {"kind": "system", "id": "intake"}),
            step("case_accepted", "2026-01-15T03:00:00+00:00", by("vnnic-1"), DUE, "early"),
            step("case_assigned", "2026-01-15T04:00:00+00:00", by("vnnic-1"), DUE, "on_time"),
            step("supplement_requested", "2026-01-15T05:00:00+00:00", by("vnnic-1")),  # by a clock that stands still
            step("case_transferred", "2026-01-16T04:00:00+00:00", by("bc-1"), DUE, "late"),
        ],
        "tenant": "mic",
        "transfers": [
            {"from_unit": "cuc-bao-chi", "to_unit": "vnnic", "reason": "misdirected", "note": "Là tên miền"},
        ],
    }
    known = services(routing__get_case=case)
    page = visit(known, OFFICER).get(f"{HERE}/kiem-soat").text
    assert "vnnic-1" in page
    assert "Tiếp nhận" in page
    stood = re.findall(r"<td>([^<]*)</td></tr>", page)
    until = "(hạn 09 giờ 00, 16/01/2026)"
    assert stood == ["–", f"Trước hạn {until}", f"Đúng hạn {until}", "–", f"Quá hạn {until}"]
    assert "Hồ sơ được gửi nhầm đơn vị: Là tên miền" in page
    assert visit(known, CITIZEN).get(f"{HERE}/kiem-soat").status_code == 404


def test_a_result_carries_the_code_that_checks_it() -> None:
    known = services(accepted("resolved", result=RESULT), registry__get_record=RECORD, registry__get_dataset=DATASET)
    page = visit(known, CITIZEN).get(f"{HERE}/ket-qua").text
    assert_leads_to("http://localhost/kiem-tra/ten-mien-vn/1/2026/TM-VNNIC", page)
    assert "vi-du" in page


def test_a_result_outlives_the_dataset_that_it_was_issued_in() -> None:
    known = services(accepted("resolved", result=RESULT), registry__get_record=RECORD)
    known.answers["registry.get_dataset"] = ended(DATASET)
    assert "vi-du" in visit(known, CITIZEN).get(f"{HERE}/ket-qua").text


def test_a_receipt_states_its_amount_in_words() -> None:
    known = services(payment__find_order=order("paid", **PAID, receipt=RECEIPT))
    page = visit(known, CITIZEN).get(f"/ho-so/{CODE}/bien-lai/{ORDER_ID}").text
    for said in ("Ký hiệu AA-26E", "Số 0000007", "Năm trăm năm mươi nghìn đồng", "Nguyễn Thị Mẫu"):
        assert said in page


def test_an_order_without_receipt_has_none_to_print() -> None:
    known = services(payment__find_order=order("paid", **PAID))
    assert visit(known, CITIZEN).get(f"/ho-so/{CODE}/bien-lai/{ORDER_ID}").status_code == 404


@pytest.mark.parametrize("kind", ["tiep-nhan", "so-theo-doi", "../../etc/passwd", "facts"])
def test_a_slip_that_there_is_not_is_404(kind: str) -> None:
    assert visit(services(), CITIZEN).get(f"{HERE}/{kind}").status_code == 404


def test_a_pdf_is_the_same_slip(monkeypatch: pytest.MonkeyPatch) -> None:
    printed: list[str] = []
    monkeypatch.setattr(pdf, "_printed", lambda html: printed.append(html) or b"%PDF")  # type: ignore[func-returns-value]
    answer = visit(services(), CITIZEN).get(f"{HERE}/da-nhan.pdf")
    assert (answer.data, answer.mimetype) == (b"%PDF", "application/pdf")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Thông báo đã nhận hồ sơ" in printed[0]
    assert "masthead" not in printed[0]
    assert_leads_to(f"http://localhost/tra-cuu?ma={CODE}", printed[0])


def test_one_slip_is_printed_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_PATIENCE", 0.01)
    monkeypatch.setattr(pdf, "_printed", lambda _html: pdf.printed(""))
    with pytest.raises(Unavailable, match="printing"):
        pdf.printed("")
    monkeypatch.setattr(pdf, "_printed", lambda _html: b"%PDF")
    assert pdf.printed("") == b"%PDF"


def test_a_system_that_cannot_print_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_library(_html: str) -> bytes:
        raise OSError("cannot load library")

    monkeypatch.setattr(pdf, "_printed", no_library)
    answer = visit(services(), CITIZEN).get(f"{HERE}/da-nhan.pdf")
    assert answer.status_code == 503
    assert "in trang này bằng trình duyệt" in answer.text
