"""Dossiers found by whose they are: folded words of the applicant's name, his number, the number that ends the code.

What a dossier is found by lies in `subject.found_by`, among the personal data, and goes when that is erased. It is
written with the submission; an index led by the unit that has the dossier holds it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final

from bson.regex import Regex
from pymongo import UpdateOne

from services.chassis.paging import ByTime
from services.chassis.store import Collection, Document, outages_named
from services.contracts.catalogue.applicant import NUMBER_OF
from services.contracts.folding import folded_words

MOST_CODES: Final = 200
FOUND_BY: Final = "subject.found_by"
_UNIT: Final = "state.unit"
_NEWEST_FIRST: Final = ByTime("state.submitted_at")
_INDEX: Final = [(_UNIT, 1), (FOUND_BY, 1), *_NEWEST_FIRST.keys]
_INDEX_NAME: Final = "found_by"
_MOST_WORDS: Final = 40  # of a name; of what is typed
_MOST_LOOKED_AT: Final = 10_000
_BOUNDS: Final = (100, 1_000, _MOST_LOOKED_AT)  # up to which the words are counted, until one has fewer
_BETWEEN_DIGITS: Final = re.compile(r"[\s.\-]")
_SHORTEST_BEGINNING: Final = 6  # of a number: with less it is a whole one, such as ends a code
_WHOLE_NUMBER: Final = 12
_AT_ONCE: Final = 500


def found_by(applicant: Mapping[str, Any], dossier_code: str) -> list[str]:
    """What the dossier of an applicant is found by."""
    number = _BETWEEN_DIGITS.sub("", str(applicant[NUMBER_OF[applicant["kind"]]]))
    words = [*folded_words(applicant["name"])[:_MOST_WORDS], number, dossier_code.rpartition("-")[2]]
    return list(dict.fromkeys(words))


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed to find dossiers: all words have to be there, the last one may be the beginning of one."""

    whole: tuple[str, ...] = ()
    begun: str = ""

    @classmethod
    def read(cls, text: str) -> "Typed":
        """Digits alone, however they are grouped, are one number."""
        digits = _BETWEEN_DIGITS.sub("", text)
        if digits.isascii() and digits.isdecimal():
            is_begun = _SHORTEST_BEGINNING <= len(digits) < _WHOLE_NUMBER
            return cls(begun=digits) if is_begun else cls((digits,))
        words = folded_words(text)[:_MOST_WORDS]
        return cls(tuple(dict.fromkeys(words[:-1])), words[-1]) if words else cls()

    @property
    def conditions(self) -> list[str | Regex[str]]:
        """What is asked of the words of a dossier, all of it; nothing where nothing was typed."""
        return [*self.whole, *([Regex(f"^{re.escape(self.begun)}")] if self.begun else [])]


class Finding:
    """Looks dossiers up by what they are found by."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    def ensure_indexes(self) -> None:
        """Of each unit its words, and under each word its dossiers, the newest first."""
        self._collection.create_index(_INDEX, name=_INDEX_NAME)

    def codes(self, unit: str, typed: Typed, limit: int) -> tuple[list[str], bool]:
        """The codes of the unit's dossiers that fit, at most `limit`, and whether there may be more.

        The newest come first; but what has the last word whole before what has it begun. The index leads to the word
        that the fewest have. Whether these have the others too is looked up, of so many: of words that nearly everybody
        has, such as `Văn` and `Thị`, the older dossiers are left out.
        """
        with outages_named():
            counted = self._counted(unit, typed.conditions)
            if not counted or counted[0][0] == 0:
                return [], False
            (most, rarest), *others = counted
            found = self._collection.aggregate(
                [
                    {"$match": {_UNIT: unit, FOUND_BY: rarest}},
                    *([{"$limit": _MOST_LOOKED_AT}, {"$match": _all(one for _, one in others)}] if others else []),
                    {"$limit": limit + 1},
                    {"$project": {"_id": 1}},
                ],
                hint=_INDEX_NAME,  # in whose order they come
            )
            codes = [str(one["_id"]) for one in found]
        return codes[:limit], len(codes) > limit or (bool(others) and most > _MOST_LOOKED_AT)

    def _counted(self, unit: str, words: list[str | Regex[str]]) -> list[tuple[int, str | Regex[str]]]:
        """How many dossiers have each, as far as that matters, the fewest first; one alone is not counted."""
        if len(words) == 1:
            return [(1, words[0])]
        counts: list[int] = []
        for most in _BOUNDS:
            bounds = {"limit": most + 1, "hint": _INDEX_NAME}
            counts = [self._collection.count_documents({_UNIT: unit, FOUND_BY: word}, **bounds) for word in words]
            if min(counts, default=0) <= most:
                break
        return sorted(zip(counts, words, strict=True), key=lambda one: one[0])

    def fill(self, since: datetime | None = None) -> int:
        """Write what a release before this one did not, into all dossiers or those submitted `since`; says how many.

        What was erased meanwhile stays erased: words are written only beside the applicant they are made of.
        """
        with outages_named():
            return sum(self._fill(unit, since) for unit in self._collection.distinct(_UNIT))

    def _fill(self, unit: str, since: datetime | None) -> int:
        lacking: Document = {_UNIT: unit, FOUND_BY: None}
        lacking |= {_NEWEST_FIRST.field: {"$gte": since}} if since else {}
        shown = {"subject.applicant": 1}
        found = self._collection.find(lacking, shown).hint(_INDEX_NAME)
        filled, writes = 0, (_write(one) for one in found if one.get("subject", {}).get("applicant"))
        while batch := list(islice(writes, _AT_ONCE)):
            filled += self._collection.bulk_write(batch, ordered=False).modified_count
        return filled


def _all(words: Iterable[str | Regex[str]]) -> Document:
    return {"$and": [{FOUND_BY: word} for word in words]}


def _write(stored: Document) -> UpdateOne:
    applicant, code = stored["subject"]["applicant"], str(stored["_id"])
    as_read = {"_id": code, "subject.applicant.name": applicant["name"], FOUND_BY: {"$exists": False}}
    return UpdateOne(as_read, {"$set": {FOUND_BY: found_by(applicant, code)}})
