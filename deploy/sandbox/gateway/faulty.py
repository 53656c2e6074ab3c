"""The merchant API at its worst: as was planned, it answers badly or not at all, before or after it acted."""

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from flask import Response, jsonify

from deploy.sandbox.gateway import mishaps
from deploy.sandbox.gateway.api import Fields, MerchantApi, command_of, signed
from deploy.sandbox.gateway.formats import fits
from deploy.sandbox.gateway.ledger import Ledger
from deploy.sandbox.gateway.lines import Line

_LONGEST_SILENCE = 60.0
_ONE_DONG = 100
_PAGE = "<!doctype html><title>VNPAY</title><h1>He thong dang bao tri</h1>"
# How an answer is cut up that comes late, or not whole.
_IN_PIECES: dict[str, Callable[[bytes], Sequence[bytes]]] = {
    "slow": lambda text: [text],
    "drip": lambda text: [bytes([byte]) for byte in text],
    "cut": lambda text: [text[: len(text) // 2]],
}
_NOTHING_DONE = frozenset({"silent", "error"})


class FaultyApi:
    """The merchant API as its callers find it."""

    def __init__(self, api: MerchantApi, ledger: Ledger, secret: str) -> None:
        self._api, self._ledger = api, ledger
        self._spoilt: dict[str, Callable[[Fields], dict[str, Any]]] = {
            "forged": lambda told: signed(secrets.token_hex(16), told),
            "misshapen": lambda told: {**signed(secret, {**told, "vnp_ResponseCode": ""}), "vnp_ResponseCode": None},
            "other_ref": lambda told: signed(secret, {**told, "vnp_TxnRef": f"{told['vnp_TxnRef']}X"}),
            "wrong_amount": lambda told: signed(secret, {**told, "vnp_Amount": _one_dong_more(told["vnp_Amount"])}),
        }

    def answer(self, body: object, line: Line, at: datetime) -> Response:
        """What a caller is answered; a fault that was planned is met by one who still waits."""
        command, txn_ref = command_of(body), _reference_of(body)
        fault = "" if line.is_gone() else mishaps.take(self._ledger, command, txn_ref)
        kind, _, seconds = fault.partition(":")
        told = self._done(kind, body, at)
        if fault:
            mishaps.note(self._ledger, command, txn_ref, fault, told.get("vnp_ResponseCode", ""))
        return self._said(kind, told, line, float(seconds or 0))

    def _done(self, kind: str, body: object, at: datetime) -> Fields:
        """What is done for a call that meets this kind of fault, and would be said of it."""
        if kind in _NOTHING_DONE:
            return {}
        return self._api.deny(body) if kind == "unknown" else self._api.answer(body, at)

    def _said(self, kind: str, told: Fields, line: Line, seconds: float) -> Response:
        if kind in {"silent", "lost"}:
            return Response(_silence(line))
        if kind in _IN_PIECES:
            return _in_pieces(told, _IN_PIECES[kind], line, seconds)
        if kind in {"error", "garbage"}:
            return Response(_PAGE, 500 if kind == "error" else 200)
        return jsonify(self._spoilt[kind](told) if kind in self._spoilt else told)


def _reference_of(body: object) -> str:
    said = body.get("vnp_TxnRef") if isinstance(body, dict) else None
    return said if isinstance(said, str) and fits("vnp_TxnRef", said) else ""


def _silence(line: Line) -> Iterator[bytes]:
    """Nothing, and the line is closed in the end."""
    line.hold(_LONGEST_SILENCE)
    yield from ()
    raise ConnectionAbortedError


def _in_pieces(told: Fields, cut: Callable[[bytes], Sequence[bytes]], line: Line, seconds: float) -> Response:
    """The answer piece by piece, evenly within so many seconds, as far as there are pieces."""
    text = json.dumps(told).encode()
    pieces = cut(text)
    length = {"Content-Length": str(len(text))}
    return Response(_late(pieces, line, seconds / len(pieces)), headers=length, content_type="application/json")


def _late(pieces: Sequence[bytes], line: Line, seconds: float) -> Iterator[bytes]:
    for piece in pieces:
        line.hold(seconds)
        yield piece


def _one_dong_more(amount: str) -> str:
    return str(int(amount or 0) + _ONE_DONG)
