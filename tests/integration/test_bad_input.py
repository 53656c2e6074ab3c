"""Whatever comes by RPC: a named error with the field, in two languages; nothing is stored, and nobody falls."""

import base64
import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from marshmallow import Schema

from services.chassis import clock
from services.chassis.actor import KINDS
from services.chassis.actor import Actor as Acting
from services.chassis.keys import read_private
from services.chassis.tokens import TYPE, Issuer
from services.cli.acting import bearer
from services.cli.demo.town import SYSTEM
from services.contracts.catalogue.forms import compile_form
from services.contracts.fields import Text
from tests.integration.calls import RIGHT, methods, mistakes, schemas
from tests.integration.world import CITIZEN, COMPANY, OFFICER, Actor, Raw, Refusal, World
from tests.keys import Ring

pytestmark = pytest.mark.servers
SERVICES = ("intake", "routing", "payment", "registry", "notify")
TEN_MEGABYTES = "x" * 10_000_000


def insist(refusal: Refusal | None, kind: str, code: str, field: str = "") -> None:
    """Refused just so, and explained."""
    assert refusal is not None
    refusal.insist_explained()
    assert (refusal.kind, refusal.code) == (kind, code), refusal
    assert any(name.startswith(field) for name in refusal.fields or [""]), (field, refusal)


@pytest.mark.parametrize("service", SERVICES)
def test_every_mistake_in_a_call_is_named_with_its_field(untouched: World, service: str) -> None:
    tried = 0
    for target, schema in schemas().items():
        if target.startswith(f"{service}."):
            found = list(mistakes(schema, RIGHT[target]))
            refused = untouched.refusals(CITIZEN, target, [one.call for one in found])
            for mistake, refusal in zip(found, refused, strict=True):
                insist(refusal, "Invalid", f"{service}.invalid", mistake.field)
            tried += len(found)
    assert tried > 100


@pytest.mark.parametrize("service", SERVICES)
def test_a_text_of_ten_megabytes_is_too_long_by_name(untouched: World, service: str) -> None:
    for target, schema in schemas().items():
        text = first_text(schema)
        if target.startswith(f"{service}.") and text:
            refusal = untouched.refusal(CITIZEN, target, **{**RIGHT[target], text: TEN_MEGABYTES})
            insist(refusal, "Invalid", f"{service}.invalid", text)


def first_text(schema: Schema) -> str | None:
    """The first field of a schema that holds text."""
    return next((name for name, field in schema.fields.items() if isinstance(field, Text)), None)


MALFORMED = {
    "not a number": b'{"args": [], "kwargs": {"dossier_code": NaN}}',
    "infinity": b'{"args": [], "kwargs": {"dossier_code": -Infinity}}',
    "beyond all bounds": b'{"args": [], "kwargs": {"dossier_code": 1e999}}',
    "a key twice": b'{"args": [], "kwargs": {"dossier_code": "a", "dossier_code": "b"}}',
    "kwargs twice": b'{"kwargs": {"dossier_code": "a"}, "kwargs": {}}',
    "half a letter": b'{"args": [], "kwargs": {"dossier_code": "\\ud800"}}',
    "half a letter as a name": b'{"args": [], "kwargs": {"\\udfff": 1}}',
    "not UTF-8": b'{"args": [], "kwargs": {"dossier_code": "\xff\xfe"}}',
    "UTF-16": json.dumps({"kwargs": {"dossier_code": "x"}}).encode("utf-16"),
    "too many digits": b'{"args": [], "kwargs": {"dossier_code": ' + b"9" * 5000 + b"}}",
    "too deep": b'{"kwargs": {"dossier_code": ' + b"[" * 40 + b"]" * 40 + b"}}",
    "far too deep": b'{"kwargs": {"dossier_code": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
    "too full": b'{"kwargs": {"dossier_code": [' + b"0," * 300_000 + b"0]}}",
    "too large": b'{"kwargs": {"dossier_code": "' + b"x" * 15_000_000 + b'"}}',
    "by position": b'{"args": ["a"], "kwargs": {}}',
    "no kwargs": b'{"args": []}',
    "a list": b"[]",
    "a word": b'"x"',
    "nothing": b"",
    "no JSON": b"<xml/>",
    "pickle": b"cos\nsystem\n(S'true'\ntR.",
}


def test_bytes_that_are_no_call_are_refused_by_every_service(untouched: World, raw: Raw) -> None:
    targets = ("intake.get", "routing.get_case", "payment.get_order", "registry.get_record", "notify.list_notices")
    for what, target in itertools.product(MALFORMED, targets):
        refusal = raw.ask(target, MALFORMED[what], {"nameko.actor": untouched.token(CITIZEN)})
        assert refusal is not None, (what, target)
        refusal.insist_explained()
        assert refusal.kind == "Invalid", (what, refusal)
        assert refusal.code.startswith(("message.", "rpc.")), (what, refusal)


def test_an_encoding_that_the_sender_makes_up_is_not_followed(untouched: World, raw: Raw) -> None:
    body = b'{"args": [], "kwargs": {"dossier_code": "\\ud800"}}'
    for encoding in ("unicode_escape", "utf-16", "zlib", "punycode", "nonsense", ""):
        refusal = raw.ask("intake.get", body, {"nameko.actor": untouched.token(CITIZEN)}, content_encoding=encoding)
        insist(refusal, "Invalid", "message.not_json")


def test_an_unknown_method_is_named_as_such(untouched: World, raw: Raw) -> None:
    refusal = raw.ask("intake.drop_everything", b'{"kwargs": {}}', {})
    insist(refusal, "NotFound", "rpc.unknown_method")
    assert refusal is not None
    known = ", ".join(sorted(name.partition(".")[2] for name in methods() if name.startswith("intake.")))
    assert refusal.problem["detail"] == f"intake has no method drop_everything; it has: {known}."


HUNDRED_THOUSAND_NAMES = {f"x{number}": 1 for number in range(100_000)}
STALLING: dict[str, tuple[str, dict[str, Any], str]] = {
    "unknown fields": ("intake.get", HUNDRED_THOUSAND_NAMES, ""),
    "answers": ("intake.submit", {"form": HUNDRED_THOUSAND_NAMES}, "form."),
    "papers": ("intake.submit", {"documents": [{}] * 100_000}, "documents"),
    "items": ("routing.request_supplement", {"items": [{}] * 100_000}, "items"),
    "documents": ("registry.publish_catalogue", {"documents": [{}] * 100_000}, "documents"),
    "marks on a letter": ("intake.withdraw", {"reason": "a" + "\u0300" * 900 + "\u0316" * 900}, "reason"),
    "many more marks": ("intake.get", {"dossier_code": "a" + "\u0300" * 10**6 + "\u0316" * 10**6}, "dossier_code"),
}


@pytest.mark.parametrize("what", STALLING)
def test_what_is_meant_to_stall_a_service_is_refused_at_once(untouched: World, what: str) -> None:
    target, changes, field = STALLING[what]
    own = {} if target == "intake.get" or "form" in changes else RIGHT[target]
    call = {**own, **changes}
    if "form" in changes:
        call = submission("mic", untouched.procedures["mic", "dk-ten-mien-vn"], **changes)
    refusal = untouched.refusal(CITIZEN, target, **call)
    assert refusal.kind == "Invalid"
    assert any(name.startswith(field) for name in refusal.fields)
    assert len(refusal.fields) <= 200


PLAIN: tuple[Any, ...] = (
    *(CITIZEN, OFFICER, SYSTEM, {}, {"kind": {"$ne": None}, "id": "1"}),
    *([], 5, True, "citizen", json.dumps(CITIZEN), "a.b.c", "x" * 5000),
)


def forged(world: World) -> Iterator[tuple[str, str]]:
    """Tokens that nobody may believe, and the code under which each is refused."""
    stranger, known = Ring(cli=KINDS), read_private(Path(world.stack.env["MOTCUA_CLI_KEY"]))
    for actor in (CITIZEN, OFFICER, SYSTEM):
        yield bearer(stranger.issuer("cli"), actor)["Authorization"].removeprefix("Bearer "), "actor.untrusted"
    long_ago = Issuer(known, lambda: clock.now() - timedelta(hours=1))
    yield long_ago.issue(Acting(**CITIZEN)), "actor.expired"
    far_ahead = Issuer(known, lambda: clock.now() + timedelta(days=1))
    yield far_ahead.issue(Acting(**SYSTEM)), "actor.untrusted"
    head, body, signature = world.token(CITIZEN).split(".")
    unsigned = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": known.id, "typ": TYPE}).encode()).decode()
    yield f"{unsigned.rstrip('=')}.{body}.", "actor.untrusted"
    yield ".".join((head, world.token(SYSTEM).split(".")[1], signature)), "actor.untrusted"
    services = read_private(Path(world.stack.env["MOTCUA_ACTOR_KEY"]))
    beyond = Issuer(replace(services, kinds=frozenset(KINDS)))  # signs for whom its public key may not
    yield beyond.issue(Acting(**CITIZEN)), "actor.untrusted"


def test_a_plain_claim_and_a_forged_token_are_refused_by_every_method(untouched: World, raw: Raw) -> None:
    shown = [*((plain, "actor.malformed") for plain in PLAIN), *forged(untouched)]
    for (nobody, code), (target, right) in itertools.product(shown, RIGHT.items()):
        body = json.dumps({"args": [], "kwargs": right}).encode()
        insist(raw.ask(target, body, {"nameko.actor": nobody}), "Denied", code)


def test_who_says_nothing_may_do_nothing_but_look_up_what_is_public(untouched: World, raw: Raw) -> None:
    for target, right in RIGHT.items():
        refusal = raw.ask(target, json.dumps({"args": [], "kwargs": right}).encode(), {})
        if methods()[target].needs_actor:
            insist(refusal, "Denied", "actor.missing")
        else:
            assert refusal is None or refusal.kind == "NotFound", (target, refusal)


def test_what_is_not_there_is_not_found_or_not_for_them(untouched: World) -> None:
    named = ("dossier_code", "order_id", "notice_id", "number")
    for actor, (target, right) in itertools.product((CITIZEN, COMPANY, OFFICER, SYSTEM), RIGHT.items()):
        if any(name in right for name in named) and (actor, target) != (SYSTEM, "intake.find_owner"):
            refusal = untouched.refusal(actor, target, **right)
            assert refusal.kind in {"NotFound", "Denied"}, (target, refusal)
    assert untouched.ask(SYSTEM, "intake.find_owner", **RIGHT["intake.find_owner"]) is None


def procedures(world: World) -> list[tuple[str, dict[str, Any], Actor]]:
    """Every procedure with its tenant and the applicant of its example as an actor."""
    found: list[tuple[str, dict[str, Any], Actor]] = []
    for (tenant, _), procedure in world.procedures.items():
        applicant = procedure["example"]["applicant"]
        number = applicant["id_number" if applicant["kind"] == "citizen" else "tax_code"]
        found.append((tenant, procedure, {"kind": applicant["kind"], "id": number}))
    return found


def submission(tenant: str, procedure: Any, /, **changes: Any) -> dict[str, Any]:
    """The example of a procedure without its papers, which are looked at last."""
    example = {name: procedure["example"][name] for name in ("applicant", "form")}
    whole = {"tenant": tenant, "procedure": procedure["key"], **example, "documents": [], "request_id": "r-1"}
    return {**whole, **changes}


def test_every_mistake_in_the_form_of_every_procedure_is_named_with_its_field(untouched: World) -> None:
    tried = 0
    for tenant, procedure, actor in procedures(untouched):
        found = list(mistakes(compile_form(procedure["form"]), procedure["example"]["form"], brief=True))
        calls = [submission(tenant, procedure, form=one.call) for one in found]
        for mistake, refusal in zip(found, untouched.refusals(actor, "intake.submit", calls), strict=True):
            insist(refusal, "Invalid", "intake.invalid", f"form.{mistake.field}")
        tried += len(found)
    assert tried > 1000


def test_a_fee_quantity_of_nought_or_less_has_no_price(untouched: World) -> None:
    counted = set()
    for tenant, procedure, actor in procedures(untouched):
        for quantity in {fee.get("quantity_field") for fee in procedure["fees"]} - {None}:
            for wrong in (0, -1, -(2**63), 2**63):
                form = {**procedure["example"]["form"], quantity: wrong}
                refusal = untouched.refusal(actor, "intake.submit", **submission(tenant, procedure, form=form))
                insist(refusal, "Invalid", "intake.invalid", f"form.{quantity}")
                counted.add((procedure["key"], quantity))
    assert len(counted) >= 3


APPLICANTS = {
    "a wrong check digit": (COMPANY, "tax_code", "9900000017", "wrong_check_digit"),
    "no tax code": (COMPANY, "tax_code", "99000", "wrong_tax_code"),
    "a branch numbered 000": (COMPANY, "tax_code", "9900000016-000", "wrong_tax_code"),
    "digits of another script": (COMPANY, "tax_code", "٩٩٠٠٠٠٠٠١٦", "wrong_tax_code"),
    "eleven digits": (CITIZEN, "id_number", "00180100000", "wrong_id_number"),
    "no province": (CITIZEN, "id_number", "000801000001", "wrong_id_number"),
    "a foreign phone": (CITIZEN, "phone", "+33612345678", "wrong_phone"),
    "letters for a phone": (CITIZEN, "phone", "09GOIDIEN1", "wrong_phone"),
    "no address of mail": (CITIZEN, "email", "mau.example.vn", "wrong_email"),
    "a second recipient": (CITIZEN, "email", "mau@example.vn\r\nBcc: x@example.vn", "control_characters"),
    "a name of digits": (CITIZEN, "name", "4 5", "wrong_person_name"),
    "a name in one word": (CITIZEN, "name", "Mẫu", "wrong_person_name"),
    "a name turned around": (CITIZEN, "name", "Nguyễn \u202eThị Mẫu", "control_characters"),
    "both numbers": (CITIZEN, "tax_code", "9900000016", "not_for_this_kind"),
    "an address of two lines": (CITIZEN, "address", "Số 1\nHà Nội", "control_characters"),
}


def test_what_is_wrong_with_an_applicant_is_named(untouched: World) -> None:
    procedure = untouched.procedures["mic", "dk-ten-mien-vn"]
    rest = {name: procedure["example"]["applicant"][name] for name in ("name", "email", "phone", "address")}
    for what, (actor, field, value, code) in APPLICANTS.items():
        own = {"kind": actor["kind"], "id_number" if actor is CITIZEN else "tax_code": actor["id"]}
        call = submission("mic", procedure, applicant={**rest, **own, field: value})
        refusal = untouched.refusal(actor, "intake.submit", **call)
        insist(refusal, "Invalid", "intake.invalid", f"applicant.{field}")
        assert code in {one["code"] for one in refusal.problem["errors"]}, (what, refusal)


OFFERS: dict[str, tuple[dict[str, Any], str, str]] = {
    "an unknown ministry": ({"tenant": "xyz"}, "NotFound", "intake.unknown_tenant"),
    "an unknown procedure": ({"procedure": "xin-trang"}, "NotFound", "intake.unknown_procedure"),
    "the counter, on line": ({"channel": "direct"}, "Denied", "intake.officer_channel"),
    "an unknown upload": ({"documents": [{"component": "TP01", "upload_id": "x"}]}, "Invalid", "intake.invalid"),
    "no papers": ({}, "Invalid", "intake.invalid"),
}


def test_what_is_not_on_offer_is_refused(untouched: World) -> None:
    for changes, kind, code in OFFERS.values():
        call = submission("mic", untouched.procedures["mic", "dk-ten-mien-vn"], **changes)
        insist(untouched.refusal(CITIZEN, "intake.submit", **call), kind, code)
