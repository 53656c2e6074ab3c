"""Pages that the dossiers of told.py do not come to, made over fakes: what hardly ever happens, and other people's."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

from services.portal.people import Person
from tests.e2e.over_fakes import Answered, got, sent
from tests.unit.portal import cases, drafts, test_board, test_lookup, test_payments
from tests.unit.portal.answers import CODE, REJECTED, accepted, fee, order, services, with_letter
from tests.unit.portal.fakes import CITIZEN, CLERK, OFFICER, OPERATOR, FakeServices, app, visit

ENTERPRISE: Final = Person(
    "organisation", "9900000016", "Công ty TNHH Một thành viên Sản xuất và Thương mại Ví Dụ", phone="02438000010"
)
ITS_DETAILS: Final = {
    "kind": "organisation",
    "name": ENTERPRISE.name,
    "tax_code": ENTERPRISE.id,
    "email": "lien.he@vi-du.example.vn",
    "phone": ENTERPRISE.phone,
    "address": "Số 10 phố Ví Dụ",
}
FEES: Final = f"/ho-so/{CODE}/phi/{order()['order_id']}"
CASE: Final = f"/ban-lam-viec/{cases.CODE}"
PROPOSED_BY_ANOTHER: Final = {
    "status": "proposed",
    "accepted_at": "2026-11-26T02:00:00+00:00",
    "due_at": "2026-11-27T10:00:00+00:00",
    "officer": "vnnic-2",
    "decision": "two_step",
    "proposal": {
        "outcome": "refused",
        "by": "vnnic-2",
        "proposed_at": "2026-11-26T03:00:00+00:00",
        "items": [{"row": 1, "outcome": "refused", "reason": "Máy chủ không trả lời"}],
    },
    "reasons": {**dict.fromkeys(("rejected", "returned", "decided", "stopped")), "proposed": "Chưa đủ điều kiện"},
}
RETURNED: Final = {
    **PROPOSED_BY_ANOTHER,
    "status": "in_hand",
    "officer": OFFICER.id,
    "proposal": None,
    "reasons": {**dict.fromkeys(("rejected", "proposed", "decided", "stopped")), "returned": "Thiếu căn cứ"},
}


class Seldom(NamedTuple):
    """As `Answer`; and some of what it says, to be seen without scripts too."""

    status: int
    ask: Callable[[str], Answered]
    says: tuple[str, ...]


def _onward(way: str) -> Callable[[str], Answered]:
    def ask(choice: str) -> Answered:
        browser = visit(test_payments.known(order()), CITIZEN)
        sent = browser.post(f"{FEES}/thanh-toan", data={"request_id": "one", "way": way})
        mark = "&" if "?" in sent.location else "?"
        return browser, browser.get(sent.location + choice.replace("?", mark))

    return ask


def _proposed(**changes: Any) -> FakeServices:
    return cases.at_work(routing__get_case=cases.case(**{**PROPOSED_BY_ANOTHER, **changes}))


def _dead_letters() -> FakeServices:
    letters = [{**test_board.LETTER, "id": f"letter-{place}"} for place in range(3)]
    return test_board.answers(routing__list_dead_letters={"items": letters, "total": 7})


def _compared() -> FakeServices:
    return test_lookup.checking(registry__verify={**test_lookup.GOOD, "holder_matches": True})


def _left(choice: str) -> Answered:
    browser = visit(FakeServices(), CITIZEN)
    provider = {"end_session_endpoint": "https://dang-nhap.example.vn/ra"}
    known = SimpleNamespace(load_server_metadata=lambda: provider, client_id="portal")
    browser.application.extensions["motcua.oidc"] = known
    return browser, browser.post(f"/dang-xuat{choice}")


def _refused_by_provider(choice: str) -> Answered:
    browser = app(FakeServices()).test_client()
    return browser, browser.get("/dang-nhap/xong" + choice)


def _on_the_way(choice: str) -> Answered:
    browser = app(FakeServices()).test_client()
    return browser, browser.get(f"/dang-nhap/tiep{choice or '?'}&next=/dang-nhap/gui-lai")


def _of_the_enterprise() -> FakeServices:
    its = accepted("payment_required", applicant_kind="organisation", applicant=ITS_DETAILS, fees=[fee()])
    lines = {"items": [its], "next": None}
    return services(its, intake__list_dossiers=lines, payment__get_order=order())


def _its_form() -> FakeServices:
    return drafts.services(drafts.FakeDrafts())


SELDOM: Final = {
    "a code to pay with a phone": Seldom(200, _onward("phone"), ("Quét mã để thanh toán", "Thanh toán trên máy này")),
    "on the way to the gateway": Seldom(200, _onward("here"), ("Đến cổng thanh toán",)),
    "a slip of rejection": Seldom(
        200, got(with_letter(REJECTED, "rejected"), f"/ho-so/{CODE}/phieu/tu-choi"), ("Thiếu bản rõ.",)
    ),
    "a slip of apology": Seldom(
        200, got(with_letter(accepted(), "apology"), f"/ho-so/{CODE}/phieu/xin-loi"), ("Thiếu bản rõ.",)
    ),
    "a proposal to be signed": Seldom(
        200, got(_proposed(), CASE, OFFICER), ("Đề xuất đang chờ ký", "Ký theo đề xuất", "Máy chủ không trả lời")
    ),
    "a proposal seen by who may not sign": Seldom(200, got(_proposed(), CASE, CLERK), ("sẽ ký hoặc trả lại đề xuất",)),
    "a proposal that was returned": Seldom(
        200, got(_proposed(**RETURNED), CASE, OFFICER), ("Đề xuất đã bị trả lại", "Thiếu căn cứ")
    ),
    "dead letters on the board": Seldom(
        200, got(_dead_letters(), "/dieu-hanh/thu-chet", OPERATOR), ("Hiện 3 trong số 7 thông điệp.",)
    ),
    "what a look-up finds": Seldom(
        200,
        sent(test_lookup.tracking, "/tra-cuu", {"code": CODE, "id_number": test_lookup.NUMBER}, None),
        (CODE, "Hẹn trả kết quả trước"),
    ),
    "a licence and its holder": Seldom(
        200, sent(_compared, test_lookup.LICENCE, {"holder": "Nguyễn Thị Mẫu"}, None), ("Đúng là của",)
    ),
    "signed out": Seldom(200, _left, ("Bạn đã đăng xuất khỏi Một Cửa", "Đăng xuất cả ở đó")),
    "on the way to sign in": Seldom(200, _on_the_way, ("Đang chuyển đến hệ thống đăng nhập", "giữ lại 15 phút")),
    "a sign-in that was refused": Seldom(400, _refused_by_provider, ("Chưa đăng nhập được",)),
    "the first page of an enterprise": Seldom(200, got(_its_form(), "/", ENTERPRISE), ("Hồ sơ của tôi",)),
    "the form of an enterprise": Seldom(
        200, got(_its_form(), "/nop-ho-so/mic/dk-ten-mien-vn", ENTERPRISE), ("Mã số thuế", ENTERPRISE.id)
    ),
    "the dossiers of an enterprise": Seldom(200, got(_of_the_enterprise(), "/ho-so", ENTERPRISE), (CODE,)),
    "a dossier of an enterprise": Seldom(
        200, got(_of_the_enterprise(), f"/ho-so/{CODE}", ENTERPRISE), (ENTERPRISE.name,)
    ),
    "a fee of an enterprise": Seldom(200, got(_of_the_enterprise(), f"/ho-so/{CODE}/phi", ENTERPRISE), ("550.000 đ",)),
}
