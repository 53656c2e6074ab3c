"""What may be asked of notify."""

from services.contracts.fields import Strict, Text, Whole, matching
from services.notify.store import CURSOR


class ListNotices(Strict):
    """What was written about a dossier."""

    dossier_code = Text(required=True, longest=60)
    limit = Whole(low=1, high=200, load_default=50)
    after = Text(
        longest=60,
        load_default=None,
        allow_none=True,
        validate=matching(CURSOR, "Không phải giá trị next của danh sách này.", "Is not a `next` of this list."),
    )


class GetNotice(Strict):
    """One notice."""

    notice_id = Text(required=True, longest=40)


class Resend(Strict):
    """Another attempt at a failed notice."""

    notice_id = Text(required=True, longest=40)
    request_id = Text(required=True, longest=100)
