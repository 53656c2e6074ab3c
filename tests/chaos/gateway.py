"""What the gateway itself has written down, read behind its back, and where our books say something else."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.integration.books import Books

Vnd = Counter[str]  # đồng, by the reference of an attempt


class GatewayLedger:
    """The gateway's own books, of all that was ever played on a stage."""

    def __init__(self, run_dir: Path) -> None:
        self._file = run_dir / "sandbox" / "gateway.sqlite"
        self.lost_references = set[str]()  # begun between a backup and the loss of all that came after it
        self.lost_refunds_vnd = Vnd()  # given back in that time

    def taken_vnd(self) -> Vnd:
        """What was taken under each reference."""
        return self._sums("SELECT txn_ref, amount / 100 FROM transactions WHERE status = '00'")

    def given_back_vnd(self) -> Vnd:
        """What was given back of it."""
        return self._sums("SELECT t.txn_ref, r.amount / 100 FROM refunds r JOIN transactions t ON t.number = r.payment")

    def kept_vnd(self) -> Vnd:
        """What was taken and not given back; nothing where all of it was."""
        kept = self.taken_vnd()
        kept.subtract(self.given_back_vnd())
        return kept

    def references(self) -> set[str]:
        """Under which somebody has come to pay."""
        return {reference for (reference,) in self._rows("SELECT txn_ref FROM transactions")}

    def note_loss(self, begun: Collection[str], given_back: Vnd) -> None:
        """All that came since is lost to our books, which go on from a backup: these `references` and refunds were."""
        self.lost_references |= self.references() - set(begun)
        self.lost_refunds_vnd += self.given_back_vnd() - given_back

    def tries(self, fault: str) -> int:
        """How often the gateway has called back for the payments that met this fault."""
        return self._count("SELECT coalesce(sum(ipn_tries), 0) FROM transactions WHERE ipn_fault = ?", fault)

    def met(self, fault: str) -> int:
        """How many payments met it."""
        return self._count("SELECT count(*) FROM transactions WHERE ipn_fault = ?", fault)

    def mishaps(self, fault: str) -> int:
        """How many calls of its API met this fault."""
        return self._count("SELECT count(*) FROM mishaps WHERE fault = ?", fault)

    def unheard_refunds(self) -> int:
        """How many refunds it made without a usable word to whoever asked for them."""
        return self._count("SELECT count(*) FROM mishaps WHERE command = 'refund' AND response_code = '00'")

    def refunds_in_vain(self) -> int:
        """How many requests for a refund, each under an id of its own, it took up without giving anything back."""
        return self._count(
            "SELECT count(DISTINCT request_id) - (SELECT count(*) FROM refunds) FROM calls WHERE command = 'refund'"
        )

    def _count(self, query: str, *values: str) -> int:
        ((count,),) = self._rows(query, *values)
        return int(count)

    def _sums(self, query: str) -> Vnd:
        sums = Vnd()
        for reference, amount in self._rows(query):
            sums[reference] += amount
        return sums

    def _rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self._file}?mode=ro", uri=True)) as db:
            return list(db.execute(query, values))


@dataclass
class Compared:
    """The gateway's ledger beside our books: what is wrong, and what is not known there, or no more, as it must be."""

    wrong: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)  # references under which money was taken after the backup
    undone: list[str] = field(default_factory=list)  # references of which money was given back after it


def compare(orders: Iterable[Mapping[str, Any]], ledger: GatewayLedger) -> Compared:
    """Each reference of all orders, as they are stored, and each under which the gateway took money."""
    found, kept, known = Compared(), ledger.kept_vnd(), set[str]()
    for order in orders:
        for reference, ours in _kept_vnd(order["state"]).items():
            known.add(reference)
            if 0 < ours - kept[reference] <= ledger.lost_refunds_vnd[reference]:
                found.undone.append(reference)
            elif ours != kept[reference]:
                said = f"the gateway has kept {kept[reference]} đ, our books say {ours} đ"
                found.wrong.append(f"payment.orders {order['_id']}: under {reference} {said}")
    unknown = kept.keys() - known
    found.unknown = sorted(unknown & ledger.lost_references)
    found.wrong += [
        f"the gateway took money for {one}, which nobody knows" for one in sorted(unknown - set(found.unknown))
    ]
    return found


def compared(env: Mapping[str, str], ledger: GatewayLedger) -> Compared:
    """The same of a stack."""
    with Books(env) as books:
        return compare(books.collection("payment.orders").find({}, {"state": 1}), ledger)


def insist_one_id(ledger: GatewayLedger) -> Callable[[], list[str]]:
    """A look for refunds that were asked for under two ids from now on: only chance keeps those from being doubled."""
    before = ledger.refunds_in_vain()

    def look() -> list[str]:
        in_vain = ledger.refunds_in_vain() - before
        return [f"{in_vain} requests for refunds had an id of their own, and nothing to give back"] if in_vain else []

    return look


def given_back(env: Mapping[str, str], reason: str) -> int:
    """How many payments were given back for a reason, by our own books."""
    with Books(env) as books:
        orders = books.collection("payment.orders").find({"state.refunds": {"$ne": []}}, {"state.refunds": 1})
        refunds = [one for order in orders for one in order["state"]["refunds"]]
    return sum(one["reason"] == reason and bool(one["refunded_at"]) for one in refunds)


def _kept_vnd(state: Mapping[str, Any]) -> Vnd:
    """What an order has kept, by our own books, under each of its references."""
    kept = Vnd({one["reference"]: (one["outcome"] == "captured") * state["amount_vnd"] for one in state["attempts"]})
    for one in state["refunds"]:
        if one["attempt"] and one["refunded_at"]:
            kept[one["attempt"]] -= one["amount_vnd"]
    return kept
