"""VNPAY's codes and what they say, in Vietnamese and English."""

OK = "00"

# vnp_ResponseCode of a payment -> vnp_TransactionStatus: 00 captured, 02 failed, 07 held on suspicion.
STATUS_OF_OUTCOME = {OK: "00", "07": "07"} | dict.fromkeys(
    ("09", "10", "11", "12", "13", "24", "51", "65", "75", "79", "99"), "02"
)
CAPTURED = "00"
OPEN = "01"
REVERSED = "04"
REFUND_ACCEPTED = "05"
REFUND_SENT = "06"

STATES = {CAPTURED: "captured", OPEN: "open", "02": "failed", REVERSED: "reversed", "07": "held"}

# The outcomes in which the payer's bank was reached, so that the transaction has a number of its own.
REACHED_BANK = frozenset({OK, "07", "51", "65", "75", "99"})

DUPLICATE_ORDER = "01"
UNKNOWN_MERCHANT = "02"
BAD_FORMAT = "03"
EXPIRED = "11"
BAD_SIGNATURE = "70"

PAGE_MESSAGES = {
    DUPLICATE_ORDER: ("Giao dịch đã tồn tại", "The transaction already exists"),
    UNKNOWN_MERCHANT: ("Merchant không hợp lệ (kiểm tra lại vnp_TmnCode)", "Unknown merchant (check vnp_TmnCode)"),
    BAD_FORMAT: ("Dữ liệu gửi sang không đúng định dạng", "The data sent is not in the right format"),
    EXPIRED: ("Đã hết hạn chờ thanh toán", "The time allowed for the payment is over"),
    BAD_SIGNATURE: ("Sai chữ ký", "Wrong signature"),
}

CALL_UNKNOWN_MERCHANT = "02"
CALL_BAD_FORMAT = "03"
CALL_NOT_FOUND = "91"
CALL_BAD_AMOUNT = "93"
CALL_DUPLICATE = "94"
CALL_NOT_CAPTURED = "95"
CALL_BAD_SIGNATURE = "97"

# Without diacritics, as the gateway's own API answers.
CALL_MESSAGES = {
    OK: "Success",
    CALL_UNKNOWN_MERCHANT: "Invalid TmnCode",
    CALL_BAD_FORMAT: "Invalid format",
    CALL_NOT_FOUND: "Transaction not found",
    CALL_BAD_AMOUNT: "Invalid refund amount",
    CALL_DUPLICATE: "Duplicate request",
    CALL_NOT_CAPTURED: "Transaction was not successful",
    CALL_BAD_SIGNATURE: "Invalid checksum",
}
