"""What a contestant promises of each submission, put to the test before it is measured: without them it is no peer."""

import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import requests

from tests.bench.applicants import MOST_CLIENTS, Applicant
from tests.bench.asking import ANSWER_SECONDS, http_actor
from tests.bench.outcome import NotMeasured
from tests.bench.world import Offer, World

_NOBODY_ELSE: Final = 2 * MOST_CLIENTS - 1  # an applicant whom no client stands for
_REFUSED: Final = range(HTTPStatus.BAD_REQUEST, HTTPStatus.INTERNAL_SERVER_ERROR)


def insist(world: World, offer: Offer) -> None:
    """The same request has the same answer; nothing wrong is taken. Raises NotMeasured."""
    who, other = (Applicant(world, offer, _NOBODY_ELSE - number) for number in (0, 1))
    papers, more = who.make(2)
    request = {
        "tenant": offer.tenant,
        "procedure": offer.key,
        "applicant": who.said,
        "form": offer.form,
        "documents": papers,
        "channel": "online",
        "request_id": str(uuid.uuid4()),
    }
    first, again = (_post(world, who, request) for _ in range(2))
    if first[0] != HTTPStatus.OK or first != again:
        raise NotMeasured(f"the same request twice: HTTP {first[0]} {first[1]}, then HTTP {again[0]} {again[1]}")
    fresh = {"request_id": str(uuid.uuid4())}
    wrong: Mapping[str, Mapping[str, Any]] = {
        "another request under the same id": {**request, "documents": more},
        "an upload that was named": {**request, **fresh},
        "no papers": {**request, **fresh, "documents": []},
        "a form with nothing in it": {**request, **fresh, "documents": more, "form": {}},
        "another's papers": {**request, **fresh, "documents": other.make(1)[0]},
        "another's name": {**request, **fresh, "documents": more, "applicant": other.said},
    }
    taken = [what for what, one in wrong.items() if _post(world, who, one)[0] not in _REFUSED]
    if taken:
        raise NotMeasured(f"not refused: {', '.join(taken)}")


def _post(world: World, who: Applicant, request: Mapping[str, Any]) -> tuple[int, Any]:
    answer = requests.post(
        f"{world.intake_url}/intake/submit",
        json=request,
        headers=http_actor(world, who.actor),
        timeout=ANSWER_SECONDS,
    )
    is_json = "json" in answer.headers.get("Content-Type", "")
    return answer.status_code, answer.json() if is_json else answer.text
