"""Looking up a dossier and checking a licence without an account, and how often that may be done."""

import re
from typing import Any

import pytest

from services.chassis.errors import Invalid, NotFound, Refused
from tests.unit.portal.answers import CODE, accepted, services
from tests.unit.portal.fakes import ENDED_UNIT, FakeServices, catalogue, ended, procedure, visit

NUMBER = "001801000001"
DATASET = {"key": "ten-mien-vn", "name": {"vi": "Cơ sở dữ liệu tên miền", "en": "Domain names"}}
LICENCE = "/kiem-tra/ten-mien-vn/1/2026/TM-VNNIC"
GOOD: dict[str, Any] = {
    "valid": True,
    "status": "valid",
    "issued_at": "2026-01-16T03:00:00+00:00",
    "expires_on": None,
    "revoked_at": None,
}


def tracking(number: str = NUMBER, **changes: Any) -> FakeServices:
    def track(dossier_code: str, id_number: str) -> Any:
        if (dossier_code, id_number) != (CODE, number):
            return NotFound("intake.unknown_dossier", "There is no such dossier.", "Không tìm thấy hồ sơ.")
        names = ("dossier_code", "status", "tenant", "procedure", "unit", "submitted_at", "answer_due_at", "due_at")
        return {**{name: accepted()[name] for name in names}, "resolved_at": None, "ended_at": None, **changes}

    return services(intake__track=track)


def checking(**answers: Any) -> FakeServices:
    result = {"name": {"vi": "Tên miền", "en": "Domain"}, "validity_years": None, "dataset": "ten-mien-vn"}
    known = services(registry__get_dataset=DATASET, registry__look_up=GOOD, **answers)
    return FakeServices({**known.answers, "intake.get_procedure": procedure(result=result)})


def test_who_knows_code_and_number_sees_what_is_public() -> None:
    answer = visit(tracking()).post("/tra-cuu", data={"code": f" {CODE} ", "id_number": "001 801 000 001"})
    assert answer.status_code == 200
    assert "được tiếp nhận" in answer.text
    assert "Hẹn trả kết quả trước" in answer.text
    assert "Nguyễn Thị Mẫu" not in answer.text
    assert NUMBER not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_dossier_that_ended_shows_when_and_no_due_date() -> None:
    given = tracking(status="stopped", ended_at="2026-02-01T03:00:00+00:00")
    page = visit(given).post("/tra-cuu", data={"code": CODE, "id_number": NUMBER}).text
    assert "Hẹn trả kết quả trước" not in page
    assert re.search(r"Kết thúc lúc</dt><dd>10 giờ 00, 01/02/2026", page)


@pytest.mark.parametrize("typed", [CODE.lower(), CODE.replace("-", " – "), f"０{CODE[1:]}".replace("-", "\u2011")])
def test_a_code_may_be_typed_in_small_letters_and_with_any_dashes(typed: str) -> None:
    assert visit(tracking()).post("/tra-cuu", data={"code": typed, "id_number": NUMBER}).status_code == 200
    answer = visit(tracking()).post("/api/v1/lookups", json={"dossier_code": typed, "id_number": NUMBER})
    assert answer.status_code == 200


def test_a_procedure_that_is_no_longer_in_force_is_known_as_it_was() -> None:
    given = tracking()
    given.answers["intake.get_procedure"] = NotFound("intake.unknown_procedure", "No.", "Không.")
    answer = visit(given).post("/tra-cuu", data={"code": CODE, "id_number": NUMBER})
    assert (answer.status_code, "được tiếp nhận" in answer.text) == (200, True)
    submitted_on = accepted()["submitted_at"][:10]
    assert [one["as_of"] for one in given.of("registry.get_procedure")] == [submitted_on]


@pytest.mark.parametrize("typed", ["0100109106-001", "0100109106001", "0100109106 001"])
def test_a_dossier_of_a_branch_is_found_by_its_tax_code_also_typed_without_the_hyphen(typed: str) -> None:
    given = tracking("0100109106-001")
    assert visit(given).post("/tra-cuu", data={"code": CODE, "id_number": typed}).status_code == 200


def test_a_dossier_is_found_after_its_unit_has_ended() -> None:
    given = tracking()
    given.answers["registry.get_unit"] = ENDED_UNIT
    answer = visit(given).post("/tra-cuu", data={"code": CODE, "id_number": NUMBER})
    assert (answer.status_code, "02438000007" in answer.text) == (200, True)


def test_a_wrong_code_and_a_wrong_number_are_answered_alike() -> None:
    browser = visit(tracking())
    answers = [
        browser.post("/tra-cuu", data={"code": code, "id_number": number})
        for code, number in ((CODE, "001801000009"), (CODE[:-1] + "9", NUMBER))
    ]
    assert [one.status_code for one in answers] == [404, 404]
    first, second = (re.sub(r'(name="csrf_token" value=)"[^"]+"', r"\1", one.text) for one in answers)
    assert first == second.replace(CODE[:-1] + "9", CODE)  # but for the tokens, which tell the second of the clock


def test_what_no_code_can_be_is_answered_the_same_way() -> None:
    answer = visit(services(intake__track=Invalid("intake.invalid", "No.", "Sai."))).post(
        "/tra-cuu", data={"code": "x", "id_number": "1"}
    )
    assert answer.status_code == 404
    assert "Không có hồ sơ nào khớp" in answer.text


def test_an_empty_field_is_named() -> None:
    answer = visit(tracking()).post("/tra-cuu", data={"code": CODE, "id_number": " "})
    assert answer.status_code == 400
    assert 'id="w-id_number"' in answer.text
    assert f'value="{CODE}"' in answer.text


def test_a_slip_brings_its_code_along_and_no_number_ever_does() -> None:
    page = visit(tracking()).get(f"/tra-cuu?ma={CODE}&id_number={NUMBER}").text
    assert f'value="{CODE}"' in page
    assert f'value="{NUMBER}"' not in page


def test_one_address_may_look_up_so_often_and_no_more() -> None:
    browser = visit(tracking(), lookup_limit="2/minute")
    data = {"code": CODE, "id_number": NUMBER}
    assert [browser.post("/tra-cuu", data=data).status_code for _ in range(3)] == [200, 200, 429]
    refused = browser.post("/tra-cuu", data=data)
    assert "Bạn thao tác quá nhanh" in refused.text
    assert refused.headers["Retry-After"]
    assert browser.get("/tra-cuu").status_code == 200
    assert browser.post("/tra-cuu", data=data, environ_base={"REMOTE_ADDR": "10.0.0.2"}).status_code == 200


@pytest.mark.parametrize(("limit", "said"), [("1/minute", r"chờ [1-6]?\d giây"), ("1/hour", r"chờ (60|[2-5]\d) phút")])
def test_who_asks_too_often_is_told_how_long_to_wait_and_keeps_what_was_typed(limit: str, said: str) -> None:
    browser, data = visit(tracking(), lookup_limit=limit), {"code": CODE, "id_number": NUMBER}
    headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    refused = [browser.post("/tra-cuu", data=data, headers=headers) for _ in range(2)][1]
    assert refused.status_code == 429
    assert re.search(said, refused.text)
    assert all(f'<input type="hidden" name="{name}" value="{text}">' in refused.text for name, text in data.items())


def test_signing_in_is_limited_too() -> None:
    browser = visit(tracking(), sign_in_limit="1/minute")
    assert [browser.get("/dang-nhap").status_code for _ in range(2)] == [503, 429]


def test_behind_a_proxy_it_says_which_address_asks_and_otherwise_nobody_may() -> None:
    def post(browser: Any, address: str) -> int:
        data = {"code": CODE, "id_number": NUMBER}
        return int(browser.post("/tra-cuu", data=data, headers={"X-Forwarded-For": address}).status_code)

    behind = visit(tracking(), lookup_limit="1/minute", proxies=1)
    assert [post(behind, "10.0.0.1"), post(behind, "10.0.0.2"), post(behind, "10.0.0.1")] == [200, 200, 429]
    before = visit(tracking(), lookup_limit="1/minute")
    assert [post(before, "10.0.0.1"), post(before, "10.0.0.2")] == [200, 429]


def test_a_number_leads_to_the_page_of_its_licence() -> None:
    answer = visit(checking()).post("/kiem-tra", data={"dataset": "ten-mien-vn", "number": " 1/2026/TM-VNNIC "})
    assert (answer.status_code, answer.location) == (303, LICENCE)


@pytest.mark.parametrize(
    ("dataset", "number", "wrong"),
    [("", "1", "w-dataset"), ("ten-mien-vn", "", "w-number"), ("x", "a/../b", "w-number")],
)
def test_what_leads_nowhere_is_said_beside_its_field(dataset: str, number: str, wrong: str) -> None:
    answer = visit(checking()).post("/kiem-tra", data={"dataset": dataset, "number": number})
    assert answer.status_code == 400
    assert f'id="{wrong}"' in answer.text


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (GOOD, "Còn hiệu lực"),
        ({**GOOD, "valid": False, "status": "expired", "expires_on": "2026-02-01"}, "đến hết ngày 01/02/2026"),
        (
            {**GOOD, "valid": False, "status": "revoked", "revoked_at": "2026-02-01T03:00:00+00:00"},
            "Thu hồi lúc 10 giờ 00, 01/02/2026",
        ),
    ],
)
def test_a_licence_is_good_or_since_when_it_is_not(standing: dict[str, Any], said: str) -> None:
    known = checking()
    known.answers["registry.look_up"] = standing
    answer = visit(known).get(LICENCE)
    assert answer.status_code == 200
    assert said in answer.text
    assert known.of("registry.look_up") == [{"dataset": "ten-mien-vn", "number": "1/2026/TM-VNNIC"}]


def test_a_licence_is_shown_under_the_number_that_it_was_given_however_that_was_typed() -> None:
    known = checking(registry__verify={**GOOD, "number": "1/2026/TM-VNNIC", "holder_matches": True})
    known.answers["registry.look_up"] = {**GOOD, "number": "1/2026/TM-VNNIC"}
    browser, typed = visit(known), LICENCE.replace("TM-VNNIC", "tm – vnnic")
    for answer in (browser.get(typed), browser.post(typed, data={"holder": "Nguyễn Thị Mẫu"})):
        assert "<h1>1/2026/TM-VNNIC</h1>" in answer.text
        assert f'action="{LICENCE}"' in answer.text
    assert known.of("registry.look_up") == [{"dataset": "ten-mien-vn", "number": "1/2026/tm – vnnic"}]


def test_numbers_that_read_like_the_one_typed_are_all_named() -> None:
    several = Refused(
        "registry.several_records", "Several: 1/2026/TM, 1/2026-TM.", "Có nhiều số: 1/2026/TM, 1/2026-TM."
    )
    known = checking(registry__verify=several)
    known.answers["registry.look_up"] = several
    browser = visit(known)
    for answer in (browser.get(LICENCE), browser.post(LICENCE, data={"holder": "Nguyễn Thị Mẫu"})):
        assert (answer.status_code, several.vi in answer.text) == (422, True)
        assert '<form method="post" action="/kiem-tra">' in answer.text, "one of them is stated at once"
        assert "Không có giấy phép nào" not in answer.text


def test_a_licence_that_nobody_issued_is_not_there() -> None:
    known = checking()
    known.answers["registry.look_up"] = NotFound("registry.unknown_record", "No.", "Không.")
    answer = visit(known).get(LICENCE)
    assert answer.status_code == 404
    assert '<form method="post" action="/kiem-tra">' in answer.text, "another number is looked up, not this one again"
    assert "Không có giấy phép nào mang số này" in answer.text


@pytest.mark.parametrize("of_the_other", [ended({**DATASET, "key": "gp-phim", "name": {"vi": "Phim"}}), None])
def test_a_dataset_that_has_ended_takes_the_check_from_nobody(of_the_other: Any) -> None:
    known = checking()
    pages = {
        key: procedure(key, result={"name": {"vi": key}, "validity_years": None, "dataset": dataset})
        for key, dataset in (("dk-ten-mien-vn", "ten-mien-vn"), ("phim", "gp-phim"))
    }
    nothing = NotFound("registry.unknown_document", "No.", "Không.")
    known.answers |= catalogue(*pages.values())
    known.answers["registry.get_dataset"] = lambda key, **asked: (
        DATASET if key == "ten-mien-vn" else of_the_other(**asked) if of_the_other else nothing
    )
    browser = visit(known)
    page = browser.get("/kiem-tra")
    assert (page.status_code, ">Phim<" in page.text) == (200, bool(of_the_other))
    assert "Cơ sở dữ liệu tên miền" in browser.get(LICENCE).text


@pytest.mark.parametrize(("same", "said"), [(True, "Đúng là của"), (False, "Không phải của")])
def test_a_holder_is_compared_and_never_named(same: bool, said: str) -> None:
    known = checking(registry__verify={**GOOD, "valid": same, "holder_matches": same})
    answer = visit(known).post(LICENCE, data={"holder": "Nguyễn Thị Mẫu"})
    assert said in answer.text
    assert "Còn hiệu lực" in answer.text
    assert "Nguyễn Thị Mẫu" not in answer.text
