"""registry over HTTP: what everybody may look up, without an actor: the catalogue, and whether a record is good.

Addresses are written down by every proxy and browser: who is asked about stands in a body, never in one.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

from flask import Flask, Response, request
from marshmallow import Schema

from services.chassis import often
from services.chassis.errors import Invalid
from services.chassis.http import answer, asked_by, read_body
from services.chassis.http import create_app as open_door
from services.chassis.rpc import methods_of, read_call
from services.chassis.wired import Wired
from services.registry import schemas
from services.registry.service import RegistryService
from services.registry.settings import RegistrySettings
from services.registry.usecases import RegistryCases
from services.registry.wiring import wire

_PUBLIC = methods_of(RegistryService)["verify"]  # as all of these: no actor is needed, one that is stated must be good
_VERIFY = "/registry/records/verify"
_LONGEST_QUESTION = 10_000
_PROCEDURES = "/registry/catalogue/<tenant>/procedures"


def create_app() -> Flask:
    """The door, for gunicorn."""
    return open_door("registry", RegistrySettings, wire, add_routes)


def add_routes(app: Flask, wired: Wired[RegistryCases]) -> None:
    """The public look-ups. No answer names a holder."""
    catalogue, records = wired.cases.catalogue, wired.cases.records
    settings, counting = cast("RegistrySettings", wired.base.settings), often.limiter()
    often.keep(app, counting, wired.base.database, settings.proxies)

    @counting.limit(settings.verify_limit)  # type: ignore[misc, untyped-decorator, unused-ignore]
    def verify() -> Response:  # whoever could ask for ever would find out whose a record is
        return _ask(schemas.Verify(), records.verify)

    app.add_url_rule(_VERIFY, "look_up", _look_up(schemas.OneRecord(), records.look_up), methods=["GET"])
    app.add_url_rule(_VERIFY, "verify", verify, methods=["POST"])
    app.add_url_rule(_PROCEDURES, "list_procedures", _look_up(schemas.ListProcedures(), catalogue.list_procedures))
    procedure = partial(catalogue.get_document, "procedure")
    app.add_url_rule(f"{_PROCEDURES}/<key>", "get_procedure", _look_up(schemas.GetDocument(), procedure))


def _look_up(schema: Schema, find: Callable[..., dict[str, Any]]) -> Callable[..., Response]:
    def look_up(**path: str) -> Response:
        call = read_call(f"registry.{request.endpoint}", schema, asked_by(_PUBLIC), {**_query(), **path})
        return answer(find(**call.args))

    return look_up


def _ask(schema: Schema, find: Callable[..., dict[str, Any]]) -> Response:
    call = read_call(f"registry.{request.endpoint}", schema, asked_by(_PUBLIC), read_body(_LONGEST_QUESTION))
    return answer(find(**call.args))


def _query() -> Mapping[str, Any]:
    """The query as an RPC would state it: each name once, `limit` as a number."""
    repeated = [name for name, values in request.args.lists() if len(values) > 1]
    if repeated:
        problems = [
            {"field": name[:100], "code": "repeated", "vi": "Chỉ nêu một lần.", "en": "May be given once."}
            for name in repeated
        ]
        raise Invalid("registry.invalid", "A parameter is repeated.", "Tham số bị lặp lại.", problems)
    stated: dict[str, Any] = request.args.to_dict()
    limit = stated.get("limit", "")
    return {**stated, "limit": int(limit)} if limit.isdecimal() and len(limit) < 10 else stated
