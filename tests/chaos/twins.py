"""Two crowds that were told the same: what each dossier of one has left, its twin in the other has, field by field.

Compared are the states of each dossier, its case, orders, issuance, records and notices with the personal data beside
them, and which events each history holds. Not compared: when something was, as long as both have a time there; what
is made anew for each, as ids and numbers of receipts, records, attempts and files; which fact came first, and in how
many steps a dossier has progressed (what a later fact has overtaken says nothing more); the unit that stands beside a
notice, which is the one that notify knew of when it was written, and nobody is asked by.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from services.cli.verify.books import NOTICES, SHELVES
from tests.differences import differences
from tests.integration.books import Books

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d(T[0-9:.]+(Z|[+-]\d\d:\d\d))?")
_DIGITS: Final = re.compile(r"\d+")
_OWN: Final = {"number", "reference", "attempt", "transaction", "upload_id", "notice_id", "sequence", "found_by"}
_IN_ANY_ORDER: Final = {"facts", "fees"}
_PROGRESSED: Final = "dossier_progressed"
_SHOWN: Final = 20
Picture = dict[str, Any]


def unlike(env: Mapping[str, str], one: str, other: str) -> Iterator[str]:
    """Where the crowds of these two tags differ; in part, where there is very much."""
    with Books(env) as books:
        these, those = left_by(books, one), left_by(books, other)
    found = [
        line
        for number in sorted({*these, *those})
        for line in differences(these.get(number), those.get(number), str(number))
    ]
    yield from (f"twins differ: {line}" for line in found[:_SHOWN])
    if not these:
        yield "nobody was told of"


def left_by(books: Books, tag: str) -> dict[int, Picture]:
    """What each dossier of a crowd has left, by its number there."""
    numbered = re.compile(rf"\.({tag}-(\d+))@")
    found: dict[int, Picture] = {}
    names: dict[str, tuple[int, str]] = {}
    for shelf in SHELVES:
        for document in books.collection(shelf.name).find({}, {"state": 1, "subject": 1, "history.type": 1}):
            code = document["state"]["dossier_code"]
            if shelf.name == SHELVES[0].name and (own := numbered.search(document["subject"]["applicant"]["email"])):
                names[code] = int(own[2]), own[1]
            if code in names:
                number, name = names[code]
                left = {
                    "state": without_what_is_its_own(document["state"], code, name, shelf.name),
                    "subject": without_what_is_its_own(document["subject"], code, name),
                    "history": _said(entry["type"] for entry in document["history"]),
                }
                found.setdefault(number, {}).setdefault(shelf.name, []).append(left)
    return {
        number: {name: sorted(several, key=str) for name, several in left.items()} for number, left in found.items()
    }


def _said(types: Iterable[str]) -> list[str]:
    """The types of events, each as often as it was said, but steps of progress once."""
    counted = Counter(types)
    counted[_PROGRESSED] = min(counted[_PROGRESSED], 1)
    return sorted(counted.elements())


def without_what_is_its_own(value: Any, code: str, name: str, field: str = "") -> Any:
    """A value with the dossier's code and name, times and what is made anew for each put out of sight."""
    if value is not None and field in _OWN:
        return "its own"
    if isinstance(value, datetime):
        return "a time"
    if isinstance(value, str):
        told = value.replace(code, "its code").replace(name, "its name")
        told = told if field == "procedure_version" else _TIME.sub("a time", told)
        return _DIGITS.sub("#", told) if field in {"subject", "text", "html"} else told
    if isinstance(value, Mapping):
        as_known = {"unit": "as it was known"} if field == NOTICES.name else {}
        return {key: without_what_is_its_own(one, code, name, key) for key, one in {**value, **as_known}.items()}
    if isinstance(value, (list, tuple)):
        several = [without_what_is_its_own(one, code, name) for one in value]
        return sorted(several, key=str) if field in _IN_ANY_ORDER else several
    return value
