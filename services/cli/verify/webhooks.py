"""What is worth knowing of webhooks: those that are told no more, and what was given up."""

from collections.abc import Iterator

from services.chassis.store import outages_named
from services.cli.layout import some
from services.cli.verify.books import Books


def untold(books: Books) -> Iterator[str]:
    """Nothing is wrong with it: a person decided it, or must. Raises Unavailable."""
    webhooks, deliveries = books.collection("notify.webhooks"), books.collection("notify.deliveries")
    with outages_named():
        endpoints = list(webhooks.find({}, {"enabled": 1}))
        given_up = [deliveries.count_documents({"endpoint": one["_id"], "status": "given_up"}) for one in endpoints]
    disabled = sum(not one["enabled"] for one in endpoints)
    if disabled:
        yield f"{some(disabled, 'webhooks')} disabled: what happens is told when enabled again"
    if sum(given_up):
        yield f"{some(sum(given_up), 'events')} that a webhook did not take in time were given up"
