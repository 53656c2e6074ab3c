"""What the API answers of terms, decisions and units."""

from typing import Final, get_args

from marshmallow import Schema, fields
from marshmallow.validate import OneOf

from services.contracts.catalogue.explained import Why
from services.portal.api.answers import Words, instant, maybe

_WHYS: Final = get_args(Why)


class TermDay(Schema):
    """One day of a term, and why it counts or does not."""

    day = fields.String(required=True, metadata={"format": "date"})
    counted = fields.Boolean(required=True)
    why = fields.String(required=True, validate=OneOf(_WHYS))
    words = fields.Nested(Words, required=True, metadata={"description": "The same in a few words."})
    name = fields.Nested(Words, allow_none=True, metadata={"description": "Of the holiday, or of the exchanged day."})
    count = maybe(fields.Integer, metadata={"description": "Which day of a term in days it is."})
    minutes = maybe(fields.Integer, metadata={"description": "Office time gone by since receipt, of a term in hours."})


class Term(Schema):
    """Until when the unit has to answer, or to decide."""

    kind = fields.String(required=True, validate=OneOf(("answer", "decision")))
    due_at = instant(required=True)
    was_moved = fields.Boolean(
        required=True, metadata={"description": "The clock stood still meanwhile: `due_at` lies behind the last day."}
    )
    hours = maybe(fields.Integer, metadata={"description": "How many office hours the unit has to answer."})
    days = fields.List(
        fields.Nested(TermDay),
        required=True,
        metadata={"description": "From receipt to the end; none where the calendar is not known so far ahead."},
    )


class TermOfDossier(Schema):
    """The term that runs for the unit."""

    dossier_code = fields.String(required=True)
    term = fields.Nested(Term, required=True, allow_none=True, metadata={"description": "null: none runs"})


class Judged(Schema):
    """What was decided on one row, from 1, of the table of what is applied for."""

    row = fields.Integer(required=True)
    outcome = fields.String(required=True)
    reason = maybe()


class Decision(Schema):
    """What was decided: null before that. A row that is not among `items` goes with the whole."""

    dossier_code = fields.String(required=True)
    decided_at = maybe(instant)
    outcome = maybe()
    reason = maybe()
    items = fields.List(fields.Nested(Judged), required=True)


class Unit(Schema):
    """A unit that handles dossiers."""

    tenant = fields.String(required=True)
    key = fields.String(required=True)
    name = fields.Nested(Words, required=True)
    phone = maybe()
    email = maybe()
    valid_to = maybe(metadata={"format": "date", "description": "Its last day; of one that has ended, a day gone by."})
