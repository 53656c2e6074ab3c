"""What notify does: ask for a notice, deliver it, show it, send it again."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import timedelta
from functools import partial
from typing import Any, Final, Protocol

from services.chassis import clock
from services.chassis.actor import Actor
from services.chassis.cause import Cause
from services.chassis.errors import NotFound, Unavailable
from services.chassis.journal import Decide, Stored
from services.chassis.logs import log
from services.contracts.catalogue.dates import local_day
from services.contracts.catalogue.forms import items_table
from services.contracts.event import Event
from services.notify import domain, letters, patience
from services.notify.claims import Claim, Claims
from services.notify.domain import EMAIL, Notice
from services.notify.letters import BadAddress, Post
from services.notify.lines import Unanswered
from services.notify.mail import Mail, PutOff, Undeliverable
from services.notify.moments import Moment, told_by
from services.notify.patience import Met
from services.notify.store import Catalogue, NoticeStore, Units
from services.notify.templates import Rendered, Templates
from services.notify.wording import Case, Dossier, Told

Answer = dict[str, Any]
LEADING: Final = "vi"  # a letter says everything in Vietnamese first, then in English
_PATIENCE: Final = (1.0, 2.0, 4.0, 8.0)
_Begun = tuple[Stored[Notice], Met, Claim]  # an attempt: what is sent, what it has met, the right to send it
_NOBODY_KNOWS: Final = "unknown"  # whether the mail server has it


class Neighbours(Protocol):
    """The services that are asked before a notice is written."""

    def dossier(self, dossier_code: str) -> Dossier:
        """Who applied for what."""

    def remembered_dossier(self, dossier_code: str) -> Dossier:
        """The same, as it was a minute ago at most."""

    def case(self, dossier_code: str) -> Case:
        """What the officers said."""


class NotifyCases:
    """Every use case of notify."""

    def __init__(
        self,
        store: NoticeStore,
        claims: Claims,
        catalogue: Catalogue,
        units: Units,
        neighbours: Neighbours,
        templates: Templates,
        mail: Mail,
        put_off_longest: timedelta,
    ) -> None:
        self._store, self._claims, self._catalogue, self._units = store, claims, catalogue, units
        self._neighbours, self._templates, self._mail = neighbours, templates, mail
        self._put_off_longest = put_off_longest

    # events

    def project(self, published: Mapping[str, Any]) -> None:
        """Keep a catalogue document."""
        self._catalogue.apply(published)

    def tell(self, event: Event, why: Cause) -> None:
        """Ask for every notice that `event` is a cause of; hearing it again changes nothing.

        Raises NotFound or Unavailable while something a notice must say is not known yet.
        """
        if event.type == "case_transferred":
            self._units.note(event.data["dossier_code"], event.data["to_unit"], event.data["transfer"])
        moments = told_by(event)
        if not moments:
            return
        told = self._gather(
            event,
            asks_routing=any(moment.asks_routing for moment in moments),
            tells_rows=any(moment.tells_rows for moment in moments),
        )
        for moment in moments:
            self._ask_for(moment, told, why)

    def deliver(self, notice_id: str, round_: int, why: Cause) -> None:
        """Hand round `round_` of a notice to the mail server and keep what came of it.

        A worker killed between the two sends again, under the same Message-ID: e-mail knows no other way to do it once.
        Raises NotFound, and Unavailable when another attempt is to be made.
        """
        self._mail.check_is_there()
        begun = self._begin_first(notice_id, round_) or self._begin(notice_id, round_)
        if begun is None:
            return
        try:
            outcome = self._attempt(*begun)
            _patiently(partial(self._store.journal.change, notice_id, why, outcome))
        finally:
            self._claims.let_go(begun[2])

    def _begin_first(self, notice_id: str, round_: int) -> _Begun | None:
        """What this process has just written need not be read, as long as nobody was at it before."""
        stored = self._store.journal.remembered(notice_id)
        if stored is None or not domain.is_awaited(stored.state, round_):
            return None
        claim = self._claims.take_first(notice_id, round_)
        return (stored, Met(), claim) if claim else None

    def _begin(self, notice_id: str, round_: int) -> _Begun | None:
        stored, met = self._store.get_round(notice_id, round_)
        if not domain.is_awaited(stored.state, round_):
            return None
        if met.rests(clock.now()):
            raise _not_yet()
        claim = self._claims.take(notice_id, round_, met)
        if claim is None:
            raise Unavailable("notify.being_sent", "Another worker is sending it.", "Thông báo đang được gửi.")
        return stored, met, claim

    # questions and commands

    def list_notices(self, actor: Actor, dossier_code: str, limit: int, after: str | None) -> Answer:
        """What was written about a dossier, oldest first. Raises NotFound."""
        if actor.kind != "system":
            dossier = self._dossier_for(dossier_code)
            domain.check_may_read(actor, self._units.of(dossier_code) or dossier.unit, dossier.owner)
        audience = "applicant" if domain.reads_only_own_post(actor) else None
        found, following = self._store.page(dossier_code, audience, limit, after)
        if not found and actor.kind == "system":
            self._dossier_for(dossier_code)
        return {"items": [_line(actor, stored) for stored in found], "next": following}

    def list_failed_notices(self, actor: Actor, limit: int, after: str | None) -> Answer:
        """What could not be delivered, of all dossiers, the first to fail first: no addresses, there may be many."""
        found, following = self._store.failed(limit, after)
        items = [{name: said for name, said in _line(actor, one).items() if name != "recipient"} for one in found]
        return {"items": items, "next": following}

    def get_notice(self, actor: Actor, notice_id: str) -> Answer:
        """One notice with the words it carries. Raises NotFound."""
        stored = self._known(notice_id)
        notice = stored.state
        is_own_post = domain.reads_only_own_post(actor) and notice.audience == "applicant"
        owner = self._neighbours.dossier(notice.dossier_code).owner if is_own_post else ""
        domain.check_may_read(actor, self._unit_now(notice), owner)
        letter = stored.subject.get("letter", {})
        return {**_line(actor, stored), "subject": letter.get("subject"), "text": letter.get("text")}

    def resend(self, actor: Actor, why: Cause, notice_id: str) -> Answer:
        """Send a failed notice again, to the address that intake or the catalogue names now.

        Raises NotFound, Denied, Refused, Unavailable.
        """
        notice = self._known(notice_id).state
        dossier, unit, at = self._neighbours.dossier(notice.dossier_code), self._unit_now(notice), clock.now()
        _, address = self._addressee(notice.audience, dossier, self._unit(dossier, unit))
        stored = self._store.journal.change(
            notice_id, why, lambda state: domain.resend(state, actor, unit, at), subject={"address": address}
        )
        return _line(actor, stored)

    def _known(self, notice_id: str) -> Stored[Notice]:
        """The notice. Raises NotFound, in the very words that others' notices are denied with."""
        found = self._store.journal.find(notice_id)
        if found is None:
            raise domain.unknown_notice()
        return found

    def _dossier_for(self, dossier_code: str) -> Dossier:
        """The dossier; one that is not there is denied like others' ones."""
        try:
            return self._neighbours.dossier(dossier_code)
        except NotFound:
            raise domain.unknown_notice() from None

    def _gather(self, event: Event, *, asks_routing: bool, tells_rows: bool) -> Told:
        code = event.data["dossier_code"]
        dossier = self._neighbours.remembered_dossier(code)
        dossier = replace(dossier, unit=self._unit_at(event, dossier))
        former = event.data.get("from_unit")
        procedure = self._catalogue.procedure(dossier.tenant, dossier.procedure, dossier.procedure_version)
        asks_routing = asks_routing or (tells_rows and items_table(procedure) is not None)
        return Told(
            event=event,
            dossier=dossier,
            unit=self._unit(dossier, dossier.unit),
            former_unit=self._unit(dossier, former) if former else {},
            procedure=procedure,
            case=self._neighbours.case(code) if asks_routing else Case(),
        )

    def _unit_at(self, event: Event, dossier: Dossier) -> str:
        """The unit that had it at the event, where the event says so, else the one that has it."""
        said = event.data.get("to_unit") or event.data.get("unit")
        return str(said or self._units.of(dossier.dossier_code) or dossier.unit)

    def _unit_now(self, notice: Notice) -> str:
        """The unit that has the dossier of a notice."""
        return self._units.of(notice.dossier_code) or notice.unit

    def _unit(self, dossier: Dossier, unit: str) -> Mapping[str, Any]:
        return self._catalogue.unit(dossier.tenant, unit, local_day(clock.now()))

    def _ask_for(self, moment: Moment, told: Told, why: Cause) -> None:
        name, address = self._addressee(moment.audience, told.dossier, told.unit)
        notice = Notice(
            notice_id=domain.notice_id(why.id, moment.name, moment.audience),
            dossier_code=told.dossier.dossier_code,
            moment=moment.name,
            audience=moment.audience,
            unit=told.dossier.unit,
            template_version=self._templates.version(moment),
            language=LEADING,
            channel=EMAIL,
            requested_at=clock.now(),
        )
        letter = asdict(self._templates.render(moment, told, name))
        subject = {"name": name, "address": address, "letter": letter}
        self._store.journal.change(
            notice.notice_id, why, lambda state: domain.request(state, notice), subject=subject, opens=True
        )

    @staticmethod
    def _addressee(audience: str, dossier: Dossier, unit: Mapping[str, Any]) -> tuple[str, str]:
        if audience == "unit":
            return str(unit["name"][LEADING]), str(unit["email"])
        return dossier.name, dossier.email

    def _attempt(self, stored: Stored[Notice], met: Met, claim: Claim) -> Decide[Notice]:
        """What to keep of one attempt. Raises Unavailable when another is to be made."""
        notice = stored.state
        try:
            post = _post(stored)
            self._mail.send(letters.written(post, self._mail.sender), post.recipient)
        except BadAddress:
            return _failed(notice, "bad_address")
        except Undeliverable as error:
            return _failed(notice, error.reason)
        except PutOff as error:
            later = patience.put_off(met, clock.now(), self._put_off_longest)
            return self._rest_or_fail(notice, claim, later, error.reason)
        except Unanswered:
            return self._rest_or_fail(notice, claim, patience.unanswered(met, clock.now()), _NOBODY_KNOWS)
        except Exception:
            self._claims.release(claim)
            raise
        at = clock.now()
        return lambda state: domain.note_sent(state, at)

    def _rest_or_fail(self, notice: Notice, claim: Claim, later: Met | None, reason: str) -> Decide[Notice]:
        if later is None:
            return _failed(notice, reason)
        log.warning("notice_rests", notice=notice.notice_id, reason=reason, until=str(later.resting_until))
        _patiently(partial(self._claims.rest, claim, later))
        raise _not_yet()


def _patiently(keep: Callable[[], object]) -> None:
    """Keep what came of an attempt: what was sent is not sent again because the store is away for a moment."""
    for seconds in _PATIENCE:
        try:
            keep()
        except Unavailable:
            time.sleep(seconds)
        else:
            return
    keep()


def _failed(notice: Notice, reason: str) -> Decide[Notice]:
    log.warning("notice_undeliverable", notice=notice.notice_id, reason=reason)
    at = clock.now()
    return lambda state: domain.note_failed(state, notice.round, reason, at)


def _not_yet() -> Unavailable:
    return Unavailable("notify.not_yet", "It is sent again later.", "Thông báo sẽ được gửi lại sau.")


def _post(stored: Stored[Notice]) -> Post:
    notice, subject = stored.state, stored.subject
    return Post(
        notice_id=notice.notice_id,
        dossier_code=notice.dossier_code,
        name=subject["name"],
        address=subject["address"],
        rendered=Rendered(**subject["letter"]),
        written_at=notice.requested_at,
    )


def _line(actor: Actor, stored: Stored[Notice]) -> Answer:
    notice = stored.state
    return {
        "notice_id": notice.notice_id,
        "dossier_code": notice.dossier_code,
        "moment": notice.moment,
        "audience": notice.audience,
        "channel": notice.channel,
        "template_version": notice.template_version,
        "status": notice.status,
        "round": notice.round,
        "requested_at": notice.requested_at,
        "sent_at": notice.sent_at,
        "failed_at": notice.failed_at,
        "reason": notice.reason,
        "recipient": domain.shown_address(actor, notice, stored.subject.get("address", "")),
    }
