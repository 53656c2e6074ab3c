"""Hostile answers stand in their fields as they were typed, with what is wrong with them, and do nothing."""

from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.acts import find
from tests.e2e.conftest import Open

pytestmark = pytest.mark.servers
HOSTILE: Final = (
    "\"><script>document.title='taken'</script>",
    "'><img src=x onerror=\"document.title='taken'\">",
    "{{ 7 * 7 }}{% raw %}",
    "</textarea><svg onload=document.title='taken'>",
)
FIELDS: Final = ("form.label", "form.technical_contact_email", "form.technical_contact_phone", "applicant.phone")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_hostile_answers_come_back_as_they_were_typed(visit: Open, scripts: bool) -> None:
    page = visit("/", sub="cong-dan-1", java_script_enabled=scripts)
    find(page, "ten mien")
    for name, value in zip(FIELDS, HOSTILE, strict=True):
        page.locator(f'[name="{name}"]').fill(value)
    page.get_by_role("button", name="Lưu và tiếp tục").click()
    for name, value in zip(FIELDS, HOSTILE, strict=True):
        beside = page.locator(".is-wrong").filter(has=page.locator(f'[name="{name}"]'))
        expect(beside.locator(".wrong")).to_be_visible()
        expect(page.locator(f'[name="{name}"]')).to_have_value(value)
    is_untouched(page)


@pytest.mark.parametrize("path", ["/tra-cuu", "/kiem-tra", "/thu-tuc"])
def test_hostile_questions_are_only_text(visit: Open, path: str) -> None:
    page = visit(path)
    asked = page.locator('main input[type="search"], main input:not([type]), main input[type="text"]')
    for hostile in HOSTILE:
        for chooser in page.locator("main select[required]").all():
            chooser.select_option(index=1)
        for control in asked.all():
            control.fill(hostile)
        with page.expect_navigation():
            asked.last.press("Enter")
        expect(asked.first).to_have_value(hostile)
        is_untouched(page)


def is_untouched(page: Page) -> None:
    """Nothing of it became part of the page."""
    assert page.locator("main script, main img[onerror], main svg[onload]").count() == 0
    assert page.title() != "taken"
