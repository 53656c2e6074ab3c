"""A tiny merchant for the gateway's tests: signs by its own reading of the specification, records callbacks."""

import hashlib
import hmac
import json
import queue
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlsplit

import requests

from tests.integration.programs.sandbox_programs import Program, free_port, until

# The secret and the terminal of the test vector in the project's domain notes; neither is a real one.
SECRET = "TESTSECRETTESTSECRETTESTSECRET32"
TMN_CODE = "DEMOV210"
RETURN_URL = "https://dvc.example.gov.vn/thanh-toan/ket-qua"
CONFIRM = {"RspCode": "00", "Message": "Confirm Success"}

Answer = tuple[int, bytes]
_numbers = count(1)

QUERYDR = "RequestId Version Command TmnCode TxnRef TransactionDate CreateDate IpAddr OrderInfo"
REFUND = (
    "RequestId Version Command TmnCode TransactionType TxnRef Amount TransactionNo TransactionDate"
    " CreateBy CreateDate IpAddr OrderInfo"
)
REFUND_ANSWER = (
    "ResponseId Command ResponseCode Message TmnCode TxnRef Amount BankCode PayDate TransactionNo"
    " TransactionType TransactionStatus OrderInfo"
)
QUERYDR_ANSWER = REFUND_ANSWER + " PromotionCode PromotionAmount"


def hmac_sha512(text: str) -> str:
    """Lower-case hex."""
    return hmac.new(SECRET.encode("ascii"), text.encode("ascii"), hashlib.sha512).hexdigest()


def local_time(seconds: float = 0) -> str:
    """Now, or some seconds away, as yyyyMMddHHmmss at GMT+7."""
    return (datetime.now(UTC) + timedelta(hours=7, seconds=seconds)).strftime("%Y%m%d%H%M%S")


def pay_fields(**changes: str) -> dict[str, str]:
    """A right pay request of a fresh reference, with changes (names without vnp_)."""
    fields = {
        "Version": "2.1.0",
        "Command": "pay",
        "TmnCode": TMN_CODE,
        "Amount": "55000000",
        "CreateDate": local_time(),
        "ExpireDate": local_time(900),
        "CurrCode": "VND",
        "IpAddr": "127.0.0.1",
        "Locale": "vn",
        "OrderInfo": "Nop phi ho so 000.00.05.G14-260115-0001",
        "OrderType": "other",
        "ReturnUrl": RETURN_URL,
        "TxnRef": f"G14P{next(_numbers)}",
    }
    return {f"vnp_{name}": value for name, value in (fields | changes).items()}


def signed_query(fields: dict[str, str]) -> str:
    """Sorted non-empty pairs, form-encoded, and their signature."""
    names = sorted(name for name in fields if fields[name] != "")
    query = "&".join(name + "=" + quote_plus(fields[name]) for name in names)
    return query + "&vnp_SecureHash=" + hmac_sha512(query)


def verified(query: str) -> dict[str, str]:
    """The fields of a signed query as text on the wire; fails unless sorted and rightly signed."""
    pairs, _, signature = query.rpartition("&vnp_SecureHash=")
    names = [pair.partition("=")[0] for pair in pairs.split("&")]
    assert names == sorted(names)
    assert signature == hmac_sha512(pairs)
    return dict(parse_qsl(pairs, strict_parsing=True, keep_blank_values=True))


def signed_call(names: str, fields: dict[str, Any]) -> dict[str, Any]:
    """A merchant API call, signed over its values in the order of `names`."""
    signature = hmac_sha512("|".join(str(fields.get(name, "")) for name in names.split()))
    return {f"vnp_{name}": value for name, value in fields.items()} | {"vnp_SecureHash": signature}


def querydr(paid: dict[str, str], **changes: Any) -> dict[str, Any]:
    """A right querydr call for a pay request, with changes."""
    fields = {
        "RequestId": f"q{next(_numbers)}",
        "Version": "2.1.0",
        "Command": "querydr",
        "TmnCode": TMN_CODE,
        "TxnRef": paid["vnp_TxnRef"],
        "TransactionDate": paid["vnp_CreateDate"],
        "CreateDate": local_time(),
        "IpAddr": "127.0.0.1",
        "OrderInfo": "Truy van",
    }
    return signed_call(QUERYDR, fields | changes)


def refund(paid: dict[str, str], amount_vnd: int, kind: str = "03", **changes: Any) -> dict[str, Any]:
    """A right refund call for a pay request, with changes."""
    fields = {
        "RequestId": f"r{next(_numbers)}",
        "Version": "2.1.0",
        "Command": "refund",
        "TmnCode": TMN_CODE,
        "TransactionType": kind,
        "TxnRef": paid["vnp_TxnRef"],
        "Amount": amount_vnd * 100,
        "TransactionNo": "",
        "TransactionDate": paid["vnp_CreateDate"],
        "CreateBy": "ke.toan",
        "CreateDate": local_time(),
        "IpAddr": "127.0.0.1",
        "OrderInfo": "Hoan tien",
    }
    return signed_call(REFUND, fields | changes)


def checked(names: str, answer: dict[str, str]) -> dict[str, str]:
    """The answer without its signature, which must be right over exactly these fields."""
    signature = answer.pop("vnp_SecureHash")
    assert set(answer) == {f"vnp_{name}" for name in names.split()}
    assert signature == hmac_sha512("|".join(answer[f"vnp_{name}"] for name in names.split()))
    return answer


def code_of(names: str, answer: dict[str, str]) -> str:
    """The response code of a rightly signed answer."""
    return checked(names, answer)["vnp_ResponseCode"]


class Merchant:
    """An HTTP server with an IPN door. `answers` are given in order, then always a confirmation."""

    def __init__(self) -> None:
        self.calls: queue.Queue[str] = queue.Queue()
        self.answers: list[Answer] = []
        self.before_answer: Callable[[], Any] = lambda: None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._door())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def ipn_url(self) -> str:
        """Where the gateway is to call back; with a parameter of its own, which is not signed."""
        return f"http://127.0.0.1:{self._server.server_port}/ipn?tenant=mic"

    def reset(self) -> None:
        """Forget calls and scripted answers."""
        self.calls, self.answers, self.before_answer = queue.Queue(), [], lambda: None

    def next_call(self) -> str:
        """The signed part of the next callback's query."""
        return self.calls.get(timeout=10)

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _door(self) -> type[BaseHTTPRequestHandler]:
        merchant = self

        class Door(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                own, _, signed = urlsplit(self.path).query.partition("&")
                assert own == "tenant=mic"
                merchant.calls.put(signed)
                merchant.before_answer()
                status, body = merchant.answers.pop(0) if merchant.answers else (200, json.dumps(CONFIRM).encode())
                self.send_response(status)
                self.end_headers()
                with suppress(ConnectionError):  # the gateway was killed meanwhile
                    self.wfile.write(body)

            def log_message(self, *_parts: object) -> None:
                """Quiet."""

        return Door


class Gateway:
    """The gateway as a merchant and a payer see it over HTTP."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self._http = requests.Session()
        self._http.trust_env = False

    def get(self, path: str) -> requests.Response:
        """A page."""
        return self._http.get(self.address + path, timeout=10)

    def post(self, path: str, body: object = None) -> requests.Response:
        """JSON to an operator's control or the merchant API."""
        return self._http.post(self.address + path, json=body, timeout=20)

    def open(self, fields: dict[str, str]) -> requests.Response:
        """The pay page for a request that is signed here."""
        return self.get("/paymentv2/vpcpay.html?" + signed_query(fields))

    def token(self, fields: dict[str, str]) -> str:
        """The pay page's token."""
        page = self.open(fields)
        assert page.status_code == 200, page.text
        return str(re.findall(r'name="token" value="([^"]+)"', page.text)[0])

    def choose(self, token: str, outcome: str) -> requests.Response:
        """Press a button of the pay page."""
        place, form = self.address + "/paymentv2/pay", {"token": token, "outcome": outcome}
        return self._http.post(place, data=form, allow_redirects=False, timeout=10)

    def pay(self, outcome: str = "00", **changes: str) -> dict[str, str]:
        """Open and finish a payment; the pay request's fields."""
        fields = pay_fields(**changes)
        assert self.choose(self.token(fields), outcome).status_code == 302
        return fields

    def transaction(self, txn_ref: str) -> dict[str, Any]:
        """The operator's view of one transaction."""
        [found] = self.get(f"/sandbox/transactions?txn_ref={txn_ref}").json()
        return dict(found)

    def ask(self, body: dict[str, Any], patience: float = 20) -> requests.Response:
        """Whatever the merchant API says within so many seconds."""
        return self._http.post(self.address + "/merchant_webapi/api/transaction", json=body, timeout=patience)

    def begin(self, body: dict[str, Any]) -> socket.socket:
        """Send a call, and wait for nothing yet: the line to it."""
        content, place = json.dumps(body).encode(), urlsplit(self.address)
        line = socket.create_connection((place.hostname, place.port), timeout=10)
        head = f"POST /merchant_webapi/api/transaction HTTP/1.1\r\nHost: x\r\nContent-Length: {len(content)}\r\n\r\n"
        line.sendall(head.encode() + content)
        return line

    def call(self, body: dict[str, Any]) -> dict[str, str]:
        """The merchant API's answer."""
        response = self.ask(body)
        assert response.status_code == 200
        return dict(response.json())

    def mishaps(self, paid: dict[str, str]) -> list[tuple[str, str, str]]:
        """The calls about a payment that met a fault, newest first: command, fault, code of what was done."""
        found = self.get(f"/sandbox/mishaps?txn_ref={paid['vnp_TxnRef']}").json()
        return [(one["command"], one["fault"], one["response_code"]) for one in found]

    def settled(self, txn_ref: str, state: str = "confirmed") -> dict[str, Any]:
        """The operator's view of a transaction once its callback has reached `state`."""

        def probe() -> dict[str, Any] | None:
            seen = self.transaction(txn_ref)
            return seen if seen["ipn_state"] == state else None

        return until(probe, f"callback {state}")


class Shop:
    """A merchant and the gateway that serves him."""

    def __init__(self, folder: Path, delays: str) -> None:
        self.merchant = Merchant()
        self._port, self._folder, self._delays = free_port(), folder, delays
        self.gateway = Gateway(self._port)
        self.program = self.start()

    def start(self) -> Program:
        """Start the gateway, again if it was killed."""
        self.program = Program("deploy.sandbox.gateway", self.settings(), self._folder / "log")
        return self.program

    def settings(self) -> dict[str, str]:
        """The gateway's environment."""
        return {
            "SANDBOX_GATEWAY_TMN_CODE": TMN_CODE,
            "SANDBOX_GATEWAY_SECRET": SECRET,
            "SANDBOX_GATEWAY_IPN_URL": self.merchant.ipn_url,
            "SANDBOX_GATEWAY_PORT": str(self._port),
            "SANDBOX_DATA_DIR": str(self._folder),
            "SANDBOX_IPN_DELAYS": self._delays,
        }

    def reset(self) -> "Shop":
        """Wait for callbacks still on their way; forget plans, calls and scripted answers."""
        until(self._is_quiet, "no callback is on its way")
        self.merchant.reset()
        for what in ("ipn", "api"):
            assert self.gateway.post("/sandbox/plan", {what: "ok"}).status_code == 200
        return self

    def _is_quiet(self) -> bool:
        states = {seen["ipn_state"] for seen in self.gateway.get("/sandbox/transactions").json()}
        return states.isdisjoint({"waiting", "sending"})


@contextmanager
def running_shop(folder: Path, delays: str = "0,0.05,0.05,0.05") -> Iterator[Shop]:
    """A shop that is open for the length of the block; the gateway must stop cleanly."""
    shop = Shop(folder, delays)
    try:
        yield shop
    finally:
        code = shop.program.stop()
        shop.merchant.close()
    assert code == 0
