"""Somebody who works a page with the keys alone, and sees where he is."""

from typing import Any, Final

from playwright.sync_api import Locator, Page

_MOST_STEPS: Final = 120
# What has the focus, or what shows it in its place (the label of a hidden chooser), must be outlined.
_OUTLINE: Final = """() => {
    const at = document.activeElement;
    const shown = [at, at.closest("label"), ...(at.labels || [])].filter(Boolean).map((one) => getComputedStyle(one));
    return shown.some((style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2);
}"""
_IN_SIGHT: Final = """() => {
    const box = document.activeElement.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight;
}"""


class Keys:
    """The keys of one page."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def go_to(self, wanted: Locator) -> "Keys":
        """Tab until it has the focus, which can be seen there."""
        wanted.first.wait_for(state="attached")
        for _ in range(_MOST_STEPS):
            if _has_focus(wanted):
                assert self._page.evaluate(_OUTLINE), f"no outline around {wanted}"
                assert self._page.evaluate(_IN_SIGHT), f"{wanted} has the focus out of sight"
                return self
            self._page.keyboard.press("Tab")
        raise AssertionError(f"the Tab key does not lead to {wanted}")

    def press(self, *keys: str) -> None:
        """These keys, one after the other."""
        for key in keys:
            self._page.keyboard.press(key)

    def write(self, text: Any) -> None:
        """Instead of what stands there."""
        self.press("Control+a")
        self._page.keyboard.type(str(text))

    def choose(self, wanted: Locator, value: str) -> None:
        """Of a list, or of several buttons of which one can be pressed in."""
        self.go_to(wanted)
        if wanted.first.get_attribute("type") == "radio":
            self.press("Space")
        for _ in range(_MOST_STEPS):
            if self._page.evaluate("document.activeElement.value") == value:
                return
            self.press("ArrowDown")
        raise AssertionError(f"the arrow keys do not lead to {value}")


def _has_focus(wanted: Locator) -> bool:
    return any(one.evaluate("(one) => one === document.activeElement") for one in wanted.all())
