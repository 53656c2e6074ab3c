"""The portal as it falls back: intake asked over HTTP, with the keywords of RPC."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import requests

from services.chassis.errors import KINDS
from services.chassis.tokens import Issuer
from services.cli.acting import bearer
from services.cli.demo.town import fresh
from tests.integration.world import Actor, Refusal, refused

SECONDS: Final = 30
_KINDS: Final = {kind.title: name for name, kind in KINDS.items()}
PDF: Final = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n% "


@dataclass(frozen=True)
class HttpDoor:
    """Intake's commands and queries at `POST /intake/<method>`."""

    base: str
    issuer: Issuer | None = None  # none: nobody can act

    def post(self, actor: Actor | None, method: str, content: Any, **headers: str) -> requests.Response:
        """One call, whatever is answered."""
        claim = bearer(self.issuer, actor) if actor is not None and self.issuer is not None else {}
        return self.send("POST", f"{self.base}/intake/{method}", json=content, headers={**claim, **headers})

    def send(self, method: str, url: str, seconds: float = SECONDS, **how: Any) -> requests.Response:
        """One request on a line of its own. Raises RequestException."""
        return requests.request(method, url, timeout=seconds, **how)

    def ask(self, actor: Actor, method: str, /, **content: Any) -> Any:
        """The answer to one call."""
        answer = self.post(actor, method, content)
        answer.raise_for_status()
        return answer.json()

    def refusal(self, actor: Actor, method: str, content: Mapping[str, Any]) -> Refusal | None:
        """What one call is refused with, None where it is answered."""
        answer = self.post(actor, method, content)
        if answer.status_code < 400:
            return None
        refusal = refused(answer)
        return replace(refusal, kind=_KINDS[refusal.kind])

    def upload(self, actor: Actor, name: str) -> str:
        """The id under which a small file of this name can be handed in."""
        content = PDF + name.encode() + b"\n"
        declared = {
            "filename": f"{name}.pdf",
            "content_type": "application/pdf",
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "request_id": fresh(),
        }
        ticket = self.ask(actor, "open_upload", **declared)
        self.send("PUT", ticket["url"], data=content).raise_for_status()
        return str(ticket["upload_id"])

    def submission(self, procedure: Mapping[str, Any], tag: str) -> dict[str, Any]:
        """A whole submission of the procedure's example, its papers handed in; without a request id."""
        applicant = {**procedure["example"]["applicant"], "email": f"{procedure['key']}.{tag}@example.vn"}
        papers = [one["component"] for one in procedure["example"]["documents"]]
        actor = actor_of(applicant)
        return {
            "tenant": procedure["tenant"],
            "procedure": procedure["key"],
            "applicant": applicant,
            "form": procedure["example"]["form"],
            "documents": [{"component": code, "upload_id": self.upload(actor, code)} for code in papers],
            "channel": "online",
        }


def actor_of(applicant: Mapping[str, str]) -> Actor:
    """As whom an applicant acts."""
    number = applicant["id_number" if applicant["kind"] == "citizen" else "tax_code"]
    return {"kind": applicant["kind"], "id": number}
