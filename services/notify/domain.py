"""A notice: asked for once for one cause, handed to the mail server, sent or failed; a failed one may go again."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from services.chassis.actor import Actor
from services.chassis.errors import Denied, NotFound, Refused
from services.contracts.event import Event

MOVES: Final[dict[str | None, frozenset[str]]] = {
    None: frozenset({"requested"}),
    "requested": frozenset({"sent", "failed"}),
    "failed": frozenset({"requested", "sent"}),  # sent: the word of an earlier round came late
    "sent": frozenset(),
}
STATUSES: Final = tuple(status for status in MOVES if status)
EMAIL: Final = "email"
_NOTICES = UUID("0e0f1c52-98a6-5f1e-9a37-3c7c3b6f1f0d")


@dataclass(frozen=True, slots=True)
class Notice:
    """The facts of a notice. A round is one attempt to have it taken over; the outcome of each comes once."""

    notice_id: str
    dossier_code: str
    moment: str
    audience: str
    unit: str
    template_version: int
    language: str
    channel: str
    requested_at: datetime
    round: int = 1
    sent_at: datetime | None = None
    failed_round: int = 0
    failed_at: datetime | None = None
    reason: str | None = None

    @property
    def status(self) -> str:
        """What the facts come to, whatever order they came in."""
        if self.sent_at is not None:
            return "sent"
        return "failed" if self.failed_round >= self.round else "requested"


def notice_id(event_id: str, moment: str, audience: str, channel: str = EMAIL) -> str:
    """The one notice that an event can cause for a moment, an audience and a channel."""
    return str(uuid5(_NOTICES, "\x1f".join((event_id, moment, audience, channel))))


def request(state: Notice | None, wanted: Notice) -> list[Event]:
    """Ask for a notice; asking again changes nothing."""
    return [] if state is not None else [_requested(wanted, wanted.round, wanted.requested_at)]


def resend(state: Notice | None, actor: Actor, unit: str, at: datetime) -> list[Event]:
    """Ask for another round of a failed notice: an officer of the `unit` that has its dossier, or the system.

    Raises Denied, Refused.
    """
    notice = _known(state)
    if actor.kind not in ("officer", "system"):
        raise Denied("notify.officers_only", "Only an officer may send again.", "Chỉ cán bộ được gửi lại thông báo.")
    if actor.kind == "officer" and actor.unit != unit:
        raise Denied("notify.other_unit", "The notice is another unit's.", "Thông báo thuộc đơn vị khác.")
    if notice.status != "failed":
        raise Refused(
            f"notify.already_{notice.status}",
            f"Only a failed notice is sent again; this one is {notice.status}.",
            "Chỉ gửi lại thông báo không chuyển được.",
        )
    return [_requested(notice, notice.round + 1, at)]


def note_sent(state: Notice | None, at: datetime) -> list[Event]:
    """The mail server took it over. Once said, it stays so."""
    notice = _known(state)
    if notice.sent_at is not None:
        return []
    return [
        Event(
            "notice_sent",
            {"notice_id": notice.notice_id, "dossier_code": notice.dossier_code, "round": notice.round, "sent_at": at},
        )
    ]


def note_failed(state: Notice | None, round_: int, reason: str, at: datetime) -> list[Event]:
    """Round `round_` cannot be delivered; `reason` is a code. Nothing new once it is sent or a later round runs."""
    notice = _known(state)
    if not is_awaited(notice, round_):
        return []
    data = {"notice_id": notice.notice_id, "dossier_code": notice.dossier_code, "round": round_}
    return [Event("notice_failed", {**data, "reason": reason, "failed_at": at})]


def is_awaited(notice: Notice, round_: int) -> bool:
    """Whether round `round_` is still to be delivered."""
    return notice.status == "requested" and notice.round == round_


def evolve(state: Notice | None, event: Event) -> Notice:
    """The notice after `event`."""
    data = event.data
    if event.type == "notice_requested":
        return _first(event) if state is None else replace(state, round=max(state.round, data["round"]))
    notice = _known(state)
    if event.type == "notice_sent":
        return replace(notice, sent_at=data["sent_at"])
    return replace(
        notice,
        failed_round=max(notice.failed_round, data["round"]),
        failed_at=data["failed_at"],
        reason=data["reason"],
    )


def check_may_read(actor: Actor, unit: str, owner: str) -> None:
    """The system, officers of `unit`, and the applicant, `owner` as `<kind>:<number>`. Raises NotFound for others."""
    allowed = {"system": True, "officer": actor.unit == unit}
    if not allowed.get(actor.kind, f"{actor.kind}:{actor.id}" == owner):
        raise unknown_notice()


def reads_only_own_post(actor: Actor) -> bool:
    """An applicant sees what was written to him, not what was written to the unit."""
    return actor.kind in ("citizen", "organisation")


def shown_address(actor: Actor, notice: Notice, address: str) -> str:
    """The recipient's address as `actor` may see it: an officer sees an applicant's masked."""
    if actor.kind != "officer" or notice.audience == "unit":
        return address
    local, at, host = address.rpartition("@")
    return f"{local[:1]}***{at}{host}"


def unknown_notice() -> NotFound:
    """There is no such notice, or not for this actor to see."""
    return NotFound("notify.unknown_notice", "There is no such notice.", "Không tìm thấy thông báo.")


def _known(state: Notice | None) -> Notice:
    if state is None:
        raise unknown_notice()
    return state


def _requested(notice: Notice, round_: int, at: datetime) -> Event:
    return Event(
        "notice_requested",
        {
            "notice_id": notice.notice_id,
            "dossier_code": notice.dossier_code,
            "moment": notice.moment,
            "audience": notice.audience,
            "unit": notice.unit,
            "template_version": notice.template_version,
            "language": notice.language,
            "channel": notice.channel,
            "round": round_,
            "requested_at": at,
        },
    )


def _first(event: Event) -> Notice:
    return Notice(**dict(event.data))
