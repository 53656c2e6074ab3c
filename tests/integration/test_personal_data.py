"""Nobody's name, number, address or words leave the store that they were given to: no event, log or address has them.

Dossiers whose every text is a canary live through every fate; then the whole stream, every log and every database are
searched. Only the stores of those who were given the words may hold them, beside the history; and the mail, of course.
"""

import contextlib
import json
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import pytest
import requests
from nameko.exceptions import RemoteError

from deploy.local.composition import SERVICES
from services.cli.acting import bearer
from services.cli.demo.stories import Story
from services.cli.demo.town import fresh
from tests.conftest import eventually
from tests.integration.files import PDF, open_upload, put
from tests.integration.test_subscribers import replayed
from tests.integration.visitor import Visitor
from tests.integration.world import DATASET, OFFICER, STRANGER, World

pytestmark = pytest.mark.servers

WORD: Final = "zxqvwk"  # in every text below, and nowhere else in the world
NUMBER: Final = "001899731846"
PHONE: Final = "976431852"
CANARIES: Final = (WORD, NUMBER, PHONE)
ME: Final = {"kind": "citizen", "id": NUMBER}
APPLICANT: Final = {
    "kind": "citizen",
    "name": f"Nguyễn {WORD.title()} Mẫu",
    "id_number": NUMBER,
    "phone": f"0{PHONE}",
    "address": f"Số 1 ngõ {WORD}, Hà Nội",
}
FORM: Final = {
    "label": WORD,
    "suffix": "vn",
    "years": 1,
    "purpose": f"Mở cửa hàng {WORD}",
    "technical_contact_name": f"Trần {WORD.title()}",
    "technical_contact_email": f"ky-thuat.{WORD}@example.vn",
    "technical_contact_phone": f"0{PHONE}",
    "payment_contact_name": f"Lê {WORD.title()}",
    "payment_contact_email": f"ke-toan.{WORD}@example.vn",
    "own_name_servers": True,
    "name_servers": [{"host": f"ns{number}.{WORD}.example.vn"} for number in (1, 2)],
}
PERSON: Final = {  # the same, as the provider of identities tells the portal
    "LoaiTaiKhoan": "1",
    "SoDinhDanh": NUMBER,
    "HoVaTen": APPLICANT["name"],
    "ThuDienTu": f"{WORD}@example.vn",
    "SoDienThoai": APPLICANT["phone"],
    "DiaChi": APPLICANT["address"],
}
NOT_OURS: Final = "oidc.log"  # of the stand-in for the national sign-on, which says whom it signed in
# Where a service keeps what it was told, beside the history: by whose own decision it can be erased.
KEPT_BESIDE: Final = {"intake.uploads": ("owner", "filename")}


class Canary(Story):
    """A dossier that is nothing but personal data."""

    def __init__(self, world: World, fate: str) -> None:
        offered = world.procedures["mic", "dk-ten-mien-vn"]
        example = {"applicant": APPLICANT, "form": FORM, "documents": []}
        super().__init__(world.town, "mic", {**offered, "example": {**offered["example"], **example}}, fate)
        self.world = world
        self.applicant = {**APPLICANT, "email": f"{WORD}.{fate}@example.vn"}

    def submit(self) -> None:
        """With papers whose names say who brought them."""
        papers = [{"component": code, "upload_id": self.bring()} for code in ("TP01", "TP02")]
        said = {"tenant": "mic", "procedure": "dk-ten-mien-vn", "applicant": self.applicant, "form": FORM}
        submitted = {"draft_id": self.draft(), "request_id": fresh()}
        answer = self.world.ask(ME, "intake.submit", **said, documents=papers, **submitted)
        self.draft()
        self.code = answer["dossier_code"]
        eventually(lambda: self.dossier()["status"] == "payment_required")

    def draft(self) -> str:
        """What was typed so far."""
        papers = [{"component": "TP01", "upload_id": self.bring()}]
        typed = {"form": FORM, "applicant": self.applicant, "documents": papers}
        asked = {"draft_id": str(uuid.uuid4()), "version": 0, "tenant": "mic", "procedure": "dk-ten-mien-vn"}
        return str(self.world.ask(ME, "intake.save_draft", **asked, **typed, request_id=fresh())["draft_id"])

    def bring(self) -> str:
        """A paper."""
        content = PDF + f"{WORD} {fresh()}".encode()
        ticket = open_upload(self.world, content, ME, filename=f"đơn của {WORD}.pdf", request_id=f"{WORD}-{fresh()}")
        put(ticket, content).raise_for_status()
        return ticket.upload_id

    def be(self, fate: str) -> None:
        """Live through a fate in which people say why."""
        reason = f"Vì {WORD} và {NUMBER}"
        if fate == "withdrawn":
            self.world.ask(ME, "intake.withdraw", dossier_code=self.code, reason=reason, request_id=fresh())
        elif fate == "rejected":
            self.act("reject", reason=reason)
        elif fate == "stopped":
            self.accept()
            self.act("stop", reason=reason)
        elif fate == "refused":
            self.accept()
            self.pay_at_the_counter()
            eventually(lambda: not self.case()["unpaid"])
            self.act("decide", outcome="refused", reason=reason)
        else:
            self.be_supplemented_and_amended(reason)

    def pay_at_the_counter(self) -> None:
        """To somebody with a name."""
        order = self.order()
        paid = {"order_id": order["order_id"], "amount_vnd": order["amount_vnd"], "collector": f"Phạm {WORD}"}
        self.world.ask(OFFICER, "payment.record_counter_payment", **paid, request_id=fresh())

    def be_supplemented_and_amended(self, reason: str) -> None:
        """The long way: asked for more, granted, corrected, and taken away again."""
        self.act("request_supplement", items=[{"component": "TP01", "guidance": reason}], reason=reason)
        self.await_status("supplement_requested")
        papers = [{"component": "TP01", "upload_id": self.bring()}]
        more = {"form": {"purpose": f"{WORD} {WORD}"}, "documents": papers, "request_id": fresh()}
        self.world.ask(ME, "intake.supplement", dossier_code=self.code, **more)
        eventually(lambda: self.case()["status"] == "opened")
        self.be_granted()
        record = {"dataset": DATASET, "number": self.dossier()["result"]["number"], "reason": reason}
        changes = {"changes": {"label": f"{WORD}-2"}, "request_id": fresh()}
        self.world.ask(OFFICER, "registry.amend", **record, **changes)
        self.world.ask(OFFICER, "intake.return_result", dossier_code=self.code, method="post", request_id=fresh())
        self.world.ask(OFFICER, "registry.revoke", **record, request_id=fresh())


def be_clumsy(world: World, code: str) -> None:
    """Make mistakes at every door, with personal data in them."""
    wrong: Mapping[str, dict[str, Any]] = {
        "intake.submit": {"tenant": WORD, "applicant": {**APPLICANT, WORD: NUMBER, "id_number": f"{NUMBER}9"}},
        "intake.get": {"dossier_code": f"{WORD}-{NUMBER}"},
        "intake.track": {"dossier_code": code, "id_number": f"0{PHONE}"},
        "registry.verify": {"dataset": DATASET, "number": NUMBER, "holder": WORD},
        "registry.find_records": {"dataset": DATASET, "holder": WORD, "after": WORD},
        "routing.list_cases": {"officer": WORD, "after": NUMBER},
        "payment.start_payment": {"order_id": f"{code}-S", "return_url": f"https://{WORD}.example.vn/", "x": NUMBER},
        f"intake.{WORD}": {"x": NUMBER},
    }
    for target, call in wrong.items():
        for actor in (ME, OFFICER, STRANGER, {"kind": "citizen", "id": WORD}, {"kind": WORD, "id": NUMBER}):
            with contextlib.suppress(RemoteError):
                world.ask(actor, target, **call)
    base = {door: world.stack.env[f"MOTCUA_{door}_URL"] for door in ("INTAKE", "REGISTRY", "PAYMENT")}
    claim = bearer(world.issuer, ME)
    requests.get(f"{base['INTAKE']}/dossiers/{code}/documents/0", headers=claim, timeout=30)
    requests.get(f"{base['INTAKE']}/dossiers/{WORD}/documents/{NUMBER}", headers=claim, timeout=30)
    requests.put(f"{base['INTAKE']}/uploads/{WORD}/{NUMBER}", data=WORD, timeout=30)
    asked = {"dataset": DATASET, "number": WORD, "holder": NUMBER}
    requests.get(f"{base['REGISTRY']}/registry/records/verify", params=asked, timeout=30)
    requests.post(f"{base['REGISTRY']}/registry/records/verify", json=asked, timeout=30)
    for method in ("submit", "track", "get", "list_dossiers"):
        stated = {"dossier_code": WORD, "id_number": NUMBER, "applicant": APPLICANT, "after": NUMBER}
        requests.post(f"{base['INTAKE']}/intake/{method}", json=stated, headers=claim, timeout=30)
    requests.get(f"{base['PAYMENT']}/payment/vnpay/ipn", params={"vnp_TxnRef": WORD}, timeout=30)


def browse(citizen: Visitor, officer: Visitor, code: str) -> None:
    """Open the pages, and fill in what they ask with personal data, rightly and wrongly; nothing comes of it."""
    start = citizen.open("/nop-ho-so/mic/dk-ten-mien-vn")
    draft = next(address for address in start.forms if address.startswith("/ban-nhap/"))
    saved = citizen.send(start, draft, {**typed(), "form.label": f"{WORD} {NUMBER}", "do": "next"})
    papers = citizen.send(saved, draft, {**typed(), "do": "next"})
    file = {"file": (f"đơn của {WORD}.pdf", PDF, "application/pdf")}
    citizen.send(papers, f"{draft}/giay-to/TP01", {}, files=file)
    for path in (f"{draft}/kiem-tra", "/ho-so", f"/ho-so/{code}", f"/ho-so/{code}/hien-trang"):
        citizen.open(path)
    citizen.send(citizen.open(f"/ho-so/{code}/rut"), f"/ho-so/{code}/rut", {"reason": f"{WORD} " * 1000})
    fees = citizen.open(f"/ho-so/{code}/phi")
    citizen.send(fees, next(one for one in fees.forms if one.endswith("/thanh-toan")), {"way": "phone"})
    for asked in (code, WORD):
        citizen.send(citizen.open("/tra-cuu"), "/tra-cuu", {"code": asked, "id_number": NUMBER})
    officer.open(f"/ban-lam-viec?q={code}")
    for sought in (APPLICANT["name"], NUMBER, f"{WORD} {WORD}"):
        found = officer.send(officer.open("/ban-lam-viec"), "/ban-lam-viec", {"q": sought})
        assert [at for at in found.links if at.startswith(f"/ban-lam-viec/{code}?found=")]
    case = officer.open(f"/ban-lam-viec/{code}")
    for action, said in (("tu-choi", "reject-reason"), ("bo-sung", "request_supplement-c-TP01")):
        officer.send(case, f"/ban-lam-viec/{code}/{action}", {said: f"{WORD} {NUMBER} " * 300})


def typed() -> dict[str, str]:
    """The canary as a form of the portal sends it."""
    sent = {f"applicant.{name}": value for name, value in APPLICANT.items()} | {"applicant.email": PERSON["ThuDienTu"]}
    for name, value in FORM.items():
        rows = value if isinstance(value, list) else None
        sent |= {f"form.{name}.{place}.host": row["host"] for place, row in enumerate(rows or ())}
        sent |= {} if rows else {f"form.{name}": str(value).lower() if isinstance(value, bool) else str(value)}
    return sent


def be_clumsy_on_the_pages(citizen: Visitor) -> None:
    """Ask for what there is not, with personal data in it, also in addresses."""
    said = {
        "dossier_code": WORD,
        "id_number": NUMBER,
        "holder": WORD,
        "dataset": DATASET,
        "number": NUMBER,
        "reason": WORD,
    }
    for path in (f"/ho-so/{WORD}-{NUMBER}", f"/thu-tuc/?q={WORD}", f"/kiem-tra/{DATASET}/{NUMBER}", f"/{WORD}"):
        citizen.ask("GET", path)
        citizen.ask("POST", path, data=said)  # without its token
    citizen.ask("GET", "/dang-nhap/xong", params={"code": WORD, "state": NUMBER})
    for path in ("lookups", "verifications", "dossiers", "checks", f"dossiers/{WORD}/withdrawal"):
        citizen.ask("POST", f"/api/v1/{path}", json=said, headers={"Idempotency-Key": WORD, "Authorization": WORD})
        citizen.ask("GET", f"/api/v1/{path}", params=said)


@pytest.fixture(scope="module")
def visitors(world: World) -> Iterator[tuple[Visitor, Visitor]]:
    """The citizen and an officer of the unit, at the portal."""
    with Visitor(world.stack, "chim-bao-bao", PERSON) as citizen, Visitor(world.stack, "vnnic-1") as officer:
        yield citizen, officer


@pytest.fixture(scope="module")
def lived(world: World, visitors: tuple[Visitor, Visitor]) -> World:
    """A world in which all of it has happened, while the mail server refused a letter and the database was slow."""
    codes = []
    world.mongo.admin.command("profile", 0, slowms=0)
    for fate in ("withdrawn", "rejected", "stopped", "refused", "granted"):
        story = Canary(world, fate)
        story.submit()
        if fate == "withdrawn":
            browse(*visitors, story.code)
            world.rest()
            plan = {"smtp": "reject", "times": 1}
            requests.post(f"{world.stack.env['MOTCUA_MAILBOX_URL']}/sandbox/plan", json=plan, timeout=30)
        story.be(fate)
        world.rest()
        codes.append(story.code)
    be_clumsy(world, codes[-1])
    be_clumsy_on_the_pages(visitors[0])
    world.rest()
    world.mongo.admin.command("profile", 0, slowms=100)
    return world


def test_no_event_holds_personal_data(lived: World) -> None:
    stream = replayed(lived)
    assert {"notify.notice_failed", "registry.record_amended", "routing.case_stopped"} <= {one.type for one in stream}
    for told in stream:
        said = (json.dumps(told.headers, ensure_ascii=False) + told.body.decode(errors="replace")).lower()
        assert not [canary for canary in CANARIES if canary in said], told.type


def test_no_log_holds_personal_data(lived: World) -> None:
    logs = [path for path in (lived.stack.run_dir / "logs").iterdir() if path.is_file() and path.name != NOT_OURS]
    assert {f"{name}.log" for name in (*SERVICES, "portal-http")} <= {path.name for path in logs}
    for path in logs:
        assert not list(_lines_with_a_canary(path)), path.name


def test_no_address_of_a_page_holds_personal_data(lived: World, visitors: tuple[Visitor, Visitor]) -> None:
    met = {address for visitor in visitors for address in visitor.addresses}
    for page in ("/giay-to", "/kiem-tra", "/rut", "/chuyen-tiep", "/tra-cuu", "/tu-choi", "/bo-sung"):
        assert [address for address in met if page in address], page
    assert not [address for address in met if any(canary in unquote(address).lower() for canary in CANARIES)]


def _lines_with_a_canary(path: Path) -> Iterator[str]:
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if any(canary in line.lower() for canary in CANARIES):
            yield line[:2000]


def test_personal_data_stands_beside_the_histories_only(lived: World) -> None:
    seen = 0
    for name in SERVICES:
        database = lived.mongo[f"motcua_{name}"]
        for collection in database.list_collection_names():
            if not collection.startswith("papers."):
                for document in database[collection].find({}):
                    seen += WORD in json.dumps(document.get("subject", {}), default=str).lower()
                    for kept in ("subject", *KEPT_BESIDE.get(f"{name}.{collection}", ())):
                        document.pop(kept, None)
                    said = json.dumps(document, ensure_ascii=False, default=str).lower()
                    assert not [canary for canary in CANARIES if canary in said], f"{name}.{collection}"
    assert seen > 10
