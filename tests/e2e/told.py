"""Dossiers in every state that has pages of its own, of people who can sign in, and the addresses of those pages."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from services.cli.demo.command import await_catalogue
from services.cli.demo.stories import Story
from services.cli.demo.town import Town, fresh
from services.portal.slips import SLIPS
from tests.conftest import eventually
from tests.e2e.every_page import SUBS, Opened, rules

TENANT, PROCEDURE = "mic", "dk-ten-mien-vn"
CITIZEN: Final = {"kind": "citizen", "id": "001801000001"}  # cong-dan-1 of the sandbox
OFFICER: Final = {"kind": "officer", "id": "vnnic-1", "unit": "vnnic"}
# What answers to an address with something else than a page: a file, a part of a page, the way to another page.
NO_PAGES: Final = (
    "static",
    "dossiers.progress",
    "dossiers.paper",
    "payments.onward",
    "payments.waiting",
    "payments.state",
    "slips.download",
    "slips.receipt_pdf",
    "case.paper",
    "apply.template",
)


@dataclass(frozen=True, slots=True)
class Told:
    """Values for the arguments of addresses, by what a dossier has gone through."""

    handed_in: str
    to_pay: str
    asked: str
    resolved: str
    order_id: str
    paid_order_id: str
    notice_id: str
    number: str
    draft_id: str

    def addresses(self) -> dict[str, list[str]]:
        """The addresses of each endpoint that has arguments."""
        codes = [self.handed_in, self.to_pay, self.asked, self.resolved]
        start = f"{TENANT}/{PROCEDURE}"
        slips = [f"/ho-so/{code}/phieu/{kind}" for code, kind in self._slips()]
        return {
            "offers.show": [f"/thu-tuc/{start}"],
            "dossiers.show": [f"/ho-so/{code}" for code in codes],
            "dossiers.notice": [f"/ho-so/{self.resolved}/thong-bao/{self.notice_id}"],
            "dossiers.withdraw": [f"/ho-so/{self.handed_in}/rut"],
            "dossiers.collect": [f"/ho-so/{self.resolved}/nhan-ket-qua"],
            "payments.show": [f"/ho-so/{code}/phi" for code in (self.handed_in, self.to_pay, self.resolved)],
            "payments.result": [
                f"/ho-so/{self.to_pay}/phi/{self.order_id}/ket-qua",
                f"/ho-so/{self.resolved}/phi/{self.paid_order_id}/ket-qua",
            ],
            "verify.show": [f"/kiem-tra/ten-mien-vn/{self.number}"],
            "slips.show": slips,
            "slips.receipt": [f"/ho-so/{self.resolved}/bien-lai/{self.paid_order_id}"],
            "case.show": [f"/ban-lam-viec/{code}" for code in codes],
            "counter.show": [f"/ban-lam-viec/{code}/thu-tien" for code in (self.to_pay, self.resolved)],
            "apply.start": [f"/nop-ho-so/{start}"],
            "apply.resume": [f"/ban-nhap/{self.draft_id}"],
            "apply.supplement": [f"/ho-so/{self.asked}/bo-sung"],
            "uploads.show": [f"/ban-nhap/{self.draft_id}/giay-to"],
            "review.show": [f"/ban-nhap/{self.draft_id}/kiem-tra"],
        }

    def pages(self) -> Iterator[Opened]:
        """All of them, and who opens each. Raises KeyError for an endpoint of which nobody thought."""
        addresses = self.addresses()
        for _, endpoint, kinds in rules(with_arguments=True):
            if endpoint not in NO_PAGES:
                yield from (Opened(path, SUBS[kinds[0]] if kinds else None) for path in addresses[endpoint])
        yield Opened(f"/ho-so/{self.resolved}/phieu/kiem-soat", SUBS["officer"])
        yield from (Opened(path, SUBS["citizen"]) for path in addresses["payments.result"])  # others see less of it

    def _slips(self) -> Iterator[tuple[str, str]]:
        by_kind = {"da-nhan": self.handed_in, "tiep-nhan": self.to_pay, "bo-sung": self.asked}
        never = ("tu-choi", "xin-loi", "kiem-soat")  # for dossiers that went otherwise; the last is for officers
        yield from ((by_kind.get(kind, self.resolved), kind) for kind in SLIPS if kind not in never)


def begun(town: Town) -> Story:
    """A dossier of the citizen who can sign in, handed in at the unit of the officer who can."""
    procedure = next(one for one in await_catalogue(town, TENANT) if one["key"] == PROCEDURE)
    story = Story(town, TENANT, procedure, fresh())
    story.applicant |= {"id_number": CITIZEN["id"]}
    story.citizen, story.officer = CITIZEN, OFFICER
    story.submit()
    return story


def tell(town: Town) -> Told:
    """Live through them all."""
    handed_in, to_pay, asked, resolved = (begun(town) for _ in range(4))
    example = handed_in.procedure["example"]
    to_pay.be_left_open()
    to_pay.await_status("payment_required")
    paper = {"component": example["documents"][0]["component"], "guidance": "Bản quét mờ."}
    answer = {"field": "purpose", "guidance": "Nêu rõ hơn."}
    asked.act("request_supplement", items=[paper, answer, {"guidance": "Giấy ủy quyền."}], reason="Thiếu bản rõ")
    asked.await_status("supplement_requested")
    resolved.be_granted()
    draft_id = str(uuid.uuid4())
    town.ask(
        CITIZEN,
        "intake.save_draft",
        draft_id=draft_id,
        version=0,
        tenant=TENANT,
        procedure=PROCEDURE,
        form=example["form"],
        request_id=fresh(),
    )
    notices: Any = eventually(
        lambda: town.ask(CITIZEN, "notify.list_notices", dossier_code=resolved.code, limit=10, after=None)["items"]
    )
    eventually(lambda: town.ask(CITIZEN, "notify.list_notices", dossier_code=asked.code, limit=10, after=None)["items"])
    return Told(
        handed_in=handed_in.code,
        to_pay=to_pay.code,
        asked=asked.code,
        resolved=resolved.code,
        order_id=to_pay.order()["order_id"],
        paid_order_id=resolved.order()["order_id"],
        notice_id=notices[0]["notice_id"],
        number=resolved.dossier()["result"]["number"],
        draft_id=draft_id,
    )
