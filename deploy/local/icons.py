"""The icons of the installed portal, drawn from `mark.svg`: `python -m deploy.local.icons` after the mark changed."""

import shutil
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

_STATIC: Final = Path(__file__).parents[2] / "services" / "portal" / "static"
_PAPER: Final = "#faf8f3"  # the token --paper of portal.css
# name: size in pixels, share of it that the mark takes (a mask cuts away all outside of 80 %), and what is behind it
_ICONS: Final = {
    "icon-192": (192, 0.84, "transparent"),
    "icon-512": (512, 0.84, "transparent"),
    "icon-maskable-512": (512, 0.56, _PAPER),
    "icon-apple-180": (180, 0.66, _PAPER),
}


def main() -> None:
    """Draw all of them."""
    mark = (_STATIC / "mark.svg").read_text("utf-8")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, (size, share, paper) in _ICONS.items():
            page = browser.new_page(viewport={"width": size, "height": size})
            page.set_content(
                f"<style>body {{ margin: 0; height: 100vh; background: {paper}; display: grid; place-items: center }}"
                f" svg {{ height: {round(size * share)}px }}</style>{mark}"
            )
            page.screenshot(path=_STATIC / f"{name}.png", omit_background=paper == "transparent")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
