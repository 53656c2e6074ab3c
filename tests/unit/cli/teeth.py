"""Everything that may be wrong in the books, made on purpose, and what is said of it: one tooth a check at least."""

from datetime import timedelta
from typing import Any, Final

from services.cli.verify.books import CASES, DOSSIERS, ISSUANCES, ORDERS, PUBLICATIONS, RECORDS
from tests.unit.cli.builders import GRANTED, LATER, OPEN, PREFIX, REJECTED, WITHDRAWN
from tests.unit.cli.spoiling import (
    FILE,
    ORDER,
    RECORD,
    UPLOAD,
    Spoil,
    Tooth,
    another_series,
    capture_twice,
    deaf_to,
    double,
    lose,
    lose_notice,
    notice,
    notify_for_nothing,
    notify_twice,
    of_case,
    of_dossier,
    of_issuance,
    of_notice,
    of_number,
    of_order,
    of_receipt,
    of_record,
    of_series,
    of_upload,
    put,
    refund,
    repeat,
    repeated,
    share_an_id,
)

_DATASET: Final = "mic/dataset/ten-mien-vn@2016-01-01"
_PROCEDURE: Final = "mic/procedure/dk-ten-mien-vn@2016-01-01"
_FIRST, _SECOND = "01BLP/AA-26E 1", "01BLP/AA-26E 2"
_NUMBER: Final = "ten-mien-vn/2026 1"
_DAY_AFTER: Final = LATER + timedelta(days=1)


def _deaf_to(moment: str) -> list[Spoil]:
    """Payment has not heard of the moment at which an order falls due; of another it need not have."""
    moments: dict[str, dict[str, Any]] = {
        "on_acceptance": {"accepted_at": LATER},
        "before_result": {"decided_at": LATER, "outcome": "granted"},
    }
    order = {"when_due": moment, "status": "assessed"}
    return [
        *(put(CASES, OPEN, f"state.{name}", value) for name, value in moments[moment].items()),
        *(put(ORDERS, f"{OPEN}-S", f"state.{name}", value) for name, value in order.items()),
    ]


HISTORIES: Final[dict[str, Tooth]] = {
    "state": of_case("not what its history makes: outcome", put(CASES, GRANTED, "state.outcome", "refused")),
    "event missing": of_dossier("the sequence of its events has a gap", put(DOSSIERS, GRANTED, "history.2")),
    "version": of_case("its version is 99, but it has", put(CASES, GRANTED, "version", 99)),
    "published too much": of_case("9 events published of 3", put(CASES, OPEN, "relayed", 9), code=OPEN),
    "unpublished": of_case(
        "2 events not published",
        *(put(CASES, OPEN, "relayed", 1), put(CASES, OPEN, "pending_since", LATER)),
        code=OPEN,
    ),
    "forgotten": of_case("3 events not published, and no relay will", put(CASES, OPEN, "relayed", 0), code=OPEN),
    "pending": of_case("it is marked as pending", put(CASES, GRANTED, "pending_since", LATER)),
    "cause again": of_order("a cause acted twice", repeat(ORDERS, ORDER, 0)),
    "cause again at once": of_notice(
        "a cause acted twice", notice(OPEN, "submitted", repeated(-1, at=_DAY_AFTER)), code=OPEN
    ),
    "id again": of_order("events have one id", *(put(ORDERS, ORDER, f"history.{place}.id", "x") for place in (0, 1))),
    "id of another": of_order("another history has an event of the same id", share_an_id, code=OPEN),
    "unreadable": of_case("event 1 cannot be read by its contract", put(CASES, GRANTED, "history.0.data.unit")),
    "unknown": of_case("routing.case_opened v7 is unknown", put(CASES, GRANTED, "history.0.v", 7)),
    "out of place": of_order("event 2 (fee_requested) has no place there", put(ORDERS, ORDER, "history.0")),
    "event changed": of_case("event 2 does not follow", put(CASES, GRANTED, "history.1.by", {"kind": "timer"})),
    "event dated back": of_dossier("event 1 does not follow", put(DOSSIERS, GRANTED, "history.0.at", LATER)),
    "no events": of_case("it has no events", put(CASES, GRANTED, "history", [])),
    "no history": of_case("it is no history: KeyError", put(CASES, GRANTED, "history")),
    "no state": of_case("its state cannot be read", put(CASES, GRANTED, "state.terms", 7)),
    "state of another": of_case("its state is of another one", double(CASES, OPEN, f"{OPEN}9"), code=f"{OPEN}9"),
    "of nobody": Tooth(
        put(ORDERS, ORDER, "state.dossier_code", None), "", f"payment.orders {ORDER}", "it is of no dossier"
    ),
    "catalogue": Tooth(
        put(PUBLICATIONS, _DATASET, "state.revision", 2), "", f"registry.publications {_DATASET}", "makes: revision"
    ),
}
STORIES: Final[dict[str, Tooth]] = {
    "dossier lost": of_dossier("no such dossier, but in notify.notices", lose(DOSSIERS, OPEN), code=OPEN),
    "case lost": of_case("its unit has no case of it", lose(CASES, OPEN), code=OPEN),
    "another unit": of_case("intake and routing differ in unit", put(CASES, GRANTED, "state.unit", "cuc-attt")),
    "unit at payment": Tooth(
        put("payment.dossiers", OPEN, "unit", "vnnic"),
        OPEN,
        f"payment.dossiers {OPEN}",
        "says that vnnic has the dossier",
    ),
    "unit at notify": Tooth(
        put("notify.units", OPEN, "unit", "vnnic"), OPEN, f"notify.units {OPEN}", "says that vnnic has the dossier"
    ),
    "handed on unheard": Tooth(
        lose("notify.units", OPEN), OPEN, f"notify.units {OPEN}", "notify has not heard that it was handed on"
    ),
    "unit of a fee": of_order(
        "a fee of vnnic, which did not", put(ORDERS, f"{OPEN}-S", "state.unit", "vnnic"), code=OPEN
    ),
    "unit of what is paid": of_order("a fee of cuc-attt, which", put(ORDERS, ORDER, "state.unit", "cuc-attt")),
    "case not ended": of_case(
        "is rejected, but the case is opened", put(CASES, REJECTED, "state.status", "opened"), code=REJECTED
    ),
    "dossier not ended": of_case(
        "is rejected, but the dossier is accepted", put(DOSSIERS, REJECTED, "state.status", "accepted"), code=REJECTED
    ),
    "withdrawn": of_case("when it was withdrawn", put(CASES, WITHDRAWN, "state.withdrawn_at", LATER), code=WITHDRAWN),
    "supplement not asked for": of_case("supplements were asked for", put(CASES, GRANTED, "state.supplements", [])),
    "supplement not received": of_case("were received", put(CASES, GRANTED, "state.supplements.0.received_at", None)),
    "supplement on its way": of_case("not reached its case", put(DOSSIERS, GRANTED, "state.supplemented_round", 2)),
    "due date": of_case("when the decision is due", put(CASES, GRANTED, "state.due_at", LATER)),
    "answer date": of_case("when the first answer is due", put(CASES, OPEN, "state.answer_due_at", LATER), code=OPEN),
    "not heard": of_dossier("intake has not heard of case_accepted", deaf_to("case_accepted")),
    "said by nobody": of_dossier("heard of what nobody says: case_accepted", put(CASES, GRANTED, "history", [])),
    "not assessed": Tooth(lose("payment.dossiers", OPEN), OPEN, f"payment.dossiers {OPEN}", "fees are not assessed"),
    "other orders": Tooth(
        put("payment.dossiers", OPEN, "orders", []), OPEN, f"payment.dossiers {OPEN}", "its bill names other orders"
    ),
    "receipt at intake": of_dossier("intake and payment differ in its receipts", deaf_to("receipt_issued")),
    "fee at routing": of_case("differ in which fees fell due", put(CASES, GRANTED, "state.fees", [])),
    "settled at routing": of_case("are settled, or when", put(CASES, GRANTED, "state.fees.0.settled_at", LATER)),
    "decision at registry": of_issuance("registry has not noted its decision", lose(ISSUANCES, GRANTED)),
    "fee at registry": of_issuance(
        "differ in whether its fee before the result is settled", put(ISSUANCES, GRANTED, "state.fee_settled_at", LATER)
    ),
    "fee unheard of at registry": of_issuance(
        "differ in whether its fee before the result is settled",
        put(ORDERS, ORDER, "state.when_due", "before_result"),
    ),
    "awaited fee": of_issuance(
        "waits for a fee that payment does not know", put(ISSUANCES, GRANTED, "state.decision.needs_fee", True)
    ),
    "unawaited fee": of_issuance(
        "waits for no fee, though it has one", put(ORDERS, ORDER, "state.when_due", "before_result")
    ),
    "no record": of_issuance("is there for its record, but none was issued", lose(RECORDS, RECORD)),
    "two records": of_issuance("2 records were issued for it", double(RECORDS, RECORD, "other")),
    "refused": of_record("there is a record, but it was not granted", put(CASES, GRANTED, "state.outcome", "refused")),
    "withdrawn, valid": of_record("its record is not revoked", put(DOSSIERS, GRANTED, "state.withdrawn_at", LATER)),
    "stopped, valid": of_record("it was stopped, but its record", put(CASES, GRANTED, "state.stopped_at", LATER)),
    "revoked": of_record("revoked, but intake does not know", put(RECORDS, RECORD, "state.status", "revoked")),
    "another record": of_dossier("another record than registry's", put(RECORDS, RECORD, "state.number", "7")),
    "record at intake": of_dossier("its record has not reached it", deaf_to("record_issued")),
    "nobody told": of_notice("nobody was told: case_accepted → applicant", lose_notice),
    "told for nothing": of_notice("nothing calls for it: submitted → applicant", notify_for_nothing, code=OPEN),
    "not sent": of_notice(
        "not sent yet: resolved → applicant, 1 round",
        notice(GRANTED, "resolved", lambda one: one["state"].update(sent_at=None)),
    ),
    "incomparable": of_dossier("it cannot be compared: KeyError", put(DOSSIERS, GRANTED, "state.facts.0.data", {})),
}
MONEY: Final[dict[str, Tooth]] = {
    "price": of_order("1 đ is not the sum of its lines", put(ORDERS, ORDER, "state.amount_vnd", 1)),
    "paid of nothing": of_order("money came 0 times", put(ORDERS, ORDER, "state.attempts.0.outcome", "open")),
    "taken, not paid": of_order("money came 1 times", put(ORDERS, ORDER, "state.paid_at", None)),
    "settled by another": of_order("an attempt that brought no money", put(ORDERS, ORDER, "state.attempt", "P9")),
    "no receipt": of_order("it is paid, without a receipt", put(ORDERS, ORDER, "state.receipt", None)),
    "receipt of nothing": of_order("it is paid, but with a receipt", put(ORDERS, ORDER, "state.paid_at", None)),
    "receipt twice": of_order("receipt_issued was said 2 times", repeat(ORDERS, ORDER, -1)),
    "kept twice": of_order("money came 2 times, and 0 of them go back as paid twice", capture_twice),
    "kept in part": of_order(
        "what was paid twice does not go back whole",
        *(capture_twice, put(ORDERS, ORDER, "state.refunds", [refund("P2", 1, "paid_twice")])),
    ),
    "given back of nothing": of_order(
        "1 đ go back of an attempt that brought no money",
        put(ORDERS, ORDER, "state.refunds", [refund("P2", 1, "dossier_ended")]),
    ),
    "still owed": of_order(
        "500000 đ are owed back (dossier_ended), and not given back yet",
        put(ORDERS, f"{WITHDRAWN}-S", "state.refunds.0.refunded_at", None),
        code=WITHDRAWN,
    ),
    "not owed": of_order(
        "of 600000 đ paid, 500000 đ are owed back for the end of the dossier, not 0 đ",
        put(ORDERS, f"{WITHDRAWN}-S", "state.refunds", []),
        code=WITHDRAWN,
    ),
    "never asked for": of_order(
        "its moment (on_submission) has come, and nobody",
        put(ORDERS, f"{OPEN}-S", "state.status", "assessed"),
        code=OPEN,
    ),
    "not asked for on acceptance": of_order(
        "its moment (on_acceptance) has come, and nobody", *_deaf_to("on_acceptance"), code=OPEN
    ),
    "not asked for when granted": of_order(
        "its moment (before_result) has come, and nobody", *_deaf_to("before_result"), code=OPEN
    ),
    "a price of nobody's": of_order(
        "1 đ are asked for, and mic/dk-ten-mien-vn@2016-01-01 came to 600000 đ",
        *(
            put(ORDERS, ORDER, "state.amount_vnd", 1),
            put(ORDERS, ORDER, "state.lines.0.amount_vnd", 1),
            put(ORDERS, ORDER, "state.lines.1"),
        ),
    ),
    "another line for as much": of_order(
        "its lines are not those of mic/dk-ten-mien-vn@2016-01-01",
        put(ORDERS, ORDER, "state.lines.1.refundable", False),
    ),
    "a fee of nobody's": of_order(
        "mic/dk-ten-mien-vn@2016-01-01 knows no fee on_acceptance",
        put(ORDERS, ORDER, "state.when_due", "on_acceptance"),
    ),
    "a fee that nobody asks for": Tooth(
        put(ORDERS, ORDER, "state.when_due", "on_acceptance"),
        GRANTED,
        f"payment.dossiers {GRANTED}",
        "there is no order for its fee on_submission",
    ),
    "no schedule": of_dossier("has no price for it in mic/dk-ten-mien-vn@2016-01-01", lose(PUBLICATIONS, _PROCEDURE)),
    "dunned": of_order(
        "has ended without a result, and it is still requested",
        put(ORDERS, f"{REJECTED}-S", "state.status", "requested"),
        code=REJECTED,
    ),
}
NOTICES: Final[dict[str, Tooth]] = {
    "not after its cause": of_notice("it is not named after its cause", notify_twice, code=OPEN),
    "two of one thing": of_notice("2 notices were sent of one thing: submitted", notify_twice, code=OPEN),
    "sent twice": of_notice("it was sent 2 times", notice(OPEN, "submitted", repeated(-1)), code=OPEN),
}
NUMBERS: Final[dict[str, Tooth]] = {
    "receipt without": of_receipt("is none, the number on it 01BLP/AA-26E 1", lose("payment.receipts", _FIRST)),
    "another on it": of_receipt(
        "is 01BLP/AA-26E 1, the number on it 01BLP/AA-26E 5", put(ORDERS, ORDER, "state.receipt.number", 5)
    ),
    "no order": of_receipt(
        "number 1 of 01BLP/AA-26E was taken for an order that is not there",
        *(lose(ORDERS, ORDER), lose("payment.dossiers", GRANTED)),
    ),
    "record without": of_number("there is a record without it", lose("registry.numbers", _NUMBER)),
    "no record": of_number("1 has no record", lose(RECORDS, RECORD)),
    "no decision": of_number("for a dossier that was not granted", lose(RECORDS, RECORD), lose(ISSUANCES, GRANTED)),
    "another record": of_number(
        "number 2 of ten-mien-vn/2026 is not its record's", put("registry.numbers", _NUMBER, "number", 2)
    ),
    "code": Tooth(put("intake.codes", PREFIX, "last", 3), OPEN, f"intake.codes {PREFIX}", "the last number given is 3"),
    "gap": of_series("3 numbers missing: 2 to 4", put("payment.receipts", _SECOND, "number", 5)),
    "small gap": of_series("1 number missing: 1", lose("payment.receipts", _FIRST)),
    "twin": of_series("number 1 was taken twice", put("payment.receipts", _SECOND, "number", 1)),
    "gap in another": Tooth(another_series, "", "payment.receipts 02BLP/AA-26E", "1 number missing: 1"),
    "no number": of_series("a number of it is none", put("payment.receipts", _SECOND, "number", None)),
}
FILES: Final[dict[str, Tooth]] = {
    "upload gone": of_upload("its upload is gone", lose("intake.uploads", UPLOAD)),
    "upload open": of_upload("its upload is open", put("intake.uploads", UPLOAD, "status", "open")),
    "upload of another": of_upload("belongs to another dossier", put("intake.uploads", UPLOAD, "dossier_code", OPEN)),
    "file gone": of_upload("its file is gone", lose("intake.papers.files", FILE)),
    "file cut": of_upload("its file has 24 bytes, not 25", put("intake.papers.files", FILE, "length", 24)),
    "chunk gone": of_upload("its file has 2 chunks of 3", lose("intake.papers.chunks", f"{GRANTED} 1")),
}
TEETH: Final = {
    f"{area}: {name}": tooth
    for area, teeth in (
        ("histories", HISTORIES),
        ("stories", STORIES),
        ("money", MONEY),
        ("notices", NOTICES),
        ("numbers", NUMBERS),
        ("files", FILES),
    )
    for name, tooth in teeth.items()
}
