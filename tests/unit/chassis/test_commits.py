"""Group commit: who shares a bulk write shares nothing else."""

import threading
from collections.abc import Sequence
from typing import Any

import pytest

from services.chassis.commits import GroupCommit
from tests.unit.fakes import FakeCollection

UNSENDABLE = 2**70  # more than BSON can hold


class Picky(FakeCollection):
    """Encodes before it sends, as the driver does: what BSON cannot hold fails the whole call."""

    def bulk_write(self, operations: Sequence[Any], *, ordered: bool) -> Any:
        if any(operation._doc["amount"] == UNSENDABLE for operation in operations):  # noqa: SLF001
            raise OverflowError("MongoDB can only handle up to 8-byte ints")
        return super().bulk_write(operations, ordered=ordered)


def document(id_: str, amount: int) -> dict[str, Any]:
    return {"_id": id_, "history": [{"id": f"e-{id_}"}], "version": 1, "amount": amount}


def test_what_cannot_be_stored_fails_alone() -> None:
    collection, gate, failed = Picky(), threading.Event(), []
    collection.before_write = lambda: None if gate.wait(10) else pytest.fail("the gate stayed shut")
    commits = GroupCommit(collection)

    def insert(id_: str, amount: int) -> None:
        try:
            commits.insert(document(id_, amount))
        except OverflowError:
            failed.append(id_)

    amounts = {f"D{number}": UNSENDABLE if number == 7 else number for number in range(20)}
    threads = [threading.Thread(target=insert, args=pair) for pair in amounts.items()]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join(10)
    assert failed == ["D7"]
    assert set(collection.documents) == set(amounts) - {"D7"}
