"""What notify publishes: that a notice was asked for, handed over, or could not be. Addresses stay in the store."""

from services.contracts.fields import Choice, Lenient, Moment, Text, Versions, Whole


class NoticeRequested(Lenient):
    """One notice, for one audience, for one cause; asked for again in a later `round` when it failed."""

    notice_id = Text(required=True)
    dossier_code = Text(required=True)
    moment = Text(required=True)
    template_version = Whole(required=True)
    language = Choice("vi", "en", required=True)
    channel = Choice("email", required=True)
    audience = Choice("applicant", "unit", required=True)
    unit = Text(required=True)
    round = Whole(required=True)
    requested_at = Moment(required=True)


class NoticeSent(Lenient):
    """The mail server took the notice over."""

    notice_id = Text(required=True)
    dossier_code = Text(required=True)
    round = Whole(required=True)
    sent_at = Moment(required=True)


class NoticeFailed(Lenient):
    """The notice cannot be delivered; `reason` is the mail server's code, never an address."""

    notice_id = Text(required=True)
    dossier_code = Text(required=True)
    round = Whole(required=True)
    reason = Text(required=True)
    failed_at = Moment(required=True)


EVENTS: dict[str, Versions] = {
    "notice_requested": {1: NoticeRequested},
    "notice_sent": {1: NoticeSent},
    "notice_failed": {1: NoticeFailed},
}
