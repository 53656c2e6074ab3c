"""Slips as PDF: by WeasyPrint, one at a time in a process, for it is all computing; loaded when one is asked for."""

import functools
import logging
import threading
from pathlib import Path
from typing import Any, Final

from services.chassis.errors import Unavailable

_ONE: Final = threading.BoundedSemaphore(1)
_PATIENCE: Final = 15.0  # seconds in which the one at work must be done
_SHEET: Final = Path(__file__).parent / "static" / "slip.css"


def printed(html: str) -> bytes:
    """A page as PDF. Raises Unavailable while others are being printed."""
    if not _ONE.acquire(timeout=_PATIENCE):
        raise Unavailable(
            "portal.printing",
            "Other slips are being printed; try again in a moment.",
            "Hệ thống đang in các phiếu khác, vui lòng thử lại sau ít giây.",
        )
    try:
        return _printed(html)
    except OSError as error:  # Pango is a library of the system, see deploy/local/setup.sh
        raise Unavailable(
            "portal.cannot_print",
            "This installation cannot make PDF files; print the page instead.",
            "Hệ thống chưa lập được tệp PDF; xin in trang này bằng trình duyệt.",
        ) from error
    finally:
        _ONE.release()


def _printed(html: str) -> bytes:
    from weasyprint import HTML  # forty megabytes and a second: only where slips are printed

    sheet, fonts = _kept()
    made: bytes = HTML(string=html, url_fetcher=_refuse).write_pdf(stylesheets=[sheet], font_config=fonts)
    return made


@functools.cache
def _kept() -> tuple[Any, Any]:
    """The sheet, read once, and the fonts: made anew for each slip they would stay in memory."""
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration

    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    fonts = FontConfiguration()
    return CSS(filename=str(_SHEET), font_config=fonts, url_fetcher=_refuse), fonts


def _refuse(address: str, *_: Any, **__: Any) -> Any:
    """Whatever a slip may say, it fetches nothing."""
    raise ValueError("a slip refers to nothing outside itself")
