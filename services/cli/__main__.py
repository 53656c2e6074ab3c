"""`motcua`: up, down, status, top, demo, catalogue, dossier, dead, notice, refund, verify, anchor, backup and more."""

import os
import sys
from pathlib import Path
from pkgutil import resolve_name
from typing import Final

import click
from pymongo.errors import PyMongoError

from deploy.local.programs import StackError
from services.chassis.errors import ServiceError, Unavailable
from services.chassis.keys import BadKey
from services.chassis.settings import BadSettings
from services.cli.place import RUN_DIR_VARIABLE, NotUp

COMMANDS: Final = {
    "anchor": "services.cli.anchor:anchor",
    "api": "services.cli.api.command:api",
    "backup": "services.cli.backup.command:backup",
    "catalogue": "services.cli.catalogue:catalogue",
    "dead": "services.cli.dead:dead",
    "demo": "services.cli.demo.command:demo",
    "dossier": "services.cli.dossier:dossier",
    "down": "services.cli.stack:down",
    "events": "services.cli.events:events",
    "key": "services.cli.keys:key",
    "notice": "services.cli.notice:notice",
    "refund": "services.cli.refund:refund",
    "relay": "services.cli.relay:relay",
    "restore": "services.cli.backup.command:restore",
    "settings": "services.cli.settings:settings",
    "status": "services.cli.stack:status",
    "token": "services.cli.acting:token",
    "top": "services.cli.top.command:top",
    "up": "services.cli.stack:up",
    "verify": "services.cli.verify.command:verify",
    "webhook": "services.cli.webhook:webhook",
}


class Commands(click.Group):
    """Each command is loaded when it is named: some need all five services, most a part of one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = resolve_name(COMMANDS[cmd_name])
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--run-dir", type=click.Path(path_type=Path), help="Where the stack keeps its data (default: .run).")
def motcua(run_dir: Path | None) -> None:
    """Một Cửa: the online public services of a ministry."""
    if run_dir is not None:
        os.environ[RUN_DIR_VARIABLE] = str(run_dir)


def main() -> None:
    """Run, and say what is wrong in one line where that is enough."""
    try:
        motcua(prog_name="motcua")
    except (StackError, NotUp, BadKey, BadSettings) as error:
        sys.exit(f"✗ {error}")
    except ServiceError as error:
        hint = " Type: make up" if isinstance(error, Unavailable) else ""
        sys.exit(f"✗ {error.code}: {error.en}{hint}")
    except PyMongoError as error:  # a driver may repeat addresses and keys
        sys.exit(f"✗ the database says {type(error).__name__}")


if __name__ == "__main__":
    main()
