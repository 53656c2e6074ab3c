"""The payment gateway's word, said straight to payment's door: the pay page is not what is measured."""

from itertools import count
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from deploy.sandbox.gateway.signing import signed_query

_CONFIRMED: Final = "00"
_SECONDS: Final = 30


class NotConfirmed(Exception):
    """Payment did not take the callback."""


class Gateway:
    """One gateway that always reports success, over one kept connection.

    Like any gateway it says again what it could not say: the door may close a connection just when it is used again.
    """

    def __init__(self, payment_url: str, secret: str, first_transaction: int) -> None:
        self._address, self._secret = f"{payment_url}/payment/vnpay/ipn", secret
        self._transactions = count(first_transaction)
        self._session = requests.Session()
        self._session.mount("http://", HTTPAdapter(max_retries=Retry(1)))

    def report_paid(self, redirect_url: str) -> None:
        """Call back for the payment that this pay address asks for. Raises NotConfirmed."""
        asked = dict(parse_qsl(urlsplit(redirect_url).query))
        query = signed_query(self._secret, self._said(asked))
        answer = self._session.get(f"{self._address}?{query}", timeout=_SECONDS)
        if answer.status_code != requests.codes.ok or answer.json().get("RspCode") != _CONFIRMED:
            raise NotConfirmed(f"HTTP {answer.status_code}: {answer.text[:100]}")

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _said(self, asked: dict[str, str]) -> dict[str, str]:
        transaction = str(next(self._transactions))
        return {
            "vnp_TmnCode": asked["vnp_TmnCode"],
            "vnp_Amount": asked["vnp_Amount"],
            "vnp_BankCode": "NCB",
            "vnp_BankTranNo": f"VNP{transaction}",
            "vnp_CardType": "ATM",
            "vnp_PayDate": asked["vnp_CreateDate"],
            "vnp_OrderInfo": asked["vnp_OrderInfo"],
            "vnp_TransactionNo": transaction,
            "vnp_ResponseCode": "00",
            "vnp_TransactionStatus": "00",
            "vnp_TxnRef": asked["vnp_TxnRef"],
        }
