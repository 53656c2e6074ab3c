"""payment: fee orders, the gateway's callback, receipts."""

import json
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final
from urllib.parse import parse_qsl

from nameko.dependency_providers import Config
from nameko.rpc import RpcProxy, rpc
from nameko.web.handlers import http
from pymongo import ReturnDocument

from deploy.sandbox.gateway.signing import digest, query_of, same_digest, signed_query
from services.contracts.catalogue.dates import VIETNAM, local_day
from services.contracts.catalogue.fees import price
from services.contracts.words import WHEN_DUE
from services.payment.schemas import StartPayment
from tests.bench.stock import catalogue
from tests.bench.stock.common import PREFIX, Document, Stock, checked, entry, hear, now, read

_START: Final = StartPayment()
_SUFFIXES: Final = {"on_submission": "S", "on_acceptance": "A", "before_result": "R"}
_PAY_DAYS, _ATTEMPT_MINUTES = timedelta(days=10), timedelta(minutes=15)
_TEMPLATE: Final = "01BLP0-001"


class Refused(Exception):
    """The request cannot be done."""


class Payment(Stock):
    """What payers and the gateway do."""

    name = PREFIX + "payment"
    intake: Any = RpcProxy(PREFIX + "intake")
    config: Any = Config()

    @hear("intake", "dossier_submitted")
    def assess(self, payload: Document) -> None:
        """Price the dossier."""
        said = read(payload).data
        fees, day = catalogue.procedure(said["tenant"], said["procedure"])["fees"], local_day(said["submitted_at"])
        for when_due in (when for when in WHEN_DUE if any(fee["when_due"] == when for fee in fees)):
            lines = [asdict(line) for line in price(fees, said["fee_inputs"], when_due, day)]
            assessed = {
                "order_id": f"{said['dossier_code']}-{_SUFFIXES[when_due]}",
                **{name: said[name] for name in ("dossier_code", "tenant", "procedure", "unit")},
                "when_due": when_due,
                "lines": lines,
                "amount_vnd": sum(line["amount_vnd"] for line in lines),
                "assessed_at": now(),
            }
            kept = {**assessed, "_id": assessed["order_id"], "status": "assessed", "attempts": []}
            self.database.orders.insert_one({**kept, "history": [entry("fee_assessed", assessed)]})
            self.say("fee_assessed", said["dossier_code"], assessed)

    @hear("routing", "case_accepted", "case_decided")
    def follow_case(self, payload: Document) -> None:
        """Ask for what falls due."""
        event = read(payload)
        when_due = "on_acceptance" if event.type == "case_accepted" else "before_result"
        wanted = {"dossier_code": event.data["dossier_code"], "when_due": when_due, "status": "assessed"}
        for order in self.database.orders.find(wanted):
            at = now()
            asked = {
                "order_id": order["_id"],
                "dossier_code": order["dossier_code"],
                "when_due": when_due,
                "amount_vnd": order["amount_vnd"],
                "requested_at": at,
                "pay_by": at + _PAY_DAYS,
            }
            self._change(order["_id"], {"status": "requested", "pay_by": at + _PAY_DAYS}, "fee_requested", asked)

    @rpc
    def start_payment(self, **request: Any) -> Document:
        """Where to send the payer."""
        asked, at = checked(_START, request), now()
        order = self.database.orders.find_one({"_id": asked["order_id"], "status": "requested"}, {"history": 0})
        if order is None or not self._owns(order["dossier_code"]):
            raise Refused(f"{asked['order_id']} is not to be paid")
        attempt = f"{order['_id']}-{len(order['attempts']) + 1}"
        started = {
            "order_id": order["_id"],
            "dossier_code": order["dossier_code"],
            "attempt": attempt,
            "method": asked["method"],
            "started_at": at,
            "expires_at": at + _ATTEMPT_MINUTES,
        }
        self.database.orders.update_one(
            {"_id": order["_id"]}, {"$push": {"attempts": attempt, "history": entry("payment_started", started)}}
        )
        self.say("payment_started", order["dossier_code"], started)
        return {"redirect_url": self._address(order, attempt, asked), "attempt": attempt}

    @http("GET", "/payment/vnpay/ipn")
    def settle(self, request: Any) -> tuple[int, str]:
        """The gateway's callback."""
        said = dict(parse_qsl(request.query_string.decode()))
        if not same_digest(digest(self._secret, query_of(said)), said.get("vnp_SecureHash", "")):
            return _answer("97", "Invalid Checksum")
        order = self.database.orders.find_one({"attempts": said["vnp_TxnRef"]}, {"history": 0})
        if order is None:
            return _answer("01", "Order Not Found")
        if said["vnp_Amount"] != str(order["amount_vnd"] * 100):
            return _answer("04", "Invalid Amount")
        if order["status"] == "paid":
            return _answer("02", "Order already confirmed")
        paid = {
            "order_id": order["_id"],
            "dossier_code": order["dossier_code"],
            "when_due": order["when_due"],
            "amount_vnd": order["amount_vnd"],
            "method": "vnpay",
            "attempt": said["vnp_TxnRef"],
            "transaction": said["vnp_TransactionNo"],
            "paid_at": now(),
        }
        self._change(order["_id"], {"status": "paid", "transaction": said["vnp_TransactionNo"]}, "fee_paid", paid)
        return _answer("00", "Confirm Success")

    @hear("payment", "fee_paid")
    def issue_receipt(self, payload: Document) -> None:
        """Number the receipt."""
        said, at = read(payload).data, now()
        serial = f"AA-{local_day(at).year % 100:02}E"
        counted = self.database.receipts.find_one_and_update(
            {"_id": f"{_TEMPLATE}/{serial}"}, {"$inc": {"last": 1}}, upsert=True, return_document=ReturnDocument.AFTER
        )
        receipt = {
            "order_id": said["order_id"],
            "dossier_code": said["dossier_code"],
            "template": _TEMPLATE,
            "serial": serial,
            "number": counted["last"],
            "amount_vnd": said["amount_vnd"],
            "issued_at": at,
        }
        self._change(said["order_id"], {"receipt": receipt}, "receipt_issued", receipt)

    @property
    def _secret(self) -> str:
        return str(self.config["GATEWAY_SECRET"])

    def _owns(self, dossier_code: str) -> bool:
        applicant = self.intake.get(dossier_code=dossier_code)["applicant"]
        return self.caller.get("id") in (applicant.get("tax_code"), applicant.get("id_number"))

    def _address(self, order: Document, attempt: str, asked: Document) -> str:
        stamp = f"{now().astimezone(VIETNAM):%Y%m%d%H%M%S}"
        fields = {
            "vnp_Version": "2.1.0",
            "vnp_Command": "pay",
            "vnp_TmnCode": "MOTCUA01",
            "vnp_Amount": str(order["amount_vnd"] * 100),
            "vnp_CreateDate": stamp,
            "vnp_CurrCode": "VND",
            "vnp_IpAddr": asked["ip_address"],
            "vnp_Locale": "vn",
            "vnp_OrderInfo": f"Nop phi ho so {order['dossier_code']}",
            "vnp_OrderType": "other",
            "vnp_ReturnUrl": asked["return_url"],
            "vnp_TxnRef": attempt,
        }
        return f"https://gateway.example.vn/paymentv2/vpcpay.html?{signed_query(self._secret, fields)}"

    def _change(self, order_id: str, change: Document, type_: str, data: Document) -> None:
        self.database.orders.update_one({"_id": order_id}, {"$set": change, "$push": {"history": entry(type_, data)}})
        self.say(type_, data["dossier_code"], data)


def _answer(code: str, message: str) -> tuple[int, str]:
    return 200, json.dumps({"RspCode": code, "Message": message})
