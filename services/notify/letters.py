"""A rendered notice as the bytes of a MIME message: the same bytes each time it is made.

By the standard library's older message classes: those of `EmailMessage` parse and fold every header anew, which took
more time than all the rest of sending. They refuse nothing, so every value is made one line before it becomes a header.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from email.charset import BASE64, Charset
from email.header import Header
from email.headerregistry import Address
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime
from typing import Any

from services.contracts.catalogue.dates import VIETNAM
from services.notify.templates import Rendered
from services.notify.wording import one_line

_WORD = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(rf"{_WORD}(\.{_WORD})*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")  # RFC 5322 dot-atoms
_PLAIN_NAME = re.compile(r"[A-Za-z0-9-]+( [A-Za-z0-9-]+)*")
_END_OF_LINE = re.compile("\r\n|\r|\n")
_SEVEN_BITS: Any = Charset("utf-8")
_SEVEN_BITS.body_encoding = BASE64  # nobody is asked whether 8BITMIME is spoken; shorter than quoted-printable
_ON_THE_WIRE = compat32.clone(linesep="\r\n", max_line_length=76)


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

    @property
    def recipient(self) -> str:
        """`address` as it stands in a header and behind RCPT TO: of a Vietnamese domain the A-labels. BadAddress."""
        return self.address if _ADDRESS.fullmatch(self.address) else _in_ascii(self.address)


def written(post: Post, sender: Address) -> bytes:
    """The message. Names and words cannot become headers: each is one line, encoded. Raises BadAddress."""
    # no line of a body begins so: it is all base64
    message: Any = MIMEMultipart("alternative", f"=_{post.notice_id}", policy=_ON_THE_WIRE)
    message["From"] = _mailbox("From", sender.display_name, sender.addr_spec)
    message["To"] = _mailbox("To", post.name, post.recipient)
    message["Subject"] = Header(one_line(post.rendered.subject), "utf-8", header_name="Subject")
    message["Date"] = format_datetime(post.written_at.astimezone(VIETNAM))
    message["Message-ID"] = f"<{post.notice_id}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answering machine shall answer
    message["X-Motcua-Dossier"] = Header(one_line(post.dossier_code), "us-ascii")
    for subtype, words in (("plain", post.rendered.text), ("html", post.rendered.html)):
        canonical = _END_OF_LINE.sub("\r\n", words)  # RFC 2045 §6.8: before it becomes base64
        message.attach(MIMEText(canonical, subtype, _SEVEN_BITS, policy=_ON_THE_WIRE))
    wire: bytes = message.as_bytes()
    return wire


def _in_ascii(address: str) -> str:
    """The domain by its A-labels (RFC 5891), which every server takes; a local part has no such form."""
    from email_validator import EmailNotValidError, validate_email  # some MB, for few addresses

    try:
        found = validate_email(address, check_deliverability=False, test_environment=True, allow_smtputf8=False)
    except EmailNotValidError:
        raise BadAddress from None
    if found.ascii_email is None or not _ADDRESS.fullmatch(found.ascii_email):
        raise BadAddress
    return found.ascii_email


def _mailbox(header: str, name: str, address: str) -> Header:
    """A name and an address. A name that is not plain words is encoded, also one that only looks encoded."""
    mailbox, shown = Header(header_name=header), one_line(name)
    if shown:
        mailbox.append(shown, "us-ascii" if _PLAIN_NAME.fullmatch(shown) else "utf-8")
    mailbox.append(f"<{address}>" if shown else address, "us-ascii")
    return mailbox
