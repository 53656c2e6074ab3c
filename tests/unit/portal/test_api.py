"""The API over fakes: who may ask, how mistakes are named, keys, ETags and pages."""

from typing import Any, Final

import pytest
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey

from services.chassis.errors import Conflict, NotFound, Unavailable
from services.portal.people import Person
from tests.unit.portal.answers import dossier
from tests.unit.portal.fakes import CITIZEN, OFFICER, Answer, FakeServices, app, catalogue, procedure, visit
from tests.unit.portal.provider import Provider

API: Final = "/api/v1"
CODE: Final = "000.00.06.G14-261201-0001"
DRAFT: Final = "00000000-0000-4000-8000-000000000001"
AT: Final = "2026-12-01T02:00:00+00:00"
LINE: Final = {"dossier_code": CODE, "status": "submitted", "dvcqg_status": 1, "tenant": "mic", "procedure": "p"}
WHOLE: Final = {**LINE, "unit": "vnnic", "procedure_version": "2016-01-01", "level": 4, "fees": [], "documents": []}
RECEIPT: Final = {**LINE, "submitted_at": AT, "answer_due_at": AT}
KEY: Final = {"Idempotency-Key": "one"}
SUBMISSION: Final = {"tenant": "mic", "procedure": "p", "applicant": dossier()["applicant"], "form": {"label": "a"}}


def browser(answers: dict[str, Answer], person: Person | None = CITIZEN) -> FlaskClient:
    return visit(FakeServices(answers), person)


def told(answer: Any) -> Any:
    """What an answer says."""
    return answer.json


@pytest.mark.parametrize("path", ["/me", "/drafts", "/dossiers", f"/dossiers/{CODE}", f"/dossiers/{CODE}/order"])
def test_nobody_is_asked_to_sign_in(path: str) -> None:
    answer = browser({}, None).get(f"{API}{path}")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.mimetype == "application/problem+json"


def test_an_officer_is_no_applicant() -> None:
    assert browser({}, OFFICER).get(f"{API}/dossiers").status_code == 403


def test_a_dossier_is_handed_in_on_behalf_of_who_asks_under_the_key_that_was_given() -> None:
    services = FakeServices({"intake.submit": RECEIPT})
    answer = visit(services, CITIZEN).post(f"{API}/dossiers", json=SUBMISSION, headers=KEY)
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{API}/dossiers/{CODE}"
    actor, _, said = services.asked[-1]
    assert actor == CITIZEN.actor
    assert said["request_id"] == "one"
    assert said["channel"] == "online"


def test_what_changes_something_needs_a_key() -> None:
    answer = browser({"intake.submit": RECEIPT}).post(f"{API}/dossiers", json=SUBMISSION)
    assert answer.status_code == 400
    assert told(answer)["errors"][0]["field"] == "Idempotency-Key"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"a":NaN}', b'{"a":1,"a":2}', b"\xff", b"[" * 40 + b"]" * 40, b'{"form":1}', b"null"]
)
def test_what_is_no_submission_is_named_and_asks_nothing(body: bytes) -> None:
    services = FakeServices({"intake.submit": RECEIPT})
    answer = visit(services, CITIZEN).post(f"{API}/dossiers", data=body, content_type="application/json", headers=KEY)
    assert answer.status_code == 400
    assert told(answer)["code"]
    assert not services.of("intake.submit")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound("intake.unknown_dossier", "No.", "Không."), 404),
        (Conflict("intake.request_id_reused", "No.", "Không."), 409),
        (Unavailable("intake.unavailable", "No.", "Không."), 503),
    ],
)
def test_what_a_service_says_is_said_with_its_code(error: Any, status: int) -> None:
    answer = browser({"intake.get": error}).get(f"{API}/dossiers/{CODE}")
    assert (answer.status_code, told(answer)["code"]) == (status, error.code)


def test_asking_again_costs_nothing_while_nothing_happened() -> None:
    asks = browser({"intake.get": WHOLE})
    first = asks.get(f"{API}/dossiers/{CODE}")
    again = asks.get(f"{API}/dossiers/{CODE}", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, again.data) == (200, 304, b"")


NOTICES: Final = f"/dossiers/{CODE}/notices"


@pytest.mark.parametrize(("path", "target"), [("/drafts", "intake.list_drafts"), (NOTICES, "notify.list_notices")])
def test_so_it_does_of_a_list(path: str, target: str) -> None:
    services = FakeServices({target: {"items": [], "next": None}})
    asks = visit(services, CITIZEN)
    seen = {"If-None-Match": asks.get(f"{API}{path}").headers["ETag"]}
    assert asks.get(f"{API}{path}", headers=seen).status_code == 304
    services.answers[target] = {"items": [], "next": "a"}
    assert asks.get(f"{API}{path}", headers=seen).status_code == 200


def test_a_draft_that_one_has_is_not_told_again() -> None:
    draft = {"draft_id": DRAFT, "version": 3, "documents": []}
    asks = browser({"intake.get_draft": draft})
    first = asks.get(f"{API}/drafts/{DRAFT}")
    again = asks.get(f"{API}/drafts/{DRAFT}", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.headers["ETag"], again.status_code, again.data) == ('"3"', 304, b"")
    assert again.headers["ETag"] == '"3"'
    assert asks.get(f"{API}/drafts/{DRAFT}", headers={"If-None-Match": '"2"'}).status_code == 200


def test_a_draft_is_told_again_when_something_became_of_its_file_and_saved_from_either() -> None:
    paper = {"component": "TP01", "upload_id": "u-1", "state": "upload_not_finished"}
    saved = {"draft_id": DRAFT, "version": 4, "saved_at": AT, "expires_at": AT}
    services = FakeServices({"intake.get_draft": {"version": 3, "documents": [paper]}, "intake.save_draft": saved})
    asks = visit(services, CITIZEN)

    def told(seen: str) -> tuple[int, str]:
        answer = asks.get(f"{API}/drafts/{DRAFT}", headers={"If-None-Match": seen})
        return answer.status_code, answer.headers["ETag"]

    status, waiting = told('"3"')
    assert (status, told(waiting)) == (200, (304, waiting))
    services.answers["intake.get_draft"] = {"version": 3, "documents": [{**paper, "state": "finished"}]}
    assert told(waiting) == (200, '"3"')
    for seen in (waiting, '"3"'):
        content = {"tenant": "mic", "procedure": "p"}
        assert asks.put(f"{API}/drafts/{DRAFT}", json=content, headers={**KEY, "If-Match": seen}).status_code == 200
    assert [one["version"] for one in services.of("intake.save_draft")] == [3, 3]


def test_a_draft_is_deleted_as_it_was_seen_or_whatever_it_is() -> None:
    services = FakeServices({"intake.discard_draft": {"draft_id": DRAFT, "discarded": True}})
    asks = visit(services, CITIZEN)
    for seen in ({"If-Match": '"3"'}, {}):
        assert asks.delete(f"{API}/drafts/{DRAFT}", headers={**KEY, **seen}).status_code == 204
    assert [one.get("version") for one in services.of("intake.discard_draft")] == [3, None]
    services.answers["intake.discard_draft"] = Conflict("intake.draft_changed", "Changed.", "Đã thay đổi.")
    assert asks.delete(f"{API}/drafts/{DRAFT}", headers={**KEY, "If-Match": '"3"'}).status_code == 412


def test_papers_are_had_at_the_door_that_takes_the_callers_token() -> None:
    paper = {"component": "TP01", "upload_id": "u-1", "url": "http://intake.internal/dossiers/x/documents/u-1"}
    told_ = told(browser({"intake.get": {**WHOLE, "documents": [paper]}}).get(f"{API}/dossiers/{CODE}"))
    assert told_["documents"][0]["url"] == f"http://localhost{API}/dossiers/{CODE}/documents/u-1"


def test_a_draft_is_changed_from_the_version_that_was_seen() -> None:
    saved = {"draft_id": DRAFT, "version": 4, "saved_at": AT, "expires_at": AT}
    services = FakeServices({"intake.save_draft": saved})
    answer = visit(services, CITIZEN).put(
        f"{API}/drafts/{DRAFT}", json={"tenant": "mic", "procedure": "p"}, headers={**KEY, "If-Match": '"3"'}
    )
    assert answer.headers["ETag"] == '"4"'
    assert services.of("intake.save_draft")[0]["version"] == 3


def test_a_draft_that_was_changed_meanwhile_is_a_failed_precondition() -> None:
    changed = Conflict("intake.draft_changed", "It was changed.", "Đã thay đổi.")
    answer = browser({"intake.save_draft": changed}).put(
        f"{API}/drafts/{DRAFT}", json={"tenant": "mic", "procedure": "p"}, headers=KEY
    )
    assert answer.status_code == 412


def test_procedures_come_in_pages_each_once() -> None:
    many = [procedure(f"p-{number}", name={"vi": f"Thủ tục {number}", "en": str(number)}) for number in range(7)]
    asks = browser(catalogue(*many), None)
    seen, after = [], ""
    while after is not None:
        page = told(asks.get(f"{API}/procedures", query_string={"limit": 3, **({"after": after} if after else {})}))
        seen += [one["key"] for one in page["items"]]
        after = page["next"]
    assert sorted(seen) == [one["key"] for one in many]


def test_a_place_that_is_none_is_no_first_page() -> None:
    answer = browser(catalogue(procedure()), None).get(f"{API}/procedures?after=mic.khong-co")
    assert (answer.status_code, told(answer)["errors"][0]["field"]) == (400, "after")


@pytest.mark.parametrize(("verb", "path", "status"), [("GET", "/nothing", 404), ("PATCH", "/drafts", 405)])
def test_what_the_web_server_refuses_is_said_in_both_languages(verb: str, path: str, status: int) -> None:
    answer = browser({}).open(f"{API}{path}", method=verb)
    assert (answer.status_code, told(answer)["code"]) == (status, f"http.{status}")
    assert told(answer)["detail"]
    assert told(answer)["detail_vi"]


@pytest.mark.parametrize(
    ("address", "cookie"), [("http://localhost", "motcua_session"), ("https://dvc.example.vn", "__Host-motcua_session")]
)
def test_the_description_names_the_cookie_as_browsers_have_it(address: str, cookie: str) -> None:
    made = visit(FakeServices({}), None, portal_url=address)
    assert told(made.get(f"{API}/openapi.json"))["components"]["securitySchemes"]["session"]["name"] == cookie


@pytest.mark.parametrize("limit", ["0", "201", "x", "-1", "", "5_0", "+5", "٥", "1.0", "1e1"])
def test_a_page_has_a_size(limit: str) -> None:
    assert browser(catalogue(procedure()), None).get(f"{API}/procedures?limit={limit}").status_code == 400


def test_a_session_of_the_pages_needs_their_token_to_change_something() -> None:
    built = app(FakeServices({"intake.submit": RECEIPT}))
    built.config["WTF_CSRF_ENABLED"] = True
    asks = built.test_client()
    with asks.session_transaction() as session:
        session["person"] = CITIZEN.kept()
    assert asks.post(f"{API}/dossiers", json=SUBMISSION, headers=KEY).status_code == 400


@pytest.fixture(scope="module")
def provider() -> Provider:
    return Provider()


def me(provider: Provider, token: str, **changes: Any) -> Any:
    built = app(FakeServices(), **changes)
    built.extensions["motcua.oidc"] = provider
    return built.test_client().get(f"{API}/me", headers={"Authorization": f"Bearer {token}"})


def test_an_identity_token_of_the_provider_names_who_asks(provider: Provider) -> None:
    assert told(me(provider, provider.token()))["id"] == CITIZEN.id
    assert me(provider, provider.token(aud="app"), api_clients=("app",)).status_code == 200


@pytest.mark.parametrize(
    "changes", [{"iss": "http://elsewhere"}, {"aud": "another"}, {"exp": 1}, {"exp": None}, {"aud": None}]
)
def test_a_token_for_another_time_or_place_names_nobody(provider: Provider, changes: dict[str, Any]) -> None:
    assert me(provider, provider.token(**changes)).status_code == 401


def test_a_forged_token_names_nobody(provider: Provider) -> None:
    stranger = RSAKey.generate_key(2048, parameters={"kid": "k"})
    forged = [provider.token(key=stranger), provider.token()[:-4] + "AAAA", "x", "a.b.c", provider.token() + "x" * 9000]
    assert [me(provider, one).status_code for one in forged] == [401] * len(forged)


def test_a_provider_may_take_new_keys_and_is_not_asked_for_them_by_every_forgery() -> None:
    provider, made = Provider(), app(FakeServices({}))
    made.extensions["motcua.oidc"] = provider
    browser = made.test_client()

    def status(token: str) -> int:
        return browser.get(f"{API}/me", headers={"Authorization": f"Bearer {token}"}).status_code

    assert status(provider.token()) == 200
    provider.rotate()
    assert status(provider.token()) == 200
    stranger = RSAKey.generate_key(2048, parameters={"kid": "k"})
    assert [status(provider.token(key=stranger)) for _ in range(3)] == [401, 401, 401]
    assert provider.asked == 2


def test_the_description_is_openapi_3_1_and_names_every_call() -> None:
    spec = told(browser({}, None).get(f"{API}/openapi.json"))
    assert spec["openapi"].startswith("3.1")
    assert f"{API}/dossiers" in spec["paths"]
    page = browser({}, None).get(f"{API}/").text
    assert all(path in page for path in spec["paths"])


def test_who_guesses_numbers_is_soon_told_to_wait() -> None:
    asks = visit(FakeServices(), None, lookup_limit="2/minute")
    question = {"dossier_code": CODE, "id_number": CITIZEN.id}
    answers = [asks.post(f"{API}/lookups", json=question) for _ in range(3)]
    assert [one.status_code for one in answers] == [404, 404, 429]
    assert answers[-1].mimetype == "application/problem+json"
    assert told(answers[-1])["detail_vi"]
    assert int(answers[-1].headers["Retry-After"]) > 0


@pytest.mark.parametrize("name", ["Idempotency-Key", "If-Match"])
@pytest.mark.parametrize("value", ["", '""', '"', "a b", "é", "x" * 101])
def test_a_header_that_names_nothing_is_named(name: str, value: str) -> None:
    sent = {**KEY, name: value}
    answer = browser({}).put(f"{API}/drafts/{DRAFT}", json={"tenant": "mic", "procedure": "p"}, headers=sent)
    assert answer.status_code == 400
    assert told(answer)["errors"][0]["field"] == name


@pytest.mark.parametrize("size", [2_100_000, 4_100_000])
def test_what_is_too_long_is_told_so_whoever_finds_out(size: int) -> None:
    answer = browser({}).post(f"{API}/dossiers", data=b" " * size, content_type="application/json", headers=KEY)
    assert (answer.status_code, told(answer)["code"]) == (400, "message.too_large")


def test_what_needs_somebody_says_so_in_the_description() -> None:
    spec = told(browser({}, None).get(f"{API}/openapi.json"))
    said = {
        path: told.get("security")
        for path, methods in spec["paths"].items()
        for told in methods.values()
        if "responses" in told
    }
    assert {path.removeprefix(API) for path, needed in said.items() if not needed} == {
        "/procedures",
        "/procedures/{tenant}/{key}",
        "/units/{tenant}/{unit}",
        "/lookups",
        "/verifications",
    }
