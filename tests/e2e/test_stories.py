"""A citizen on a phone takes a level-4 service from search to licence, an officer works it: scripts on and off."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from services.cli.demo.town import Town
from services.contracts.folding import fold
from tests.conftest import eventually
from tests.e2e.acts import OFFICER, answer_all, await_result, bring, do, fill_in, find, hand_in, pay, unfold, work
from tests.e2e.conftest import DESKTOP, PHONE, Open
from tests.e2e.told import CITIZEN, begun

pytestmark = pytest.mark.servers


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_from_the_search_to_the_licence(visit: Open, town: Town, paper: Path, scripts: bool) -> None:
    phone = visit("/", sub="cong-dan-1", viewport=PHONE, java_script_enabled=scripts)
    find(phone, "ten mien")
    fill_in(phone, town)
    bring(phone, paper, "TP01", scripts=scripts)
    bring(phone, paper, "TP02", scripts=scripts)
    code = hand_in(phone)
    pay(phone, code, town)
    work(visit("/", sub="vnnic-1", viewport=DESKTOP, java_script_enabled=scripts), code)
    number = await_result(town, code)
    phone.goto(f"/ho-so/{code}")
    expect(phone.locator("main")).to_contain_text("đã xử lý xong")
    expect(phone.locator("main")).to_contain_text(number)
    stranger = visit(f"/kiem-tra/ten-mien-vn/{number}", java_script_enabled=scripts)
    expect(stranger.locator("main")).to_contain_text("Còn hiệu lực")
    expect(stranger.locator("main")).not_to_contain_text("Nguyễn Thị Mẫu")
    assert visit(f"/ho-so/{code}", sub="cong-dan-2").locator("h1").inner_text() == "Không tìm thấy"
    phone.get_by_role("link", name="Nhận kết quả", exact=True).click()
    expect(phone.locator("main")).to_contain_text(number)
    phone.get_by_role("button", name="Tôi đã nhận kết quả").click()
    expect(phone.locator(".notice.good")).to_contain_text("Bạn đã xác nhận nhận kết quả.")
    expect(phone.locator("main")).to_contain_text("đã trả kết quả")


def test_an_enterprise_hands_in_as_itself_and_another_knows_nothing_of_it(visit: Open, town: Town, paper: Path) -> None:
    page = visit("/", sub="doanh-nghiep-1", viewport=PHONE)
    find(page, "quang cao tin nhan", "mã số quản lý quảng cáo")
    expect(page.locator("dl", has_text="Mã số thuế")).to_contain_text("9900000016")
    expect(page.locator('[name="applicant.name"]')).to_have_value("Công ty TNHH Ví Dụ")
    answer_all(page, town, {"tenant": "mic", "key": "ma-so-quan-ly-qc"})  # for organisations alone
    page.get_by_role("button", name="Lưu và tiếp tục").click()
    page.wait_for_url("**/giay-to")
    for component in ("TP01", "TP02"):
        bring(page, paper, component, scripts=True)
    code = hand_in(page)
    page.goto("/ho-so")
    expect(page.get_by_role("listitem").filter(has_text=code)).to_contain_text("mã số quản lý quảng cáo")
    other = visit("/ho-so", sub="doanh-nghiep-2")
    expect(other.locator("main")).not_to_contain_text(code)
    answer = other.goto(f"/ho-so/{code}")
    assert answer is not None
    assert answer.status == 404


def test_who_needs_it_no_more_takes_a_dossier_back_and_the_unit_sees_that(visit: Open, town: Town) -> None:
    code = begun(town).code
    eventually(lambda: town.ask(OFFICER, "routing.list_cases", search=code)["items"])
    phone = visit(f"/ho-so/{code}", sub="cong-dan-1", viewport=PHONE)
    phone.get_by_role("link", name="Rút hồ sơ", exact=True).click()
    phone.get_by_label("Lý do rút hồ sơ").fill("Không còn nhu cầu")
    phone.get_by_role("button", name="Rút hồ sơ").click()
    expect(phone.locator(".notice.good")).to_contain_text("Hồ sơ đã được rút.")
    expect(phone.get_by_role("link", name="Rút hồ sơ", exact=True)).to_have_count(0)
    eventually(lambda: town.ask(OFFICER, "routing.get_case", dossier_code=code)["status"] == "withdrawn")
    desk = visit(f"/ban-lam-viec/{code}", sub="vnnic-1", viewport=DESKTOP)
    expect(desk.locator("main")).to_contain_text("Người nộp rút hồ sơ")
    expect(desk.get_by_role("button", name="Tiếp nhận hồ sơ")).to_have_count(0)


def test_one_officer_proposes_another_sends_it_back_and_signs_what_comes_again(visit: Open, town: Town) -> None:
    story = begun(town)
    story.accept()
    story.settle_fees("on_submission", "on_acceptance")
    eventually(lambda: not story.case()["unpaid"])
    address = f"/ban-lam-viec/{story.code}"
    first = visit(address, sub="vnnic-1", viewport=DESKTOP)
    do(first, "Nhận về mình")
    unfold(first, first.locator('[name="propose-outcome"]')).select_option("granted")
    do(first, "Trình ký")
    expect(first.locator("main")).to_contain_text("sẽ ký hoặc trả lại đề xuất")
    second = visit(address, sub="vnnic-2", viewport=DESKTOP)
    unfold(second, second.locator('[name="return_proposal-reason"]')).fill("Ghi rõ căn cứ")
    do(second, "Trả lại đề xuất")
    first.goto(address)
    expect(first.locator(".notice.warn")).to_contain_text("Ghi rõ căn cứ")
    unfold(first, first.locator('[name="propose-outcome"]')).select_option("granted")
    do(first, "Trình ký")
    second.goto(address)
    expect(second.locator("main")).to_contain_text("Đề xuất đang chờ ký: cấp")
    do(second, "Ký")
    expect(second.locator(".notice.good")).to_contain_text("Đã ký quyết định.")
    assert await_result(town, story.code)


def test_a_dossier_at_the_wrong_unit_is_handed_on_and_everybody_finds_it_where_it_is(visit: Open, town: Town) -> None:
    story, note = begun(town), "Thuộc nhiệm vụ an toàn thông tin"
    code = story.code
    eventually(lambda: town.ask(OFFICER, "routing.list_cases", search=code)["items"])
    old = visit(f"/ban-lam-viec/{code}", sub="vnnic-2", viewport=DESKTOP)  # who has that duty
    unfold(old, old.locator('[name="transfer-to_unit"]')).select_option("cuc-attt")
    old.locator('[name="transfer-reason"]').select_option("misdirected")
    old.locator('[name="transfer-note"]').fill(note)
    old.get_by_role("button", name="Chuyển hồ sơ", exact=True).click()
    expect(old.locator(".notice.good")).to_contain_text("Đã chuyển hồ sơ")
    old.goto(f"/ban-lam-viec/{code}")
    assert old.locator("h1").inner_text() == "Không tìm thấy"
    eventually(lambda: town.ask(CITIZEN, "intake.get", dossier_code=code)["transfers"])
    new = visit("/ban-lam-viec", sub="attt-1", viewport=DESKTOP)
    new.locator("[data-search]").fill(fold(story.applicant["name"]))
    new.get_by_role("button", name="Tìm", exact=True).click()
    new.wait_for_url("**/ban-lam-viec?found=*")
    new.get_by_role("link", name=code).click()
    expect(new.locator("main")).to_contain_text(note)
    phone = visit(f"/ho-so/{code}", sub="cong-dan-1", viewport=PHONE)
    expect(phone.locator("main")).to_contain_text("sang Cục An toàn thông tin")
