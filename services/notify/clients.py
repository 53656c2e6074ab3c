"""What notify asks of others before it writes: intake for the applicant, routing for the officers' words."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from services.chassis import clock
from services.chassis.errors import Defect
from services.chassis.remote import Remote
from services.notify.wording import Case, Dossier, Request, Wish

Answer = TypeVar("Answer")
REMEMBERED: Final = timedelta(seconds=60)
_MOST_REMEMBERED: Final = 2000


class Neighbours:
    """The two services, as questions. Raises what they answer, Unavailable at the deadline."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self._known: dict[str, tuple[datetime, Dossier]] = {}  # the longest known first

    def dossier(self, dossier_code: str) -> Dossier:
        """Who applied for what, and which unit has it. Raises NotFound."""
        return _read(_dossier, self._remote.call("intake", "get", dossier_code=dossier_code))

    def remembered_dossier(self, dossier_code: str) -> Dossier:
        """The same as it was up to `REMEMBERED` ago: all but the unit is fixed at submission, until it is erased.

        So a letter may still go to somebody whose data was erased within the last minute. Raises NotFound.
        """
        self.forget()
        if dossier_code in self._known:
            return self._known[dossier_code][1]
        dossier = self.dossier(dossier_code)
        self._known.pop(dossier_code, None)
        self._known[dossier_code] = clock.now(), dossier
        return dossier

    def forget(self) -> None:
        """Drop what has been remembered for long enough, and the longest known where there is too much."""
        now = clock.now()
        while self._known:
            code = next(iter(self._known))
            if len(self._known) <= _MOST_REMEMBERED and timedelta() <= now - self._known[code][0] < REMEMBERED:
                return
            del self._known[code]

    def case(self, dossier_code: str) -> Case:
        """What the unit's officers said. Raises NotFound."""
        return _read(_case, self._remote.call("routing", "get_case", dossier_code=dossier_code))


def _read(read: Callable[[Any], Answer], answer: Any) -> Answer:
    try:
        return read(answer)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Defect(
            "notify.unreadable_answer", "A service answers in an unknown form.", "Dịch vụ trả lời sai định dạng."
        ) from error


def _dossier(answer: Mapping[str, Any]) -> Dossier:
    applicant = answer["applicant"] or {}  # erased when its time is over
    number = applicant.get("id_number") or applicant.get("tax_code") or ""
    return Dossier(
        dossier_code=answer["dossier_code"],
        tenant=answer["tenant"],
        procedure=answer["procedure"],
        procedure_version=answer["procedure_version"],
        unit=answer["unit"],
        owner=f"{applicant.get('kind')}:{number}" if number else "",
        name=applicant.get("name") or "",
        email=applicant.get("email") or "",
    )


def _case(answer: Mapping[str, Any]) -> Case:
    due_at = answer["due_at"]
    return Case(
        reasons={act: words for act, words in answer["reasons"].items() if words},
        requests={request["round"]: _request(request) for request in answer["supplements"]},
        notes={place: one["note"] for place, one in enumerate(answer["transfers"], 1) if one["note"]},
        rows={one["row"]: one["reason"] or "" for one in answer["items"] if one["outcome"] == "refused"},
        due_at=datetime.fromisoformat(due_at) if due_at else None,
    )


def _request(answer: Mapping[str, Any]) -> Request:
    wishes = [
        Wish(item.get("component") or "", item.get("field") or "", item.get("guidance") or "")
        for item in answer["items"]
    ]
    return Request(wishes, answer["reason"] or "")
