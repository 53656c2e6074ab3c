"""`motcua`: up, down, status, top, demo, catalogue, dossier, dead, notice, refund, verify, anchor, backup and more."""

import os
import sys
from pathlib import Path

import click
from pymongo.errors import PyMongoError

from deploy.local.programs import StackError
from services.chassis.errors import ServiceError, Unavailable
from services.chassis.keys import BadKey
from services.chassis.settings import BadSettings
from services.cli import acting, catalogue, dead, dossier, notice, refund, relay, stack, webhook
from services.cli.anchor import anchor
from services.cli.api.command import api
from services.cli.backup.command import backup, restore
from services.cli.demo.command import demo
from services.cli.demo.town import DemoError
from services.cli.events import events
from services.cli.keys import key
from services.cli.place import RUN_DIR_VARIABLE, NotUp
from services.cli.settings import settings
from services.cli.top.command import top
from services.cli.verify.command import verify


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--run-dir", type=click.Path(path_type=Path), help="Where the stack keeps its data (default: .run).")
def motcua(run_dir: Path | None) -> None:
    """Một Cửa: the online public services of a ministry."""
    if run_dir is not None:
        os.environ[RUN_DIR_VARIABLE] = str(run_dir)


PARTS = (
    stack.up,
    stack.down,
    stack.status,
    top,
    demo,
    catalogue.catalogue,
    dossier.dossier,
    dead.dead,
    relay.relay,
    notice.notice,
    refund.refund,
    webhook.webhook,
    verify,
    anchor,
    backup,
    restore,
    api,
    events,
    settings,
    acting.token,
    key,
)
for part in PARTS:
    motcua.add_command(part)


def main() -> None:
    """Run, and say what is wrong in one line where that is enough."""
    try:
        motcua(prog_name="motcua")
    except (StackError, NotUp, DemoError, BadKey, BadSettings) as error:
        sys.exit(f"✗ {error}")
    except ServiceError as error:
        hint = " Type: make up" if isinstance(error, Unavailable) else ""
        sys.exit(f"✗ {error.code}: {error.en}{hint}")
    except PyMongoError as error:  # a driver may repeat addresses and keys
        sys.exit(f"✗ the database says {type(error).__name__}")


if __name__ == "__main__":
    main()
