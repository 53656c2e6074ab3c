"""Papers, reading over, and handing in once, over fakes."""

import hashlib
import io
import re
from typing import Any, Final

import pytest

from services.chassis.actor import Actor
from services.chassis.errors import Invalid, NotFound, Refused, ServiceError, Unavailable
from services.portal import attachments
from tests.unit.portal.drafts import COMPONENT, DRAFT_ID, FakeDrafts, form, services, words
from tests.unit.portal.fakes import CITIZEN, FakeServices, visit

AT: Final = f"/ban-nhap/{DRAFT_ID}"
UPLOAD_ID: Final = "0" * 32
TICKET: Final = "t" * 43
AWAY: Final = Unavailable("intake.unavailable", "intake does not answer.", "Dịch vụ chưa sẵn sàng.")
DONE: Final = {"dossier_code": "000.00.06.G14-261126-0001"}
FEE: Final = {"when_due": "on_submission", "name": words("Lệ phí"), "quantity": 1, "amount_vnd": 550_000}
OPENED: Final = {"upload_id": UPLOAD_ID, "url": f"http://intake.example.vn/uploads/{UPLOAD_ID}/{TICKET}"}


class FakeTickets:
    """Keeps what is sent; `refuses` is what a file is refused with that is no PDF."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, bytes]] = []
        self.refuses: ServiceError | None = None

    def put(self, _actor: Actor, upload_id: str, ticket: str, content_type: str, content: Any) -> None:
        """Take a whole file."""
        whole = content.read()
        if self.refuses and not whole.startswith(b"%PDF"):
            raise self.refuses
        self.sent.append((upload_id, content_type, whole))


def ready(**answers: Any) -> tuple[FakeServices, FakeTickets, FakeDrafts]:
    """A draft that is filled in, with its paper."""
    drafts, tickets = FakeDrafts(), FakeTickets()
    checked = {"errors": [], "fees": [FEE]}
    asked = services(drafts, **{"open_upload": OPENED, "check": checked, **answers})
    asked.tickets = tickets  # type: ignore[attr-defined]
    visit(asked, CITIZEN).post(AT, data=form())
    drafts.kept[DRAFT_ID] |= {
        "documents": [
            {"component": "TP01", "upload_id": UPLOAD_ID, "filename": "a.pdf", "size": 9, "state": "finished"}
        ]
    }
    return asked, tickets, drafts


def files(*named: tuple[str, bytes]) -> dict[str, Any]:
    """What a file control posts."""
    return {"request_id": "files", "file": [(io.BytesIO(content), name) for name, content in named]}


def opening(**asked: Any) -> dict[str, str]:
    """A ticket of its own for every request."""
    upload_id = hashlib.md5(asked["request_id"].encode(), usedforsecurity=False).hexdigest()
    return {"upload_id": upload_id, "url": f"http://intake.example.vn/uploads/{upload_id}/{TICKET}"}


def test_files_of_a_plain_form_are_passed_on_and_join_the_draft() -> None:
    asked, tickets, drafts = ready(open_upload=opening)
    two = files(("giấy tờ/bản khai.PDF", b"%PDF"), ("phụ lục.pdf", b"%PDF-1.7"))
    browser = visit(asked, CITIZEN)
    page = browser.post(f"{AT}/giay-to/TP01", data=two)
    assert page.status_code == 303
    opened = asked.of("intake.open_upload")
    assert [(one["filename"], one["size"]) for one in opened] == [("bản khai.PDF", 4), ("phụ lục.pdf", 8)]
    first, second = (opening(**one)["upload_id"] for one in opened)
    assert tickets.sent == [(first, "application/pdf", b"%PDF"), (second, "application/pdf", b"%PDF-1.7")]
    assert [one["upload_id"] for one in drafts.kept[DRAFT_ID]["documents"]] == [UPLOAD_ID, first, second]
    assert "Đã nhận 2 tệp." in browser.get(page.location).text


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.exe", b"MZ", "Chỉ nhận tệp PDF."),
        ("a.pdf", b"", "Tệp rỗng."),
        ("a.pdf", b"x" * 1_000_001, "Tệp quá lớn: nhiều nhất 977 KB."),
    ],
)
def test_a_file_that_cannot_be_taken_is_named_beside_its_paper(name: str, content: bytes, said: str) -> None:
    asked, tickets, _ = ready()
    page = visit(asked, CITIZEN).post(f"{AT}/giay-to/TP01", data=files((name, content)))
    assert page.status_code == 422
    assert f"{name}: {said}" in page.text
    assert not tickets.sent


def test_what_intake_refuses_is_told_and_the_other_files_are_kept() -> None:
    asked, tickets, drafts = ready(open_upload=opening)
    tickets.refuses = Refused("intake.wrong_content", "Not a PDF.", "Sai loại nội dung.")
    both = files(("<b>.pdf", b"x"), ("a.pdf", b"%PDF"))
    page = visit(asked, CITIZEN).post(f"{AT}/giay-to/TP01", data=both)
    assert (page.status_code, "&lt;b&gt;.pdf: Sai loại nội dung." in page.text) == (422, True)
    kept = opening(**asked.of("intake.open_upload")[1])["upload_id"]
    assert [one["upload_id"] for one in drafts.kept[DRAFT_ID]["documents"]] == [UPLOAD_ID, kept]


def test_no_file_is_said_to_be_missing_and_no_such_paper_is_not_found() -> None:
    asked, _, _ = ready()
    browser = visit(asked, CITIZEN)
    assert "Hãy chọn tệp" in browser.post(f"{AT}/giay-to/TP01", data={}).text
    assert browser.post(f"{AT}/giay-to/TP99", data=files(("a.pdf", b"x"))).status_code == 404


def test_each_percent_of_a_file_on_its_way_is_seen_and_not_read_out() -> None:
    asked, _, _ = ready()
    page = visit(asked, CITIZEN).get(f"{AT}/giay-to").text
    assert re.search(r'<p class="visually-hidden" role="status" data-told></p>', page)
    assert not re.search(r'role="status"[^>]*>\s*<ul[^>]*data-sending', page)


def test_a_file_is_taken_out() -> None:
    asked, _, drafts = ready()
    assert visit(asked, CITIZEN).post(f"{AT}/bo-giay-to", data={"upload_id": UPLOAD_ID}).status_code == 303
    assert not drafts.kept[DRAFT_ID]["documents"]


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\giấy tờ\\bản khai.PDF", "bản khai.PDF"),
        ("..pdf", "pdf"),
        ("a\u202efdp.exe", "afdp.exe"),
        ("x" * 400 + ".pdf", "x" * 146 + ".pdf"),
        ("", "tep"),
    ],
)
def test_a_name_of_a_file_is_made_plain(given: str, plain: str) -> None:
    assert attachments.plain_name(given) == plain


def test_a_type_is_told_by_the_end_of_a_name() -> None:
    assert attachments.why_not(COMPONENT, "a.PDF", 5) is None
    assert attachments.why_not(COMPONENT, "pdf", 5) == "type_not_accepted"


def test_all_is_read_over_before_it_is_handed_in() -> None:
    asked, _, _ = ready()
    page = visit(asked, CITIZEN).get(f"{AT}/kiem-tra")
    assert all(
        text in page.text for text in ("Sách hay", "Truyện", "a.pdf", CITIZEN.id, 'name="declared"', "550.000\u00a0đ")
    )


def test_what_is_missing_leads_to_where_it_is_mended() -> None:
    paths = ("form.name", "documents.TP01")
    problems = [{"field": path, "code": "required", "vi": "Bắt buộc.", "en": "Required."} for path in paths]
    asked, _, _ = ready(check={"errors": problems, "fees": None})
    page = visit(asked, CITIZEN).get(f"{AT}/kiem-tra")
    assert f'href="{AT}/giay-to#f-documents.TP01"' in page.text
    assert f'href="{AT}?soat=tat-ca#f-form.name"' in page.text
    assert 'name="declared"' not in page.text


def test_nothing_is_handed_in_without_the_declaration() -> None:
    asked, _, _ = ready(submit=DONE)
    page = visit(asked, CITIZEN).post(f"{AT}/kiem-tra", data={"version": "1"})
    assert (page.status_code, "Hãy đánh dấu" in page.text) == (422, True)
    assert not asked.of("intake.submit")


def test_a_dossier_is_handed_in_once() -> None:
    asked, _, drafts = ready(submit=DONE)
    browser = visit(asked, CITIZEN)
    sent = {"version": "1", "declared": "yes"}
    assert browser.post(f"{AT}/kiem-tra", data=sent).status_code == 303
    drafts.kept.clear()
    assert browser.post(f"{AT}/kiem-tra", data=sent).status_code == 303
    submitted = asked.of("intake.submit")
    assert [one["request_id"] for one in submitted] == [f"draft.{DRAFT_ID}.1"]
    assert submitted[0]["applicant"]["id_number"] == CITIZEN.id


def test_a_second_press_while_the_first_is_under_way_leads_to_the_same_dossier() -> None:
    asked, _, _ = ready()
    browser = visit(asked, CITIZEN)
    kept: Any = vars(browser.application.session_interface)["_collection"]

    def gone(draft_id: str) -> NotFound:
        """The first press ended between the two looks of the second."""
        for document in kept.documents.values():
            document["data"] = {**document["data"], "handed_in": {draft_id: DONE["dossier_code"]}}
        return NotFound("intake.unknown_draft", "No.", "Không.")

    asked.answers["intake.get_draft"] = gone
    page = browser.post(f"{AT}/kiem-tra", data={"version": "1", "declared": "yes"})
    assert page.location == f"/ho-so/{DONE['dossier_code']}"


def test_who_hands_in_a_draft_that_is_gone_is_led_to_where_its_dossier_would_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.portal.pages.review._PAUSE_SECONDS", 0)
    given = services(FakeDrafts(), list_dossiers={"items": [], "next": None})
    browser = visit(given, CITIZEN)
    page = browser.post(f"{AT}/kiem-tra", data={"version": "1", "declared": "yes"})
    assert (page.status_code, page.location) == (303, "/ho-so")
    assert "Bản nháp này đã được nộp hoặc đã xóa." in browser.get("/ho-so").text


def test_a_draft_that_changed_since_it_was_read_over_is_read_over_again() -> None:
    asked, _, _ = ready(submit=DONE)
    page = visit(asked, CITIZEN).post(f"{AT}/kiem-tra", data={"version": "0", "declared": "yes"})
    assert page.location == f"{AT}/kiem-tra"
    assert not asked.of("intake.submit")


def test_without_an_answer_the_page_says_that_asking_again_does_no_harm() -> None:
    asked, _, _ = ready(submit=AWAY, check=AWAY)
    page = visit(asked, CITIZEN).post(f"{AT}/kiem-tra", data={"version": "1", "declared": "yes"})
    assert page.status_code == 503
    assert "không bị nộp hai lần" in page.text
    assert " checked" in page.text


def test_a_refusal_stands_with_its_field() -> None:
    problem = {"field": "documents.0", "code": "upload_already_used", "vi": "Đã dùng.", "en": "Used."}
    asked, _, _ = ready(submit=Invalid("intake.invalid", "No.", "Chưa hợp lệ.", [problem]))
    page = visit(asked, CITIZEN).post(f"{AT}/kiem-tra", data={"version": "1", "declared": "yes"})
    assert page.status_code == 400
    assert "Bản khai: Đã dùng." in page.text
