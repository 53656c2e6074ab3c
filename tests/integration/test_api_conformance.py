"""schemathesis over `/api/v1` of the whole system: a citizen who has a dossier of his own, and nobody."""

import uuid
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import schemathesis
from schemathesis import Case, GenerationMode, Response

from deploy.local.stack import Stack
from services.cli.demo.command import await_catalogue
from services.cli.demo.stories import Story
from services.cli.demo.town import Town, fresh
from tests.conformance import DESCRIPTION, config
from tests.unit.portal.fakes import FakeServices, app

pytestmark = [pytest.mark.servers, pytest.mark.timeout(900)]
PERSON: Final = {"LoaiTaiKhoan": "1", "SoDinhDanh": "001801000077", "HoVaTen": "Lê Thị Mẫu"}
TENANT, PROCEDURE = "mic", "dk-ten-mien-vn"
NARROWING: Final = {"after", "round"}  # with these, what is there may well not be found
LIMITED: Final = "/(lookups|verifications)$"  # nothing but 429 after a moment; they are tried over fakes
# The description is the same whatever it stands before; the system is only there when a test begins.
SAID: Final[Any] = app(FakeServices()).test_client().get(DESCRIPTION).json
API: Final = schemathesis.openapi.from_dict(SAID, config=config(10, edges=False, paged=True)).exclude(
    path_regex=LIMITED
)


@pytest.fixture(scope="module")
def bearing(stack: Stack) -> dict[str, str]:
    """A bearer token of a citizen, as another front end gets one of the provider."""
    provider, sub = stack.env["PORTAL_OIDC_ISSUER"], "lap-trinh-vien"
    requests.put(f"{provider}/users/{sub}", json=PERSON, timeout=30).raise_for_status()
    back = f"{stack.env['MOTCUA_PORTAL_URL']}/dang-nhap/xong"
    client = stack.env["PORTAL_OIDC_CLIENT_ID"], stack.env["PORTAL_OIDC_CLIENT_SECRET"]
    asked = {"client_id": client[0], "redirect_uri": back, "response_type": "code", "scope": "openid", "nonce": fresh()}
    sent = requests.post(
        f"{provider}/oauth2/authorize", params=asked, data={"sub": sub}, timeout=30, allow_redirects=False
    )
    code = parse_qs(urlsplit(sent.headers["Location"]).query)["code"][0]
    grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": back}
    token = requests.post(f"{provider}/oauth2/token", data=grant, auth=client, timeout=30).json()["id_token"]
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def known(stack: Stack) -> Iterator[dict[str, str]]:
    """What there is of his, by the name that addresses give it: a dossier that was granted, and a draft."""
    town = Town(stack.env)
    procedure = next(one for one in await_catalogue(town, TENANT) if one["key"] == PROCEDURE)
    story = Story(town, TENANT, procedure, fresh())
    story.applicant |= {"id_number": PERSON["SoDinhDanh"]}
    story.citizen = {"kind": "citizen", "id": PERSON["SoDinhDanh"]}
    story.submit()
    story.be_granted()
    draft = {"draft_id": str(uuid.uuid4()), "tenant": TENANT, "procedure": PROCEDURE}
    town.ask(story.citizen, "intake.save_draft", version=0, request_id=fresh(), **draft)
    notices = town.ask(story.citizen, "notify.list_notices", dossier_code=story.code)["items"]
    dossier = town.ask(story.citizen, "intake.get", dossier_code=story.code)
    yield {
        **draft,
        "key": PROCEDURE,
        "unit": procedure["unit"],
        "code": story.code,
        "order_id": story.order()["order_id"],
        "notice_id": notices[0]["notice_id"],
        "upload_id": dossier["documents"][0]["upload_id"],
        "kind": "tiep-nhan",
    }
    town.close()


@API.parametrize()
def test_a_citizen_gets_what_is_promised(
    case: Case[Any], stack: Stack, bearing: dict[str, str], known: dict[str, str]
) -> None:
    is_right = case.meta is None or case.meta.generation.mode is GenerationMode.POSITIVE
    if is_right and case.method == "GET":
        case.path_parameters = {name: known[name] for name in case.path_parameters or {}}
    answer = told(case, stack, headers=bearing)
    if is_right and case.method == "GET" and not NARROWING & set(case.query or {}):
        assert answer.status_code in {200, 304}, "what is there was not found"


@API.parametrize()
def test_nobody_gets_what_is_promised(case: Case[Any], stack: Stack) -> None:
    told(case, stack)


def told(case: Case[Any], stack: Stack, **how: Any) -> Response:
    """The answer, which is one that was promised; an address too long for gunicorn never comes to the API."""
    there = {"base_url": stack.env["MOTCUA_PORTAL_URL"], **how}
    answer = case.call(**there)
    if answer.status_code != HTTPStatus.REQUEST_URI_TOO_LONG:
        case.validate_response(answer, headers=how.get("headers"), transport_kwargs=there)
    return answer
