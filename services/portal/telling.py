"""How the facts of a dossier that was handed in read in a sentence: notices, fees, days, sizes."""

from datetime import date, timedelta
from typing import Final

from flask import Flask

from services.portal.deadlines import why_words
from services.portal.language import number, say, sentence

_WEEKDAYS: Final = (
    sentence("Thứ Hai"),
    sentence("Thứ Ba"),
    sentence("Thứ Tư"),
    sentence("Thứ Năm"),
    sentence("Thứ Sáu"),
    sentence("Thứ Bảy"),
    sentence("Chủ nhật"),
)
_NOTICES: Final = {
    "submitted": sentence("Đã nhận hồ sơ"),
    "accepted": sentence("Hồ sơ được tiếp nhận"),
    "rejected": sentence("Hồ sơ không được tiếp nhận"),
    "supplement": sentence("Yêu cầu bổ sung hồ sơ"),
    "payment": sentence("Thông báo nộp phí, lệ phí"),
    "paid": sentence("Đã nộp phí, lệ phí"),
    "payment_expired": sentence("Quá hạn nộp phí, lệ phí"),
    "payment_failed": sentence("Giao dịch bị giữ đã không thành công"),
    "apology": sentence("Xin lỗi và hẹn lại ngày trả kết quả"),
    "transferred": sentence("Hồ sơ được chuyển đơn vị khác giải quyết"),
    "stopped": sentence("Hồ sơ dừng xử lý"),
    "resolved": sentence("Đã có kết quả"),
    "refused": sentence("Từ chối cấp"),
    "returned": sentence("Đã trả kết quả"),
    "withdrawn": sentence("Đã rút hồ sơ"),
    "revoked": sentence("Kết quả bị thu hồi"),
}
_ORDERS: Final = {
    "assessed": (sentence("chưa đến lúc nộp"), ""),
    "requested": (sentence("chờ nộp"), "warn"),
    "expired": (sentence("quá hạn nộp"), "bad"),
    "cancelled": (sentence("không phải nộp nữa"), ""),
    "paid": (sentence("đã nộp"), "good"),
    "refund_due": (sentence("đang hoàn tiền"), "calm"),
    "refunded": (sentence("đã hoàn tiền"), "good"),
    "waived": (sentence("được miễn"), "good"),
}
_WHEN_DUE: Final = {
    "on_submission": sentence("thu khi nộp hồ sơ"),
    "on_acceptance": sentence("thu khi hồ sơ được tiếp nhận"),
    "before_result": sentence("thu trước khi nhận kết quả"),
}
_REFUNDS: Final = {
    "paid_twice": sentence("đã nộp hai lần"),
    "dossier_ended": sentence("hồ sơ kết thúc mà không có kết quả"),
}
_REVOKED: Final = {
    "withdrawn": sentence("hồ sơ đã được rút"),
    "by_decision": sentence("theo quyết định của cơ quan"),
}
# What a gateway says of a payment that failed (VNPAY PAY 2.1.0, vnp_ResponseCode).
_FAILED: Final = {
    "09": sentence("thẻ hoặc tài khoản chưa đăng ký thanh toán trực tuyến"),
    "10": sentence("xác thực thẻ hoặc tài khoản sai quá 3 lần"),
    "11": sentence("hết thời gian thanh toán"),
    "12": sentence("thẻ hoặc tài khoản bị khóa"),
    "13": sentence("nhập sai mật khẩu xác thực (OTP)"),
    "24": sentence("bạn đã hủy giao dịch"),
    "51": sentence("tài khoản không đủ số dư"),
    "65": sentence("vượt hạn mức giao dịch trong ngày"),
    "75": sentence("ngân hàng đang bảo trì"),
    "79": sentence("nhập sai mật khẩu thanh toán quá số lần quy định"),
}


def weekday(on: date) -> str:
    """The name of a day of the week."""
    return say(_WEEKDAYS[on.weekday()])


def hours_words(hours: timedelta) -> str:
    """Office time in hours, to the half hour and closer where it must be."""
    return number(round(hours / timedelta(hours=1), 2))


def notice_words(moment: str) -> str:
    """What a notice is about."""
    return say(_NOTICES[moment]) if moment in _NOTICES else moment


def order_words(status: str) -> str:
    """What became of a fee order."""
    return say(_ORDERS[status][0]) if status in _ORDERS else status


def order_tone(status: str) -> str:
    """The tone of its tag."""
    return _ORDERS.get(status, ("", ""))[1]


def when_due_words(when_due: str) -> str:
    """At which moment an order falls due."""
    return say(_WHEN_DUE[when_due])


def refund_words(reason: str) -> str:
    """Why money goes back."""
    return say(_REFUNDS[reason]) if reason in _REFUNDS else reason


def revoked_words(reason: str) -> str:
    """Why a result was revoked: what the officer wrote; where nothing is kept of that, what it was for."""
    return say(_REVOKED[reason]) if reason in _REVOKED else reason


def failed_words(response_code: str | None) -> str:
    """Why a payment failed, by the gateway's code."""
    if response_code in _FAILED:
        return say(_FAILED[response_code])
    return say("cổng thanh toán từ chối (mã %(code)s)", code=response_code or "–")


def teach(app: Flask) -> None:
    """Have templates know these."""
    app.jinja_env.globals.update(
        weekday=weekday,
        hours_words=hours_words,
        notice_words=notice_words,
        order_words=order_words,
        order_tone=order_tone,
        when_due_words=when_due_words,
        refund_words=refund_words,
        revoked_words=revoked_words,
        failed_words=failed_words,
        why_words=why_words,
    )
