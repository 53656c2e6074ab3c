"""The pages about one's own dossiers."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
import requests

from services.chassis.errors import Invalid, NotFound, Refused, Unavailable
from services.intake.drafts import MOST_DRAFTS as INTAKES_MOST
from services.portal.pages import dossiers
from services.portal.progress import URGENT
from tests.unit.portal.answers import CODE, PAPER, accepted, dossier, fee, order, services
from tests.unit.portal.fakes import CITIZEN, ENDED_UNIT, OFFICER, FakeServices, procedure, visit

HERE = f"/ho-so/{CODE}"
NOTICE: dict[str, Any] = {
    "notice_id": "n-1",
    "dossier_code": CODE,
    "moment": "submitted",
    "audience": "applicant",
    "status": "sent",
    "requested_at": "2026-01-15T02:00:01+00:00",
    "recipient": "nguyen.thi.mau@example.vn",
}
AWAY = Unavailable("notify.unavailable", "notify does not answer.", "Dịch vụ chưa sẵn sàng.")


def line(status: str) -> dict[str, Any]:
    return {**dossier(status), "due_at": None}


def test_who_is_not_signed_in_does_so_first() -> None:
    answer = visit(services()).get(HERE)
    assert answer.status_code == 302
    assert answer.location == f"/dang-nhap?next={HERE}"


def test_what_needs_doing_comes_first_and_drafts_are_there() -> None:
    def listed(status: str | None = None, **_: Any) -> dict[str, Any]:
        found = [line(status)] if status == "payment_required" else [] if status else [line("processing")]
        return {"items": found, "next": "cursor"}

    draft = {
        "draft_id": "d-1",
        "tenant": "mic",
        "procedure": "dk-ten-mien-vn",
        "saved_at": "2026-01-15T02:00:00+00:00",
        "expires_at": "2026-02-14T02:00:00+00:00",
    }
    known = services(intake__list_dossiers=listed, intake__list_drafts={"items": [draft], "next": None})
    page = visit(known, CITIZEN).get("/ho-so").text
    assert page.index("Việc cần làm") < page.index("Bản nháp") < page.index("Hồ sơ đã nộp")
    assert f"{HERE}/phi" in page
    assert "/ho-so?after=cursor" in page


def test_what_is_under_a_procedure_that_has_ended_is_listed_by_the_name_it_had() -> None:
    draft = {"draft_id": "d-1", "tenant": "mic", "procedure": "cu", "saved_at": "2026-01-14T18:00:00+00:00"}
    known = services(
        intake__list_dossiers={"items": [{**line("processing"), "procedure": "cu"}], "next": None},
        intake__list_drafts={"items": [{**draft, "expires_at": "2026-02-14T02:00:00+00:00"}], "next": None},
        registry__get_procedure=procedure("cu", name={"vi": "Thủ tục đã bãi bỏ", "en": "Ended"}),
    )
    page = visit(known, CITIZEN).get("/ho-so").text
    assert page.count(">Thủ tục đã bãi bỏ</a></h3>") == 2 + len(URGENT)
    assert ">cu</a>" not in page
    asked = {"tenant": "mic", "key": "cu", "as_of": "2026-01-15"}  # the day in Vietnam
    assert asked in known.of("registry.get_procedure")
    del known.answers["registry.get_procedure"]
    assert ">cu</a></h3>" in visit(known, CITIZEN).get("/ho-so").text


def test_every_draft_that_one_may_have_is_listed() -> None:
    times = {"saved_at": "2026-01-15T02:00:00+00:00", "expires_at": "2026-02-14T02:00:00+00:00"}
    about = {"tenant": "mic", "procedure": "dk-ten-mien-vn", **times}
    drafts = [{"draft_id": f"d-{place}", **about} for place in range(21)]

    def listed(limit: int) -> dict[str, Any]:
        return {"items": drafts[:limit], "next": None if limit >= len(drafts) else "cursor"}

    page = visit(services(intake__list_drafts=listed), CITIZEN).get("/ho-so").text
    assert page.count('href="/ban-nhap/d-') == 21
    assert INTAKES_MOST == dossiers.MOST_DRAFTS
    kept = (Path(str(dossiers.__file__)).parents[1] / "static" / "device.js").read_text(encoding="utf-8")
    assert f"const MOST = {INTAKES_MOST};" in kept


def test_a_dossier_shows_its_way_its_unit_and_what_was_said() -> None:
    page = visit(services(notify__list_notices={"items": [NOTICE], "next": None}), CITIZEN).get(HERE).text
    for said in ("Hồ sơ được nộp", "09 giờ 00, 15/01/2026", "02438000006", "vi-du", "cccd.pdf", "Căn cước công dân"):
        assert said in page
    assert "trong 8 giờ làm việc" in page
    assert f"{HERE}/thong-bao/n-1" in page


def test_the_term_of_an_accepted_dossier_is_told_day_by_day() -> None:
    page = visit(services(accepted()), CITIZEN).get(HERE).text
    assert "<summary>Xem cách tính từng ngày</summary>" in page
    rows = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr><td .*?</tr>", page)]
    assert rows == [
        ["Thứ Năm, 15/01/2026", "không", "ngày nhận, chưa tính"],
        ["Thứ Sáu, 16/01/2026", "ngày thứ 1", "ngày làm việc"],
    ]


@pytest.mark.parametrize("address", [HERE, f"{HERE}/phi", f"{HERE}/rut", f"{HERE}/phieu/tiep-nhan"])
def test_a_dossier_outlives_the_unit_that_had_it(address: str) -> None:
    known = services(accepted(), registry__get_unit=ENDED_UNIT, intake__list_procedures={"items": [], "next": None})
    known.answers["payment.get_order"] = order()
    answer = visit(known, CITIZEN).get(address)
    assert answer.status_code == 200
    assert known.of("registry.get_unit")[-1]["standing"]


def test_a_dossier_outlives_a_unit_of_which_nothing_is_known() -> None:
    nowhere = NotFound("registry.unknown_document", "No.", "Không.")
    page = visit(services(registry__get_unit=nowhere), CITIZEN).get(HERE)
    assert (page.status_code, "vnnic" in page.text) == (200, True)


def test_somebody_elses_dossier_is_not_there() -> None:
    assert visit(services(), CITIZEN).get("/ho-so/000.00.06.G14-260115-0002").status_code == 404


def test_officers_have_other_pages() -> None:
    assert visit(services(), OFFICER).get(HERE).status_code == 404


def test_a_service_that_is_away_takes_nothing_else_from_the_page_and_is_not_taken_for_silent() -> None:
    known = services(notify__list_notices=AWAY, registry__get_calendar=AWAY)
    answer = visit(known, CITIZEN).get(HERE)
    assert answer.status_code == 200
    for said in ("Chưa tải được danh sách thông báo.", "Có thể còn giấy tờ khác", f"{HERE}/phieu/da-nhan"):
        assert said in answer.text
    assert "Chưa có thông báo nào" not in answer.text


@pytest.mark.parametrize("nothing", [{"items": [], "next": None}, NotFound("notify.unknown_notice", "No.", "Không.")])
def test_where_nothing_was_written_yet_the_page_says_so(nothing: Any) -> None:
    page = visit(services(notify__list_notices=nothing), CITIZEN).get(HERE).text
    assert "Chưa có thông báo nào." in page
    assert "Có thể còn giấy tờ khác" not in page


def test_a_part_that_did_not_change_is_not_sent_again() -> None:
    known = services()
    browser = visit(known, CITIZEN)
    page = browser.get(HERE).text
    mark = page.split('data-mark="')[1].split('"')[0].replace("&#34;", '"')
    assert browser.get(f"{HERE}/hien-trang", headers={"If-None-Match": mark}).status_code == 304
    known.answers["intake.get"] = accepted("payment_required", fees=[fee()])
    changed = browser.get(f"{HERE}/hien-trang", headers={"If-None-Match": mark})
    assert changed.status_code == 200
    assert "Bạn cần nộp 550.000\u00a0đ" in changed.text
    assert "X-Final" not in changed.headers
    known.answers["intake.get"] = dossier("rejected")
    assert browser.get(f"{HERE}/hien-trang").headers["X-Final"]


def test_asking_again_by_itself_keeps_no_session_alive() -> None:
    browser = visit(services(), CITIZEN)
    kept = browser.application.session_interface._collection.documents  # type: ignore[attr-defined]  # noqa: SLF001
    (session,) = kept.values()
    session["seen_at"] = long_ago = session["seen_at"].replace(year=2020)
    browser.get(f"{HERE}/hien-trang")
    assert session["seen_at"] == long_ago
    browser.get(HERE)
    assert session["seen_at"] != long_ago


def test_hostile_answers_come_back_escaped() -> None:
    hostile = dossier(form={"label": "<script>alert(1)</script>"})
    page = visit(services(hostile), CITIZEN).get(HERE).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_withdrawing_asks_for_a_reason_and_shows_what_is_wrong_beside_it() -> None:
    wrong = {"field": "reason", "code": "required", "vi": "Bắt buộc phải có.", "en": "Is required."}
    known = services(intake__withdraw=Invalid("intake.invalid", "No.", "Không.", [wrong]))
    answer = visit(known, CITIZEN).post(f"{HERE}/rut", data={"reason": "", "request_id": "r-1"})
    assert answer.status_code == 400
    assert 'id="w-reason">Bắt buộc phải có.' in answer.text


def test_what_was_typed_stays_when_a_rule_says_no() -> None:
    known = services(intake__withdraw=Refused("intake.already_decided", "Decided.", "Đã có quyết định."))
    answer = visit(known, CITIZEN).post(f"{HERE}/rut", data={"reason": "Đổi ý", "request_id": "r-1"})
    assert answer.status_code == 422
    assert "Đã có quyết định." in answer.text
    assert ">Đổi ý</textarea>" in answer.text


def test_a_withdrawal_leads_back_to_the_dossier() -> None:
    known = services(intake__withdraw={"status": "withdrawn"})
    browser = visit(known, CITIZEN)
    answer = browser.post(f"{HERE}/rut", data={"reason": " Đổi ý ", "request_id": "r-1"})
    assert (answer.status_code, answer.location) == (303, HERE)
    assert known.of("intake.withdraw") == [{"dossier_code": CODE, "reason": "Đổi ý", "request_id": "r-1"}]
    assert "Hồ sơ đã được rút." in browser.get(HERE).text


def test_a_result_is_collected_on_line() -> None:
    result = {"outcome": "granted", "number": "1/2026", "at": "2026-01-16T03:00:00+00:00", "expires_on": None}
    known = services(
        accepted("resolved", result={**result, "dataset": "ten-mien-vn", "revoked_at": None}),
        intake__return_result={"status": "returned"},
    )
    browser = visit(known, CITIZEN)
    assert "1/2026" in browser.get(f"{HERE}/nhan-ket-qua").text
    assert browser.post(f"{HERE}/nhan-ket-qua", data={"request_id": "r-2"}).status_code == 303
    assert known.of("intake.return_result") == [{"dossier_code": CODE, "method": "online", "request_id": "r-2"}]


REVOKED_AT = "2026-03-01T03:00:00+00:00"


def revoked(**answers: Any) -> FakeServices:
    result = {"outcome": "granted", "number": "1/2026", "at": "2026-01-16T03:00:00+00:00", "expires_on": None}
    kept = {**result, "dataset": "ten-mien-vn", "revoked_at": REVOKED_AT}
    return services(accepted("resolved", result=kept, revoked_at=REVOKED_AT), **answers)


def test_a_result_that_was_revoked_is_told_with_the_reason_and_not_offered() -> None:
    versions = [
        {"version": 1, "what": "record_issued", "reason": None},
        {"version": 2, "what": "record_revoked", "reason": "Khai không đúng sự thật"},
    ]
    known = revoked(registry__history={"versions": versions})
    browser = visit(known, CITIZEN)
    for path in (HERE, f"{HERE}/nhan-ket-qua"):
        page = browser.get(path).text
        assert "Kết quả đã bị thu hồi lúc 10 giờ 00, 01/03/2026." in page
        assert "Lý do: Khai không đúng sự thật" in page
        assert "Tôi đã nhận kết quả" not in page
        assert f'href="{HERE}/nhan-ket-qua"' not in page
        assert f"{HERE}/phieu/ket-qua" not in page
    assert known.of("registry.history")[0] == {"dataset": "ten-mien-vn", "number": "1/2026"}


def test_a_revocation_is_told_without_its_reason_while_registry_is_away() -> None:
    away = Unavailable("registry.unavailable", "registry does not answer.", "Dịch vụ chưa sẵn sàng.")
    page = visit(revoked(registry__history=away), CITIZEN).get(HERE).text
    assert "Kết quả đã bị thu hồi lúc" in page
    assert "Lý do:" not in page


def test_a_revoked_result_does_not_wait_for_anybody_in_the_list() -> None:
    def listed(status: str | None = None, **_: Any) -> dict[str, Any]:
        return {"items": [{**line("resolved"), "revoked_at": REVOKED_AT}] if status == "resolved" else [], "next": None}

    page = visit(services(intake__list_dossiers=listed), CITIZEN).get("/ho-so").text
    assert "Việc cần làm" not in page


def in_rows() -> FakeServices:
    """A dossier for two titles, of which the first was refused and the other was not named."""
    known = services(
        accepted(
            "resolved",
            form={"titles": [{"title": "Sách một"}, {"title": "Sách hai"}]},
            result={"outcome": "granted", "number": "1", "at": REVOKED_AT, "expires_on": None, "revoked_at": None},
            case={"decided_at": REVOKED_AT, "outcome": "granted", "rows": [{"row": 1, "outcome": "refused"}]},
        ),
        routing__get_decision={"items": [{"row": 1, "outcome": "refused", "reason": "Trùng <tên>"}]},
    )
    labels = {"title": {"vi": "Tên sách", "en": "Title"}, "titles": {"vi": "Danh mục", "en": "Titles"}}
    column = {"name": "title", "type": "text", "label": labels["title"]}
    known.answers["registry.get_procedure"] = procedure(
        form=[{"name": "titles", "type": "table", "label": labels["titles"], "columns": [column]}],
        result={"name": labels["titles"], "validity_years": None, "record_fields": {"titles": "titles"}},
        clock={"on_supplement": "restart", "on_payment": "pause"},
    )
    return known


def test_an_applicant_reads_which_rows_were_refused_and_why() -> None:
    known = in_rows()
    for path in (HERE, f"{HERE}/nhan-ket-qua"):
        page = visit(known, CITIZEN).get(path).text
        rows = re.findall(r'<th scope="row"[^>]*>(.*?)</th>.*?<span[^>]*>(.*?)</span>.*?<td[^>]*>(.*?)</td>', page)
        assert rows == [("1. Sách một", "không cấp", "Trùng &lt;tên&gt;"), ("2. Sách hai", "cấp", "")]
    known.answers["routing.get_decision"] = Unavailable("routing.unavailable", "No answer.", "Chưa sẵn sàng.")
    page = visit(known, CITIZEN).get(HERE).text
    assert "1. Sách một" in page
    assert "Trùng" not in page


def test_what_was_not_decided_row_by_row_has_no_rows_to_tell() -> None:
    known = in_rows()
    known.answers["routing.get_decision"] = {"items": []}
    assert "Kết quả từng mục" not in visit(known, CITIZEN).get(HERE).text


def test_both_languages_of_a_letter_are_marked_as_what_they_are() -> None:
    letter = {**NOTICE, "subject": "Đã nhận / Received", "text": f"Kính gửi bà Mẫu\n\n{'-' * 40}\n\nTo: Mẫu"}
    page = visit(services(notify__get_notice=letter), CITIZEN).get(f"{HERE}/thong-bao/n-1").text
    assert '<h1><span lang="vi">Đã nhận</span> / <span lang="en">Received</span></h1>' in page
    assert '<div class="letter" lang="vi">Kính gửi bà Mẫu</div>' in page
    assert '<div class="letter" lang="en">To: Mẫu</div>' in page
    assert "----" not in page


@pytest.mark.parametrize("subject", ["Cấp lại / đổi giấy phép / Renewal", "Đã nhận", ""])
def test_a_subject_that_cannot_be_told_apart_stays_whole(subject: str) -> None:
    page = visit(services(notify__get_notice={**NOTICE, "subject": subject, "text": None}), CITIZEN)
    said = page.get(f"{HERE}/thong-bao/n-1").text
    assert f'<h1><span lang="vi">{subject}</span></h1>' in said or (subject == "" and "<h1>Đã nhận hồ sơ</h1>" in said)
    assert "Nội dung thông báo không còn được lưu." in said


def test_a_letter_is_shown_under_its_own_dossier_only() -> None:
    letter = {**NOTICE, "subject": "Đã nhận hồ sơ", "text": "Kính gửi <b>Mẫu</b>"}
    browser = visit(services(notify__get_notice=letter), CITIZEN)
    assert "Kính gửi &lt;b&gt;Mẫu" in browser.get(f"{HERE}/thong-bao/n-1").text
    assert browser.get("/ho-so/other/thong-bao/n-1").status_code == 404


class Papers(FakeServices):
    """Services that also have a paper."""

    def download(self, _actor: Any, _dossier_code: str, upload_id: str) -> requests.Response:
        """The paper as intake's door sends it."""
        if upload_id != PAPER["upload_id"]:
            raise NotFound("intake.unknown_document", "No.", "Không có tài liệu này.")
        answer = requests.Response()
        answer.status_code = 200
        answer.raw = io.BytesIO(b"%PDF-1.4")
        answer.headers.update(
            {
                "Content-Type": "application/pdf",
                "Content-Length": "8",
                "Content-Disposition": "attachment; filename*=UTF-8''cccd.pdf",
                "Server": "inner",
            }
        )
        return answer


@pytest.mark.parametrize(("query", "how"), [("", "attachment"), ("?xem=1", "inline")])
def test_a_paper_is_saved_unless_it_is_asked_to_be_shown(query: str, how: str) -> None:
    answer = visit(Papers(services().answers), CITIZEN).get(f"{HERE}/giay-to/u-1{query}")
    assert answer.data == b"%PDF-1.4"
    assert answer.headers["Content-Disposition"] == f"{how}; filename*=UTF-8''cccd.pdf"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer.headers["Cache-Control"]
    assert "inner" not in answer.headers.get("Server", "")


def test_a_paper_that_is_not_there_is_404() -> None:
    for upload_id in ("u-2", "..", "%2e%2e"):
        assert visit(Papers(services().answers), CITIZEN).get(f"{HERE}/giay-to/{upload_id}").status_code == 404
