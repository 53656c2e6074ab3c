"""`motcua key`: the keys of those who may say who acts."""

import json
from pathlib import Path

import click

from services.chassis import keys
from services.chassis.actor import KINDS


@click.group()
def key() -> None:
    """Make keys for signing who acts, and the set of public keys that every service reads."""


@key.command()
@click.argument("holder")
@click.argument("kinds", nargs=-1, required=True, type=click.Choice(KINDS))
def make(holder: str, kinds: tuple[str, ...]) -> None:
    """Print a new private key (JWK): HOLDER may speak for actors of KINDS. Keep it in a file of mode 0600."""
    click.echo(json.dumps(keys.make(holder, kinds), indent=1))


@key.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def public(files: tuple[Path, ...]) -> None:
    """Print the set of public keys (JWKS) of the private keys in FILES, for MOTCUA_ACTOR_KEYS."""
    click.echo(json.dumps(keys.public_set(keys.read_private(file).jwk.as_dict() for file in files), indent=1))
