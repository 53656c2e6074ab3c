"""The error tree. A class decides the HTTP status, what an RPC caller catches, and what becomes of a message.

ServiceError                    status   message that caused it
├── Invalid     the input       400      dead letter
├── Denied      the caller      403      dead letter
├── NotFound    the target      404      retry ladder (it may not be here yet)
├── Conflict    somebody faster 409      retry ladder
├── Refused     a rule          422      dead letter
├── Unavailable a dependency    503      retry ladder, without end
└── Defect      ourselves       500      retry ladder (so is every exception that is none of these)
"""

import json
from collections.abc import Sequence
from typing import Any, ClassVar


class ServiceError(Exception):
    """A named error: `code` is stable and starts with the service, the sentences are for people.

    `errors` lists the fields at fault as `{field, code, vi, en}`. No value of the input is ever repeated. `said_by` is
    the service that answered with it, empty where nobody answered: one that is away is also told of by others.
    """

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Error"
    said_by: str = ""

    def __init__(self, code: str, en: str, vi: str, errors: Sequence[dict[str, str]] = ()) -> None:
        super().__init__(code, en, vi, list(errors))
        self.code, self.en, self.vi, self.errors = code, en, vi, list(errors)

    def problem(self) -> dict[str, Any]:
        """The error as data, the same through every door (RFC 9457 members plus code, vi and errors)."""
        problem: dict[str, Any] = {
            "type": f"urn:motcua:error:{self.code}",
            "title": type(self).title,
            "status": self.status,
            "code": self.code,
            "detail": self.en,
            "detail_vi": self.vi,
        }
        return {**problem, "errors": self.errors} if self.errors else problem

    def __str__(self) -> str:
        return json.dumps(self.problem(), ensure_ascii=False)


class Invalid(ServiceError):
    """The input does not have the shape that is asked for."""

    status, title = 400, "Invalid"


class Denied(ServiceError):
    """The caller may not do this."""

    status, title = 403, "Denied"


class NotFound(ServiceError):
    """What the caller names is not here, or not his to see."""

    status, title = 404, "Not found"


class Conflict(ServiceError):
    """Somebody changed it first, or this request id was used for something else."""

    status, title = 409, "Conflict"


class Refused(ServiceError):
    """A rule of the domain says no."""

    status, title = 422, "Refused"


class Unavailable(ServiceError):
    """Something this service needs does not answer; the same request may succeed later."""

    status, title = 503, "Unavailable"


class Defect(ServiceError):
    """A mistake of ours."""

    status, title = 500, "Defect"


KINDS: dict[str, type[ServiceError]] = {
    kind.__name__: kind for kind in (Invalid, Denied, NotFound, Conflict, Refused, Unavailable, Defect)
}


def unexpected() -> Defect:
    """What a caller is told of an exception that is not his business."""
    return Defect("service.defect", "Something went wrong on our side.", "Hệ thống gặp lỗi, xin thử lại sau.")
