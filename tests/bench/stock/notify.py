"""notify: letters."""

import smtplib
import uuid
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any, Final

from nameko.extensions import DependencyProvider
from nameko.rpc import RpcProxy

from services.contracts.event import Event
from services.notify.moments import Moment, told_by
from services.notify.templates import Templates
from services.notify.wording import Dossier, Told
from tests.bench.stock import catalogue
from tests.bench.stock.common import PREFIX, Document, Stock, entry, hear, now, read

_SENDER: Final = Address(display_name="Cổng dịch vụ công", addr_spec="khong-tra-loi@motcua.example.vn")
_TEMPLATES: Final = Templates()


class Mail(DependencyProvider):
    """The mail server: connections are kept, and used by one worker at a time."""

    def setup(self) -> None:
        """None is open yet."""
        self._idle: list[smtplib.SMTP] = []

    def get_dependency(self, _worker_ctx: Any) -> Any:
        """Send one letter."""
        return self._send

    def _send(self, letter: EmailMessage) -> None:
        config = self.container.config
        line = self._idle.pop() if self._idle else smtplib.SMTP(config["SMTP_HOST"], config["SMTP_PORT"], "stock")
        line.send_message(letter)
        self._idle.append(line)


class Notify(Stock):
    """Who is written to, and when."""

    name = PREFIX + "notify"
    intake: Any = RpcProxy(PREFIX + "intake")
    send: Any = Mail()

    @hear("intake", "dossier_submitted", "dossier_resolved")
    def tell_of_dossier(self, payload: Document) -> None:
        """Write about the dossier."""
        self._tell(read(payload))

    @hear("routing", "case_accepted")
    def tell_of_case(self, payload: Document) -> None:
        """Write about the case."""
        self._tell(read(payload))

    @hear("payment", "fee_requested", "receipt_issued")
    def tell_of_fee(self, payload: Document) -> None:
        """Write about the fee."""
        self._tell(read(payload))

    @hear("notify", "notice_requested")
    def deliver(self, payload: Document) -> None:
        """Hand a notice to the mail server."""
        said = read(payload).data
        notice = self.database.notices.find_one({"_id": said["notice_id"]})
        self.send(_letter(notice))
        sent = {name: said[name] for name in ("notice_id", "dossier_code", "round")} | {"sent_at": now()}
        self.database.notices.update_one(
            {"_id": said["notice_id"]},
            {"$set": {"status": "sent", "sent_at": sent["sent_at"]}, "$push": {"history": entry("notice_sent", sent)}},
        )
        self.say("notice_sent", said["dossier_code"], sent)

    def _tell(self, event: Event) -> None:
        told = self._gather(event)
        for moment in told_by(event):
            self._ask_for(moment, told)

    def _gather(self, event: Event) -> Told:
        answer = self.intake.get(dossier_code=event.data["dossier_code"])
        applicant = answer["applicant"]
        names = ("dossier_code", "tenant", "procedure", "procedure_version", "unit")
        dossier = Dossier(
            **{name: answer[name] for name in names},
            owner=f"{applicant['kind']}:{applicant.get('tax_code') or applicant.get('id_number')}",
            name=applicant["name"],
            email=applicant["email"],
        )
        unit = catalogue.unit(dossier.tenant, dossier.unit)
        return Told(event, dossier, unit, catalogue.procedure(dossier.tenant, dossier.procedure))

    def _ask_for(self, moment: Moment, told: Told) -> None:
        own = moment.audience == "applicant"
        name, address = (
            (told.dossier.name, told.dossier.email) if own else (told.unit["name"]["vi"], told.unit["email"])
        )
        rendered = _TEMPLATES.render(moment, told, name)
        asked: Document = {
            "notice_id": str(uuid.uuid4()),
            "dossier_code": told.dossier.dossier_code,
            "moment": moment.name,
            "template_version": _TEMPLATES.version(moment),
            "language": "vi",
            "channel": "email",
            "audience": moment.audience,
            "unit": told.dossier.unit,
            "round": 1,
            "requested_at": now(),
        }
        letter = {"subject": rendered.subject, "text": rendered.text, "html": rendered.html}
        kept = {**asked, "_id": asked["notice_id"], "status": "requested", "name": name, "address": address, **letter}
        self.database.notices.insert_one({**kept, "history": [entry("notice_requested", asked)]})
        self.say("notice_requested", asked["dossier_code"], asked)


def _letter(notice: Document) -> EmailMessage:
    letter = EmailMessage()
    letter["From"] = _SENDER
    letter["To"] = Address(display_name=notice["name"], addr_spec=notice["address"])
    letter["Subject"] = notice["subject"]
    letter["Message-ID"] = f"<{notice['_id']}@motcua.example.vn>"
    letter["X-Motcua-Dossier"] = notice["dossier_code"]
    letter.set_content(notice["text"])
    letter.add_alternative(notice["html"], subtype="html")
    return letter
