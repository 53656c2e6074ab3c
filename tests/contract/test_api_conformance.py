"""schemathesis over `/api/v1`: whatever is asked, the answer is one that the OpenAPI description promises."""

import io
from itertools import cycle
from typing import Any, Final

import pytest
import requests
import schemathesis
from schemathesis import Case
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import positive_data_acceptance

from services.chassis.actor import Actor
from services.chassis.errors import Conflict, Denied, Invalid, NotFound, Refused, ServiceError, Unavailable
from tests.conformance import DESCRIPTION, config
from tests.unit.portal.answers import CODE, dossier, fee, order, services
from tests.unit.portal.fakes import FakeServices, app
from tests.unit.portal.provider import Provider

AT: Final = "2026-12-01T02:00:00+00:00"
DRAFT: Final = {"draft_id": "00000000-0000-4000-8000-000000000001", "version": 3, "saved_at": AT, "expires_at": AT}
LINE: Final = {**DRAFT, "tenant": "mic", "procedure": "dk-ten-mien-vn"}
SHORT: Final = {"dossier_code": CODE, "status": "submitted", "dvcqg_status": 1}
NOTICE: Final = {
    "notice_id": "n-1",
    "dossier_code": CODE,
    "moment": "received",
    "audience": "applicant",
    "channel": "email",
    "status": "sent",
    "requested_at": AT,
    "sent_at": AT,
    "failed_at": None,
}
REQUEST: Final = {
    "round": 1,
    "before_acceptance": True,
    "items": [{"component": "TP01", "guidance": "Mờ."}, {"guidance": "Nộp thêm."}],
    "reason": "Thiếu.",
    "requested_at": AT,
    "respond_by": AT,
    "received_at": None,
}
DECISION: Final = {
    "dossier_code": CODE,
    "decided_at": AT,
    "outcome": "granted",
    "reason": None,
    "items": [{"row": 1, "outcome": "granted", "reason": None}, {"row": 2, "outcome": "refused", "reason": "Trùng."}],
}
KNOWN: Final = dossier("payment_required", fees=[fee()])
QUESTIONS: Final = ("get", "list", "track", "verify", "look_up", "check", "find")
PUBLIC: Final = "/(procedures|units|lookups|verifications)"
PATIENT: Final = {"lookup_limit": "1000000/minute", "verify_limit": "1000000/minute"}


class WithPapers(FakeServices):
    """Services that have every paper."""

    def download(self, *_: Any) -> requests.Response:
        """A paper."""
        answer = requests.Response()
        answer.raw, answer.headers["Content-Type"] = io.BytesIO(b"%PDF-1.4"), "application/pdf"
        return answer


class Fickle(FakeServices):
    """Services that refuse everything, each time for another of the reasons that such a call may have."""

    def __init__(self) -> None:
        super().__init__()
        asked = (Invalid, Denied, NotFound, Unavailable)
        self._kinds = {True: cycle(asked), False: cycle((*asked, Conflict, Refused))}

    def ask(self, actor: Actor | None, target: str, /, **arguments: Any) -> Any:
        """No answer."""
        is_question = target.partition(".")[2].startswith(QUESTIONS)
        kind: type[ServiceError] = next(self._kinds[is_question])
        if kind is Denied and actor is None:
            kind = NotFound
        raise kind("fake.no", "No.", "Không.", [{"field": "form.label", "code": "no", "vi": "Không.", "en": "No."}])


def knowing() -> FakeServices:
    """Services that know every dossier, and do whatever they are asked to."""
    known = services(
        intake__get=KNOWN,
        intake__submit={**SHORT, "submitted_at": AT, "answer_due_at": AT},
        intake__supplement=SHORT,
        intake__withdraw=SHORT,
        intake__return_result=SHORT,
        intake__track={**KNOWN, "resolved_at": None},
        intake__list_dossiers={"items": [KNOWN], "next": "WyJhIl0"},
        intake__list_drafts={"items": [LINE], "next": None},
        intake__get_draft={**LINE, "applicant": {}, "form": {"label": "vi-du"}, "documents": []},
        intake__save_draft=DRAFT,
        intake__discard_draft={"draft_id": DRAFT["draft_id"], "discarded": True},
        intake__open_upload={"upload_id": "u-1", "url": "http://intake.example.vn/uploads/u-1/x", "expires_at": AT},
        intake__check={"errors": [], "fees": None, "answer_due_at": AT},
        payment__get_order=order(),
        payment__find_order=order(),
        payment__start_payment={"redirect_url": "https://gateway.example.vn/pay"},
        routing__get_supplements={"dossier_code": CODE, "items": [REQUEST]},
        routing__get_decision=DECISION,
        notify__list_notices={"items": [NOTICE], "next": None},
        notify__get_notice={**NOTICE, "subject": "Đã nhận hồ sơ", "text": "Kính gửi bà Mẫu"},
        registry__look_up={"valid": True, "status": "valid", "issued_at": AT},
        registry__verify={"valid": True, "holder_matches": True, "status": "valid", "issued_at": AT},
    )
    return WithPapers(known.answers)


pytestmark = pytest.mark.timeout(900)  # nothing here waits for anything: what takes long is a busy machine
PROVIDER: Final = Provider()


def described(services: FakeServices, examples: int, *, edges: bool) -> BaseSchema:
    """The API over these services, by its own description."""
    built = app(services, **PATIENT)
    built.extensions["motcua.oidc"] = PROVIDER
    return schemathesis.openapi.from_wsgi(DESCRIPTION, built, config=config(examples, edges=edges))


OVER_KNOWING: Final = described(knowing(), 8, edges=True)
OVER_FICKLE: Final = described(Fickle(), 8, edges=False)


@OVER_KNOWING.exclude(path_regex=PUBLIC).parametrize()
def test_a_citizen_gets_what_is_promised(case: Case[Any]) -> None:
    case.call_and_validate(headers={"Authorization": f"Bearer {PROVIDER.token()}"})


@OVER_KNOWING.include(path_regex=PUBLIC).parametrize()
def test_anybody_gets_what_is_promised(case: Case[Any]) -> None:
    case.call_and_validate()


@OVER_FICKLE.parametrize()
def test_every_refusal_is_promised(case: Case[Any]) -> None:
    bearing = {"Authorization": f"Bearer {PROVIDER.token()}"}
    case.call_and_validate(headers=bearing, excluded_checks=[positive_data_acceptance])
