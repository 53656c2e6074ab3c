"""The case on one screen: what was applied for and its papers side by side, what happened, what may be done now."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from services.chassis.errors import Conflict, Invalid, NotFound, Refused, ServiceError, Unavailable
from services.portal import casework, papers, transfers
from services.portal.answers import applied_for, judged, show_form
from services.portal.colleagues import UNKNOWN, check_officer, colleagues, note_officer
from services.portal.deadlines import Term
from services.portal.deeds import (
    Deed,
    common_reasons,
    component_places,
    field_places,
    other_places,
    read_deed,
    row_place,
)
from services.portal.following import MOST_NOTICES, Followed, term_of, unit_name_of, unit_of
from services.portal.language import say, sentence, words
from services.portal.orders import PAYABLE
from services.portal.progress import of_result
from services.portal.searching import found
from services.portal.signin import signed_in, who
from services.portal.slips import Slip, there_are
from services.portal.wiring import portal
from services.portal.worklist import Place, behind

Document = Mapping[str, Any]
pages = Blueprint("case", __name__, url_prefix="/ban-lam-viec")
_CONFLICT, _SEE_OTHER = 409, 303
# action: its address, and what is said once it is done
_ACTIONS: Final = {
    "accept": ("tiep-nhan", sentence("Đã tiếp nhận hồ sơ.")),
    "reject": ("tu-choi", sentence("Đã từ chối tiếp nhận hồ sơ.")),
    "request_supplement": ("bo-sung", sentence("Đã gửi yêu cầu bổ sung cho người nộp.")),
    "assign": ("giao", sentence("Đã giao hồ sơ.")),
    "propose": ("de-xuat", sentence("Đã trình đề xuất.")),
    "sign": ("ky", sentence("Đã ký quyết định.")),
    "return_proposal": ("tra-lai", sentence("Đã trả lại đề xuất.")),
    "decide": ("quyet-dinh", sentence("Đã ghi quyết định.")),
    "return_result": ("tra-ket-qua", sentence("Đã trả kết quả cho người nộp.")),
    "stop": ("dung", sentence("Đã dừng xử lý hồ sơ.")),
    "transfer": ("chuyen-don-vi", sentence("Đã chuyển hồ sơ sang đơn vị khác.")),
}
_LABELS: Final = {
    "reason": sentence("Lý do"),
    "officer": sentence("Mã cán bộ"),
    "outcome": sentence("Kết quả"),
    "items": sentence("Danh sách"),
    "method": sentence("Cách trả kết quả"),
    "respond_within_days": sentence("Số ngày để bổ sung"),
    "to_unit": sentence("Đơn vị nhận"),
    "note": sentence("Ghi chú"),
}
_BY_ADDRESS: Final = {address: action for action, (address, _) in _ACTIONS.items()}


@dataclass(frozen=True, slots=True)
class Attempt:
    """What an officer tried that did not come to pass: it is shown again, with what stood in its way."""

    deed: Deed
    typed: Mapping[str, str]
    news: Sequence[Document] = ()
    error: ServiceError | None = None

    @property
    def errors(self) -> list[dict[str, str]]:
        """The mistakes, each with the control it is shown beside."""
        told = self.error.errors if self.error else []
        return [{**one, "field": self.deed.control(one["field"]), "label": _label(one["field"])} for one in told]


@dataclass(frozen=True, slots=True)
class Drawn:
    """What stands in the controls of the page, and the mistakes beside them."""

    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Sequence[Mapping[str, str]] = ()

    @property
    def beside(self) -> dict[str, list[str]]:
        """The sentences beside each control."""
        told: dict[str, list[str]] = {}
        for one in self.errors:
            told.setdefault(one["field"], []).append(words(one))
        return told


@pages.get("/<code>")
@signed_in("officer")
def show(code: str) -> ResponseReturnValue:
    """One case."""
    return _page(_case(code))


@pages.get("/<code>/giay-to/<upload_id>")
@signed_in("officer")
def paper(code: str, upload_id: str) -> ResponseReturnValue:
    """One of its papers."""
    return papers.send(portal().services, who().actor, code, upload_id, save="tai" in request.args)


@pages.post("/<code>/<address>")
@signed_in("officer")
def act(code: str, address: str) -> ResponseReturnValue:
    """Do something with the case, unless somebody was faster; whatever was typed is kept."""
    action = _BY_ADDRESS.get(address)
    if action is None:
        raise NotFound("portal.no_page", "There is nothing at this address.", "Không có trang này.")
    typed = request.form.to_dict()
    try:
        case = _case(code)
        deed = read_deed(action, typed, _procedure(case), portal().offers.reasons(case["tenant"]))
    except Unavailable:
        return _away(typed)
    except NotFound:
        if action == "transfer" and _is_handed_on(code, typed):
            return _done(code, action)
        raise
    news = casework.news(case, _seen(typed), who().id)
    if news:
        return _page(case, Attempt(deed, typed, news), _CONFLICT)
    try:
        if action == "assign":
            check_officer(deed.arguments.get("officer", ""), typed.get("assign-sure", ""))
        _ask(deed.target, dossier_code=code, request_id=typed.get("request_id", ""), **deed.arguments)
    except (Invalid, Refused, Conflict) as error:
        case = _case(code)
        return _page(case, Attempt(deed, typed, casework.news(case, _seen(typed), who().id), error), error.status)
    except Unavailable:
        return _away(typed)
    if action == "assign":
        note_officer(deed.arguments["officer"])
    return _done(code, action)


def _done(code: str, action: str) -> ResponseReturnValue:
    flash(say(_ACTIONS[action][1]), "good")
    place = Place.read(request.args).address()
    is_gone = action == "transfer"  # to whoever handed it on
    return redirect(url_for("desk.queue", **place) if is_gone else url_for(".show", code=code, **place), _SEE_OTHER)


def _is_handed_on(code: str, typed: Mapping[str, str]) -> bool:
    """Whether this very form handed the case on, when it was sent before: then it is answered as it was then."""
    deed = read_deed("transfer", typed, {}, {})
    try:
        _ask(deed.target, dossier_code=code, request_id=typed.get("request_id", ""), **deed.arguments)
    except ServiceError:
        return False
    return True


def _page(case: Document, attempt: Attempt | None = None, status: int = 200) -> ResponseReturnValue:
    code, procedure = case["dossier_code"], _procedure(case)
    dossier = _if_there(lambda: _ask("intake.get", dossier_code=code))
    notices = _if_there(lambda: _ask("notify.list_notices", dossier_code=code, limit=MOST_NOTICES))
    answers = show_form(procedure["form"], dossier["form"] or {}) if dossier else []
    rows = applied_for(procedure, answers)
    place = Place.read(request.args)
    page = render_template(
        "desk/case.html",
        case=case,
        place=place.address(),
        onward=_onward(place, code),
        staff=colleagues(),
        unknown_officer=UNKNOWN,
        procedure=procedure,
        dossier=dossier,
        notices=notices["items"] if notices else None,
        slips=_slips(dossier, notices["items"] if notices else []) if dossier else [],
        answers=answers,
        components={one["code"]: one["name"] for one in procedure["components"]},
        labels={one["name"]: one["label"] for one in procedure["form"]},
        actions=[(action, _ACTIONS[action][0]) for action in casework.actions(case, dossier, who().actor)],
        term=_term(dossier, procedure) if dossier else None,
        waits_for_fee=casework.waits_for_fee(case),
        rows=rows,
        judged=judged((case["proposal"] or case)["items"], rows),
        row_place=row_place,
        common=partial(common_reasons, reasons=portal().offers.reasons(case["tenant"])),
        attempt=attempt,
        drawn=Drawn(attempt.typed, attempt.errors) if attempt else Drawn(),
        request_id=str(uuid.uuid4()),  # what was tried has had its answer: what is sent from here is another request
        places=(component_places(procedure), field_places(procedure), other_places()),
        shown=papers.SHOWN,
        payable=PAYABLE,
        steps=list(transfers.beside(case["steps"], case["transfers"])),
        afterwards=list(of_result(dossier)) if dossier else [],
        unit_name=partial(unit_name_of, case),
        elsewhere=_elsewhere(case),
        transfer_reasons=transfers.reasons(),
        transfer_words=transfers.transfer_words,
    )
    return make_response(page, status)


def _onward(place: Place, code: str) -> tuple[str, str] | None:
    """Words and address of what comes next in the queue that the case was opened from."""
    page = _if_there(lambda: found(place))
    following = behind(page.codes, code) if page else None
    if following:
        return say("Hồ sơ tiếp theo"), url_for(".show", code=following, **place.address())
    if page and page.next:
        return say("Trang sau"), url_for("desk.queue", **Place(place.wish, page.next).address())
    return None


def _slips(dossier: Document, notices: Sequence[Document]) -> list[Slip]:
    """The forms that can be printed of it: what the applicant was written, and the process control slip."""
    written = [one for one in notices if one["audience"] == "applicant"]
    return there_are(dossier, written, for_officer=True)


def _term(dossier: Document, procedure: Document) -> Term | None:
    unit = _if_there(lambda: unit_of(dossier))
    return term_of(Followed(dossier, procedure, unit)) if unit else None


def _elsewhere(case: Document) -> list[tuple[str, str]]:
    """The other units of the ministry; none where they cannot be had now."""
    found = _if_there(lambda: portal().offers.units(case["tenant"])) or ()
    return [(str(one["key"]), words(one["name"])) for one in found if one["key"] != case["unit"]]


def _label(path: str) -> str:
    """What a mistake is about, where the sentence alone would not tell."""
    name = path.partition(".")[0]
    return say(_LABELS[name]) if name in _LABELS else ""


def _away(typed: Mapping[str, str]) -> ResponseReturnValue:
    """Nobody answers: what was typed stands in the page, to be sent once more under the same request id."""
    again = {name: value for name, value in typed.items() if name != "csrf_token"}
    answer = make_response(
        render_template("desk/away.html", typed=again, action=request.full_path.rstrip("?")), Unavailable.status
    )
    answer.headers["Retry-After"] = "10"
    return answer


def _case(code: str) -> Document:
    found: Document = _ask("routing.get_case", dossier_code=code)
    return found


def _procedure(case: Document) -> Document:
    """The procedure as it was in force for this case."""
    return portal().offers.procedure_version(case["tenant"], case["procedure"], case["procedure_version"])


def _ask(target: str, **arguments: Any) -> Any:
    return portal().services.ask(who().actor, target, **arguments)


def _if_there(ask: Callable[[], Any]) -> Any:
    """What is shown where it can be had: the officer can work without."""
    try:
        return ask()
    except (Unavailable, NotFound, Invalid):
        return None


def _seen(typed: Mapping[str, str]) -> int:
    seen = typed.get("seen", "")
    return int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 6 else 0
