"""Small writes that share a bulk write: each learns its own fate; what is not confirmed is an outage."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from services.chassis.errors import Unavailable
from services.chassis.store import outages_named
from services.chassis.writes import GroupWrite


class Refusing:
    """A collection that answers a bulk write with these details."""

    def __init__(self, details: Mapping[str, Any] | None = None) -> None:
        self.details = details
        self.made: list[Any] = []

    def bulk_write(self, updates: Sequence[Any], *, ordered: bool) -> None:
        assert not ordered
        self.made += updates
        if self.details:
            raise BulkWriteError(dict(self.details))


UPDATE = UpdateOne({"_id": "D"}, {"$set": {"x": 1}})


def test_an_update_is_made() -> None:
    collection = Refusing()
    GroupWrite(collection).update(UPDATE)
    assert collection.made == [UPDATE]


def test_what_the_server_has_against_one_is_raised_by_its_asker() -> None:
    collection = Refusing({"writeErrors": [{"index": 0, "code": 66}], "writeConcernErrors": []})
    with pytest.raises(BulkWriteError):
        GroupWrite(collection).update(UPDATE)


def test_what_is_not_confirmed_is_an_outage() -> None:
    collection = Refusing({"writeErrors": [], "writeConcernErrors": [{"code": 64, "errmsg": "waiting timed out"}]})
    with pytest.raises(Unavailable) as caught:
        GroupWrite(collection).update(UPDATE)
    assert caught.value.code == "store.unknown_outcome"


def test_a_bulk_write_elsewhere_that_is_not_confirmed_is_one_too() -> None:
    with pytest.raises(Unavailable), outages_named():
        raise BulkWriteError({"writeErrors": [], "writeConcernErrors": [{"code": 91}]})
