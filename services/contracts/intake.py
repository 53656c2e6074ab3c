"""What intake publishes: the public life of a dossier. Ids, codes and statuses only; no name, no form content."""

from marshmallow import fields

from services.contracts.fields import Choice, Items, Lenient, Moment, Text, Versions, Whole
from services.contracts.words import APPLICANT_KINDS, CHANNELS, OUTCOMES, STATUSES


class DossierSubmitted(Lenient):
    """A dossier was submitted and has its code. `fee_inputs` holds the numbers and choices that price it."""

    dossier_code = Text(required=True)
    tenant = Text(required=True)
    procedure = Text(required=True)
    procedure_version = Text(required=True)
    unit = Text(required=True)
    level = Whole(required=True)
    applicant_kind = Choice(*APPLICANT_KINDS, required=True)
    channel = Choice(*CHANNELS, required=True)
    components = Items(Text(), most=500, required=True)
    fee_inputs = fields.Dict(keys=fields.String(), required=True)
    submitted_at = Moment(required=True)
    answer_due_at = Moment(required=True)


class DossierSupplemented(Lenient):
    """The applicant answered supplement request number `round`."""

    dossier_code = Text(required=True)
    unit = Text()  # that had it then
    round = Whole(required=True)
    components = Items(Text(), most=500, required=True)
    supplemented_at = Moment(required=True)


class DossierWithdrawn(Lenient):
    """The applicant took the dossier back; this ends it, whatever the unit was doing."""

    dossier_code = Text(required=True)
    unit = Text()  # that had it then
    withdrawn_at = Moment(required=True)


class DossierProgressed(Lenient):
    """Something another service did now shows in the dossier's public status. `fact` is the type of its event."""

    dossier_code = Text(required=True)
    fact = Text(required=True)
    fact_data = fields.Dict(keys=fields.String(), required=True)
    sequence = Whole()  # of the event in its own history: what makes it later than another of the same
    status = Choice(*STATUSES, required=True)
    dvcqg_status = Whole(required=True, allow_none=True)
    noted_at = Moment(required=True)


class DossierResolved(Lenient):
    """The dossier has its result: granted with a record, or refused."""

    dossier_code = Text(required=True)
    unit = Text()  # that had it then
    outcome = Choice(*OUTCOMES, required=True)
    dataset = Text(required=True, allow_none=True)
    number = Text(required=True, allow_none=True)
    resolved_at = Moment(required=True)


class DossierReturned(Lenient):
    """The applicant has the result in hand."""

    dossier_code = Text(required=True)
    method = Choice(*CHANNELS, required=True)
    returned_at = Moment(required=True)


EVENTS: dict[str, Versions] = {
    "dossier_submitted": {1: DossierSubmitted},
    "dossier_supplemented": {1: DossierSupplemented},
    "dossier_withdrawn": {1: DossierWithdrawn},
    "dossier_progressed": {1: DossierProgressed},
    "dossier_resolved": {1: DossierResolved},
    "dossier_returned": {1: DossierReturned},
}
