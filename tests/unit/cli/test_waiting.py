"""What has waited for long is noted, with the age of the oldest."""

from datetime import timedelta

from services.chassis import clock
from services.cli.verify import books as shelves
from services.cli.verify import waiting
from tests.unit.cli.builders import GRANTED, OPEN, Installation


def test_what_waits_for_more_than_an_hour_is_noted_with_the_age_of_the_oldest() -> None:
    installation = Installation()
    assert list(waiting.long(installation.books, {})) == []
    now = clock.now()
    installation.kept("notify.webhooks").put({"_id": "hook-1", "enabled": True})
    installation.document(shelves.CASES, GRANTED)["pending_since"] = now - timedelta(days=3, hours=4, minutes=5)
    installation.document(shelves.CASES, OPEN)["pending_since"] = now - timedelta(hours=2)
    installation.document(shelves.DOSSIERS, OPEN)["pending_since"] = now - timedelta(minutes=59)
    made = {"endpoint": "hook-1", "status": "pending", "made_at": now - timedelta(minutes=61)}
    installation.kept("notify.deliveries").put({"_id": "hook-1.ev", **made})
    notice = next(iter(installation.kept("notify.notices").documents.values()))
    notice["state"] |= {"sent_at": None, "requested_at": now - timedelta(days=1)}
    assert list(waiting.long(installation.books, {"hook-1": now - timedelta(hours=5)})) == [
        "2 histories of routing.cases to be published for more than an hour, the oldest for 3 d 4 h",
        "1 notice to be sent for more than an hour, the oldest for 1 d 0 h",
        "1 event to be taken by a webhook that is enabled for more than an hour, the oldest for 1 h 1 min",
        "1 webhook with events to be read for them for more than an hour, the oldest for 5 h 0 min",
    ]
    notice["state"]["failed_round"] = notice["state"]["round"]
    installation.kept("notify.webhooks").documents["hook-1"]["enabled"] = False
    assert len(list(waiting.long(installation.books, {"hook-1": now}))) == 1
