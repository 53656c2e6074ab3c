"""Answers of the portal that refuse or mend something, made over fakes: no browser can ask for them by address."""

import io
from collections.abc import Callable
from typing import Any, Final

from services.chassis.errors import Conflict, Denied, NotFound, Refused, Unavailable
from tests.e2e.over_fakes import OURS, Answer, Answered, got, sent
from tests.unit.portal import cases, drafts, test_lookup, test_supplement
from tests.unit.portal.answers import services as following
from tests.unit.portal.fakes import CITIZEN, OFFICER, FakeServices, app, catalogue, procedure, visit
from tests.unit.portal.test_unasked import NEWER

AWAY: Final = Unavailable("intake.unavailable", "intake does not answer.", "Dịch vụ chưa sẵn sàng.")
NO: Final = Denied("intake.no", "This is not for you.", "Bạn không được thực hiện việc này.")
CASE: Final = f"/ban-lam-viec/{cases.CODE}"
DRAFT: Final = f"/ban-nhap/{drafts.DRAFT_ID}"
SUPPLEMENT: Final = test_supplement.AT


def _too_often(choice: str) -> Answered:
    browser = visit(FakeServices(), lookup_limit="1/minute")
    data = {"code": "000.00.06.G14-260115-0001", "id_number": "001801000001"}
    browser.post("/tra-cuu", data=data)
    return browser, browser.post("/tra-cuu" + choice, data=data)


def _ended(choice: str) -> Answered:
    made = app(FakeServices())
    made.config["WTF_CSRF_ENABLED"] = True
    browser = made.test_client()
    file = (io.BytesIO(b"%PDF"), "bản khai.pdf")
    return browser, browser.post(SUPPLEMENT + choice, data={"form.name": "Sách mới", "file.TP01": file}, headers=OURS)


def _drafts() -> FakeServices:
    return drafts.services(drafts.FakeDrafts())


def _begun_before(*procedures: dict[str, Any]) -> Callable[[str], Answered]:
    """The page of a draft that was begun when the catalogue offered something else than these."""

    def ask(choice: str) -> Answered:
        kept = drafts.FakeDrafts()
        visit(drafts.services(kept), CITIZEN).post(DRAFT, data=drafts.form())
        changed = drafts.services(kept)
        changed.answers.update({**catalogue(*procedures), "registry.get_procedure": drafts.PAGE})
        return got(changed, DRAFT)(choice)

    return ask


def _stale_case() -> FakeServices:
    return cases.at_work(routing__decide=Conflict("routing.moved", "It was changed.", "Hồ sơ đã thay đổi."))


def _unlisted() -> FakeServices:
    wrong = {
        "field": "items.0.component",
        "code": "unlisted_item",
        "vi": "Không có trong danh mục.",
        "en": "Not listed.",
    }
    return cases.at_work(routing__request_supplement=Refused("routing.unlisted_item", "No.", "Không.", [wrong]))


def _away_case() -> FakeServices:
    return cases.at_work(routing__reject=Unavailable("routing.unavailable", "Away.", "Chưa sẵn sàng."))


def _moved_case() -> FakeServices:
    return cases.at_work(routing__get_case=NotFound("routing.unknown_case", "No.", "Không tìm thấy hồ sơ."))


def _over() -> FakeServices:
    dossier = test_supplement.DOSSIER
    return test_supplement.asked(intake__get={**dossier, "supplement": {**dossier["supplement"], "open": False}})


_WRONG: Final = drafts.form(form__price="rất đắt", form__abroad="", form__titles__0__pages="không rõ")
_EARLIER: Final = (drafts.form(), drafts.form(1, form__name="Ở nhà", form__price="5"))
_LATE: Final = drafts.form(1, request_id="late", form__name="Ở xa")
_SUPPLEMENT: Final = {**test_supplement.POSTED, "do": "send", "form.name": "Sách mới"}
_ASKED: Final = {"request_supplement-c-TP01": "Bản mờ", "request_supplement-reason": "Thiếu", "seen": "1"}
_REJECTED: Final = {"request_id": "one", "seen": "1", "reject-reason": "Trùng hồ sơ khác"}

REFUSED: Final = {
    "not signed in any more": Answer(400, _ended),
    "not for them": Answer(403, got(following(intake__get=NO), "/ho-so/000.00.06.G14-260115-0001")),
    "a procedure for others": Answer(
        403, got(FakeServices(catalogue(procedure(applicant_kinds=["organisation"]))), "/nop-ho-so/mic/dk-ten-mien-vn")
    ),
    "a dossier that is not found": Answer(
        404, sent(test_lookup.tracking, "/tra-cuu", {"code": "x", "id_number": "1"}, None)
    ),
    "a licence that is not found": Answer(404, got(FakeServices(catalogue(procedure())), test_lookup.LICENCE, None)),
    "not there": Answer(404, got(FakeServices(), "/there-is-no-such-page")),
    "a draft changed elsewhere": Answer(409, sent(_drafts, DRAFT, _LATE, CITIZEN, *_EARLIER)),
    "a case changed meanwhile": Answer(
        409, sent(_stale_case, f"{CASE}/tu-choi", {"seen": "0", "reject-reason": "Trùng"}, OFFICER)
    ),
    "a supplement changed elsewhere": Answer(
        409,
        sent(
            test_supplement.asked, SUPPLEMENT, _SUPPLEMENT, CITIZEN, {**_SUPPLEMENT, "do": "keep", "form.name": "Ở kia"}
        ),
    ),
    "a form with mistakes": Answer(422, sent(_drafts, DRAFT, _WRONG)),
    "a supplement without its papers": Answer(422, sent(test_supplement.asked, SUPPLEMENT, _SUPPLEMENT)),
    "a request of an officer with mistakes": Answer(422, sent(_unlisted, f"{CASE}/bo-sung", _ASKED, OFFICER)),
    "cases given to nobody": Answer(422, sent(cases.at_work, "/ban-lam-viec/giao", {"code": cases.CODE}, OFFICER)),
    "too often": Answer(429, _too_often),
    "broken": Answer(500, got(following(intake__list_dossiers={"odd": 1}), "/ho-so")),
    "away while reading": Answer(503, got(following(intake__list_dossiers=AWAY), "/ho-so")),
    "away while sending": Answer(503, sent(_away_case, f"{CASE}/tu-choi", _REJECTED, OFFICER)),
    "away while saving": Answer(
        503, sent(lambda: test_supplement.asked(intake__save_draft=AWAY), SUPPLEMENT, _SUPPLEMENT)
    ),
    "a case that was handed on meanwhile": Answer(404, sent(_moved_case, f"{CASE}/tu-choi", _REJECTED, OFFICER)),
    "a supplement that is over": Answer(409, sent(_over, SUPPLEMENT, _SUPPLEMENT)),
    # no error, but no address either
    "a draft of a retired procedure": Answer(200, _begun_before()),
    "a draft of a procedure that changed": Answer(200, _begun_before(NEWER)),
    "a supplement to be read over": Answer(
        200, sent(test_supplement.asked, SUPPLEMENT, {**_SUPPLEMENT, "do": "send:anyway"})
    ),
}
