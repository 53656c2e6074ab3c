"""What the ministries offer: the catalogue, kept for a minute, and found by what people type.

Typed without marks, with either tone placement (hòa, hoà), in capitals: all are the same words.
"""

import time
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from services.chassis.errors import Invalid, NotFound, ServiceError, Unavailable
from services.chassis.logs import log
from services.contracts.folding import fold, folded_words
from services.portal.clients import Services
from services.portal.kept import KEPT_SECONDS, Kept

_KEPT_IN_PART_SECONDS: Final = 5.0  # what is known to lack something
_MOST_OF_DAYS: Final = 200  # of some 50 kB each; days on which dossiers came are without end
_PAGE: Final = 200
_SECONDS_BETWEEN_TRIES: Final = 0.5
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Offer:
    """A procedure as it is found: a line of `intake.list_procedures`, with its ministry and unit."""

    tenant: str
    line: Document
    unit: Document
    ministry: Document
    words: str  # folded: what a search looks in

    @property
    def key(self) -> str:
        """The key of the procedure."""
        return str(self.line["key"])


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody looks for; empty members do not matter."""

    text: str = ""
    tenant: str = ""
    unit: str = ""
    level: str = ""
    who: str = ""

    def fits(self, offer: Offer) -> bool:
        """Whether the offer has every word, and is of that unit, level and applicant."""
        line = offer.line
        return (
            all(word in offer.words for word in folded_words(self.text))
            and self.tenant in {"", offer.tenant}
            and self.unit in {"", line["unit"]}
            and self.level in {"", str(line["level"])}
            and (not self.who or self.who in line["applicant_kinds"])
        )


@dataclass(frozen=True, slots=True)
class Collected:
    """The offers of every ministry; `lacks` names those of which there is no new list now."""

    offers: list[Offer]
    lacks: frozenset[str] = frozenset()


class Offers:
    """The catalogue of every ministry, asked of the services again when it is a minute old.

    A ministry whose list cannot be had takes nothing from the others: what was last known of it stands meanwhile. A new
    process has nothing to go on with yet: for its first `patience` seconds whoever looks into the catalogue waits.
    """

    def __init__(self, services: Services, patience: float = 0.0) -> None:
        self._services, self._patient_until = services, time.monotonic() + patience
        self._kept, self._kept_of_days = Kept(), Kept(_MOST_OF_DAYS)

    def all(self) -> list[Offer]:
        """Every procedure on offer, by the Vietnamese alphabet."""
        return self._collected().offers

    def are_read(self) -> bool:
        """Whether there is a catalogue to show, however old."""
        return self._kept.last("offers", None) is not None

    def read(self) -> bool:
        """Ask anew what is a minute old; whether there is the catalogue of every ministry."""
        try:
            return not self._collected().lacks
        except ServiceError:
            return False

    def find(self, wish: Wish) -> list[Offer]:
        """The procedures that fit."""
        return [offer for offer in self.all() if wish.fits(offer)]

    def ministries(self) -> list[Document]:
        """Every ministry."""
        found: list[Document] = self._kept.get("ministries", lambda: self._every("registry.list_tenants"))
        return [one for one in found if one["key"] in {offer.tenant for offer in self.all()}]

    def procedure(self, tenant: str, key: str) -> Document:
        """The whole page of one procedure. Raises NotFound."""
        asked = {"tenant": tenant, "key": key}
        page: Document = self._kept.get(
            ("procedure", tenant, key), lambda: self._services.ask(None, "intake.get_procedure", **asked)
        )
        return page

    def procedure_version(self, tenant: str, key: str, version: str | None) -> Document:
        """A procedure as it was on a day, such as the `procedure_version` of a dossier. Raises NotFound."""
        asked = {"tenant": tenant, "key": key, "as_of": version}
        document: Document = self._kept_of_days.get(
            ("version", tenant, key, version), lambda: self._services.ask(None, "registry.get_procedure", **asked)
        )
        return document

    def reasons(self, tenant: str) -> Mapping[str, Sequence[Document]]:
        """The reasons that officers of a ministry often give, by what they do: `{key, text}` each."""
        asked: Document = self._kept.get(
            ("tenant", tenant), lambda: self._services.ask(None, "registry.get_tenant", tenant=tenant)
        )
        found: Mapping[str, Sequence[Document]] = asked.get("reasons", {})
        return found

    def standing(
        self, kind: Literal["unit", "dataset", "calendar"], key: str, tenant: str | None = None, on: str | None = None
    ) -> Document:
        """A document as it is on a day (ISO), else today; one that has ended by then, as it last was.

        So it is told to whoever has to do with it still: its dossiers, licences and terms go on. Raises NotFound where
        none has begun yet.
        """
        asked = {"key": key, **({"tenant": tenant} if tenant else {}), **({"as_of": on} if on else {})}
        kept = self._kept_of_days if on else self._kept
        found: Document = kept.get(("standing", kind, tenant, key, on), lambda: self._stood(kind, asked))
        return found

    def _stood(self, kind: str, asked: Mapping[str, str]) -> Document:
        try:
            found: Document = self._services.ask(None, f"registry.get_{kind}", **asked)
        except NotFound as ended:
            try:
                found = self._services.ask(None, f"registry.get_{kind}", **asked, standing=True)
            except Invalid:  # registry is of the release before, which cannot be asked so
                raise ended from None
        return found

    def unit(self, tenant: str, key: str) -> Document:
        """A unit in force today: its name, phone, e-mail. Raises NotFound."""
        asked = {"tenant": tenant, "key": key}
        answer: Document = self._kept.get(
            ("unit", tenant, key), lambda: self._services.ask(None, "registry.get_unit", **asked)
        )
        return answer

    def unit_known(self, tenant: str, key: str) -> Document:
        """A unit as it is or last was; where the catalogue never had it, no more than its key."""
        try:
            return self.standing("unit", key, tenant)
        except NotFound:
            return {"key": key, "name": {"vi": key, "en": key}}

    def units(self, tenant: str) -> list[Document]:
        """The units of a ministry, by the Vietnamese alphabet: key and name."""
        found: list[Document] = self._kept.get(
            ("units", tenant), lambda: self._every("registry.list_units", tenant=tenant)
        )
        return sorted(found, key=lambda one: collated(one["name"]["vi"]))

    def unit_name(self, tenant: str, key: str) -> Document:
        """What a unit is or was called; its key where the catalogue never had it."""
        name: Document = self.unit_known(tenant, key)["name"]
        return name

    def datasets(self) -> list[Document]:
        """The kinds of results that procedures lead to, by the Vietnamese alphabet: key and name."""
        found: list[Document] = self._kept.get("datasets", self._collect_datasets)
        return found

    def _collected(self) -> Collected:
        while True:
            is_new = time.monotonic() < self._patient_until
            try:
                found: Collected = self._kept.get("offers", self._collect, _seconds_of)
            except ServiceError:
                if not is_new:
                    raise
            else:
                if not (found.lacks and is_new):
                    return found
            time.sleep(_SECONDS_BETWEEN_TRIES)

    def _collect(self) -> Collected:
        """The lists of all ministries. Raises Unavailable where nobody answers, or there is nothing to show."""
        known: Collected = self._kept.last("offers", Collected([]))
        found: list[Offer] = []
        lacks: dict[str, ServiceError] = {}
        for ministry in self._every("registry.list_tenants"):
            tenant = str(ministry["key"])
            try:
                found += self._of_ministry(ministry)
            except ServiceError as error:
                if isinstance(error, Unavailable) and not error.said_by:
                    raise  # nobody is there: no other ministry would be answered either
                log.warning("ministry_not_read", tenant=tenant, reason=error.code)
                lacks[tenant] = error
                found += [one for one in known.offers if one.tenant == tenant]
        if lacks and not found:
            raise next(iter(lacks.values()))
        found.sort(key=lambda offer: (collated(offer.line["name"]["vi"]), offer.tenant))
        return Collected(found, frozenset(lacks))

    def _of_ministry(self, ministry: Document) -> list[Offer]:
        tenant, found = str(ministry["key"]), []
        for line in self._every("intake.list_procedures", tenant=tenant):
            try:
                unit = self.unit(tenant, line["unit"])
            except NotFound:  # it has ended, and nobody could be given a dossier
                log.error("procedure_without_unit", tenant=tenant, procedure=line["key"], unit=line["unit"])
                continue
            found.append(_offer(tenant, line, unit, ministry))
        return found

    def _collect_datasets(self) -> list[Document]:
        found: list[Document] = []
        for tenant, key in {(one.tenant, self._dataset_of(one)) for one in self.all()}:
            try:
                found += [self.standing("dataset", key, tenant)] if key else []
            except NotFound:
                log.error("result_without_dataset", tenant=tenant, dataset=key)
        return sorted(found, key=lambda one: collated(one["name"]["vi"]))

    def _dataset_of(self, offer: Offer) -> str | None:
        """What a procedure leads to; nothing once it has ended."""
        try:
            dataset: str | None = self.procedure(offer.tenant, offer.key)["result"].get("dataset")
        except NotFound:
            return None
        return dataset

    def _every(self, target: str, **asked: Any) -> list[Document]:
        found: list[Document] = []
        after = None
        while True:
            page = self._services.ask(None, target, limit=_PAGE, **asked, **({"after": after} if after else {}))
            found += page["items"]
            after = page["next"]
            if not after:
                return found


def _seconds_of(found: Collected) -> float:
    return _KEPT_IN_PART_SECONDS if found.lacks else KEPT_SECONDS


def collated(text: str) -> tuple[list[int], list[int]]:
    """A key that sorts as the Vietnamese alphabet does: letters first, then tones."""
    letters, tones = [], []
    for letter in unicodedata.normalize("NFC", text.lower()):
        marks = unicodedata.normalize("NFD", letter)
        base = unicodedata.normalize("NFC", "".join(mark for mark in marks if mark not in _TONES))
        letters.append(_ALPHABET.find(base) + 1 or ord(letter) - 10_000)
        tones.append(next((_TONES.index(mark) + 1 for mark in marks if mark in _TONES), 0))
    return letters, tones


_ALPHABET: Final = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_TONES: Final = "\u0300\u0309\u0303\u0301\u0323"  # huyền, hỏi, ngã, sắc, nặng


def _offer(tenant: str, line: Document, unit: Document, ministry: Document) -> Offer:
    names: Iterable[Any] = (name for one in (line, unit, ministry) for name in one["name"].values())
    texts = (*names, line.get("tthc_code"), line["key"])
    return Offer(tenant, line, unit, ministry, fold(" ".join(str(text) for text in texts if text)))
