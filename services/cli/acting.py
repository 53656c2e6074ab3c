"""Acting as somebody: tokens for whoever the command line, a demonstration or a test speaks for."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from services.chassis import clock
from services.chassis.actor import KINDS, Actor, read_actor
from services.chassis.errors import Denied
from services.chassis.keys import BadKey
from services.chassis.tokens import MOST_SECONDS, SECONDS, Issuer
from services.cli import place
from services.contracts.words import DUTIES

_MINUTE: Final = 60


class Context(dict[str, Any]):
    """The context of a stock nameko client that lives long: nameko copies it for each call, with a fresh token."""

    def __init__(self, issuer: Issuer, actor: Mapping[str, str], **more: Any) -> None:
        super().__init__(more)
        self._issuer, self._actor = issuer, Actor(**actor)

    def copy(self) -> dict[str, Any]:
        """What goes with one call."""
        return {**self, "actor": self._issuer.fresh(self._actor)}


def issuer_of(env: Mapping[str, str], now: Callable[[], datetime] = clock.now) -> Issuer:
    """Who speaks for the command line of a stack. Raises NotUp, BadKey."""
    if place.KEY not in env:
        raise place.NotUp(f"{place.KEY} is not set")
    return Issuer.of_file(Path(env[place.KEY]), now)


def bearer(issuer: Issuer, actor: Mapping[str, str]) -> dict[str, str]:
    """The header under which an actor knocks at an HTTP door."""
    return {"Authorization": f"Bearer {issuer.fresh(Actor(**actor))}"}


@click.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("id_", metavar="ID")
@click.option("--unit", help="The unit for which an officer acts.")
@click.option("--duty", "duties", multiple=True, type=click.Choice(DUTIES), help="What the officer may do besides.")
@click.option(
    "--minutes", type=click.IntRange(1, MOST_SECONDS // _MINUTE), default=SECONDS // _MINUTE, show_default=True
)
def token(kind: str, id_: str, unit: str | None, duties: Sequence[str], minutes: int) -> None:
    """Print a signed token under which KIND ID may act for some minutes: what a portal issues when somebody logs in."""
    stated = {"kind": kind, "id": id_, **({"unit": unit} if unit else {})}
    stated |= {"duties": " ".join(duties)} if duties else {}
    try:
        actor = read_actor(stated)
        click.echo(issuer_of(place.addresses()).issue(actor, minutes * _MINUTE))
    except Denied as error:
        raise click.UsageError("; ".join(f"{one['field']}: {one['en']}" for one in error.errors)) from None
    except (BadKey, ValueError) as error:
        raise click.ClickException(str(error)) from None
