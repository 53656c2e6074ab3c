"""Every door has a rule who may pass, every text that comes through has an end, and nothing comes in unlooked at."""

import atexit
from collections.abc import Iterator
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from marshmallow import Schema, fields, validate

from services.chassis import http, logs
from services.chassis.actor import KINDS, Actor
from services.chassis.rpc import methods_of
from services.chassis.settings import Settings
from services.cli.topology import service_classes
from services.contracts.fields import Items
from services.intake.service import IntakeService
from tests.contract.test_topology import CALLED, methods
from tests.keys import Ring, issuer, ring

# A method that is none of these changes something: it carries a request id, so that it can be asked for again.
QUESTIONS = ("get", "list", "look", "find", "track", "history", "verify", "health", "check", "count")
FIGURES = ("case_load", "due_calendar")  # questions whose names do not begin with what is asked
# What is open at the edge, and what looks at it inside.
OPEN = {
    "intake.submit form": "intake.checks.checked_answers: the compiled form of the procedure",
    "intake.check applicant": "intake.checking: the schema of an applicant",
    "intake.check form": "intake.checking: the compiled form of the procedure",
    "intake.save_draft applicant": "intake.schemas.Saved: size, depth, names, numbers",
    "intake.save_draft form": "intake.schemas.Saved: size, depth, names, numbers",
    "intake.supplement form": "intake.checks.checked_answers: the compiled form of the procedure",
    "registry.publish_catalogue documents.document": "registry.catalogue_checks: the schema of the document's kind",
    "registry.amend changes": "registry.contents.amended: the compiled fields of the dataset",
}
PUBLIC_METHODS = {
    "health": "counts, no names",
    "list_procedures": "the catalogue is public",
    "get_procedure": "the catalogue is public",
    "track": "who can name the code and the number of the applicant; nothing else is told than how it stands",
}
AS_BY_RPC = {  # who may do what is in `tests/integration/test_access.py`, for both doors
    f"POST /intake/{name}": "actor: as by RPC" if method.needs_actor else f"anybody: {PUBLIC_METHODS[name]}"
    for name, method in methods_of(IntakeService).items()
}
# Who may use a route, and by what he is known. A new route fails here until somebody has thought about it.
ROUTES = {
    "intake": {
        "GET /health/live": "anybody: says nothing but that it lives",
        "GET /health/ready": "anybody: says nothing but whether it can work",
        **AS_BY_RPC,
        "PUT /uploads/<upload_id>/<ticket>": "whoever holds the one-time ticket",
        "PATCH /uploads/<upload_id>/<ticket>": "whoever holds the ticket, until it is used up",
        "GET /dossiers/<dossier_code>/documents/<which>": "actor: the owner, officers of the unit, the system",
    },
    "payment": {
        "GET /health/live": "anybody: says nothing but that it lives",
        "GET /health/ready": "anybody: says nothing but whether it can work",
        "GET /payment/vnpay/ipn": "the gateway: its signature over the query",
        "GET /payment/vnpay/return": "the gateway: its signature over the query; settles nothing",
    },
    "registry": {
        "GET /health/live": "anybody: says nothing but that it lives",
        "GET /health/ready": "anybody: says nothing but whether it can work",
        "GET /registry/records/verify": "anybody who can name the number; holders are not spoken of",
        "POST /registry/records/verify": "anybody who can name number and holder, so often; neither is ever told",
        "GET /registry/catalogue/<tenant>/procedures": "anybody: the catalogue is public",
        "GET /registry/catalogue/<tenant>/procedures/<key>": "anybody: the catalogue is public",
    },
}
WITH_ACTOR = [
    (service, *line.split(" "))
    for service, lines in ROUTES.items()
    for line, rule in lines.items()
    if rule.startswith("actor")
]
PUBLIC = [
    (service, *line.split(" "))
    for service, lines in ROUTES.items()
    for line, rule in lines.items()
    if rule.startswith("anybody") and "/health/" not in line
]


def open_door(service: str, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The WSGI application of a service, with nothing behind it."""
    base = SimpleNamespace(settings=SimpleNamespace(verify_limit="1000/minute", proxies=0), database=None)
    nothing = SimpleNamespace(start=lambda **_: None, stop=lambda: None, base=base, health=dict, cases=_Nothing())
    module = import_module(f"services.{service}.http")
    monkeypatch.setattr(module, "wire", lambda _settings: nothing)
    monkeypatch.setattr(http, "settings_or_exit", lambda _kind, name: _settings(name))
    monkeypatch.setattr(logs, "configure", lambda *_: None)
    monkeypatch.setattr(atexit, "register", lambda *_: None)
    app: Flask = module.create_app()
    return app


class _Nothing:
    """Has everything; nothing of it may be called."""

    def __getattr__(self, name: str) -> Any:
        return _Nothing()

    def __call__(self, *_args: Any, **_kwargs: Any) -> Any:
        pytest.fail("somebody got in")


def _settings(service: str) -> Settings:
    return Settings(service=service, amqp_uri="amqp://nowhere", mongo_uri="mongodb://nowhere", actor_keys=ring().public)


def inner_fields(schema: Schema, path: str) -> Iterator[tuple[str, fields.Field[Any]]]:
    """Every field of a schema and of what lies in it."""
    for name, field in schema.fields.items():
        yield f"{path}{name}", field
        inner = field.inner if isinstance(field, fields.List) else field
        if inner is not field:
            yield f"{path}{name}", inner
        if isinstance(inner, fields.Nested):
            yield from inner_fields(inner.schema, f"{path}{name}.")


ALL_FIELDS = [
    (path, field)
    for service in service_classes()
    for name, method in methods(service).items()
    for path, field in inner_fields(method._schema, f"{service.name}.{name} ")  # noqa: SLF001
]


def test_every_route_has_a_rule_and_every_rule_a_route(monkeypatch: pytest.MonkeyPatch) -> None:
    for service, rules in ROUTES.items():
        app = open_door(service, monkeypatch)
        found = {
            f"{method} {rule.rule}"
            for rule in app.url_map.iter_rules()
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        }
        assert found == set(rules), service


def test_everything_that_intake_takes_by_rpc_it_takes_without_the_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    routes = {
        rule.rule for rule in open_door("intake", monkeypatch).url_map.iter_rules() if "POST" in (rule.methods or ())
    }
    assert routes == {f"/intake/{name}" for name in methods(IntakeService)}


@pytest.mark.parametrize(("service", "verb", "route"), WITH_ACTOR)
def test_a_route_for_actors_lets_nobody_else_in(
    service: str, verb: str, route: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = open_door(service, monkeypatch).test_client()
    path = route.replace("<", "").replace(">", "")
    plain = '{"kind": "system", "id": "1"}'
    forged = Ring(everybody=KINDS).issuer("everybody").issue(Actor("system", "1"))
    operator = issuer().issue(Actor("operator", "vh-001"))
    method = methods_of(IntakeService).get(route.rpartition("/")[2])
    lets_operators = method is not None and method.lets_operators
    for headers, code in (
        ({}, "missing"),
        ({"X-Motcua-Actor": plain}, "missing"),
        ({"Authorization": f"Bearer {plain}"}, "malformed"),
        ({"Authorization": "Basic eDp4"}, "malformed"),
        ({"Authorization": f"Bearer {forged}"}, "untrusted"),
        *(({"Authorization": f"Bearer {operator}"}, "operator") for _ in range(not lets_operators)),
    ):
        answer = door.open(path, method=verb, headers=headers, json=None if verb == "GET" else {})
        assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
        assert answer.json is not None
        assert answer.json["code"] == f"actor.{code}"


@pytest.mark.parametrize(("service", "verb", "route"), PUBLIC)
def test_who_shows_a_token_where_none_is_needed_shows_a_good_one(
    service: str, verb: str, route: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = open_door(service, monkeypatch).test_client()
    path = route.replace("<", "").replace(">", "")
    forged = Ring(everybody=KINDS).issuer("everybody").issue(Actor("citizen", "1"))
    answer = door.open(path, method=verb, headers={"Authorization": f"Bearer {forged}"}, json={})
    assert answer.json is not None
    assert answer.json["code"] == "actor.untrusted"


def test_what_is_not_a_question_carries_a_request_id() -> None:
    for service in service_classes():
        for name, method in methods(service).items():
            asks = name.split("_")[0] in QUESTIONS or name in FIGURES
            field = method._schema.fields.get("request_id")  # noqa: SLF001
            assert (field is None) == asks, f"{service.name}.{name}"
            assert field is None or field.required, f"{service.name}.{name}"


def test_the_calls_of_other_peoples_programs_need_nothing_more() -> None:
    for service in service_classes():
        for name, arguments in CALLED[service.name].items():
            demanded = {key for key, field in methods(service)[name]._schema.fields.items() if field.required}  # noqa: SLF001
            assert demanded <= arguments, f"{service.name}.{name}"


def test_every_text_list_and_number_has_an_end() -> None:
    for path, field in ALL_FIELDS:
        if isinstance(field, fields.String):
            assert _bound(field, validate.Length), path
        if isinstance(field, fields.Number):
            assert _bound(field, validate.Range), path
        if isinstance(field, fields.List):
            assert isinstance(field, Items), path
            assert _bound(field, validate.Length), path


def _bound(field: fields.Field[Any], kind: type[validate.Length] | type[validate.Range]) -> bool:
    return any(isinstance(check, kind) and check.max is not None for check in field.validators)


def test_nothing_is_open_at_the_edge_but_what_is_looked_at_inside() -> None:
    found = {path for path, field in ALL_FIELDS if type(field) is fields.Raw or isinstance(field, fields.Dict)}
    assert found == set(OPEN)


def test_every_schema_refuses_what_it_does_not_know() -> None:
    for service in service_classes():
        for name, method in methods(service).items():
            for schema in _schemas(method._schema):  # noqa: SLF001
                assert schema.unknown == "raise", f"{service.name}.{name}"


def _schemas(schema: Schema) -> Iterator[Schema]:
    yield schema
    for _, field in inner_fields(schema, ""):
        if isinstance(field, fields.Nested):
            yield field.schema
