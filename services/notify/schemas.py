"""What may be asked of notify."""

from services.contracts.fields import Choice, Flag, Items, Strict, Text, Whole, matching
from services.notify.store import CURSOR
from services.notify.webhooks import STATUSES, TYPES

_CURSOR = matching(CURSOR, "Không phải giá trị next của danh sách này.", "Is not a `next` of this list.")


class ListNotices(Strict):
    """What was written about a dossier."""

    dossier_code = Text(required=True, longest=60)
    limit = Whole(low=1, high=200, load_default=50)
    after = Text(longest=60, load_default=None, allow_none=True, validate=_CURSOR)


class ListFailedNotices(Strict):
    """What could not be delivered, of all dossiers."""

    limit = Whole(low=1, high=200, load_default=50)
    after = Text(longest=60, load_default=None, allow_none=True, validate=_CURSOR)


class GetNotice(Strict):
    """One notice."""

    notice_id = Text(required=True, longest=40)


class Resend(Strict):
    """Another attempt at a failed notice."""

    notice_id = Text(required=True, longest=40)
    request_id = Text(required=True, longest=100)


class AddWebhook(Strict):
    """Another endpoint: the events of a tenant, of one unit of it if named, of some types if named."""

    url = Text(required=True, longest=500)
    tenant = Text(required=True, longest=60)
    unit = Text(longest=60, load_default=None, allow_none=True)
    types = Items(Choice(*TYPES), most=len(TYPES), load_default=list)
    request_id = Text(required=True, longest=100)


class RotateWebhook(Strict):
    """A new secret for an endpoint."""

    webhook_id = Text(required=True, longest=40)
    request_id = Text(required=True, longest=100)


class SwitchWebhook(Strict):
    """Tell an endpoint again, or no more."""

    webhook_id = Text(required=True, longest=40)
    enabled = Flag(required=True)
    request_id = Text(required=True, longest=100)


class OfWebhook(Strict):
    """Something is done with one endpoint."""

    webhook_id = Text(required=True, longest=40)
    request_id = Text(required=True, longest=100)


class ListDeliveries(Strict):
    """What was and will be sent to an endpoint."""

    webhook_id = Text(required=True, longest=40)
    status = Choice(*STATUSES, load_default=None, allow_none=True)
    limit = Whole(low=1, high=200, load_default=50)
    after = Text(longest=300, load_default=None, allow_none=True)
