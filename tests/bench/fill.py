"""Fills the five databases with dossiers of earlier years, as the services would have stored them, and fast.

What is filled in is consistent to the last number: receipts and records are counted through without a gap in each
series, codes in each day, so that `motcua verify` finds nothing wrong with it. Writes wait for no journal: the end is
waited for.
"""

import multiprocessing
import struct
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from random import Random
from typing import Any, Final

from bson import ObjectId
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient, WriteConcern
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError

from services.contracts.catalogue.dates import local_day
from services.notify.domain import notice_id
from tests.bench.moulds import CODE, NAME, RECORD, SEQ, WHO, Document, Mould, Pattern, mould_of
from tests.bench.outcome import NotMeasured

YEARS: Final = 4
OPEN_SHARE: Final = 0.02  # a ministry's work in hand, beside all that it ever decided
_AT_ONCE: Final = 500
_OF_AN_INSTANT: Final = 40  # dossiers that share their pattern and their date
_OF_AN_OWNER: Final = 8
_SHOWN: Final = 100
_SPAWN: Final = multiprocessing.get_context("spawn")
_OFFICE_HOURS: Final = (1, 9)  # in UTC
_SATURDAY: Final = 5
_DAYS: Final = 358


@dataclass(frozen=True)
class Lot:
    """What one process fills in: so many dossiers that ended in some years, and so many that are open still."""

    uri: str
    patterns: Sequence[Pattern]
    years: Sequence[int]
    ended: int
    open: int
    number: int


@dataclass
class Filled:
    """What was filled in."""

    dossiers: int = 0
    documents: int = 0
    bytes: int = 0
    seconds: float = 0.0  # until all was on the disk
    codes: list[str] = field(default_factory=list)  # of some dossiers

    def __add__(self, other: "Filled") -> "Filled":
        sums = (self.dossiers + other.dossiers, self.documents + other.documents, self.bytes + other.bytes)
        return Filled(*sums, codes=[*self.codes, *other.codes])


def fill(
    uri: str, patterns: Sequence[Pattern], dossiers: int, processes: int = 2, open_share: float = OPEN_SHARE
) -> Filled:
    """So many dossiers more, of the years before this one; no two processes number the same series."""
    this_year, began = datetime.now(UTC).year, time.monotonic()
    years = list(range(this_year - YEARS, this_year))
    still_open = round(dossiers * open_share) if any(not one.has_ended for one in patterns) else 0
    ended = dossiers - still_open
    lots = [
        Lot(
            uri,
            patterns,
            years[number::processes],
            ended // processes + (number < ended % processes),
            still_open if number == (YEARS - 1) % processes else 0,  # in January some are of the last year
            number,
        )
        for number in range(processes)
    ]
    with _SPAWN.Pool(processes) as pool:
        filled = sum(pool.map(_fill, lots, chunksize=1), start=Filled())
    with MongoClient[Document](uri) as client:
        client.admin.command("fsync")
    return replace(filled, seconds=round(time.monotonic() - began, 1))


def instants(years: Sequence[int], count: int) -> Iterator[datetime]:
    """So many instants one after the other, in office hours of working days; a year's last week is left out."""
    of_a_year = -(-count // len(years))
    first, last = _OFFICE_HOURS
    for year in years:
        days = (datetime(year, 1, 2, first, tzinfo=UTC) + timedelta(days=number) for number in range(_DAYS))
        working = [day for day in days if day.weekday() < _SATURDAY]
        for number in range(of_a_year):
            day, hour = divmod(number * len(working) / of_a_year, 1)
            yield working[int(day)] + timedelta(hours=(last - first) * hour)


def _fill(lot: Lot) -> Filled:
    with MongoClient[Document](lot.uri, tz_aware=True) as client:
        filler = _Filler(client, lot)
        filler.run()
        return filler.filled


class _Filler:
    """One process: counters of its own, and documents in hand until there are enough for one write."""

    def __init__(self, client: MongoClient[Document], lot: Lot) -> None:
        self._client, self._lot, self._random = client, lot, Random()  # noqa: S311 – no secrets
        self._counted = Counter(_given(client["motcua_payment"]["receipts"]))  # by series, and by how a code begins
        self._prefixes: set[str] = set()
        self._in_hand: dict[str, list[RawBSONDocument]] = defaultdict(list)
        self._owners = max(1, lot.ended // _OF_AN_OWNER)
        self.filled = Filled()

    def run(self) -> None:
        """All of the lot."""
        granted = [one for one in self._lot.patterns if one.record]
        others = [one for one in self._lot.patterns if one.has_ended and not one.record]
        weighed = granted * max(1, 10 * len(others) // max(1, len(granted))) + others  # nine in ten are granted
        self._cast(weighed, instants(self._lot.years, -(-self._lot.ended // _OF_AN_INSTANT) + 1), self._lot.ended)
        waiting = [one for one in self._lot.patterns if not one.has_ended]
        self._cast(waiting, self._lately(), self._lot.open)
        for name in list(self._in_hand):
            self._write(name)
        last = [{"_id": prefix, "last": self._counted[prefix]} for prefix in self._prefixes]
        self._client["motcua_intake"]["codes"].insert_many(last)

    def _lately(self) -> Iterator[datetime]:
        """In the days before today, whose codes are given by intake itself."""
        now = datetime.now(UTC).replace(microsecond=0)
        yield from (now - timedelta(days=1 + number % 6) for number in range(self._lot.open // _OF_AN_INSTANT + 1))

    def _cast(self, patterns: Sequence[Pattern], at: Iterator[datetime], dossiers: int) -> None:
        """One pattern after the other, so many of each at one instant, of those that cost then what they do."""
        turns = cycle(patterns)
        while dossiers > 0:
            left, instant = min(_OF_AN_INSTANT, dossiers), next(at)
            pattern = _priced_as_then(islice(turns, len(patterns)), instant)
            dossiers -= left
            while left > 0:
                number = self._counted[_series(pattern, instant)] + 1
                of_this_width = min(left, 10 ** len(str(number)) - number)
                self._several(mould_of(pattern, instant, len(str(number))), pattern, of_this_width)
                left -= of_this_width

    def _several(self, mould: Mould, pattern: Pattern, dossiers: int) -> None:
        caster = _Caster(mould, pattern, self._random)
        self._prefixes.add(mould.prefix)
        for _ in range(dossiers):
            owner = self._lot.number * self._owners + self._random.randrange(self._owners)
            put_in = caster.marks(owner, self._counted)
            for name, raw in mould.cast(put_in):
                self._in_hand[name].append(RawBSONDocument(raw))
                self.filled.documents += 1
                self.filled.bytes += len(raw)
                if len(self._in_hand[name]) >= _AT_ONCE:
                    self._write(name)
            if self.filled.dossiers % max(1, (self._lot.ended + self._lot.open) // _SHOWN) == 0:
                self.filled.codes.append(f"{mould.prefix}-{put_in[CODE.encode()].decode()}")
            self.filled.dossiers += 1

    def _write(self, name: str) -> None:
        documents = self._in_hand.pop(name)
        database, _, collection = name.partition(".")
        kept = self._client[database].get_collection(collection, write_concern=WriteConcern(w=1, j=False))
        try:
            kept.insert_many(documents, ordered=False)
        except BulkWriteError as error:  # its own words hold all the documents
            first: dict[str, Any] = error.details["writeErrors"][0]
            raise NotMeasured(f"{name} does not take what is filled in: {first['errmsg']}") from None


class _Caster:
    """What is put into one mould, dossier after dossier."""

    def __init__(self, mould: Mould, pattern: Pattern, random: Random) -> None:
        self._mould, self._random = mould, random
        fixed = {CODE.encode(), NAME.encode(), mould.number.encode(), struct.pack("<i", RECORD)}
        fixed |= {struct.pack("<i", place) for place in mould.series}
        self._people = [mark for mark in mould.marks if mark.strip(WHO.encode()) == b""]
        self._notices = [one for one in pattern.notices if one.id in mould.marks]
        named = {one.id for one in self._notices}.union(fixed, self._people)
        loose = [mark for mark in mould.marks if mark not in named]
        self._object_ids = [mark for mark in loose if mark in pattern.object_ids]
        self._uuids = [mark for mark in loose if mark.count(b"-") == 4 and len(mark) == 36]
        self._hex = [mark for mark in loose if mark not in {*self._object_ids, *self._uuids}]

    def marks(self, owner: int, counted: Counter[str]) -> dict[bytes, bytes]:
        """What stands for each mark of one dossier of this owner; counts on in its series."""
        mould = self._mould
        put_in = {mark: ObjectId().binary for mark in self._object_ids}
        put_in |= {mark: self._random.randbytes(len(mark) // 2).hex().encode() for mark in self._hex}
        put_in |= {mark: self._uuid(mark) for mark in self._uuids}
        put_in |= {mark: b"8%0*d" % (len(mark) - 1, owner) for mark in self._people}
        for one in self._notices:
            cause = put_in[one.cause].decode()
            put_in[one.id] = notice_id(cause, one.moment, one.audience, one.channel).encode()
        for place, series in mould.series.items():
            put_in[struct.pack("<i", place)] = struct.pack("<i", _next(counted, series))
        if mould.number:
            number = _next(counted, mould.number_series)
            width = mould.number.count(SEQ)
            put_in[mould.number.encode()] = mould.number.replace(SEQ * width, str(number)).encode()
            put_in[struct.pack("<i", RECORD)] = struct.pack("<i", number)
        put_in[CODE.encode()] = b"%04d" % _next(counted, mould.prefix)
        put_in[NAME.encode()] = b"%06d" % (owner % 1_000_000)
        return put_in

    def _uuid(self, mark: bytes) -> bytes:
        """Another of the same version; one that tells the time tells the same."""
        fresh = self._random.randbytes(16).hex().encode()
        head = mark[:14] if mark[14:15] == b"7" else fresh[:8] + b"-" + fresh[8:12] + b"-"
        return head + mark[14:15] + fresh[13:16] + b"-8" + fresh[17:20] + b"-" + fresh[20:]


def _given(receipts: Collection[Document]) -> dict[str, int]:
    """The last number of each series, for what is of this year goes on with the numbers of the real dossiers."""
    last = receipts.aggregate([{"$group": {"_id": "$series", "last": {"$max": "$number"}}}])
    return {one["_id"]: one["last"] for one in last}


def _priced_as_then(patterns: Iterable[Pattern], at: datetime) -> Pattern:
    """The first that had its fees then already. Raises NotMeasured."""
    day = local_day(at).isoformat()
    found = next((one for one in patterns if one.fees_since < day), None)
    if found is None:
        raise NotMeasured(f"the fees of all patterns are of later than {day}")
    return found


def _series(pattern: Pattern, at: datetime) -> str:
    record = pattern.record
    return f"{record['state']['dataset']}/{local_day(at).year}" if record else ""


def _next(counted: Counter[str], series: str) -> int:
    counted[series] += 1
    return counted[series]
