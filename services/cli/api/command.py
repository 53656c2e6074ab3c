"""The page: every command and query of every service, with its arguments, who may call it, and its errors."""

import re
from collections.abc import Iterator

import click
from marshmallow import Schema, fields, missing, validate

from services.chassis.rpc import Method, methods_of
from services.chassis.service import Service
from services.cli.api.errors import codes_of
from services.cli.api.words import HEALTH, HTTP, MAY, NOBODY
from services.cli.events import kind_of
from services.cli.topology import service_classes
from services.contracts.fields import explain

_HEAD = """\
# What may be asked

Written by `./motcua api`; the source is each service's `service.py` and `schemas.py`. Every method is called by RPC
from any nameko client as `rpc.<service>.<method>(…)`, keywords only, JSON types. An argument that is not named here is
refused. Times are ISO 8601 with an offset, days `YYYY-MM-DD`, amounts whole đồng.

**Who asks** stands in the context data `actor`, over HTTP in `Authorization: Bearer`: a short-lived signed token (JWT,
Ed25519) of an issuer whose public key the services know, such as the portal. Its claim `kind` is `citizen`,
`organisation`, `officer`, `operator` or `system`; `sub` is the identity number of a citizen, the tax code of an
organisation, the staff id of an officer, whose `unit` it also names. A plain claim is refused. See
[security.md](security.md). What needs no actor takes none, but one that is stated must be good. What somebody may not
see is answered like what is not there, with `NotFound`.

**Lists** answer `{"items": […], "next": …}`; `next` is the `after` of the following page, null after the last.

**Errors** come as nameko's `RemoteError`: `exc_type` is the class, `value` a JSON problem with `code`, `detail`
(English), `detail_vi` and, of an `Invalid`, the `errors` of each field (`field`, `code`, `vi`, `en`).

| class | HTTP | what to do |
|---|---|---|
| `Invalid` | 400 | mend the request: see `errors` |
| `Denied` | 403 | somebody else must ask |
| `NotFound` | 404 | it is not there, or not yours to see; right after a `submit`: ask again, see below |
| `Conflict` | 409 | somebody was faster, or the `request_id` stands for another request: look, then decide |
| `Refused` | 422 | a rule says no: the sentence says which |
| `Unavailable` | 503 | ask again, with the same `request_id`; so also when no answer came at all |
| `Defect` | 500 | our mistake; ask again later, with the same `request_id` |

**Not yet.** The services follow one another by events, usually within a tenth of a second, longer under load or after
an outage. Right after `intake.submit` the other four do not know the dossier yet: `routing.get_case` and each action on
it answer `NotFound` `routing.unknown_case`, `payment.get_order` answers `NotFound` `payment.not_assessed_yet`,
`notify.list_notices` is empty. Ask again after a moment, for as long as your user has patience; it is not a no.

**Repeats.** What changes something takes a `request_id` of your own, 1 to 100 characters. The same id with the same
content is done once and answered as before; with other content for the same dossier (order, record, notice: whatever
the call changes) it is a `Conflict`. What opens something, a submission or an upload, is done once under an id at
all. For another dossier the same id is another request: give each an id of its own.

**Every method of every service** may also answer `Invalid` (`<service>.invalid`, `rpc.keywords_only`, `message.…` for
what is no JSON), `Denied` (`actor.missing`, `actor.malformed`,
`actor.expired`, `actor.untrusted`, `actor.operator`), `NotFound` (`rpc.unknown_method`), `Conflict`
(`<service>.too_busy`, `<service>.request_id_reused`), `Unavailable` (`store.…`, `<service>.unavailable` of another
service; over HTTP `http.too_many`) and `Defect` (`service.defect`).
"""


@click.command()
def api() -> None:
    """Print what may be asked of the services as Markdown."""
    click.echo("\n".join(lines()))


def lines() -> Iterator[str]:
    """The page, line by line."""
    yield _HEAD
    for service in service_classes():
        yield f"## {service.name}\n"
        yield f"{_first_line(service)}\n"
        for name, method in methods_of(service).items():
            yield from _method(service, name, method)
        yield from _doors(service.name)
        yield from _errors(service.name)


def _method(service: type[Service], name: str, method: Method) -> Iterator[str]:
    yield f"### `{service.name}.{name}`\n"
    yield f"{_first_line(getattr(service, name))} May be asked by: {_may(f'{service.name}.{name}', method)}."
    yield from _more(method.schema)
    if service.name == "intake":
        yield f"HTTP: `POST /intake/{name}`."
    yield ""
    rows = list(_rows(method.schema))
    if rows:
        yield "| argument | kind | |"
        yield "|---|---|---|"
        yield from (f"| `{path}` | {kind} | {remark} |" for path, kind, remark in rows)
        yield ""


def _more(schema: Schema) -> Iterator[str]:
    """What the schema says of its arguments beyond the method's own line."""
    said = _first_line(type(schema))
    own = re.sub(r"^Arguments of [\w, ]+[.:;] *", "", said)
    if own and (own != said or "`" in said):
        yield f"Arguments: {own[0].lower()}{own[1:]}"


def _may(target: str, method: Method) -> str:
    return MAY[target] if method.needs_actor else NOBODY


def _rows(schema: Schema, path: str = "") -> Iterator[tuple[str, str, str]]:
    """Each argument, and what stands inside it; `[]` is each item of a list."""
    for name, field in schema.fields.items():
        yield f"{path}{name}", _kind(field), _remark(field)
        listed = isinstance(field, fields.List)
        inner = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, fields.Nested):
            yield from _rows(inner.schema, f"{path}{name}{'[]' if listed else ''}.")


def _kind(field: fields.Field[object]) -> str:
    if isinstance(field, fields.List):
        return f"list of {kind_of(field.inner)}"
    return kind_of(field)


def _remark(field: fields.Field[object]) -> str:
    """Whether it must be there, what it may be, what it is when left out."""
    remarks = ["**required**"] if field.required else []
    remarks += [*_bounds(field), *_choices(field)]
    if isinstance(field, fields.List):
        remarks += [f"each {text}" for text in (*_bounds(field.inner), *_choices(field.inner))]
    if not field.required and field.load_default not in (missing, None):
        remarks.append(f"default `{_shown(field.load_default)}`")
    if field.allow_none and (field.required or field.load_default is missing):
        remarks.append("or null")
    return ", ".join(remarks)


def _words(check: object) -> Iterator[str]:
    if isinstance(check, validate.OneOf):
        yield " ".join(f"`{word}`" for word in check.choices)
    if isinstance(check, validate.Regexp):
        (said,) = explain({"": [check.error]})
        yield f"else “{said['en']}”"


def _choices(field: fields.Field[object]) -> Iterator[str]:
    for check in field.validators:
        yield from _words(check)


def _bounds(field: fields.Field[object]) -> Iterator[str]:
    """From and to: characters of a text, items of a list, or the number itself."""
    known = [check for check in field.validators if isinstance(check, (validate.Length, validate.Range))]
    low = next((check.min for check in known if check.min is not None), None)
    high = next((check.max for check in known if check.max is not None), None)
    if known and not any(isinstance(check, validate.OneOf) for check in field.validators):
        unit = " items" if isinstance(field, fields.List) else " characters" if isinstance(field, fields.String) else ""
        yield f"{'' if low is None else low}–{'' if high is None else high}{unit}"


def _doors(service: str) -> Iterator[str]:
    """What answers by HTTP beside the methods."""
    if service in HTTP:
        yield f"### {service} over HTTP\n"
        yield "| address | |"
        yield "|---|---|"
        yield from (f"| `{address}` | {what} |" for address, what in {**HTTP[service], **HEALTH}.items())
        yield ""


def _errors(service: str) -> Iterator[str]:
    yield f"### errors of {service}\n"
    yield "| class | codes |"
    yield "|---|---|"
    for kind, codes in sorted(codes_of(service).items()):
        yield f"| `{kind}` | {' '.join(f'`{code}`' for code in sorted(codes))} |"
    yield ""


def _first_line(documented: object) -> str:
    return (documented.__doc__ or "").strip().partition("\n")[0]


def _shown(default: object) -> object:
    made = default() if callable(default) else default
    return {True: "true", False: "false"}.get(made, made) if isinstance(made, bool) else made
