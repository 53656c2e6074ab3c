"""Every list, look-up and timer of the five services, by name, about the things that a `Sample` names."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import combinations, product
from typing import Any, Final

from bson import ObjectId

from services.chassis.cause import Cause
from services.chassis.errors import NotFound
from services.chassis.paging import cursor
from services.intake.drafts import Place
from services.intake.finding import MOST_CODES, Typed
from services.notify.webhooks import Happened
from services.registry.domain import EXPIRED, REVOKED, VALID
from services.registry.holders import Holder
from services.registry.store import Wanted
from services.routing import queue
from services.routing.case import STATUSES
from services.routing.figures import Period
from services.routing.queue import Risk
from tests.integration.shelf import Shelf

Question = Callable[[Shelf], object]
CAUSE: Final = Cause("c", "c", "t")
LIMIT: Final = 20
EVERY_OPEN: Final = ("opened", "accepted", "in_hand", "proposed", "supplement_requested")
FILTERS: Final = ("owner", "tenant", "procedure", "unit", "status")
# which filters an index answers by itself: no more is read than shown
EXACT: Final = (
    (),
    ("owner",),
    ("tenant",),
    ("unit",),
    ("status",),
    ("unit", "status"),
    ("tenant", "status"),
    ("procedure",),
    ("procedure", "status"),
)


@dataclass(frozen=True)
class Sample:
    """What is asked for. By default hardly any of it is there."""

    now: datetime = datetime(2026, 6, 1, tzinfo=UTC)
    cause: Cause = CAUSE  # what opened the dossier, and was answered
    code: str = "c"
    owner: str = "citizen:5"
    tenant: str = "t1"
    procedure: str = "p5"
    unit: str = "u5"
    status: str = "returned"
    officer: str = "o"
    case: str = "c"  # one that is open
    number_of_owner: str = "001801000005"
    name_of_owner: str = "Người Thứ 05"
    upload: str = "u"
    paper: ObjectId = field(default_factory=ObjectId)
    order: str = "o"
    attempt: str = "r"
    paid_by: datetime = datetime(2026, 6, 1, tzinfo=UTC)  # the end of the month whose fees are counted
    decided_on: date = date(2026, 6, 1)  # the first day of the month whose decisions are
    dataset: str = "d"
    number: str = "1"
    typed: str = "1 gp-vd"  # that number, or another
    issued_at: datetime = datetime(2026, 6, 1, tzinfo=UTC)  # in the middle of a month
    holder: Holder = field(default_factory=lambda: Holder("citizen", "Nguyễn Thị Mẫu", "001801000001"))
    dossiers_behind: str = ""
    cases_behind: Mapping[str, str] = field(default_factory=dict)  # by order
    records_behind: str = ""
    expired_behind: str = ""
    webhook: str = "w"
    notices_behind: str = f"1.{'0' * 36}"

    @property
    def today(self) -> date:
        """The day of `now`."""
        return self.now.date()


def questions(sample: Sample) -> dict[str, Question]:
    """What changes nothing."""
    return {
        **_of_intake(sample),
        **_of_registry(sample),
        **_of_routing(sample),
        **_of_payment(sample),
        **_of_notify(sample),
        "what a cause opened": lambda shelf: [journal.find_opened(sample.cause) for journal in shelf.journals],
        "what waits to be published": lambda shelf: [base.relay.lag() for base in shelf.bases.values()],
    }


def acts(sample: Sample) -> dict[str, Question]:
    """What also changes something where there is something to be changed."""
    return {
        "what is to be published": lambda shelf: [base.relay.run_once() for base in shelf.bases.values()],
        "upload opened again": lambda shelf: shelf.uploads.open(CAUSE, {"owner": "o", "size": 1}, sample.now),
        "ticket": _if_found(lambda shelf: shelf.uploads.begin(sample.upload, "t", sample.now)),
        "uploads named": lambda shelf: shelf.uploads.name_in("c", ["u"]),
        "dossiers found by what they lack": lambda shelf: shelf.finding.fill(sample.now),
        "dossiers counted": lambda shelf: shelf.tallies.count(sample.now, timedelta(seconds=1)),
        "draft saved": lambda shelf: shelf.drafts.save(
            Place(sample.owner, sample.code), CAUSE, 0, {"saved_at": sample.now, "subject": {"owner": sample.owner}}
        ),
        "draft submitted": lambda shelf: shelf.drafts.submitted(Place(sample.owner, "none"), "c", sample.now),
        "papers removed": lambda shelf: shelf.papers.remove([ObjectId()]),
        "number taken": lambda shelf: shelf.numbers.take("s/2026", "o"),
        "silent attempts": lambda shelf: list(
            shelf.orders.claim_silent(sample.now, sample.now, lambda _order: sample.now)
        ),
        **_of_webhooks(sample),
        "receipt number": lambda shelf: shelf.receipts.take("s", "o"),
    }


def _of_webhooks(sample: Sample) -> dict[str, Question]:
    soon, document = sample.now + timedelta(seconds=30), {"_id": sample.webhook, "place": None, "since": sample.now}
    event = Happened("e", "intake.dossier_submitted", "", "", "", 1, sample.tenant, frozenset())
    return {
        "turn to read": lambda shelf: shelf.webhooks.take_turn("w", sample.now, soon),
        "turn to read ended": lambda shelf: shelf.webhooks.end_turn("w", sample.now),
        "delivery made": lambda shelf: shelf.webhooks.deliver([(sample.webhook, event)], sample.now),
        "reading moved on": lambda shelf: shelf.webhooks.move_on([document], None, None),
        "delivery that is due": lambda shelf: shelf.webhooks.claim(sample.webhook, "w", 50, sample.now, soon),
        "deliveries released": lambda shelf: shelf.webhooks.release([{"_id": "w.e", "by": "w"}], sample.now),
        "delivery settled": lambda shelf: shelf.webhooks.settle({"_id": "w.e", "by": "w"}, {"status": "delivered"}),
        "deliveries revived": lambda shelf: shelf.webhooks.revive(sample.webhook, sample.now),
        "webhook switched": _if_found(lambda shelf: shelf.webhooks.switch(sample.webhook, enabled=False)),
        "webhook rests": lambda shelf: shelf.webhooks.rest(sample.webhook, soon),
        "deliveries that are nobody's": lambda shelf: shelf.webhooks.forget_orphans(),
        "webhook removed": lambda shelf: shelf.webhooks.remove("none"),
    }


def dossiers_by(sample: Sample, names: tuple[str, ...], after: str | None) -> Question:
    """A page of dossiers, cut down by these filters."""
    wanted = {name: getattr(sample, name) if name in names else None for name in FILTERS}
    return lambda shelf: shelf.dossiers.listed(wanted, LIMIT, after)


def _register_by(sample: Sample, after: str | None) -> Question:
    since, until = sample.now - timedelta(days=366), sample.now + timedelta(days=1)
    return lambda shelf: shelf.dossiers.registered(sample.unit, since, until, LIMIT, after or None)


def _found_by(unit: str, typed: str) -> Question:
    return lambda shelf: shelf.finding.codes(unit, Typed.read(typed), MOST_CODES)


def _of_intake(sample: Sample) -> dict[str, Question]:
    every = (names for count in range(len(FILTERS) + 1) for names in combinations(FILTERS, count))
    return {
        **{
            f"dossiers by {', '.join(names) or 'nothing'}{', next page' if after else ''}": dossiers_by(
                sample, names, after
            )
            for names, after in product(every, (None, sample.dossiers_behind))
        },
        "dossier": _if_found(lambda shelf: shelf.dossiers.get(sample.code)),
        "dossier of an upload": lambda shelf: shelf.dossiers.naming(sample.upload),
        "last dossier of an owner": lambda shelf: shelf.dossiers.last_of(sample.owner),
        "register of a unit": _register_by(sample, None),
        "register of a unit, next page": _register_by(sample, sample.dossiers_behind),
        **{
            f"dossiers of a unit found by {what}": _found_by(sample.unit, typed)
            for what, typed in {
                "their applicant's number": sample.number_of_owner,
                "the beginning of it": sample.number_of_owner[:8],
                "their applicant's name": sample.name_of_owner,
                "a word that many have": sample.name_of_owner.split()[0],
            }.items()
        },
        "dossiers of requests": lambda shelf: shelf.dossiers.opened_by([sample.cause.id]),
        "draft": lambda shelf: shelf.drafts.find(Place(sample.owner, sample.code)),
        "draft of an upload": lambda shelf: shelf.drafts.is_named(sample.upload),
        "drafts of an owner": lambda shelf: shelf.drafts.listed(sample.owner, LIMIT, None),
        "drafts of an owner, next page": lambda shelf: shelf.drafts.listed(
            sample.owner, LIMIT, cursor(sample.now, sample.code)
        ),
        "tallies of all months": lambda shelf: shelf.tallies.read("0000-01", "2026-06", with_days=False),
        "tallies of a year by day": lambda shelf: shelf.tallies.read("2025-06", "2026-06", with_days=True),
        "tally of a month": lambda shelf: shelf.tallies.with_days("2026-06"),
        "uploads of an owner": lambda shelf: shelf.uploads.find([sample.upload], sample.owner),
        "uploads to be swept": lambda shelf: shelf.uploads.overdue(sample.now),
        "paper": _if_found(lambda shelf: shelf.papers.open(sample.paper)),
    }


def _of_registry(sample: Sample) -> dict[str, Question]:
    def records(after: str | None, **wanted: Any) -> Question:
        return lambda shelf: shelf.records.find(Wanted(sample.dataset, sample.today, **wanted), LIMIT, after)

    holder, unit = sample.holder, sample.unit
    narrowed: dict[str, dict[str, Any]] = {
        "all": {},
        "of a unit": {"unit": unit},
        "of their owner": {"owner": holder},
        "by number": {"holder": holder.id},
        "by name": {"holder": holder.name},
        "of a unit by name": {"unit": unit, "holder": holder.name},
        "of a month": {
            "issued_from": sample.issued_at - timedelta(days=15),
            "issued_before": sample.issued_at + timedelta(days=15),
        },
    }
    by_prefix: dict[str, dict[str, Any]] = {"": {}, " of a unit": {"unit": unit}, " of their owner": {"owner": holder}}
    statuses = {**dict.fromkeys((None, VALID, REVOKED), sample.records_behind), EXPIRED: sample.expired_behind}
    prefix = sample.number[:1]
    place = cursor(f"{sample.dataset}/{sample.number}")
    return {
        "publication of a day": lambda shelf: shelf.publications.as_of(sample.tenant, "unit", unit, sample.today),
        "last publication": lambda shelf: shelf.publications.last(sample.tenant, "unit", unit),
        "publications of a tenant": lambda shelf: shelf.publications.listed(
            "unit", sample.tenant, sample.today, LIMIT, None
        ),
        "publications of a tenant, next page": lambda shelf: shelf.publications.listed(
            "unit", sample.tenant, sample.today, LIMIT, unit[:1]
        ),
        "publications of all tenants": lambda shelf: shelf.publications.listed("tenant", None, sample.today, LIMIT, ""),
        "record": lambda shelf: shelf.records.journal.find(f"{sample.dataset}/{sample.number}"),
        "record of a number as typed": lambda shelf: shelf.records.read_as(sample.dataset, sample.typed),
        "record of a dossier": lambda shelf: shelf.records.of_dossier(sample.code),
        **{
            f"records {what}, {status or 'of any status'}{', next page' if after else ''}": records(
                after, status=status, **wanted
            )
            for (what, wanted), (status, behind) in product(narrowed.items(), statuses.items())
            for after in (None, behind)
        },
        **{
            f"records by prefix{what}{', next page' if after else ''}": records(after, number_prefix=prefix, **wanted)
            for (what, wanted), after in product(by_prefix.items(), (None, place))
        },
        "number held": lambda shelf: shelf.numbers.is_held(f"{sample.dataset}:{sample.code}"),
        "answer given": lambda shelf: shelf.answers.find(sample.cause),
        "document of the projection": lambda shelf: shelf.projection.as_of(sample.tenant, "unit", unit, sample.today),
        "documents of the projection": lambda shelf: shelf.projection.listed(
            sample.tenant, "unit", sample.today, after=unit[:1]
        ),
    }


def _of_routing(sample: Sample) -> dict[str, Question]:
    unit, officer, procedure = sample.unit, sample.officer, sample.procedure
    officers = (officer, "busy", "idle")
    filters: tuple[dict[str, Any], ...] = (
        *({}, {"unit": unit}, {"procedure": procedure}, {"unit": unit, "procedure": procedure}),
        *({"unit": unit, "officers": (officer,)}, {"unit": unit, "officers": officers, "unassigned": True}),
        *({"unit": unit, "unassigned": True}, {"unit": unit, "officers": (officer,), "overdue": False}),
    )
    of_dates: tuple[dict[str, Any], ...] = (
        *({"overdue": True}, {"at_risk": True}, {"unit": unit, "overdue": True}, {"unit": unit, "at_risk": True}),
        *({"unit": unit, "overdue": True, "at_risk": True}, {"unit": unit, "officers": officers, "at_risk": True}),
        *({"unit": unit, "awaiting": "fee"}, {"unit": unit, "procedure": procedure, "overdue": True}),
        {"unit": unit, "statuses": ("accepted",), "at_risk": True},
        *({"due_from": sample.today}, {"unit": unit, "due_from": sample.today, "due_to": sample.today}),
        *({"unit": unit, "due_to": sample.today, "overdue": False}, {"procedure": procedure, "due_to": sample.today}),
        {"unit": unit, "officers": officers, "due_from": sample.today, "due_to": sample.today},
    )
    searched: tuple[dict[str, Any], ...] = (
        *({"search": sample.code}, {"unit": unit, "search": sample.code}, {"unit": unit}),
        {"unit": unit, "search": sample.code, "statuses": STATUSES},
        *({"unit": unit, "codes": (sample.case,)}, {"unit": unit, "codes": (sample.case,), "search": sample.code}),
    )
    risk = Risk(sample.now, sample.now + timedelta(days=2))

    def cases(order: str, after: bool, statuses: Sequence[str] = EVERY_OPEN, **wanted: Any) -> Question:
        moment = "" if order == queue.CODE else sample.now.isoformat()
        place = sample.cases_behind.get(order) or cursor(order, moment, sample.code)
        asked = queue.Wanted(statuses, **wanted)
        return lambda shelf: shelf.cases.page(asked, order, LIMIT, place if after else None, risk)

    lists = (
        *product(("due", "opened", "newest"), (False, True), filters),
        *product(("due",), (False, True), of_dates),
        *product((queue.CODE,), (False, True), searched),
    )
    period = Period(sample.decided_on, sample.decided_on + timedelta(days=30))
    return {
        **{
            f"cases in order of {order} by {', '.join(wanted) or 'nothing'}{', next page' if after else ''}": cases(
                order, after, **wanted
            )
            for order, after, wanted in lists
        },
        "units that have cases": lambda shelf: shelf.figures.units(),
        "officers who have cases": lambda shelf: shelf.figures.officers(unit),
        "cases counted by status": lambda shelf: shelf.figures.by_status(unit),
        "cases counted that await a fee": lambda shelf: shelf.figures.awaiting_fee(unit),
        "cases counted of an officer": lambda shelf: shelf.figures.had_by(unit, "busy"),
        "cases counted that are overdue": lambda shelf: shelf.figures.running_out(unit, risk.overdue),
        "cases counted that are at risk": lambda shelf: shelf.figures.running_out(unit, risk.at_risk),
        "decisions counted": lambda shelf: shelf.figures.decided(unit, period),
        "late cases counted by officer": lambda shelf: shelf.figures.late_by_officer(unit, risk),
        "clocks that ran out": lambda shelf: list(shelf.cases.ringing(sample.now)),
    }


def _of_payment(sample: Sample) -> dict[str, Question]:
    def orders(unit: str | None, status: str | None, after: str | None) -> Question:
        return lambda shelf: shelf.orders.page(unit, status, LIMIT, after)

    def fees(name: str, unit: str | None) -> Question:
        month = sample.paid_by - timedelta(days=30), sample.paid_by
        return lambda shelf: list(getattr(shelf.orders, name)(unit, *month))

    return {
        **{
            f"orders by {', '.join(filter(None, (unit and 'unit', status))) or 'nothing'}"
            f"{', next page' if after else ''}": orders(unit, status, after)
            for unit, status, after in product((None, sample.unit), (None, "paid"), (None, sample.order))
        },
        "order": lambda shelf: shelf.orders.find(sample.order),
        **{
            f"fees {name}{' of a unit' if unit else ''}": fees(name, unit)
            for name, unit in product(("paid", "refunded"), (None, sample.unit))
        },
        "overdue orders": lambda shelf: shelf.orders.overdue(sample.now),
        "order of an attempt": lambda shelf: shelf.orders.find_by_attempt(sample.attempt),
        "orders of a dossier": _if_found(lambda shelf: shelf.orders.bill(sample.code)),
    }


def _of_notify(sample: Sample) -> dict[str, Question]:
    def notices(audience: str | None, after: str | None) -> Question:
        return lambda shelf: shelf.notices.page(sample.code, audience, LIMIT, after)

    def deliveries(status: str | None, after: str | None) -> Question:
        return lambda shelf: shelf.webhooks.page(sample.webhook, status, LIMIT, after)

    return {
        **{
            f"notices to {audience or 'anybody'}{', next page' if after else ''}": notices(audience, after)
            for audience, after in product((None, "applicant"), (None, sample.notices_behind))
        },
        **{
            f"deliveries{f' that are {status}' if status else ''}{', next page' if after else ''}": deliveries(
                status, after
            )
            for status, after in product((None, "given_up"), (None, cursor(sample.now, "w.e")))
        },
        "notices that failed": lambda shelf: shelf.notices.failed(LIMIT, None),
        "notices that failed, next page": lambda shelf: shelf.notices.failed(LIMIT, sample.notices_behind),
        "webhooks": lambda shelf: shelf.webhooks.listed(),
        "webhook": _if_found(lambda shelf: shelf.webhooks.get(sample.webhook)),
        "deliveries counted": lambda shelf: shelf.webhooks.count(sample.webhook, "pending"),
        "delivery that waits for the longest": lambda shelf: shelf.webhooks.oldest_pending(sample.webhook),
    }


def _if_found(ask: Question) -> Question:
    def asked(shelf: Shelf) -> None:
        with suppress(NotFound):
            ask(shelf)

    return asked
