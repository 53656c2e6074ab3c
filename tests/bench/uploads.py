"""Papers that lie ready before the clock starts.

The first of each applicant goes through the door that everybody uses; the others are copies of what intake then kept,
for the upload of thousands of files is not what is measured here.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Final

import requests
from pymongo import MongoClient

from tests.bench.world import DJANGO, STOCK, World

_PDF: Final = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
_SECONDS: Final = 30
_AT_ONCE: Final = 500
Papers = list[dict[str, str]]


class Uploads:
    """The uploads of one applicant."""

    def __init__(self, world: World, owner: str, open_upload: Callable[..., Any]) -> None:
        self._world, self._owner, self._open_upload = world, owner, open_upload

    def make(self, components: Sequence[str], dossiers: int) -> list[Papers]:
        """The `documents` of so many submissions."""
        count = dossiers * len(components)
        ids = iter(self._of_django(count) if self._world.name == DJANGO else self._copies(count))
        return [[{"component": one, "upload_id": next(ids)} for one in components] for _ in range(dossiers)]

    def _of_django(self, count: int) -> list[str]:
        """By its own door, which takes several at once and no bytes."""
        declared = [_declared(self._owner)] * count
        actor = json.dumps({"kind": "organisation", "id": self._owner})
        address = f"{self._world.intake_url}/uploads"
        answer = requests.post(address, json=declared, headers={"X-Motcua-Actor": actor}, timeout=_SECONDS)
        answer.raise_for_status()
        return [str(one["id"]) for one in answer.json()]

    def _copies(self, count: int) -> list[str]:
        copies = [self._copy() for _ in range(count)]
        with MongoClient[dict[str, Any]](self._world.mongo_uri) as client:
            kept = client[self._database]["uploads"]
            for first in range(0, len(copies), _AT_ONCE):
                kept.insert_many(copies[first : first + _AT_ONCE])
        return [copy["_id"] for copy in copies]

    @property
    def _database(self) -> str:
        return "stock_intake" if self._world.prefix == STOCK else "motcua_intake"

    @cached_property
    def _pattern(self) -> dict[str, Any]:
        """A finished upload as it is stored; never named in a dossier itself."""
        if self._world.prefix == STOCK:
            return {"owner": self._owner, "status": "finished", "dossier_code": None, **_declared(self._owner)}
        ticket = self._open_upload(**_declared(self._owner))
        requests.put(
            ticket["url"], data=_content(self._owner), headers={"Content-Type": "application/pdf"}, timeout=_SECONDS
        ).raise_for_status()
        with MongoClient[dict[str, Any]](self._world.mongo_uri, tz_aware=True) as client:
            found = client[self._database]["uploads"].find_one({"_id": ticket["upload_id"]})
        if found is None:
            raise LookupError("intake keeps its uploads elsewhere now")
        return found

    def _copy(self) -> dict[str, Any]:
        its_own = {name: secrets.token_hex(16) for name in ("_id", "opened_by", "ticket")}
        return {**self._pattern, **its_own}


def _content(owner: str) -> bytes:
    return _PDF + f"% {owner}\n".encode()


def _declared(owner: str) -> dict[str, Any]:
    content = _content(owner)
    return {
        "filename": "giay-to.pdf",
        "content_type": "application/pdf",
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
