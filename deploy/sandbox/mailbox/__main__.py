"""Run the sandbox mailbox: python -m deploy.sandbox.mailbox."""

import os
import sys

from deploy.sandbox.environment import settings_or_exit
from deploy.sandbox.mailbox.faults import Faults
from deploy.sandbox.mailbox.letters import Letters
from deploy.sandbox.mailbox.settings import read_settings
from deploy.sandbox.mailbox.smtp import SmtpServer
from deploy.sandbox.mailbox.web import create_app
from deploy.sandbox.serving import serve, start_logging


def main() -> None:
    """Serve SMTP and HTTP until SIGTERM."""
    settings = settings_or_exit("mailbox", lambda: read_settings(os.environ))
    start_logging()
    letters, faults = Letters(settings.data_dir / "mail"), Faults()
    smtp = SmtpServer(letters, faults, settings.smtp_port)
    try:
        smtp.start()
    except OSError as error:
        sys.exit(f"mailbox cannot listen on port {settings.smtp_port}: {error.strerror}")
    try:
        serve(create_app(letters, faults), settings.http_port, "mailbox")
    finally:
        smtp.stop()


if __name__ == "__main__":
    main()
