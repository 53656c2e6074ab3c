"""Stores of intake in memory, and a small catalogue: one unit, one procedure with a fee and three papers."""

import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any, cast

from bson import ObjectId

from services.chassis.cause import Cause
from services.chassis.errors import Unavailable
from services.contracts.catalogue.schema import normal
from services.intake.catalogue import Catalogue, Row
from services.intake.drafts import Drafts
from services.intake.parts import Parts
from services.intake.settings import IntakeSettings
from services.intake.store import DOSSIER, Codes, Dossiers
from services.intake.tallies import Tallies
from services.intake.usecases import IntakeCases, Stores
from tests.keys import ring
from tests.unit.fakes import fake_journal
from tests.unit.intake.table import FakeTable

_WORDS = {"vi": "Tên", "en": "Name"}
_HOURS = {"key": "standard", "weekdays": [1, 2, 3, 4, 5], "windows": [{"opens": "08:00", "closes": "17:00"}]}
_HOLIDAY = {"date": "2016-01-01", "name": _WORDS, "mark": "known"}
SETTINGS = IntakeSettings(
    service="intake",
    amqp_uri="amqp://broker.example.vn",
    mongo_uri="mongodb://store.example.vn",
    actor_keys=ring().public,
    intake_url="https://intake.example.vn/",
    upload_max_bytes=10_000,
)
APPLICANT = {
    "kind": "citizen",
    "name": "Nguyễn Thị Mẫu",
    "id_number": "001801000001",
    "email": "nguyen.thi.mau@example.vn",
    "phone": "0912345678",
    "address": "Số 1 phố Ví Dụ",
}
FORM = {"label": "vi-du", "years": 2, "own_servers": False}
PROCEDURE = {
    "kind": "procedure",
    "key": "dk-ten-mien-vn",
    "tenant": "mic",
    "valid_from": "2016-01-01",
    "name": _WORDS,
    "unit": "vnnic",
    "applicant_kinds": ["citizen"],
    "level": 4,
    "mode": "full",
    "channels": ["online", "direct"],
    "legal_basis": [],
    "marks": {"name": "seed"},
    "form": [
        {"name": "label", "type": "domain_label", "label": _WORDS, "required": True},
        {"name": "years", "type": "number", "label": _WORDS, "required": True, "min": 1, "max": 10},
        {"name": "own_servers", "type": "flag", "label": _WORDS, "required": True},
        {"name": "server", "type": "text", "label": _WORDS, "required_if": {"field": "own_servers", "equals": True}},
    ],
    "components": [
        {"code": "TP01", "name": _WORDS, "need": "required", "accepts": ["pdf"], "max_bytes": 2000},
        {"code": "TP02", "name": _WORDS, "need": "one_of", "group": "owner", "accepts": ["pdf", "png"]},
        {"code": "TP03", "name": _WORDS, "need": "one_of", "group": "owner", "accepts": ["pdf"]},
    ],
    "time_limit": {"kind": "working_days", "days": 1},
    "clock": {"on_supplement": "restart", "on_payment": "pause"},
    "fees": [
        {
            "code": "P-01",
            "kind": "charge",
            "name": _WORDS,
            "basis": "per_year",
            "quantity_field": "years",
            "amount_vnd": 350_000,
            "when_due": "on_submission",
            "valid_from": "2016-01-01",
            "source": "TT 20/2023/TT-BTC",
            "mark": "found",
        },
    ],
    "result": {"dataset": "ten-mien-vn", "kind": "domain", "name": _WORDS, "record_fields": {"label": "label"}},
    "example": {"applicant": APPLICANT, "form": FORM, "documents": [{"component": "TP01"}, {"component": "TP02"}]},
}
DOCUMENTS: tuple[dict[str, Any], ...] = (
    {
        "kind": "calendar",
        "key": "vn",
        "valid_from": "2016-01-01",
        "valid_to": "2099-12-31",
        "name": _WORDS,
        "office_hours": [_HOURS],
        "holidays": [_HOLIDAY],
        "compensatory_off": [],
        "makeup_workdays": [],
    },
    {
        "kind": "unit",
        "key": "vnnic",
        "tenant": "mic",
        "valid_from": "2016-01-01",
        "name": _WORDS,
        "agency_code": "000.00.06.G14",
        "email": "vnnic@example.vn",
        "calendar": "vn",
    },
    PROCEDURE,
)


class FakePublished:
    """The projected catalogue: what was applied, one version of each."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str, str], Row] = {}

    def apply(self, published: Mapping[str, Any]) -> None:
        """Keep a document."""
        self.rows[published["tenant"], published["kind"], published["key"]] = dict(published)

    def as_of(self, tenant: str, kind: str, key: str, day: date) -> Row | None:
        """The document, if it is in force then."""
        found = self.standing(tenant, kind, key, day)
        return found if found and day.isoformat() <= (found["valid_to"] or "9999") else None

    def standing(self, tenant: str, kind: str, key: str, day: date) -> Row | None:
        """The document, if it has begun by then."""
        found = self.rows.get((tenant, kind, key))
        return found if found and found["valid_from"] <= day.isoformat() else None

    def listed(self, tenant: str, kind: str, day: date, limit: int = 100, after: str | None = None) -> list[Row]:
        """The documents of a kind, by key."""
        keys = sorted(key for of, what, key in self.rows if (of, what) == (tenant, kind) and key > (after or ""))
        begun = [key for key in keys if self.as_of(tenant, kind, key, day)]
        return [self.rows[tenant, kind, key] for key in begun[:limit]]

    def holds(self, tenant: str, kind: str) -> bool:
        """Whether there is any."""
        return any((of, what) == (tenant, kind) for of, what, _ in self.rows)


class FakeCodes:
    """Numbers in a row; `taken` says how many."""

    def __init__(self) -> None:
        self.taken = 0

    def take(self, agency_code: str, day: date) -> str:
        """The next code."""
        self.taken += 1
        return f"{agency_code}-{day:%y%m%d}-{self.taken:04d}"


class FakeUploads:
    """Uploads by id; `lost` makes the word that they were named get lost."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}
        self.lost = False
        self.gone = False

    def add(self, owner: str, type_: str = "pdf", size: int = 1000, status: str = "finished") -> str:
        """One more upload."""
        upload_id = f"u{len(self.documents) + 1}"
        self.documents[upload_id] = {
            "_id": upload_id,
            "owner": owner,
            "type": type_,
            "size": size,
            "status": status,
            "dossier_code": None,
            "filename": f"to-khai.{type_}",
            "content_type": f"application/{type_}",
            "sha256": "0" * 64,
            "current": ObjectId(),
        }
        return upload_id

    def find(self, upload_ids: Iterable[str], owner: str) -> dict[str, dict[str, Any]]:
        """Those that `owner` opened."""
        found = (self.documents.get(one) for one in upload_ids)
        return {one["_id"]: dict(one) for one in found if one and one["owner"] == owner}

    def keep_from_sweep(self, _uploads: Any, _at: datetime) -> bool:
        """Whether all are still there."""
        return not self.gone

    def name_in(self, dossier_code: str, upload_ids: Sequence[str]) -> None:
        """They belong to the dossier."""
        if self.lost:
            raise Unavailable("store.unavailable", "No.", "Không.")
        for one in upload_ids:
            self.documents[one]["dossier_code"] = dossier_code

    def file_id(self, upload_id: str) -> ObjectId | None:
        """The file of an upload."""
        found = self.documents.get(upload_id)
        return found["current"] if found else None


class FakePapers:
    """File contents in memory."""

    def __init__(self) -> None:
        self.files: dict[ObjectId, bytes] = {}
        self.parts = Parts(FakeTable())

    def write(self, file_id: ObjectId, pieces: Iterable[bytes], _at: datetime) -> None:
        """Keep the pieces, also when they end badly."""
        self.files[file_id] = b""
        for piece in pieces:
            self.files[file_id] += piece

    def open(self, file_id: ObjectId) -> io.BytesIO:
        """The file."""
        return io.BytesIO(self.files[file_id])

    def pieces(self, file_id: ObjectId) -> Iterable[bytes]:
        """Its content."""
        return [self.files.get(file_id, b"content")]

    def remove(self, file_ids: Iterable[ObjectId]) -> None:
        """Leave nothing."""
        for file_id in file_ids:
            self.files.pop(file_id, None)


class World:
    """Intake over stores in memory."""

    def __init__(self, documents: Sequence[Mapping[str, Any]] = DOCUMENTS) -> None:
        self.published, self.codes, self.uploads = FakePublished(), FakeCodes(), FakeUploads()
        self.journal = fake_journal(DOSSIER)
        self.dossiers, self.drafts, self.tallies = Dossiers(self.journal), FakeTable(), FakeTable()
        self.finding: Any = SimpleNamespace()  # the real one is tried on a server
        stores = Stores(
            self.dossiers,
            cast("Codes", self.codes),
            cast("Any", self.uploads),
            papers=cast("Any", FakePapers()),
            drafts=Drafts(self.drafts),
            tallies=Tallies(self.tallies, self.tallies, None),
            finding=cast("Any", self.finding),
        )
        self.cases = IntakeCases(stores, Catalogue(self.published), SETTINGS)
        for document in documents:
            self.cases.project(published(document))

    def papers(self, owner: str, *components: str) -> list[dict[str, str]]:
        """Finished uploads of `owner`, one a component."""
        return [{"component": component, "upload_id": self.uploads.add(owner)} for component in components]


def published(document: Mapping[str, Any], revision: int = 1) -> dict[str, Any]:
    """A catalogue document as registry publishes it."""
    body = normal(dict(document))
    tenant = body.get("tenant") or body["key"]
    named = {name: body[name] for name in ("kind", "key", "valid_from", "valid_to")}
    return {"name": "n", "tenant": tenant, **named, "revision": revision, "document": body}


def cause(id_: str, content: Any = None) -> Cause:
    """The cause that a request is."""
    return Cause(id_, id_, "00-0-0-01", {"kind": "citizen"}, digest=str(content))
