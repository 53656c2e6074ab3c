"""Reads that are gathered: each asker gets his own document, or learns that there is none."""

from typing import Any

from services.chassis.reads import GroupRead
from tests.unit.fakes import FakeCollection


def stored() -> Any:
    collection = FakeCollection()
    for number in range(3):
        collection.documents[f"D{number}"] = {"_id": f"D{number}", "state": {"dossier_code": f"C{number}"}}
    return collection


def test_a_lone_asker_gets_his_document_or_none() -> None:
    reads = GroupRead(stored(), key="state.dossier_code")
    assert reads.find("C1") == {"_id": "D1", "state": {"dossier_code": "C1"}}
    assert reads.find("C9") is None


def test_those_who_ask_at_once_get_each_his_own_also_twice_the_same_and_none() -> None:
    reads = GroupRead(stored(), key="state.dossier_code")
    found: Any = reads._read(["C2", "C9", "C0", "C2"])  # noqa: SLF001 – a batch, as it comes together under load
    assert [one and one["_id"] for one in found] == ["D2", None, "D0", "D2"]
