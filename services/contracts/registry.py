"""What registry publishes: the records of the shared databases, and the catalogue itself."""

from marshmallow import fields

from services.contracts.fields import Choice, Items, Lenient, Moment, Text, Versions, Whole
from services.contracts.words import CATALOGUE_KINDS, OUTCOMES


class CataloguePublished(Lenient):
    """A catalogue document in its `revision`; projected by every service into its own database."""

    name = Text(required=True)
    tenant = Text(required=True)
    kind = Choice(*CATALOGUE_KINDS, required=True)
    key = Text(required=True)
    valid_from = Text(required=True)
    valid_to = Text(required=True, allow_none=True)
    revision = Whole(required=True)
    document = fields.Dict(keys=fields.String(), required=True)


class IssuanceNoted(Lenient):
    """Something that decides whether a record is issued became known: what registry waits for, per dossier."""

    dossier_code = Text(required=True)
    fact = Choice("decided", "fee_settled", "withdrawn", "stopped", required=True)
    tenant = Text(required=True, allow_none=True)
    procedure = Text(required=True, allow_none=True)
    procedure_version = Text(required=True, allow_none=True)
    unit = Text(required=True, allow_none=True)
    outcome = Choice(*OUTCOMES, required=True, allow_none=True)
    dataset = Text(load_default=None, allow_none=True)
    needs_fee = fields.Boolean(required=True, allow_none=True)
    refused_rows = Items(Whole(), most=1000)
    noted_at = Moment(required=True)


class IssuanceReady(Lenient):
    """Everything is there: the record is to be issued in `dataset`, numbered in the series of `year`."""

    dossier_code = Text(required=True)
    dataset = Text(required=True)
    year = Whole(required=True)
    ready_at = Moment(required=True)


class RecordIssued(Lenient):
    """A result is a record of a shared database from now on. `number` is unique in `dataset`."""

    dossier_code = Text(required=True)
    tenant = Text(required=True)
    procedure = Text(required=True)
    unit = Text(required=True)
    dataset = Text(required=True)
    number = Text(required=True)
    version = Whole(required=True)
    issued_at = Moment(required=True)
    expires_on = Text(required=True, allow_none=True)


class RecordAmended(Lenient):
    """A new version of a record."""

    dossier_code = Text(required=True)
    dataset = Text(required=True)
    number = Text(required=True)
    version = Whole(required=True)
    amended_at = Moment(required=True)


class RecordRevoked(Lenient):
    """A record is no longer valid."""

    dossier_code = Text(required=True)
    dataset = Text(required=True)
    number = Text(required=True)
    version = Whole(required=True)
    reason = Choice("withdrawn", "by_decision", required=True)
    revoked_at = Moment(required=True)


EVENTS: dict[str, Versions] = {
    "catalogue_published": {1: CataloguePublished},
    "issuance_noted": {1: IssuanceNoted},
    "issuance_ready": {1: IssuanceReady},
    "record_issued": {1: RecordIssued},
    "record_amended": {1: RecordAmended},
    "record_revoked": {1: RecordRevoked},
}
