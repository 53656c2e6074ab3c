"""Who asks: a citizen under an identity number, or an organisation under a tax code."""

from typing import Any, Final

from marshmallow import ValidationError, validates_schema

from services.contracts.catalogue.numbers import Cccd, Email, PersonName, Phone, TaxCode
from services.contracts.fields import Choice, Strict, Text, say
from services.contracts.words import APPLICANT_KINDS

NUMBER_OF: Final = {"citizen": "id_number", "organisation": "tax_code"}
_MISSING = say("required", "Bắt buộc phải có.", "Is required.")
_FOREIGN = say("not_for_this_kind", "Không dùng cho loại người nộp này.", "Is not for this kind of applicant.")


class Applicant(Strict):
    """The submitter of a dossier; a citizen has `id_number`, an organisation `tax_code`, neither has both."""

    kind = Choice(*APPLICANT_KINDS, required=True)
    name = Text(required=True, longest=200)
    id_number = Cccd()
    tax_code = TaxCode()
    email = Email(required=True)
    phone = Phone(required=True)
    address = Text(required=True, longest=300)

    @validates_schema(skip_on_field_errors=False, pass_original=True)
    def _fits_its_kind(self, data: dict[str, Any], original: Any, **_: Any) -> None:
        if data.get("kind") not in NUMBER_OF:
            return
        own = NUMBER_OF[data["kind"]]
        mistakes: dict[str, list[str]] = {
            other: [_FOREIGN] for other in NUMBER_OF.values() if other != own and other in original
        }
        if own not in original:
            mistakes[own] = [_MISSING]
        if data["kind"] == "citizen" and "name" in data:
            mistakes |= _not_a_person(data["name"])
        if mistakes:
            raise ValidationError(mistakes)


def _not_a_person(name: str) -> dict[str, list[str]]:
    try:
        PersonName().deserialize(name)
    except ValidationError as wrong:
        return {"name": [str(message) for message in wrong.messages]}
    return {}
