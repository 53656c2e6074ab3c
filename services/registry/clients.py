"""What registry asks others: intake for the applicant and the form of a dossier whose record is to be issued."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.chassis.errors import Defect
from services.chassis.remote import Remote
from services.registry.holders import Holder, read_applicant


@dataclass(frozen=True)
class Application:
    """Who applied, and what he stated."""

    holder: Holder
    form: Mapping[str, Any]


class Intake:
    """intake, asked by RPC."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    def application(self, dossier_code: str) -> Application:
        """The applicant and form of a dossier. Raises what intake answers, Unavailable when it does not."""
        answer = self._remote.call("intake", "get", dossier_code=dossier_code)
        try:
            return Application(read_applicant(answer["applicant"]), dict(answer["form"]))
        except (KeyError, TypeError, ValueError):
            raise Defect(
                "registry.intake_answer",
                "intake's answer lacks the applicant or the form.",
                "Dịch vụ tiếp nhận trả lời thiếu người nộp hoặc biểu mẫu.",
            ) from None
