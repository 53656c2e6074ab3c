"""The first page: search, what one may want here, and the procedures by unit."""

from collections import Counter
from typing import Any, Final

from flask import Blueprint, render_template

from services.portal.language import say, sentence
from services.portal.wiring import portal

pages = Blueprint("home", __name__)
_DOORS: Final = (
    (
        "offers.find",
        sentence("Nộp hồ sơ"),
        sentence("Tra cứu thành phần hồ sơ, thời hạn, phí, lệ phí và nộp hồ sơ trực tuyến."),
    ),
    (
        "lookup.ask",
        sentence("Tra cứu hồ sơ"),
        sentence("Xem hồ sơ đang ở đâu bằng mã hồ sơ và số định danh, không cần đăng nhập."),
    ),
    (
        "verify.ask",
        sentence("Kiểm tra giấy phép"),
        sentence("Gõ số hoặc quét mã QR để biết giấy phép còn hiệu lực hay không."),
    ),
    (
        "dossiers.show_all",
        sentence("Hồ sơ của tôi"),
        sentence("Bản nháp, hồ sơ đã nộp, khoản phải nộp và kết quả của bạn."),
    ),
)


@pages.get("/")
def show() -> str:
    """The first page."""
    doors = [(name, say(title), say(text)) for name, title, text in _DOORS]
    return render_template("home.html", doors=doors, by_unit=_by_unit())


def _by_unit() -> list[tuple[Any, list[tuple[Any, int]]]]:
    """Ministries with their units and how many procedures each has."""
    offers = portal().offers.all()
    counts = Counter((offer.tenant, offer.line["unit"]) for offer in offers)
    units = {(offer.tenant, offer.line["unit"]): offer.unit for offer in offers}
    ministries = {offer.tenant: offer.ministry for offer in offers}
    return [
        (ministry, [(unit, counts[place]) for place, unit in units.items() if place[0] == tenant])
        for tenant, ministry in ministries.items()
    ]
