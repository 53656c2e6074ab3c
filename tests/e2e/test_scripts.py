"""What the scripts add to the pages, over fakes: files dropped and photographed, rows, keys, the board, the camera.

Everything has its way without them; the stories go it.
"""

import re
import threading
from typing import Any, Final
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

from services.chassis.actor import Actor
from services.chassis.errors import Conflict, Refused, Unavailable
from services.portal.qr import qr
from tests.conftest import eventually
from tests.e2e.conftest import PATIENCE_MS, PHONE, Opened, scan
from tests.unit.portal import answers as following
from tests.unit.portal import cases, drafts, test_board
from tests.unit.portal.drafts import COMPONENT, DRAFT_ID, FIELDS, FakeDrafts
from tests.unit.portal.fakes import CITIZEN, OFFICER, OPERATOR, FakeServices, catalogue, procedure, visit
from tests.unit.portal.test_handing_in import FakeTickets

pytestmark = pytest.mark.servers  # none of these, but Chromium
PART: Final = 1020 * 128  # what upload.js sends first
PAPERS: Final = f"/ban-nhap/{DRAFT_ID}/giay-to"
FORM: Final = "/nop-ho-so/mic/dk-ten-mien-vn"
CODES: Final = [f"{cases.CODE[:-1]}{number}" for number in (1, 2, 3)]
NUMBER: Final = "1/2026/TM-VNNIC"
STANDING: Final = {
    "valid": True,
    "status": "valid",
    "issued_at": "2026-01-15T02:00:00+00:00",
    "expires_on": None,
    "revoked_at": None,
}
DROPPED: Final = """(files) => {
    const dropped = new DataTransfer();
    for (const [name, text] of files) dropped.items.add(new File([text], name));
    return dropped;
}"""
PASTE: Final = """(cell, text) => {
    const pasted = new DataTransfer();
    pasted.setData("text/plain", text);
    cell.dispatchEvent(new ClipboardEvent("paste", { clipboardData: pasted, bubbles: true, cancelable: true }));
}"""
KEPT_HERE: Final = """(fields) => {
    const { draft, begun, name } = document.querySelector("form[data-draft]").dataset;
    const { whose } = document.documentElement.dataset;
    const about = { whose, at: new Date().toISOString(), address: location.pathname, begun, name };
    const kept = { ...about, version: "0", mark: "", sent: false, fields };
    localStorage.setItem("motcua.draft." + draft, JSON.stringify(kept));
}"""
NO_CAMERA: Final = 'navigator.mediaDevices.getUserMedia = async () => { throw new Error("no"); }'
DETECTOR: Final = """window.BarcodeDetector = class {
    static async getSupportedFormats() { return ["qr_code"]; }
    async detect() { return window.shown ? [{ rawValue: shown.text }] : []; }
};"""
CAMERA: Final = """navigator.mediaDevices.getUserMedia = async () => {
    const [canvas, picture] = [document.createElement("canvas"), new Image()];
    [canvas.width, canvas.height] = [640, 480];
    const draw = () => {
        const brush = canvas.getContext("2d");
        brush.fillStyle = "#bbb";
        brush.fillRect(0, 0, 640, 480);
        if (window.shown && picture.src !== shown.picture) picture.src = shown.picture;
        if (window.shown && picture.complete) brush.drawImage(picture, 140, 60, 360, 360);
        requestAnimationFrame(draw);
    };
    draw();
    return canvas.captureStream();
};"""


class Parts(FakeTickets):
    """Takes files in parts, as intake does; every part but the first waits until `may_go_on`."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived: dict[str, bytes] = {}
        self.may_go_on = threading.Event()

    def offset(self, _actor: Actor, upload_id: str, _ticket: str) -> int:
        """How much is there."""
        return len(self.arrived.get(upload_id, b""))

    def append(self, actor: Actor, upload_id: str, ticket: str, offset: int, part: bytes) -> int:
        """Take the next part."""
        if offset != self.offset(actor, upload_id, ticket):
            raise Conflict("intake.wrong_offset", "Another offset.", "Sai vị trí.")
        if offset:
            assert self.may_go_on.wait(PATIENCE_MS / 1000)
        self.arrived[upload_id] = self.arrived.get(upload_id, b"") + part
        return self.offset(actor, upload_id, ticket)


class Judged(Parts):
    """Refuses every file; the answer to the first was lost, and its ticket is good no more."""

    def offset(self, _actor: Actor, upload_id: str, _ticket: str) -> int:
        """How much is there, of a file that is not judged yet."""
        if upload_id in self.arrived:
            raise Conflict("intake.upload_used", "It was used.", "Đã dùng.")
        return 0

    def append(self, actor: Actor, upload_id: str, ticket: str, offset: int, part: bytes) -> int:
        """Judge what came."""
        self.offset(actor, upload_id, ticket)
        self.arrived[upload_id] = part
        if len(self.arrived) == 1:
            raise Unavailable("intake.unavailable", "Away.", "Chưa sẵn sàng.")
        raise Refused("intake.wrong_type", "It is no PDF.", "Tệp không phải là PDF.")


def papers() -> tuple[FakeServices, Parts, FakeDrafts]:
    """A draft whose paper may be a PDF or a photograph of 5 MB."""
    kept, tickets, uploads = FakeDrafts(), Parts(), iter(range(1, 99))
    asked = drafts.services(kept)
    wide = {**COMPONENT, "accepts": ["pdf", "jpg"], "max_bytes": 5_000_000}

    def opened(**_: Any) -> dict[str, str]:
        upload_id = f"{next(uploads):032}"
        return {"upload_id": upload_id, "url": f"http://intake.example.vn/uploads/{upload_id}/{'t' * 43}"}

    asked.answers |= {**catalogue(procedure(form=FIELDS, components=[wide])), "intake.open_upload": opened}
    asked.tickets = tickets  # type: ignore[attr-defined]
    visit(asked, CITIZEN).post(f"/ban-nhap/{DRAFT_ID}", data=drafts.form())
    return asked, tickets, kept


def brought(kept: FakeDrafts) -> int:
    return len(kept.kept[DRAFT_ID]["documents"])


def test_files_are_dropped_each_with_its_progress_and_one_that_cannot_be_taken_says_why(opened: Opened) -> None:
    asked, tickets, kept = papers()
    page = opened(asked, PAPERS, CITIZEN)
    place = page.locator("form[data-upload]")
    files = [["ảnh.exe", "MZ"], ["bản khai.pdf", scan(PART + 9).decode()], ["phụ lục.pdf", scan(9).decode()]]
    dropped = page.evaluate_handle(DROPPED, files)
    place.dispatch_event("dragover", {"dataTransfer": dropped})
    expect(place).to_have_class(re.compile("is-over"))
    place.dispatch_event("drop", {"dataTransfer": dropped})
    expect(place).not_to_have_class(re.compile("is-over"))
    refused, sending, after = (place.locator("[data-sending] li").filter(has_text=name) for name, _ in files)
    expect(refused.locator(".wrong")).to_have_text("Chỉ nhận tệp .pdf, .jpg, .jpeg.")
    expect(sending.locator("[data-state]")).to_have_text(re.compile(r"^9\d %$"))
    assert 90 < sending.locator("progress").evaluate("(bar) => bar.value") < 100
    tickets.may_go_on.set()
    expect(sending.locator("[data-state]")).to_have_text("Đã nhận.")
    expect(after.locator("[data-state]")).to_have_text("Đã nhận.")
    expect(place.locator("[data-told]")).to_have_text("phụ lục.pdf: Đã nhận.")
    assert brought(kept) == 2
    assert [one["filename"] for one in asked.of("intake.open_upload")] == [files[1][0], files[2][0]]
    assert [file.decode() for file in tickets.arrived.values()] == [files[1][1], files[2][1]]


def test_a_file_whose_ticket_is_spent_is_sent_by_another_and_why_it_is_refused_is_said(opened: Opened) -> None:
    asked, _, kept = papers()
    asked.tickets = Judged()  # type: ignore[attr-defined]
    page = opened(asked, PAPERS, CITIZEN)
    page.locator('form[data-upload] input[type="file"]').set_input_files(
        {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"MZ"}
    )
    expect(page.locator("[data-sending] .wrong")).to_have_text("Tệp không phải là PDF.")
    assert (brought(kept), len(asked.of("intake.open_upload"))) == (0, 2)
    assert len({one["request_id"] for one in asked.of("intake.open_upload")}) == 2


def test_a_phone_takes_a_photograph_of_a_paper(opened: Opened) -> None:
    asked, tickets, kept = papers()
    page = opened(asked, PAPERS, CITIZEN, viewport=PHONE, is_mobile=True, has_touch=True)
    camera = page.locator('input[capture="environment"]')
    expect(page.get_by_text("Chụp ảnh")).to_be_visible()
    with page.expect_navigation():  # the page shows itself anew when the file has arrived
        camera.set_input_files({"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff"})
    expect(page.locator("[data-files] li")).to_have_count(1)
    assert (brought(kept), list(tickets.arrived.values())) == (1, [b"\xff\xd8\xff"])


def test_rows_come_and_go_in_place_and_cells_of_a_spreadsheet_become_rows(opened: Opened) -> None:
    page = opened(drafts.services(FakeDrafts()), FORM, CITIZEN)
    rows, sheet = page.locator('[data-sheet="titles"] tbody tr'), page.locator('[data-sheet="titles"]')
    title = '[name="form.titles.{}.title"]'
    page.locator(title.format(0)).fill("Một")
    sheet.get_by_role("button", name="Thêm dòng").click()
    expect(page.locator(title.format(1))).to_be_focused()
    page.locator(title.format(1)).fill("Hai")
    page.get_by_role("button", name="Xóa dòng 1").click()
    expect(rows).to_have_count(1)
    expect(page.locator(title.format(0))).to_have_value("Hai")
    expect(page.locator(title.format(0))).to_be_focused()
    page.get_by_role("button", name="Xóa dòng 1").click()
    expect(rows).to_have_count(1)
    expect(page.locator(title.format(0))).to_have_value("")
    with page.expect_navigation():
        page.locator(title.format(0)).evaluate(PASTE, "Truyện ngắn\t120\nThơ\t80\n")
    expect(rows).to_have_count(2)
    for row, (name, pages) in enumerate((("Truyện ngắn", "120"), ("Thơ", "80"))):
        expect(page.locator(title.format(row))).to_have_value(name)
        expect(page.locator(f'[name="form.titles.{row}.pages"]')).to_have_value(pages)


def desk() -> FakeServices:
    """A queue of three cases, of which the first cannot be given to anybody yet, and a page behind it."""
    lines = [
        cases.line(dossier_code=code, status=status)
        for code, status in zip(CODES, ("opened", "accepted", "in_hand"), strict=True)
    ]
    return cases.at_work(
        routing__list_cases={"items": lines, "next": "WyJhIl0"}, intake__get=cases.dossier(documents=[])
    )


def test_one_box_ticks_all_that_can_be_ticked(opened: Opened) -> None:
    page = opened(desk(), "/ban-lam-viec", OFFICER)
    every = page.get_by_role("checkbox", name="Chọn tất cả")
    every.check()
    assert ticked(page) == CODES[1:]
    every.uncheck()
    assert ticked(page) == []


def test_the_queue_is_worked_with_single_keys(opened: Opened) -> None:
    page = opened(desk(), "/ban-lam-viec", OFFICER)
    page.keyboard.press("x")  # on no case
    for key, place in (("j", 0), ("j", 1), ("j", 2), ("j", 2), ("k", 1)):
        page.keyboard.press(key)
        expect(link(page, place)).to_be_focused()
    page.keyboard.press("x")
    assert ticked(page) == [CODES[1]]
    page.keyboard.press("a")
    officer = page.locator("[data-assign]")
    expect(officer).to_be_focused()
    page.keyboard.type("xjo")
    expect(officer).to_have_value("xjo")
    assert ticked(page) == [CODES[1]]
    link(page, 1).focus()
    page.keyboard.press("o")
    page.wait_for_url(f"**/{CODES[1]}")
    page.go_back()
    page.keyboard.press("n")
    page.wait_for_url("**/ban-lam-viec?after=WyJhIl0")


def test_single_keys_can_be_turned_off_and_stay_so(opened: Opened) -> None:
    page = opened(desk(), "/ban-lam-viec", OFFICER)
    page.keyboard.press("?")
    is_on = page.get_by_role("checkbox", name="Bật phím tắt")
    expect(is_on).to_be_checked()
    is_on.uncheck()
    page.get_by_role("button", name="Đóng").click()
    for _ in range(2):
        page.keyboard.press("j")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_be_hidden()
        expect(link(page, 0)).not_to_be_focused()
        page.reload()
    page.get_by_role("button", name="Phím tắt").click()
    is_on.check()
    page.get_by_role("button", name="Đóng").click()
    page.keyboard.press("j")
    expect(link(page, 0)).to_be_focused()


def test_what_a_device_kept_of_a_draft_is_taken_whole_also_what_is_asked_no_more(opened: Opened) -> None:
    kept = FakeDrafts()
    page = opened(drafts.services(kept), FORM, CITIZEN)
    page.evaluate(KEPT_HERE, [["form.name", "Sách hay"], ["form.old", "Câu cũ"], ["form.titles.0.gone", "Cột cũ"]])
    page.reload()
    page.get_by_role("button", name="Lấy lại nội dung đó").click()
    expect(page.locator("[data-state]")).to_contain_text("Đã lưu lúc")
    (draft,) = kept.kept.values()
    assert (draft["form"]["name"], draft["form"]["old"]) == ("Sách hay", "Câu cũ")
    assert draft["form"]["titles"] == [{"gone": "Cột cũ"}]
    page.reload()
    expect(page.locator("form.answers")).to_contain_text("Câu cũ")


def test_what_is_answered_before_the_script_has_come_is_saved_too(opened: Opened) -> None:
    """A slow line brings it seconds after the form."""
    kept, under_way = FakeDrafts(), list[Any]()
    page = opened(drafts.services(kept), "/", CITIZEN)
    page.route(re.compile(r"/form\.js"), lambda route: under_way.append(route))
    page.goto(FORM, wait_until="commit")
    page.locator('[name="form.name"]').fill("Sách hay")
    (script,) = eventually(lambda: page.wait_for_timeout(50) or under_way)  # type: ignore[func-returns-value]
    script.continue_()
    expect(page.locator("[data-state]")).to_contain_text("Đã lưu lúc")
    (draft,) = kept.kept.values()
    assert draft["form"]["name"] == "Sách hay"


def test_a_form_that_is_only_looked_at_is_not_saved(opened: Opened) -> None:
    kept = FakeDrafts()
    page = opened(drafts.services(kept), "/", CITIZEN)
    page.clock.install()
    page.goto(FORM)
    page.clock.fast_forward(60_000)
    assert not kept.kept
    for name, text in (("name", "Sách hay"), ("price", "120000"), ("first_on", "2020-02-29"), ("titles.0.pages", "12")):
        page.locator(f'[name="form.{name}"]').fill(text)
    page.locator('[name="form.abroad"][value="true"]').check()
    page.locator('[name="form.country"][value="kh"]').check()
    page.locator('[name="form.titles.0.sold"]').select_option("true")
    page.clock.fast_forward(60_000)
    expect(page.locator("[data-state]")).to_contain_text("Đã lưu lúc")
    page.reload()
    page.clock.fast_forward(60_000)
    expect(page.locator('[name="form.abroad"][value="true"]')).to_be_checked()
    assert [draft["version"] for draft in kept.kept.values()] == [1]


def link(page: Page, place: int) -> Locator:
    return page.locator("[data-open]").nth(place)


def ticked(page: Page) -> list[str]:
    found: list[str] = page.locator('[data-rows] input[name="code"]:checked').evaluate_all(
        "(boxes) => boxes.map((one) => one.value.split(' ')[0])"
    )
    return found


def test_the_board_renews_itself_unless_it_is_paused_and_says_when_it_no_longer_can(opened: Opened) -> None:
    told = test_board.answers()
    page = opened(told, "about:blank", OPERATOR)
    page.clock.install()
    page.goto("/dieu-hanh/")
    figure = page.locator("td[data-label='Đang giải quyết']")
    expect(figure).to_have_text("5")

    def open_cases(count: int) -> None:
        decided = {"early": 6, "on_time": 3, "late": 1}
        told.answers["routing.count_by_unit"] = {"units": [{**test_board.UNIT, "open": count, "decided": decided}]}

    open_cases(6)
    page.clock.fast_forward("00:16")
    expect(figure).to_have_text("6")
    page.get_by_role("button", name="Tạm dừng tự cập nhật").click()
    asked = len(told.asked)
    open_cases(7)
    page.clock.fast_forward("01:00")
    expect(page.get_by_role("button", name="Tiếp tục tự cập nhật")).to_be_visible()
    expect(figure).to_have_text("6")
    assert len(told.asked) == asked
    page.get_by_role("button", name="Tiếp tục tự cập nhật").click()
    page.clock.fast_forward("00:16")
    expect(figure).to_have_text("7")
    queues = page.get_by_text("Từng hàng đợi", exact=True).first
    queues.click()
    open_cases(8)
    page.clock.fast_forward("00:16")
    expect(figure).to_have_text("8")
    expect(queues).to_be_focused()
    expect(page.locator("details[open]")).to_have_count(1)
    page.context.clear_cookies()
    page.clock.fast_forward("00:16")
    expect(page.locator("[data-stale]")).to_contain_text("Phiên làm việc đã hết")
    expect(figure).to_have_text("8")


def test_a_dossier_renews_itself_however_long_nothing_happens_and_says_when_it_no_longer_can(opened: Opened) -> None:
    told = following.services()
    page = opened(told, "about:blank", CITIZEN)
    page.clock.install()
    page.goto(f"/ho-so/{following.CODE}")
    with page.expect_response("**/hien-trang"):
        page.clock.fast_forward("20:00")
    page.evaluate("() => fetch('/health/live').then((one) => one.text())")  # the script has its answer before this
    told.answers["intake.get"] = following.accepted()
    page.clock.fast_forward("05:01")
    expect(page.locator("[data-poll]")).to_contain_text("Hồ sơ được tiếp nhận10 giờ 00")
    page.clock.fast_forward("20:00")  # so that the next look is minutes away
    page.evaluate("() => fetch('/health/live').then((one) => one.text())")
    with page.expect_response("**/hien-trang"):  # whoever comes back to the page is not kept waiting for it
        page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
        page.clock.fast_forward("00:03")
    page.context.clear_cookies()
    page.clock.fast_forward("05:01")
    expect(page.locator("[data-poll-said]")).to_contain_text("Phiên làm việc đã hết")


def show(page: Page, code: str) -> None:
    """Hold a QR code before the camera, as slips have it."""
    drawn = qr(code, "").partition("<svg")[2].partition("</span>")[0]
    picture = f'<svg xmlns="http://www.w3.org/2000/svg" width="360" height="360"{drawn}'
    page.evaluate(
        "(code) => { window.shown = code; }", {"text": code, "picture": f"data:image/svg+xml,{quote(picture)}"}
    )


@pytest.mark.parametrize("means", [DETECTOR, ""], ids=["of the browser", "of the library"])
def test_a_code_before_the_camera_leads_to_its_licence_here_and_any_other_nowhere(opened: Opened, means: str) -> None:
    made = FakeServices({**catalogue(procedure()), "registry.look_up": STANDING})
    page = opened(made, "/kiem-tra", script=means + CAMERA)
    page.get_by_role("button", name="Quét mã QR").click()
    show(page, "https://elsewhere.example/pay")
    expect(page.locator("[data-scan] [role=status]")).to_have_text("Mã này không phải mã của một giấy phép.")
    show(page, f"https://elsewhere.example/kiem-tra/ten-mien-vn/{NUMBER}")
    page.wait_for_url(f"http://127.0.0.1:*/kiem-tra/ten-mien-vn/{NUMBER}")
    expect(page.locator("main")).to_contain_text("Còn hiệu lực")


def test_without_a_camera_one_is_told_to_type(opened: Opened) -> None:
    page = opened(FakeServices(catalogue(procedure())), "/kiem-tra", script=NO_CAMERA)
    page.get_by_role("button", name="Quét mã QR").click()
    expect(page.locator("[data-scan] [role=status]")).to_contain_text("Không mở được máy ảnh")
    expect(page.get_by_label("Số giấy phép")).to_be_visible()
