"""What the ministry knows already of what a form asks: asked only once, filled in with its source.

Three sources, each asked as the very person who fills in: the account that he signed in with, the applicant of his
latest dossier, and the records that he holds in the datasets that the catalogue names (`known_from`). A source is that
of a value as long as the value stands as it came: so drafts need not keep sources, and what was changed has none.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from flask import Flask

from services.chassis.errors import ServiceError, Unavailable
from services.chassis.logs import log
from services.portal import forms
from services.portal.clients import Services
from services.portal.drafting import Draft
from services.portal.language import day, moment, say, words
from services.portal.offers import Offers
from services.portal.people import Person

Document = Mapping[str, Any]
MOST_RECORDS: Final = 20
_OVER: Final = "revoked"
_CONTACT: Final = ("email", "phone", "address")


class Asks(Protocol):
    """What is asked (`wiring.Portal`)."""

    @property
    def services(self) -> Services:
        """The services."""

    @property
    def offers(self) -> Offers:
        """What the ministries offer."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value is from: the `account`, a `dossier` with its code, or a `record` with its dataset and number."""

    kind: str
    dataset: str | None = None
    number: str | None = None
    at: str | None = None

    def told(self) -> str:
        """The source in a sentence."""
        if self.kind == "record":
            return say("Lấy từ giấy phép số %(number)s, cấp ngày %(day)s.", number=self.number, day=day(self.at))
        if self.kind == "dossier":
            return say("Theo hồ sơ %(code)s bạn đã nộp lúc %(at)s.", code=self.number, at=moment(self.at))
        return say("Theo tài khoản bạn đăng nhập.")


@dataclass(frozen=True, slots=True)
class Fact:
    """A value that is known for a path such as `form.publisher`."""

    path: str
    value: Any
    source: Source


@dataclass(frozen=True, slots=True)
class Held:
    """The records of one person in one dataset, the newest first, and what each would answer in the form."""

    dataset: str
    name: Document
    asked: Document  # name in the form → name in the dataset; None: the number of the record
    records: Sequence[Document]

    def answers(self, record: Document) -> dict[str, Any]:
        """What this record answers."""
        content = record.get("fields", {})
        told = {name: record["number"] if of is None else content.get(of) for name, of in self.asked.items()}
        return {name: value for name, value in told.items() if value not in (None, "", [])}

    @property
    def is_plain(self) -> bool:
        """Whether it is clear without asking: no form asks which record it is, and all records say the same."""
        told = [self.answers(one) for one in self.records]
        return bool(told) and None not in self.asked.values() and all(one == told[0] for one in told)

    def is_taken(self, form: Document) -> bool:
        """Whether the form says what one of the records says, and there is no other to choose."""
        told = [self.answers(one) for one in self.records]
        return len(told) == 1 and all(form.get(name) == value for name, value in told[0].items())

    def record(self, number: str) -> Document | None:
        """The record of that number, if it is among them."""
        return next((one for one in self.records if one["number"] == number), None)


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known; `unheard` names the services that did not answer."""

    contact: Sequence[Fact] = ()
    held: Sequence[Held] = ()
    unheard: Sequence[str] = ()

    @property
    def facts(self) -> Iterator[Fact]:
        """Each value with its source, the one to be preferred first."""
        yield from self.contact
        for held in self.held:
            for record in held.records:
                source = Source("record", held.dataset, record["number"], record["issued_at"])
                for name, value in held.answers(record).items():
                    yield Fact(f"form.{name}", value, source)

    def fill(self, draft: Draft) -> Draft:
        """A new draft with all that is clear without asking."""
        applicant: dict[str, Any] = {}
        for fact in self.contact:
            applicant.setdefault(fact.path.partition(".")[2], fact.value)
        form: dict[str, Any] = {}
        for held in self.held:
            form |= held.answers(held.records[0]) if held.is_plain else {}
        return replace(draft, applicant=applicant, form=form)

    def sources(self, draft: Draft) -> dict[str, Source]:
        """The source of each answer of a draft that still stands as it is known, by path."""
        stands = {f"applicant.{name}": value for name, value in draft.applicant.items()}
        stands |= {f"form.{name}": value for name, value in draft.form.items()}
        found: dict[str, Source] = {}
        for fact in self.facts:
            if stands.get(fact.path) == fact.value:
                found.setdefault(fact.path, fact.source)
        return found

    def choices(self, draft: Draft) -> list[Held]:
        """The datasets with something to choose."""
        return [one for one in self.held if one.records and not one.is_taken(draft.form)]

    def of(self, dataset: str) -> Held | None:
        """The records in that dataset."""
        return next((one for one in self.held if one.dataset == dataset), None)


def gather(asks: Asks, person: Person, tenant: str, page: Document) -> Known:
    """What is known for the form of a procedure; of a service that does not answer, nothing."""
    unheard: list[str] = []
    contact = _contact(asks.services, person, unheard)
    held: list[Held] = []
    for dataset, asked in datasets(page).items():
        try:
            held += _held(asks, person, (tenant, dataset), asked)
        except ServiceError as error:
            _note(error, "registry", unheard)
            if isinstance(error, Unavailable):
                break  # whoever fills in has waited for it once: that is enough
    return Known(contact, held, tuple(dict.fromkeys(unheard)))


def datasets(page: Document) -> dict[str, dict[str, str | None]]:
    """The datasets that a form names, each with the names in the form and in the dataset."""
    found: dict[str, dict[str, str | None]] = {}
    for field in page["form"]:
        if known := field.get("known_from"):
            found.setdefault(known["dataset"], {})[field["name"]] = known.get("field")
    return found


def record_words(record: Document) -> str:
    """A record in a list to choose from."""
    facts = {"number": record["number"], "issued": day(record["issued_at"]), "until": day(record["expires_on"])}
    if record["status"] == "expired":
        return say("Số %(number)s, cấp ngày %(issued)s, đã hết hạn ngày %(until)s", **facts)
    if record["expires_on"]:
        return say("Số %(number)s, cấp ngày %(issued)s, có giá trị đến %(until)s", **facts)
    return say("Số %(number)s, cấp ngày %(issued)s", **facts)


def asked_words(held: Held, fields: forms.Fields) -> str:
    """The questions that a record of these answers."""
    return ", ".join(words(field["label"]) for field in fields if field["name"] in held.asked)


def teach(app: Flask) -> None:
    """Have templates know these."""
    app.jinja_env.globals.update(record_words=record_words, asked_words=asked_words)


def _contact(services: Services, person: Person, unheard: list[str]) -> list[Fact]:
    """The name is that of the account, which others vouch for; the rest is what he said last, else the account's."""
    account = Source("account")
    of_account = [Fact(f"applicant.{name}", value, account) for name, value in forms.known_of(person).items()]
    try:
        last = services.ask(person.actor, "intake.find_last_applicant") or {}
    except ServiceError as error:
        _note(error, "intake", unheard)
        return of_account
    said = last.get("applicant") or {}
    dossier = Source("dossier", number=last.get("dossier_code"), at=last.get("submitted_at"))
    of_dossier = [Fact(f"applicant.{name}", said[name], dossier) for name in _CONTACT if said.get(name)]
    if not person.name and said.get("name"):
        of_dossier.append(Fact("applicant.name", said["name"], dossier))
    return [*of_dossier, *of_account]


def _held(asks: Asks, person: Person, place: tuple[str, str], asked: Mapping[str, str | None]) -> Iterator[Held]:
    """What he holds in a dataset, if anything. Raises ServiceError."""
    fields = sorted({name for name in asked.values() if name})
    tenant, dataset = place
    found = asks.services.ask(
        person.actor, "registry.find_records", dataset=dataset, limit=MOST_RECORDS, with_fields=fields
    )["items"]
    records = [one for one in found if one["tenant"] == tenant and one["status"] != _OVER]
    if records:
        name = asks.offers.standing("dataset", dataset, tenant)["name"]
        yield Held(dataset, name, asked, records)


def _note(error: ServiceError, service: str, unheard: list[str]) -> None:
    log.warning("nothing_filled_in", reason=error.code)
    unheard.append(service)
