"""What registry's doors take."""

from services.contracts.catalogue.parts import Key, Name, Table
from services.contracts.catalogue.schema import SCHEMAS
from services.contracts.fields import Choice, Day, Flag, Items, Part, Strict, Text, Whole, length
from services.registry.catalogue import COUNTRY
from services.registry.domain import EXPIRED, REVOKED, VALID


class Command(Strict):
    """A request that changes something, once."""

    request_id = Text(required=True, longest=100)


class Page(Strict):
    """A stretch of a list: at most `limit` items, behind `after`, the `next` of the page before."""

    limit = Whole(low=1, high=200, load_default=50)
    after = Text(longest=300, load_default=None, allow_none=True)


class AsOf(Strict):
    """The catalogue as of a day; today in Vietnam when none is given."""

    as_of = Day(load_default=None, allow_none=True)


class PublishedDocument(Strict):
    """One catalogue document, and what it is."""

    kind = Choice(*SCHEMAS, required=True)
    key = Key(required=True)
    valid_from = Day(required=True)
    valid_to = Day(load_default=None, allow_none=True)
    document = Table(required=True)


class PublishCatalogue(Command):
    """Publish documents of one tenant, all or none; `republish` says unchanged ones again."""

    tenant = Key(required=True)
    documents = Items(Part(PublishedDocument()), fewest=1, most=500, required=True)
    republish = Flag(load_default=False)


class ListTenants(Page, AsOf):
    """The ministries."""


class GetTenant(AsOf):
    """One ministry."""

    tenant = Key(required=True)


class ListProcedures(Page, AsOf):
    """The procedures a ministry offers."""

    tenant = Key(required=True)


class ListUnits(Page, AsOf):
    """The units of a ministry."""

    tenant = Key(required=True)


class OneDocument(AsOf):
    """A document as it is on that day; with `standing` one that has ended by then as it last was."""

    standing = Flag(load_default=False)


class GetDocument(OneDocument):
    """One document of a tenant."""

    tenant = Key(required=True)
    key = Key(required=True)


class GetCalendar(OneDocument):
    """A public calendar."""

    tenant = Key(load_default=COUNTRY)
    key = Key(load_default=COUNTRY)


class OneRecord(Strict):
    """A record by its dataset and the number printed on the result."""

    dataset = Key(required=True)
    number = Text(required=True, longest=100)


class FindRecords(Page):
    """Records of a dataset, the newest first; expired ones by day, the last first; with `number_prefix` by number.

    Each item says of its content what `with_fields` names, so far as the record has it.
    """

    dataset = Key(required=True)
    holder = Text(longest=200, load_default=None, allow_none=True)
    number_prefix = Text(longest=100, load_default=None, allow_none=True)
    status = Choice(VALID, REVOKED, EXPIRED, load_default=None, allow_none=True)
    issued_from = Day(load_default=None, allow_none=True)
    issued_to = Day(load_default=None, allow_none=True)
    with_fields = Items(Name(), most=40, load_default=())


class Verify(OneRecord):
    """Does this number belong to this holder, named or by identity number or tax code?"""

    holder = Text(required=True, longest=200)


class Amend(Command, OneRecord):
    """New content for some fields of a record."""

    changes = Table(keys=Name(), required=True, validate=length(1, 100))
    reason = Text(required=True, longest=2000, lines=True)


class Revoke(Command, OneRecord):
    """End a record."""

    reason = Text(required=True, longest=2000, lines=True)
