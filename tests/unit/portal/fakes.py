"""The portal without its surroundings: services that answer from a table, and a session store in memory."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, Final

from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache

from services.chassis.actor import Actor
from services.chassis.errors import NotFound, ServiceError
from services.portal import signin
from services.portal.health import Health
from services.portal.http import build
from services.portal.offers import Offers
from services.portal.people import Person
from services.portal.sessions import Sessions
from services.portal.settings import PortalSettings
from services.portal.wiring import Portal

SECRET: Final = "a secret of at least thirty-two characters"
CITIZEN: Final = Person("citizen", "001801000001", "Nguyễn Thị Mẫu", email="nguyen.thi.mau@example.vn")
OTHER: Final = Person("citizen", "001801000002", "Trần Văn Mẫu")
OFFICER: Final = Person("officer", "vnnic-1", "Cán bộ", unit="vnnic", tenant="mic", duties="sign transfer")
CLERK: Final = replace(OFFICER, duties="")
OPERATOR: Final = Person("operator", "van-hanh-1", "Vận hành", tenant="mic")
UNIT: Final = {"key": "vnnic", "name": {"vi": "Trung tâm Internet Việt Nam", "en": "VNNIC"}, "phone": "02438000006"}
ENDED: Final = {
    "key": "vnnic",
    "name": {"vi": "Trung tâm đã giải thể", "en": "Closed centre"},
    "phone": "02438000007",
    "valid_to": "2026-06-30",
}
MINISTRY: Final = {"key": "mic", "name": {"vi": "Bộ Thông tin và Truyền thông", "en": "MIC"}}

Answer = Any


class FakeServices:
    """Answers from a table `target: answer`, where an answer may be a function of the arguments or an error."""

    def __init__(self, answers: Mapping[str, Answer] | None = None) -> None:
        self.answers: dict[str, Answer] = dict(answers or {})
        self.asked: list[tuple[Actor | None, str, dict[str, Any]]] = []

    def ask(self, actor: Actor | None, target: str, /, **arguments: Any) -> Any:
        """The answer of the table. Raises NotFound where there is none."""
        self.asked.append((actor, target, arguments))
        answer = self.answers.get(target)
        if answer is None:
            raise NotFound("fake.nothing", "Nothing is there.", "Không có.")
        answer = answer(**arguments) if isinstance(answer, Callable) else answer  # type: ignore[arg-type]
        if isinstance(answer, ServiceError):
            raise answer
        return answer

    def of(self, target: str) -> list[dict[str, Any]]:
        """The arguments of every call of `target`."""
        return [arguments for _, asked, arguments in self.asked if asked == target]

    def close(self) -> None:
        """Nothing is open."""


class FakeCollection:
    """As much of a MongoDB collection as sessions need."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}

    def create_index(self, *_: Any, **__: Any) -> None:
        """There are no indexes."""

    def find_one(self, wanted: Mapping[str, Any]) -> dict[str, Any] | None:
        """The document of that id, unless it has ended."""
        found = self.documents.get(wanted["_id"])
        return found if found and found["ends_at"] > wanted["ends_at"]["$gt"] else None

    def update_one(self, wanted: Mapping[str, Any], change: Mapping[str, Any], *, upsert: bool) -> Any:
        """Set members of a document that is as wanted, `part.member` too; it is made if need be."""
        found = self.documents.get(wanted["_id"])
        is_there = found is not None and all(_at(found, path) == value for path, value in wanted.items())
        if upsert or is_there:
            self.documents.setdefault(wanted["_id"], {"_id": wanted["_id"]}).update(change["$set"])
        return SimpleNamespace(matched_count=int(is_there))

    def delete_one(self, wanted: Mapping[str, Any]) -> None:
        """Take a document away."""
        self.documents.pop(wanted["_id"], None)


def _at(document: Mapping[str, Any], path: str) -> Any:
    part, _, member = path.partition(".")
    return document[part][member] if member else document[part]


def settings(**changes: Any) -> PortalSettings:
    """Settings of a portal that reaches nothing."""
    chosen = {
        "service": "portal",
        "amqp_uri": "amqp://nowhere",
        "mongo_uri": "mongodb://nowhere",
        "actor_keys": "/nowhere",
        "actor_key": "/nowhere",
        "portal_url": "http://localhost",
        "intake_url": "http://nowhere",
        "secret": SECRET,
        "oidc_issuer": "http://nowhere",
        "oidc_client_id": "portal",
        "oidc_client_secret": "secret",
    }
    return PortalSettings(**{**chosen, **changes})


def catalogue(*procedures: Mapping[str, Any]) -> dict[str, Answer]:
    """Answers of the catalogue: one ministry, one unit, these procedures."""
    by_key = {one["key"]: one for one in procedures}
    return {
        "registry.list_tenants": {"items": [MINISTRY], "next": None},
        "registry.get_unit": UNIT,
        "intake.list_procedures": {"items": [_line(one) for one in procedures], "next": None},
        "intake.get_procedure": lambda tenant, key: (
            by_key.get(key) or NotFound("intake.unknown_procedure", "No.", "Không.")
        ),
    }


def ended(document: Mapping[str, Any]) -> Callable[..., Answer]:
    """What registry answers of a document that has ended: nothing, unless it is asked how it last was."""
    nothing = NotFound("registry.unknown_document", "There is no such document.", "Không có tài liệu này.")
    return lambda standing=False, **_: document if standing else nothing


ENDED_UNIT: Final = ended(ENDED)


def procedure(key: str = "dk-ten-mien-vn", **changes: Any) -> dict[str, Any]:
    """A page of a procedure, as intake answers it."""
    page: dict[str, Any] = {
        "key": key,
        "tenant": "mic",
        "name": {"vi": "Đăng ký sử dụng tên miền", "en": "Registration of a domain name"},
        "tthc_code": None,
        "unit": "vnnic",
        "unit_name": UNIT["name"],
        "level": 4,
        "mode": "full",
        "applicant_kinds": ["citizen", "organisation"],
        "channels": ["online"],
        "legal_basis": [],
        "form": [],
        "components": [],
        "time_limit": {"kind": "working_days", "days": 1},
        "fees": [],
        "result": {
            "name": {"vi": "Thông báo cấp tên miền", "en": "Notice"},
            "validity_years": None,
            "record_fields": {},
        },
        "version": "2016-01-01",
    }
    return {**page, **changes}


def _line(page: Mapping[str, Any]) -> dict[str, Any]:
    names = (
        "key",
        "name",
        "tthc_code",
        "unit",
        "level",
        "mode",
        "applicant_kinds",
        "channels",
        "time_limit",
        "version",
    )
    return {**{name: page[name] for name in names}, "fee_free": not page["fees"]}


class _Compiled(BytecodeCache):
    """Templates are compiled once for all the portals of a run."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """What is known of a template as it now is."""
        if bucket.key in self._known:
            bucket.bytecode_from_string(self._known[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Know it."""
        self._known[bucket.key] = bucket.bytecode_to_string()


_COMPILED: Final = _Compiled()


class _Lent:
    """Portals to be had by one test after another, as new: a fifth of a second is saved each time."""

    def __init__(self) -> None:
        self._test: str | None = None
        self._free: dict[Any, list[Flask]] = {}
        self._lent: list[tuple[Any, Flask]] = []

    def lend(self, parts: Portal) -> Flask:
        """One that nobody else has in this test."""
        test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]  # without "(setup)" and the like
        if test != self._test:
            for settings, back in self._lent:
                self._free.setdefault(settings, []).append(back)
            self._test, self._lent = test, []
        free = self._free.setdefault(parts.settings, [])
        if free:
            built = free.pop()
            built.extensions["motcua"], built.session_interface = parts, parts.sessions
            signin.meet(built, parts.settings)
        else:
            built = build(parts)
            built.jinja_env.bytecode_cache = _COMPILED
        for limiter in built.extensions["limiter"]:
            limiter.reset()
        self._lent.append((parts.settings, built))
        return built


_LENT: Final = _Lent()


def app(services: FakeServices, **changes: Any) -> Flask:
    """A portal over these services."""
    chosen = settings(**changes)
    sessions = Sessions(FakeCollection(), SECRET, idle=timedelta(minutes=30), longest=timedelta(hours=12))
    offers = Offers(services)  # type: ignore[arg-type]
    parts: Any = Portal(chosen, services, offers, sessions, None, Health(chosen, None, offers))  # type: ignore[arg-type]
    built = _LENT.lend(parts)
    built.testing = True
    built.config["PROPAGATE_EXCEPTIONS"] = False
    built.config["WTF_CSRF_ENABLED"] = False
    return built


def visit(services: FakeServices, person: Person | None = None, **changes: Any) -> FlaskClient:
    """A browser, where somebody has signed in, or nobody."""
    browser = app(services, **changes).test_client()
    if person is not None:
        with browser.session_transaction() as session:
            session["person"] = person.kept()
    return browser
