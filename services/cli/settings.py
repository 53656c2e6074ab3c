"""`motcua settings`: every variable an operator may set. `deploy/settings.example.env` is its output."""

import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import click
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from services.chassis.settings import Settings
from services.contracts.events import PUBLISHERS

_HEAD = """\
# Every setting of every service: written by `./motcua settings`. What stands right behind a # has this value when left
# out or empty; what does not must be set. <SERVICE>_<NAME> holds for one service, MOTCUA_<NAME> for all of them.
#
# Shells (set -a; . FILE), systemd (EnvironmentFile=) and compose (env_file:) read this alike. `docker run --env-file`
# takes quotes for a part of the value: leave them out there.
"""
_NEEDS_NO_QUOTES = re.compile(r"[\w@%+=:,./?-]*")  # in an assignment, for any of these readers
_EXAMPLES = {
    "actor_keys": "/etc/motcua/actor-keys.json",
    "actor_key": "/etc/motcua/actor-key.json",
    "amqp_uri": "amqp://motcua:change-me@127.0.0.1:5672//",
    "mongo_uri": "mongodb://127.0.0.1:27017/?replicaSet=rs0",
    "intake_url": "https://intake.example.vn",
    "portal_url": "https://dichvucong.example.vn",
    "secret": "change-me-to-at-least-thirty-two-characters",
    "oidc_issuer": "https://dang-nhap.example.vn",
    "oidc_client_id": "motcua-portal",
    "oidc_client_secret": "change-me",
    "smtp_host": "127.0.0.1",
    "smtp_port": "25",
    "vnpay_url": "https://sandbox.vnpayment.vn/paymentv2/vpcpay.html",
    "vnpay_api_url": "https://sandbox.vnpayment.vn/merchant_webapi/api/transaction",
    "vnpay_tmn_code": "DEMOV210",
    "vnpay_secret": "change-me-change-me",
}


@click.command()
def settings() -> None:
    """Print an example of every setting, with its default."""
    click.echo("\n".join(lines()))


def kinds() -> dict[str, type[Settings]]:
    """The settings of each service."""
    named = (*PUBLISHERS, "portal")
    return {name: getattr(import_module(f"services.{name}.settings"), f"{name.title()}Settings") for name in named}


def lines() -> Iterator[str]:
    """The example, line by line."""
    yield _HEAD
    yield "# All services"
    for name, field in Settings.model_fields.items():
        if name != "service":
            yield from _lines("MOTCUA", name, field)
    for service, kind in kinds().items():
        own = {name: field for name, field in kind.model_fields.items() if name not in Settings.model_fields}
        yield f"\n# {service}"
        for name, field in own.items():
            yield from _lines(service.upper(), name, field)


def _lines(prefix: str, name: str, field: FieldInfo) -> Iterator[str]:
    """The remark has a line of its own: not every reader knows where a value ends and a remark begins."""
    if field.description:
        yield f"# {field.description}"
    value = _EXAMPLES[name] if field.is_required() else _shown(field.default)
    quoted = value if _NEEDS_NO_QUOTES.fullmatch(value) else shlex.quote(value)
    yield f"{'' if field.is_required() else '#'}{prefix}_{name.upper()}={quoted}"


def _shown(default: Any) -> str:
    if default is None or isinstance(default, SecretStr):
        return ""
    return ",".join(f"{part:g}" for part in default) if isinstance(default, tuple) else str(default)
