"""Payment's calls out: the gateway's merchant API over HTTP, and intake for whose a dossier is."""

from datetime import datetime
from typing import Any, Final

import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from services.chassis import codec, metrics, spans
from services.chassis.actor import Actor
from services.chassis.errors import Invalid, NotFound, Refused, Unavailable
from services.chassis.logs import log
from services.chassis.remote import Remote
from services.contracts.catalogue.applicant import NUMBER_OF
from services.payment import vnpay
from services.payment.vnpay import Merchant, Purchase, Report

_SECONDS: Final = (3.05, 15.0)  # to connect, to answer
_LONGEST_ANSWER: Final = 64 * 1024
_COMMANDS: Final = ("querydr", "refund")
NOT_REACHED: Final = "payment.gateway_not_reached"  # of an Unavailable: nothing was sent, nothing can have been done
UNDECIDED: Final = "payment.gateway_undecided"  # of an Unavailable: heard, answered 99, and nobody knows what was done
_UNAVAILABLE: Final = "payment.gateway_unavailable"


class Gateway:
    """VNPAY's merchant API."""

    def __init__(self, address: str, merchant: Merchant) -> None:
        self._address, self._merchant = address, merchant
        for command in _COMMANDS:
            metrics.begin_outcomes(metrics.CALLS, f"gateway.{command}")

    def query(self, purchase: Purchase, request_id: str, at: datetime) -> Report | None:
        """What became of an attempt; None while nothing did. Raises Unavailable, Refused."""
        answer = self._ask(vnpay.query_request(self._merchant, purchase, request_id, at))
        code = answer["vnp_ResponseCode"]
        if code == vnpay.NOT_FOUND:  # the payer never opened the page
            return None
        if code != vnpay.OK or answer.get("vnp_TxnRef") != purchase.reference:
            raise _refused("payment.query_refused", code)
        return vnpay.report_of(answer)

    def refund(
        self, purchase: Purchase, amount_vnd: int, transaction: str | None, request_id: str, at: datetime
    ) -> bool:
        """Have `amount_vnd` of a capture given back, once for a request id: whether it was taken now.

        False is the gateway's 94: it has this request already, or another refund of this payment under way. Raises
        Unavailable, or Refused, which uses the id up, so that the next try needs another.
        """
        call = vnpay.refund_request(self._merchant, purchase, amount_vnd, transaction or "", request_id, at)
        code = self._ask(call)["vnp_ResponseCode"]
        if code not in {vnpay.OK, vnpay.DUPLICATE}:
            raise _refused("payment.refund_refused", code)
        return code == vnpay.OK

    def _ask(self, call: vnpay.Fields) -> vnpay.Fields:
        command = call["vnp_Command"]
        with metrics.called(f"gateway.{command}"), spans.posting(self._address, command):
            return self._asked(call)

    def _asked(self, call: vnpay.Fields) -> vnpay.Fields:
        try:
            with requests.post(
                self._address, json=call, timeout=_SECONDS, allow_redirects=False, stream=True
            ) as response:
                body = response.raw.read(_LONGEST_ANSWER + 1, decode_content=True)
                status = response.status_code
            answer = vnpay.read_answer(self._merchant, codec.decode(body, _LONGEST_ANSWER))
        except (requests.RequestException, OSError, Invalid) as error:
            log.warning("gateway_unreachable", command=call["vnp_Command"], reason=type(error).__name__)
            raise _unavailable(NOT_REACHED if _is_unsent(error) else _UNAVAILABLE) from error
        if status != requests.codes.ok or answer is None or "vnp_ResponseCode" not in answer:
            log.warning("gateway_answer_unusable", command=call["vnp_Command"], status=status)
            raise _unavailable()
        if answer["vnp_ResponseCode"] == vnpay.OTHER:
            raise _unavailable(UNDECIDED)
        return answer


class Owners:
    """Whose a dossier is: intake knows, payment keeps nobody's number."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    def owns(self, actor: Actor, dossier_code: str) -> bool:
        """Whether the actor is the applicant; nobody is of an unknown dossier. Raises Unavailable."""
        try:
            dossier = self._remote.call("intake", "get", dossier_code=dossier_code)
        except NotFound:
            return False
        applicant: dict[str, Any] = dossier["applicant"] or {}  # nobody's once erased
        return actor.kind == applicant.get("kind") and actor.id == applicant.get(NUMBER_OF.get(actor.kind, ""))


def _refused(code: str, response_code: str) -> Refused:
    return Refused(code, f"The gateway refused with code {response_code}.", "Cổng thanh toán từ chối yêu cầu.")


def _is_unsent(error: Exception) -> bool:
    """Whether there never was a connection."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.ConnectionError) and isinstance(reason, NewConnectionError | ConnectTimeoutError)


def _unavailable(code: str = _UNAVAILABLE) -> Unavailable:
    return Unavailable(code, "The payment gateway does not answer.", "Cổng thanh toán chưa sẵn sàng.")
