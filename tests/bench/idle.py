"""The system at rest, and how soon it takes its first dossier."""

import time
from collections.abc import Sequence
from typing import Final

from services.cli.demo.town import Town, fresh
from tests.bench import proc
from tests.bench.outcome import Idle
from tests.bench.plan import NO_FEE, Plan
from tests.bench.rig import Rig
from tests.bench.sampling import families, look, used
from tests.bench.world import Offer, offers

_MEGABYTE: Final = 1e6


def measure(rig: Rig, plan: Plan) -> Idle:
    """Bring a fresh stack up by `make up`, submit, let it come to rest, and look on."""
    offer, began = offers((NO_FEE,))[NO_FEE], time.monotonic()
    up_seconds = rig.make_up()
    rig.await_catalogue()
    _submit_one(rig, offer)
    accepted_seconds = time.monotonic() - began
    time.sleep(plan.idle_settle_seconds)
    members = families(rig.pids())
    before = look(members)
    time.sleep(plan.idle_seconds)
    after = look(members)
    elapsed = after.at - before.at
    return Idle(
        seconds=round(elapsed, 1),
        cpu_percent={name: round(100 * seconds / elapsed, 2) for name, seconds in used(before, after).items()},
        rss_mb={name: round(size / _MEGABYTE, 1) for name, size in after.rss.items()},
        pss_mb={name: _pss_mb(pids) for name, pids in members.items()},
        up_seconds=round(up_seconds, 1),
        first_accepted_seconds=round(accepted_seconds, 1),
    )


def _submit_one(rig: Rig, offer: Offer) -> None:
    """The first dossier, its papers through the upload door. Raises RemoteError, DemoError."""
    town, citizen = Town(rig.env), {"kind": "organisation", "id": str(offer.applicant["tax_code"])}
    try:
        papers = [{"component": one, "upload_id": town.upload(citizen, one)} for one in offer.components]
        named = {"tenant": offer.tenant, "procedure": offer.key, "applicant": offer.applicant, "form": offer.form}
        town.ask(citizen, "intake.submit", **named, documents=papers, channel="online", request_id=fresh())
    finally:
        town.close()


def _pss_mb(pids: Sequence[int]) -> float:
    return round(sum(map(proc.pss_bytes, pids)) / _MEGABYTE, 1)
