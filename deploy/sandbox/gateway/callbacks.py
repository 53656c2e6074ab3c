"""Sending the IPN: again and again by timetable until the merchant confirms, or once by hand."""

import json
import logging
import sqlite3
import threading
import time
from collections.abc import Mapping
from typing import Any

import urllib3

from deploy.sandbox.gateway.ledger import Ledger, Transaction
from deploy.sandbox.gateway.outcomes import outcome_address
from deploy.sandbox.gateway.settings import Settings

CONFIRMED = frozenset({"00", "02"})
_WORKERS = 8
_PARALLEL_REPEATS = 20
_ANSWER_LIMIT = 64 * 1024
_PATIENCE = urllib3.Timeout(connect=5, read=10)

log = logging.getLogger("sandbox.ipn")

Answer = Mapping[str, Any]


def is_confirmed(answer: Answer) -> bool:
    """Whether the merchant took the callback: HTTP 200 with RspCode 00 or 02."""
    return answer["http_status"] == 200 and answer["RspCode"] in CONFIRMED


class Callbacks:
    """Workers that send what is due in the ledger. Daemon threads: an unfinished call is due again at start."""

    def __init__(self, ledger: Ledger, settings: Settings) -> None:
        self._ledger = ledger
        self._settings = settings
        self._http = urllib3.PoolManager(maxsize=_WORKERS, retries=False, timeout=_PATIENCE)
        self._changed = threading.Condition()
        self._stopping = False
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(_WORKERS)]

    def start(self) -> None:
        """Start the workers."""
        for thread in self._threads:
            thread.start()

    def stop(self, patience: float = 2) -> None:
        """Ask the workers to stop and give them a moment to finish."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        deadline = time.monotonic() + patience
        for thread in self._threads:
            thread.join(max(0, deadline - time.monotonic()))

    def wake(self) -> None:
        """Say that the timetable changed."""
        with self._changed:
            self._changed.notify()

    def first_at(self) -> float:
        """When the first callback of an outcome recorded now is due."""
        return time.time() + self._settings.ipn_delays[0]

    def send_by_hand(self, transaction: Transaction, fault: str = "") -> Answer:
        """One callback now, whatever the plan; the merchant's answer."""
        answer = self._call(transaction, fault)
        self._ledger.note_manual_answer(transaction.number, answer, is_confirmed(answer))
        return answer

    def _work(self) -> None:
        while (transaction := self._next_due()) is not None:
            try:
                self._send_round(transaction)
            except sqlite3.Error:
                log.exception("callback of %s not noted", transaction.number)

    def _next_due(self) -> Transaction | None:
        with self._changed:
            while not self._stopping:
                if (transaction := self._ledger.claim_due(time.time())) is not None:
                    self._changed.notify()  # while this worker is busy another one watches the timetable
                    return transaction
                due_at = self._ledger.next_due_at()
                self._changed.wait(None if due_at is None else max(0.001, due_at - time.time()))
        return None

    def _send_round(self, transaction: Transaction) -> None:
        kind, _, argument = transaction.ipn_fault.partition(":")
        repeats = int(argument) if kind == "repeat" and transaction.ipn_round == 0 else 1
        answers = self._call_many(transaction, kind, repeats)
        confirmed = next((answer for answer in answers if is_confirmed(answer)), None)
        self._note(transaction, len(answers), confirmed or answers[-1], confirmed is not None)

    def _note(self, transaction: Transaction, tries: int, answer: Answer, confirmed: bool) -> None:
        delays, next_round = self._settings.ipn_delays, transaction.ipn_round + 1
        if confirmed:
            self._ledger.note_answer(transaction.number, tries, answer, "confirmed")
        elif next_round < len(delays):
            due_at = time.time() + delays[next_round]
            self._ledger.note_answer(transaction.number, tries, answer, "waiting", due_at)
            self.wake()
        else:
            self._ledger.note_answer(transaction.number, tries, answer, "given_up")

    def _call_many(self, transaction: Transaction, fault: str, times: int) -> list[Answer]:
        """The same callback `times` times, as many at once as a busy gateway would."""
        answers: list[Answer] = []

        def call(share: int) -> None:
            answers.extend(self._call(transaction, fault) for _ in range(share))

        lanes = min(times, _PARALLEL_REPEATS)
        shares = [len(range(lane, times, lanes)) for lane in range(lanes)]
        threads = [threading.Thread(target=call, args=(share,), daemon=True) for share in shares]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers

    def _call(self, transaction: Transaction, fault: str) -> Answer:
        address = outcome_address(self._settings.ipn_url, transaction, self._settings.secret, fault)
        try:
            with self._http.request("GET", address, redirect=False, preload_content=False) as response:
                answer = _read(response.status, response.read(_ANSWER_LIMIT))
        except urllib3.exceptions.HTTPError as error:
            answer = {"http_status": None, "RspCode": None, "Message": None, "error": type(error).__name__}
        log.info("callback of %s answered %s %s", transaction.number, answer["http_status"], answer["RspCode"])
        return answer


def _read(status: int, body: bytes) -> Answer:
    answer: dict[str, Any] = {"http_status": status, "RspCode": None, "Message": None}
    try:
        said = json.loads(body)
    except ValueError:
        return answer | {"error": "the answer is not JSON"}
    if not isinstance(said, dict) or not isinstance(said.get("RspCode"), str):
        return answer | {"error": "the answer has no RspCode"}
    return answer | {"RspCode": said["RspCode"][:16], "Message": str(said.get("Message"))[:200]}
