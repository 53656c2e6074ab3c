"""What a procedure asks, and what is asked once more, as the pages of a submission need it."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import url_for

from services.portal import forms
from services.portal.drafting import Draft
from services.portal.following import explained, wishes_of
from services.portal.people import Person
from services.portal.signin import who
from services.portal.wiring import portal

Document = Mapping[str, Any]
_DRAFTS: Final = uuid.UUID("5d2c1c52-6f0b-5a6e-9a53-0f3f8e1b7f11")


@dataclass(frozen=True, slots=True)
class Asked:
    """A procedure's page: its questions and its papers."""

    page: Document

    @classmethod
    def of(cls, draft: Draft) -> "Asked":
        """What the procedure of a draft asks. Raises NotFound."""
        return cls(portal().offers.procedure(draft.tenant, draft.procedure))

    @property
    def fields(self) -> forms.Fields:
        """Its questions."""
        fields: forms.Fields = self.page["form"]
        return fields

    def table(self, name: str) -> Document | None:
        """The table of that name."""
        return next((one for one in self.fields if one["name"] == name and one["type"] == "table"), None)

    def component(self, code: str) -> Document | None:
        """The paper of that code."""
        return next((one for one in self.page["components"] if one["code"] == code), None)

    def is_for(self, person: Person) -> bool:
        """Whether such people may hand it in here."""
        return person.kind in self.page["applicant_kinds"] and "online" in self.page["channels"]

    def problems(self, draft: Draft, person: Person) -> list[dict[str, str]]:
        """What is wrong with the answers of a draft."""
        applicant = forms.judge_applicant(forms.applicant_of(person, draft.applicant))
        return [*applicant, *forms.judge(self.fields, draft.form)]

    def after_form(self, draft: Draft) -> str:
        """Where one goes on: to the papers, if there are any."""
        onward = "uploads.show" if self.page["components"] else "review.show"
        return url_for(onward, draft_id=draft.id)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A dossier that waits for its applicant, what its procedure asks, and what the officer wrote that is missing."""

    dossier: Document
    asked: Asked
    request: Document | None = None

    @property
    def wishes(self) -> list[Document]:
        """What is missing, one by one."""
        return wishes_of(self.request, self.asked.page)

    @property
    def components(self) -> list[str]:
        """The codes of the papers that the officer wants."""
        return list(self.dossier["supplement"]["components"])

    @property
    def draft_id(self) -> str:
        """The same on every device, and another when the officers ask again."""
        return str(uuid.uuid5(_DRAFTS, f"{self.dossier['dossier_code']}.{self.dossier['supplement']['round']}"))

    @property
    def as_it_is(self) -> Draft:
        """A draft that changes nothing yet."""
        return self.draft(self.dossier["form"] or {})

    def draft(self, form: Document, version: int = 0) -> Draft:
        """These answers as a draft."""
        dossier = self.dossier
        about = (self.draft_id, dossier["tenant"], dossier["procedure"], version)
        return Draft(*about, form=form, dossier_code=dossier["dossier_code"])


def awaited(code: str) -> Document | None:
    """The dossier of this code, if it waits for its applicant. Raises NotFound."""
    dossier: Document = portal().services.ask(who().actor, "intake.get", dossier_code=code[:60])
    supplement = dossier["supplement"]
    return dossier if supplement and supplement["open"] else None


def wanted_of(dossier: Document) -> Wanted:
    """The same without the officer's words, which routing would have to be asked for."""
    return Wanted(dossier, Asked(explained(dossier)[0]))


def changed(fields: forms.Fields, before: Document, typed: Document) -> dict[str, Any]:
    """The answers to these questions that differ; None takes one back. What none of them asks stays as it was."""
    was, now = forms.answers(fields, before), forms.answers(fields, typed)
    names = dict.fromkeys([*was, *now])
    return {name: now.get(name) for name in names if was.get(name) != now.get(name)}
