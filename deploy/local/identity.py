"""What a stack remembers between runs: its name, its ports and its passwords."""

import base64
import hashlib
import json
import os
import secrets
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from deploy.local import ports

PORTS = (
    "epmd",
    "rabbitmq",
    "rabbitmq-dist",
    "mongodb",
    "gateway",
    "mailbox",
    "smtp",
    "intake-http",
    "payment-http",
    "registry-http",
    "oidc",
    "portal-http",
)
FILE = "identity.json"


@dataclass(frozen=True)
class Identity:
    """Name, ports and passwords of one stack; two stacks share none of them."""

    name: str
    ports: dict[str, int]
    amqp_password: str
    gateway_secret: str
    portal_secret: str = field(default_factory=lambda: secrets.token_hex(32))
    oidc_secret: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    webhook_key: str = field(default_factory=lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())


def recall(run_dir: Path) -> Identity | None:
    """The identity kept in the run directory, None in a new one. What an earlier release had not is made, once."""
    try:
        kept = json.loads((run_dir / FILE).read_text())
    except FileNotFoundError:
        return None
    identity = Identity(**kept)
    if asdict(identity).keys() != kept.keys():
        _keep(run_dir, identity)
    return identity


def settle(run_dir: Path) -> Identity:
    """The identity to start with: the kept one with ports that others took replaced, or a new one."""
    identity = recall(run_dir) or _new(run_dir)
    identity = replace(identity, ports=ports.choose(PORTS, identity.ports))
    _keep(run_dir, identity)
    return identity


def _keep(run_dir: Path, identity: Identity) -> None:
    write_private(run_dir / FILE, json.dumps(asdict(identity), indent=1))


def _new(run_dir: Path) -> Identity:
    return Identity(
        name="motcua-" + hashlib.sha256(bytes(run_dir)).hexdigest()[:10],
        ports={},
        amqp_password=secrets.token_urlsafe(24),
        gateway_secret=secrets.token_hex(16).upper(),
    )


def write_private(path: Path, text: str) -> None:
    """Replaces the file in one step, readable by its owner only from the first byte."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)
