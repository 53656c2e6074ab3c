"""Nobody is written to twice about one thing."""

from collections import Counter

from services.cli.verify import books as shelves
from services.cli.verify.finding import Said
from services.cli.verify.papers import Papers
from services.notify.domain import notice_id


def count(papers: Papers) -> Said:
    """At most one notice was sent for each cause, moment and audience, and each was sent once."""
    sent = Counter[tuple[str, str, str]]()
    for kept in papers.on(shelves.NOTICES):
        notice, cause = kept.state, kept.history[0]["cause"] if kept.history else ""
        if notice_id(cause, notice.moment, notice.audience, notice.channel) != kept.id:
            yield f"notify.notices {kept.id}", "it is not named after its cause, so another could be sent"
        times = [entry["type"] for entry in kept.history].count("notice_sent")
        if times > 1:
            yield f"notify.notices {kept.id}", f"it was sent {times} times"
        sent[cause, notice.moment, notice.audience] += notice.sent_at is not None
    for (_, moment, audience), times in sent.items():
        if times > 1:
            yield f"notify.notices of {papers.code}", f"{times} notices were sent of one thing: {moment} → {audience}"
