"""What is not done as long as a message rests among the dead letters: the work of the queue that it failed in."""

from typing import Final

from services.portal.language import say, sentence

BLOCKED: Final = {
    "intake.note_case": sentence("Ghi vào hồ sơ việc đơn vị đã làm, để người nộp thấy."),
    "intake.note_fee": sentence("Ghi vào hồ sơ tình trạng phí, lệ phí."),
    "intake.note_record": sentence("Ghi vào hồ sơ kết quả đã cấp hoặc đã thu hồi."),
    "intake.project_catalogue": sentence("Cập nhật danh mục thủ tục nơi tiếp nhận hồ sơ."),
    "routing.open_case": sentence("Đưa hồ sơ vào hàng chờ của đơn vị."),
    "routing.receive_supplement": sentence("Nhận bổ sung và tính tiếp thời hạn giải quyết."),
    "routing.withdraw_case": sentence("Dừng xử lý hồ sơ mà người nộp đã rút."),
    "routing.note_fee": sentence("Báo cho đơn vị xử lý tình trạng phí, lệ phí của hồ sơ."),
    "routing.project_catalogue": sentence("Cập nhật danh mục thủ tục nơi xử lý hồ sơ."),
    "payment.project_catalogue": sentence("Cập nhật danh mục thủ tục nơi thu phí, lệ phí."),
    "payment.assess_fees": sentence("Tính phí, lệ phí của hồ sơ."),
    "payment.follow_withdrawal": sentence("Thôi thu phí và hoàn tiền của hồ sơ đã rút."),
    "payment.follow_case": sentence(
        "Thu khoản đến hạn theo bước xử lý, hoặc thôi thu khi hồ sơ kết thúc không có kết quả."
    ),
    "payment.issue_receipt": sentence("Cấp biên lai cho khoản đã nộp."),
    "payment.give_back": sentence("Hoàn tiền cho người nộp."),
    "notify.project_catalogue": sentence("Cập nhật danh mục thủ tục nơi gửi thông báo."),
    "notify.tell_of_dossier": sentence("Báo cho người nộp về việc họ đã làm và về kết quả."),
    "notify.tell_of_case": sentence("Báo cho người nộp về việc đơn vị đã làm hoặc để quá hạn."),
    "notify.tell_of_fee": sentence("Báo cho người nộp về khoản phải nộp và khoản đã nộp."),
    "notify.tell_of_record": sentence("Báo cho người nộp về kết quả bị thu hồi."),
    "notify.deliver": sentence("Gửi một thông báo qua thư điện tử."),
    "registry.note_decision": sentence("Ghi nhận quyết định của đơn vị, để cấp kết quả."),
    "registry.note_fee": sentence("Ghi nhận phí đã nộp hoặc được miễn, để cấp kết quả."),
    "registry.note_withdrawal": sentence("Ghi nhận hồ sơ đã rút, để không cấp kết quả."),
    "registry.note_stop": sentence("Ghi nhận đơn vị đã dừng giải quyết, để không cấp kết quả."),
    "registry.issue_record": sentence("Cấp kết quả và ghi vào sổ."),
}
_UNKNOWN: Final = "–"  # what never was in a queue of a service, or in one of a later release


def blocked_words(queue: str) -> str:
    """The work that waits for a message of this queue."""
    return say(BLOCKED[queue]) if queue in BLOCKED else _UNKNOWN
