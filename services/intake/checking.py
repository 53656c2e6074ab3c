"""What a submission would be refused for, all of it at once, and what it would cost: nothing is submitted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any, Final

from marshmallow import Schema, ValidationError

from services.chassis import clock
from services.chassis.actor import Actor
from services.chassis.errors import Invalid, Refused
from services.contracts.catalogue.applicant import NUMBER_OF, Applicant
from services.contracts.catalogue.dates import local_day
from services.contracts.catalogue.fees import FeeInputInvalid, FeeInputMissing, FeeLine, price
from services.contracts.catalogue.forms import fee_inputs
from services.contracts.fields import explain
from services.contracts.words import WHEN_DUE
from services.intake import access, brought, checks
from services.intake.catalogue import Catalogue
from services.intake.checks import Problem, Procedure
from services.intake.uploads import Uploads

Answer = dict[str, Any]
_APPLICANT: Final = Applicant()


class Checking:
    """Judges what would be submitted, in the very words of the submission."""

    def __init__(self, uploads: Uploads, catalogue: Catalogue, answer_hours: int) -> None:
        self._uploads, self._catalogue = uploads, catalogue
        self._answer_hours = answer_hours

    def check(
        self,
        actor: Actor,
        tenant: str,
        procedure: str,
        applicant: Mapping[str, Any],
        form: Mapping[str, Any],
        documents: Sequence[Mapping[str, str]],
        channel: str,
    ) -> Answer:
        """All that `submit` would find wrong now. Raises what it raises of the procedure, the calendar, the actor."""
        at = clock.now()
        row = self._catalogue.procedure(tenant, procedure, local_day(at))
        asked = row["document"]
        known, problems = _judged(_APPLICANT, applicant, "applicant")
        access.may_submit(actor, _owner(actor, known, problems), channel, asked["unit"])
        if "kind" in known:
            problems += _said(lambda: checks.check_kind(asked, known["kind"]))
        problems += _said(lambda: checks.check_channel(asked, channel))
        answers, wrong = _judged(self._catalogue.form(row), form, "form")
        papers = brought.given(self._uploads, actor, documents)
        wrong = wrong or _said(lambda: checks.checked_answers(self._catalogue.form(row), form))
        wrong = wrong or _said(lambda: checks.priced_inputs(asked, answers, local_day(at)))
        problems += [*wrong, *_said(lambda: checks.check_papers(asked, answers, papers, known=()))]
        unit = self._catalogue.unit(tenant, asked["unit"], local_day(at))
        return {
            "errors": problems,
            "fees": priced(asked, answers, local_day(at)),
            "answer_due_at": self._catalogue.answer_due_at(unit, at, self._answer_hours),
        }


def priced(procedure: Procedure, answers: Mapping[str, Any], on: date) -> list[Answer] | None:
    """The fee lines as payment would price them that day, in the order in which they fall due; None: no price yet."""
    inputs = fee_inputs(procedure["fees"], answers)
    try:
        due = [(moment, line) for moment in WHEN_DUE for line in price(procedure["fees"], inputs, moment, on)]
    except (FeeInputMissing, FeeInputInvalid):
        return None
    return [_line(moment, line) for moment, line in due]


def _line(when_due: str, line: FeeLine) -> Answer:
    told = asdict(line)
    name = {"vi": told.pop("name_vi"), "en": told.pop("name_en")}
    return {"when_due": when_due, "name": name, **told}


def _judged(schema: Schema, given: Mapping[str, Any], path: str) -> tuple[dict[str, Any], list[Problem]]:
    """What is right with it, and what is wrong."""
    try:
        return dict(schema.load(given)), []
    except ValidationError as error:
        return dict(error.valid_data or {}), explain(error.messages_dict, path)


def _said(act: Callable[[], object]) -> list[Problem]:
    try:
        act()
    except (Invalid, Refused) as error:
        return error.errors
    return []


def _owner(actor: Actor, applicant: Mapping[str, Any], problems: Sequence[Problem]) -> str:
    """Whose dossier it would be; while that cannot be told, the actor's."""
    if problems:
        return access.owner_of(actor.kind, actor.id)
    return access.owner_of(applicant["kind"], applicant[NUMBER_OF[applicant["kind"]]])
