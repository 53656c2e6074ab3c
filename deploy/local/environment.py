"""The addresses and keys of a stack, as the KEY=VALUE lines that shells and people read.

A value is quoted where a shell would else make something of it: `set -a; . .run/env` gives what `read` gives.
"""

import shlex
from collections.abc import Mapping
from pathlib import Path

from deploy.local import keys, mongodb, rabbitmq
from deploy.local.identity import Identity, write_private
from deploy.local.ports import LOOPBACK
from deploy.local.programs import ROOT

_FILE = "env"
_TMN_CODE = "MOTCUA01"
_SANDBOX = "SANDBOX_"
# A lost callback is tried again while somebody still watches the demonstration, not five minutes later.
_IPN_DELAYS = "0,1,2,5,10,30,60,300"


def for_services(run_dir: Path, identity: Identity, overrides: Mapping[str, str]) -> dict[str, str]:
    """What every service and door of the stack is started with."""
    http = {name: f"http://{LOOPBACK}:{port}" for name, port in identity.ports.items()}
    chosen = {name: value for name, value in overrides.items() if not name.startswith(_SANDBOX)}
    return {
        "MOTCUA_AMQP_URI": rabbitmq.uri(identity),
        "MOTCUA_MONGO_URI": mongodb.uri(identity),
        **keys.variables(run_dir),
        "MOTCUA_INTAKE_URL": http["intake-http"],
        "MOTCUA_PAYMENT_URL": http["payment-http"],
        "MOTCUA_REGISTRY_URL": http["registry-http"],
        "MOTCUA_PORTAL_URL": http["portal-http"],
        "MOTCUA_GATEWAY_URL": http["gateway"],
        "MOTCUA_MAILBOX_URL": http["mailbox"],
        "MOTCUA_SMTP_HOST": LOOPBACK,
        "MOTCUA_SMTP_PORT": str(identity.ports["smtp"]),
        "MOTCUA_CATALOGUE_DIR": str(ROOT / "catalogue"),
        "MOTCUA_METRICS_PORT": "0",  # any free one: the files in the folder say which
        "MOTCUA_METRICS_DIR": str(run_dir / "metrics"),
        "PAYMENT_VNPAY_URL": f"{http['gateway']}/paymentv2/vpcpay.html",
        "PAYMENT_VNPAY_API_URL": f"{http['gateway']}/merchant_webapi/api/transaction",
        "PAYMENT_VNPAY_TMN_CODE": _TMN_CODE,
        "PAYMENT_VNPAY_SECRET": identity.gateway_secret,
        "NOTIFY_WEBHOOK_KEYS": identity.webhook_key,
        "PORTAL_SECRET": identity.portal_secret,
        "PORTAL_OIDC_ISSUER": http["oidc"],
        "PORTAL_OIDC_CLIENT_ID": "motcua-portal",
        "PORTAL_OIDC_CLIENT_SECRET": identity.oidc_secret,
        **chosen,
    }


def for_sandbox(run_dir: Path, identity: Identity, overrides: Mapping[str, str]) -> dict[str, str]:
    """What the counterparts are started with: their own names only, for they stand outside the product."""
    services = for_services(run_dir, identity, overrides)
    chosen = {name: value for name, value in overrides.items() if name.startswith(_SANDBOX)}
    return {
        "SANDBOX_DATA_DIR": str(run_dir / "sandbox"),
        "SANDBOX_GATEWAY_TMN_CODE": services["PAYMENT_VNPAY_TMN_CODE"],
        "SANDBOX_GATEWAY_SECRET": services["PAYMENT_VNPAY_SECRET"],
        "SANDBOX_GATEWAY_IPN_URL": f"{services['MOTCUA_PAYMENT_URL']}/payment/vnpay/ipn",
        "SANDBOX_GATEWAY_PORT": str(identity.ports["gateway"]),
        "SANDBOX_IPN_DELAYS": _IPN_DELAYS,
        "SANDBOX_MAILBOX_PORT": str(identity.ports["mailbox"]),
        "SANDBOX_SMTP_PORT": str(identity.ports["smtp"]),
        **chosen,
    }


def write(run_dir: Path, values: Mapping[str, str]) -> None:
    """Keeps the values in the run directory's `env`, for its owner only."""
    broken = [name for name, value in values.items() if "\n" in value]
    if broken:
        raise ValueError(f"a value of more than one line: {', '.join(broken)}")
    write_private(run_dir / _FILE, "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items()))


def read(run_dir: Path) -> dict[str, str]:
    """The values that the last `up` wrote; FileNotFoundError when there was none."""
    lines = (run_dir / _FILE).read_text(encoding="utf-8").splitlines()
    pairs = (line.split("=", 1) for line in lines if line)
    return {name: "".join(shlex.split(value)) for name, value in pairs}
