"""A rendered notice as a MIME message: the same bytes each time it is made."""

import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from services.contracts.catalogue.dates import VIETNAM
from services.notify.templates import Rendered
from services.notify.wording import one_line

_WORD = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(
    rf"{_WORD}(\.{_WORD})*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+"
)  # RFC 5322 dot-atoms, as intake takes them
_SEVEN_BITS = "quoted-printable"  # smtplib asks nobody whether 8BITMIME is spoken


class BadAddress(ValueError):
    """Nothing can be addressed to this."""


@dataclass(frozen=True, slots=True)
class Post:
    """A letter on its way: what it says and to whom. `notice_id` names it, however often it is sent."""

    notice_id: str
    dossier_code: str
    name: str
    address: str
    rendered: Rendered
    written_at: datetime


def written(post: Post, sender: Address) -> EmailMessage:
    """The message. Names and words cannot become headers: every value is one line, and typed. Raises BadAddress."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = _recipient(post)
    message["Subject"] = one_line(post.rendered.subject)
    message["Date"] = format_datetime(post.written_at.astimezone(VIETNAM))
    message["Message-ID"] = f"<{post.notice_id}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answering machine shall answer
    message["X-Motcua-Dossier"] = one_line(post.dossier_code)
    message.set_content(post.rendered.text, cte=_SEVEN_BITS)
    message.add_alternative(post.rendered.html, subtype="html", cte=_SEVEN_BITS)
    message.set_boundary(f"=_{post.notice_id}")
    return message


def _recipient(post: Post) -> Address:
    if not _ADDRESS.fullmatch(post.address):
        raise BadAddress
    local, _, domain = post.address.rpartition("@")
    return Address(one_line(post.name), local, domain)
