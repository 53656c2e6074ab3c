"""A citizen on a phone takes a level-4 service from search to licence, an officer works it: scripts on and off."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from services.cli.demo.town import Town
from tests.e2e.acts import await_result, bring, fill_in, find, hand_in, pay, work
from tests.e2e.conftest import DESKTOP, PHONE, Open

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
    expect(stranger.locator("main")).not_to_contain_text("Nguyễn Thị Mẫu")
    assert visit(f"/ho-so/{code}", sub="cong-dan-2").locator("h1").inner_text() == "Không tìm thấy"
