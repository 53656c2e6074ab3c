"""How facts of the catalogue and of a dossier read in a sentence, in the language of the page."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from flask import Flask

from services.portal.language import day, ngettext, number, say, sentence, vnd, words

Document = Mapping[str, Any]
# Public statuses: sentence, and the tone of their tag. The names are those of the national portal's code list.
_STATUSES: Final = {
    "draft": (sentence("bản nháp"), ""),
    "submitted": (sentence("mới đăng ký"), "calm"),
    "accepted": (sentence("được tiếp nhận"), "calm"),
    "rejected": (sentence("không được tiếp nhận"), "bad"),
    "processing": (sentence("đang xử lý"), "calm"),
    "supplement_requested": (sentence("chờ bổ sung giấy tờ"), "warn"),
    "payment_required": (sentence("chờ thực hiện nghĩa vụ tài chính"), "warn"),
    "withdrawn": (sentence("đã rút"), ""),
    "stopped": (sentence("dừng xử lý"), "bad"),
    "resolved": (sentence("đã xử lý xong"), "good"),
    "returned": (sentence("đã trả kết quả"), "good"),
}
_KINDS: Final = {"citizen": sentence("công dân"), "organisation": sentence("tổ chức, doanh nghiệp")}
_CHANNELS: Final = {
    "online": sentence("trực tuyến"),
    "direct": sentence("trực tiếp"),
    "post": sentence("qua bưu chính"),
}
_ORIGINALS: Final = {
    "original": sentence("bản chính"),
    "copy": sentence("bản sao"),
    "certified_copy": sentence("bản sao chứng thực"),
}


def status_words(status: str) -> str:
    """The public status of a dossier."""
    return say(_STATUSES[status][0]) if status in _STATUSES else status


def status_tone(status: str) -> str:
    """The tone of its tag."""
    return _STATUSES.get(status, ("", ""))[1]


def limit_words(limit: Document) -> str:
    """How long a unit may take."""
    if limit["kind"] == "batch":
        windows = [
            say("nộp trước %(before)s, trả %(due)s", before=_month_day(one["apply_before"]), due=_month_day(one["due"]))
            for one in limit["windows"]
        ]
        return say("theo đợt: ") + "; ".join(windows)
    if limit["kind"] == "days":
        return ngettext("%(num)s ngày", "%(num)s ngày", limit["days"])
    return ngettext("%(num)s ngày làm việc", "%(num)s ngày làm việc", limit["days"])


def kinds_words(kinds: Iterable[str]) -> str:
    """Who may apply."""
    return _first_up(", ".join(say(_KINDS[kind]) for kind in kinds))


def channels_words(channels: Iterable[str]) -> str:
    """By which ways."""
    return _first_up(", ".join(say(_CHANNELS[channel]) for channel in channels))


def need_words(component: Document, components: Sequence[Document]) -> str:
    """Whether a paper must be there."""
    if component["need"] == "one_of":
        others = [one for one in components if one.get("group") == component["group"]]
        return say("nộp một trong %(count)s giấy tờ", count=len(others))
    return say("bắt buộc") if component["need"] == "required" else say("bắt buộc tùy trường hợp")


def original_words(component: Document) -> str:
    """Original or copy, and how many."""
    text = say(_ORIGINALS[component["original"]])
    return f"{number(component['copies'])} {text}" if component["copies"] > 1 else text


def price_words(fee: Document) -> str:
    """The price of one fee item."""
    if fee["basis"] == "tiered":
        return "; ".join(_tier(tier) for tier in fee["tiers"])
    amount = vnd(fee["amount_vnd"])
    if fee["basis"] == "per_year":
        return say("%(amount)s/năm", amount=amount)
    if fee["basis"] == "per_unit":
        size = fee["unit_size"]
        return (
            say("%(amount)s/%(size)s đơn vị tính", amount=amount, size=number(size))
            if size > 1
            else say("%(amount)s/đơn vị tính", amount=amount)
        )
    return amount


def _tier(tier: Document) -> str:
    amount = vnd(tier["amount_vnd"])
    if tier["up_to"] is None:
        return say("trên mức đó: %(amount)s", amount=amount)
    return say("đến %(up_to)s: %(amount)s", up_to=number(tier["up_to"]), amount=amount)


def _month_day(month_day: str) -> str:
    month, of_month = month_day.split("-")
    return f"{of_month}/{month}"


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]


def teach(app: Flask) -> None:
    """Have templates know these."""
    app.jinja_env.globals.update(
        status_words=status_words,
        status_tone=status_tone,
        limit_words=limit_words,
        kinds_words=kinds_words,
        channels_words=channels_words,
        need_words=need_words,
        original_words=original_words,
        price_words=price_words,
        say_words=words,
        say_day=day,
    )
