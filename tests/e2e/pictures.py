"""Pictures of the main pages, of the stack that runs, into docs/screenshots: `make screenshots`."""

import io
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from services.cli.demo.town import Town, fresh
from services.cli.stack import local_stack
from tests.conftest import ROOT
from tests.e2e.conftest import browser_path, sign_in
from tests.e2e.every_page import SUBS
from tests.e2e.told import CITIZEN, PROCEDURE, TENANT, Told, tell

FOLDER: Final = ROOT / "docs/screenshots"
DESKTOP: Final = {"viewport": {"width": 1280, "height": 860}}
PHONE: Final = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True}
SCREENS: Final = {"desktop": DESKTOP, "phone": PHONE}
DARK: Final = ("home", "dossier", "case", "board")
LARGEST: Final = 150_000  # bytes
_COLOURS: Final = 96


class Shot(NamedTuple):
    """A page, and who opens it; None for anybody."""

    name: str
    path: str
    sub: str | None


def filled_in(town: Town) -> str:
    """A draft that could be handed in; its id."""
    example = town.ask(CITIZEN, "intake.get_procedure", tenant=TENANT, key=PROCEDURE)["example"]
    papers = [{"component": one, "upload_id": town.upload(CITIZEN, one)} for one in ("TP01", "TP02")]
    applicant = {name: example["applicant"][name] for name in ("name", "email", "phone", "address")}
    draft = {"tenant": TENANT, "procedure": PROCEDURE, "applicant": applicant, "form": example["form"]}
    draft_id = str(uuid.uuid4())
    town.ask(CITIZEN, "intake.save_draft", draft_id=draft_id, version=0, documents=papers, request_id=fresh(), **draft)
    return draft_id


def shots(told: Told) -> Iterator[Shot]:
    """The main pages."""
    citizen, officer, operator = SUBS["citizen"], SUBS["officer"], SUBS["operator"]
    yield Shot("home", "/", None)
    yield Shot("service", "/thu-tuc/mic/dk-ten-mien-vn", None)
    yield Shot("form", f"/ban-nhap/{told.draft_id}", citizen)
    yield Shot("review", f"/ban-nhap/{told.draft_id}/kiem-tra", citizen)
    yield Shot("dossier", f"/ho-so/{told.to_pay}", citizen)
    yield Shot("payment", f"/ho-so/{told.to_pay}/phi", citizen)
    yield Shot("queue", "/ban-lam-viec", officer)
    yield Shot("case", f"/ban-lam-viec/{told.handed_in}", officer)
    yield Shot("board", "/dieu-hanh", operator)


def take_all(browser: Browser, portal: str, told: Told) -> None:
    """Every page at the desk and on a phone, some of them in the dark."""
    for screen, how in SCREENS.items():
        for sub in dict.fromkeys(shot.sub for shot in shots(told)):
            context = browser.new_context(base_url=portal, locale="vi-VN", reduced_motion="reduce", **how)  # type: ignore[arg-type]
            page = context.new_page()
            if sub:
                sign_in(page, sub)
            for shot in shots(told):
                if shot.sub == sub:
                    take(page, shot, f"{shot.name}-{screen}", "light")
                    if shot.name in DARK and screen == "desktop":
                        take(page, shot, f"{shot.name}-dark", "dark")
            context.close()


def take(page: Page, shot: Shot, name: str, theme: str) -> None:
    """One picture."""
    page.goto(f"{shot.path}?theme={theme}", wait_until="networkidle")
    page.evaluate("document.activeElement && document.activeElement.blur()")
    content = small(page.screenshot())
    assert len(content) <= LARGEST, f"{name} has {len(content)} bytes"
    (FOLDER / f"{name}.png").write_bytes(content)


def small(png: bytes) -> bytes:
    """The same picture with few colours."""
    out = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE).save(
        out, "PNG", optimize=True
    )
    return out.getvalue()


def main() -> None:
    """Fill the stack with what the pages show, and take the pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    env = local_stack().env
    town = Town(env)
    told = replace(tell(town), draft_id=filled_in(town))
    town.close()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=["--no-sandbox", "--disable-gpu"])
        take_all(browser, env["MOTCUA_PORTAL_URL"], told)
        browser.close()


if __name__ == "__main__":
    main()
