"""Dossiers that ended, cast again by the thousand: all that the services stored of one, with other dates, numbers, ids.

A `Pattern` is what was stored of a real dossier. Dated, it is a `Mould`: its documents as bytes, cut wherever two
dossiers of the same procedure and instant differ. What is put in has the length of what was there, so that the bytes
need not be encoded again. An id is put in wherever it stood, so causes, histories and references agree as before. What
falls due is moved with the rest, whatever the holidays of that year.
"""

import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, Final

import bson
from bson import ObjectId

from services.contracts.catalogue.dates import local_day

Document = dict[str, Any]
CODE, SEQ, WHO, NAME = "~" * 4, "^", "`", "|" * 6  # stand for what differs: nobody writes so
RECEIPTS, RECORD = 2_100_000_001, 2_100_900_001  # the same for numbers; that of each further receipt is one higher
_INSTANT: Final = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3,6})?\+00:00"
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_DATES: Final = rf"{_INSTANT}|\b\d\d/\d\d/\d{{4}}\b|\b\d{{1,2}} (?:{'|'.join(_MONTHS)}) \d{{4}}\b"
_HEX: Final = rb"(?<![0-9a-f])(?:[0-9a-f]{64}|[0-9a-f]{32}|[0-9a-f]{16})(?![0-9a-f])"
_UUID: Final = rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_DIGITS: Final = {0: "seconds", 3: "milliseconds", 6: "microseconds"}
_ENDED: Final = ("resolved", "refused", "rejected", "withdrawn")


@dataclass(frozen=True)
class Told:
    """A notice, which is named after what it tells of."""

    id: bytes
    cause: bytes
    moment: str
    audience: str
    channel: str


@dataclass(frozen=True)
class Pattern:
    """What was stored of one dossier: (`database.collection`, document) each; `dataset` is the body of its record's.

    After the day `fees_since` (ISO) it would have been priced as it was.
    """

    documents: Sequence[tuple[str, Document]]
    dataset: Mapping[str, Any] | None
    fees_since: str = ""

    @property
    def dossier(self) -> Document:
        """At intake."""
        return next(document for name, document in self.documents if name == "motcua_intake.dossiers")

    @property
    def code(self) -> str:
        """Its code."""
        return str(self.dossier["_id"])

    @property
    def agency(self) -> str:
        """What its code begins with."""
        return self.code.rsplit("-", 2)[0]

    @property
    def submitted_at(self) -> datetime:
        """When it was submitted."""
        at: datetime = self.dossier["state"]["submitted_at"]
        return at

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.dossier["state"]["status"] in _ENDED

    @property
    def record(self) -> Document | None:
        """At registry."""
        return next((document for name, document in self.documents if name == "motcua_registry.records"), None)

    @property
    def notices(self) -> list[Told]:
        """What was told of it."""
        found = [document for name, document in self.documents if name == "motcua_notify.notices"]
        return [
            Told(
                one["_id"].encode(),
                one["history"][0]["cause"].encode(),
                one["state"]["moment"],
                one["state"]["audience"],
                one["state"]["channel"],
            )
            for one in found
        ]

    @cached_property
    def object_ids(self) -> frozenset[bytes]:
        """All that its documents are known by, or know each other by."""
        return frozenset(_object_ids([document for _, document in self.documents]))

    @property
    def receipts(self) -> list[Document]:
        """The numbers of its receipts."""
        return [document for name, document in self.documents if name == "motcua_payment.receipts"]


@dataclass(frozen=True)
class Mould:
    """Documents cut in pieces: bytes that stay, and the place in `marks` of those that are put in."""

    pieces: Sequence[tuple[str, Sequence[bytes | int]]]
    marks: Sequence[bytes]  # what stood there
    prefix: str  # of dossier codes
    series: Mapping[int, str]  # by the number that stands for the numbers of it
    number_series: str  # of the record's number, empty where there is none
    number: str  # what stands for that number, `SEQ` for each digit of its place in the series

    def cast(self, put_in: Mapping[bytes, bytes]) -> Iterator[tuple[str, bytes]]:
        """The documents of one dossier as BSON, by collection."""
        given = [put_in[mark] for mark in self.marks]
        for name, pieces in self.pieces:
            yield name, b"".join([given[one] if isinstance(one, int) else one for one in pieces])


def mould_of(pattern: Pattern, submitted_at: datetime, width: int) -> Mould:
    """The pattern as submitted at another instant; its record's number has `width` digits."""
    shift = timedelta(seconds=round((submitted_at - pattern.submitted_at).total_seconds()))  # some times have no less
    dating = _Dating(pattern, shift, width)
    encoded = [(name, bson.encode(dating.document(document))) for name, document in pattern.documents]
    cut = re.compile(b"|".join(_marks(pattern, dating.number)))
    marks: dict[bytes, int] = {}
    pieces = []
    for name, raw in encoded:
        own: list[bytes | int] = []
        at = 0
        for found in cut.finditer(raw):
            own += [raw[at : found.start()], marks.setdefault(found[0], len(marks))]
            at = found.end()
        pieces.append((name, [*own, raw[at:]]))
    return Mould(pieces, list(marks), dating.prefix, dating.receipt_series, dating.number_series, dating.number)


def _marks(pattern: Pattern, number: str) -> Iterator[bytes]:
    yield _UUID
    yield _HEX
    yield from (re.escape(mark.encode()) for mark in (CODE, NAME, number) if mark)
    yield rf"(?:{WHO}{{12}}|{WHO}{{10}})".encode()
    yield from (re.escape(struct.pack("<i", RECEIPTS + place)) for place in range(len(pattern.receipts)))
    yield re.escape(struct.pack("<i", RECORD))
    yield from (re.escape(one) for one in sorted(pattern.object_ids))


def _object_ids(value: Any) -> set[bytes]:
    if isinstance(value, ObjectId):
        return {value.binary}
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {found for one in inner for found in _object_ids(one)}


class _Dating:
    """Writes documents anew, with other dates, and marks for what differs between dossiers of the same instant."""

    def __init__(self, pattern: Pattern, shift: timedelta, width: int) -> None:
        self._shift = shift
        day = local_day(pattern.submitted_at + shift)
        self._days = day - local_day(pattern.submitted_at)
        self.prefix = f"{pattern.agency}-{day:%y%m%d}"
        words, self._numbers = {pattern.code: f"{self.prefix}-{CODE}"}, {}
        words[_compact(pattern.code)] = f"{_compact(self.prefix)}{CODE}"
        self._serial = pattern.code.rpartition("-")[2]
        self.receipt_series: dict[int, str] = {}
        for place, receipt in enumerate(pattern.receipts):
            template, _, serial = receipt["series"].partition("/")
            words[serial] = re.sub(r"\d\d", f"{day:%y}", serial)
            self.receipt_series[RECEIPTS + place] = f"{template}/{words[serial]}"
            self._numbers[receipt["number"]] = RECEIPTS + place
        self.number_series, self.number = self._of_record(pattern, day.year, width, words)
        applicant = pattern.dossier["subject"]["applicant"]
        identity = str(applicant.get("tax_code") or applicant.get("id_number"))
        words[identity] = WHO * len(identity)
        folded = pattern.record["subject"]["holder"]["folded"] if pattern.record else applicant["name"]
        words |= {one: f"{one} {NAME}" for one in (applicant["name"], folded)}
        self._words, self._year = words, day.year
        ordered = sorted(words, key=len, reverse=True)
        self._pattern = re.compile(f"{_DATES}|{'|'.join(map(re.escape, ordered))}")

    def _of_record(self, pattern: Pattern, year: int, width: int, words: dict[str, str]) -> tuple[str, str]:
        """The series of the record's number, and what stands for the number itself."""
        record = pattern.record
        if record is None or pattern.dataset is None:
            return "", ""
        number = pattern.dataset["number_pattern"].replace("{seq}", SEQ * width).replace("{year}", str(year))
        series = f"{record['state']['dataset']}/{year}"
        taken = next(one for name, one in pattern.documents if name == "motcua_registry.numbers")
        words |= {record["state"]["number"]: number, taken["series"]: series}
        return series, number

    def document(self, value: Document) -> Document:
        """The whole document."""
        number = RECORD if set(value) == {"_id", "series", "number", "owner"} and ":" in value["owner"] else None
        again: Document = self._again("", value)
        return {**again, "number": number} if number else again

    def _again(self, key: str, value: Any) -> Any:
        if isinstance(value, str):
            return self._text(key, value)
        if isinstance(value, dict):
            chained = key == "history"  # the hashes of a history would have to be made anew: it is left as without
            return {name: self._again(name, one) for name, one in value.items() if not (chained and name == "hash")}
        if isinstance(value, list):
            again = [self._again(key, one) for one in value]
            return [CODE if one == self._serial else one for one in again] + [NAME] if key == "found_by" else again
        if isinstance(value, datetime):
            return value + self._shift
        if key == "year":
            return self._year
        return self._numbers.get(value, value) if key == "number" else value

    def _text(self, key: str, value: str) -> str:
        if key == "expires_on":
            return (date.fromisoformat(value) + self._days).isoformat()
        return self._pattern.sub(lambda found: self._word(found[0]), value)

    def _word(self, word: str) -> str:
        known = self._words.get(word)
        if known is not None:
            return known
        if "T" in word and "+" in word:
            digits = len(word.partition(".")[2].partition("+")[0])
            return (datetime.fromisoformat(word) + self._shift).isoformat(timespec=_DIGITS[digits])
        if "/" in word:
            return f"{datetime.strptime(word, '%d/%m/%Y') + self._days:%d/%m/%Y}"  # noqa: DTZ007 – a day
        day, month, year = word.split()
        moved = date(int(year), _MONTHS.index(month) + 1, int(day)) + self._days
        return f"{moved.day} {_MONTHS[moved.month - 1]} {moved.year}"


def _compact(code: str) -> str:
    return code.replace(".", "").replace("-", "")
