"""What a procedure asks, as the pages of a submission need it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for

from services.portal import forms
from services.portal.drafting import Draft
from services.portal.people import Person
from services.portal.wiring import portal

Document = Mapping[str, Any]


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
