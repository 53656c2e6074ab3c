"""Run the sandbox gateway: python -m deploy.sandbox.gateway."""

import os

from deploy.sandbox.environment import settings_or_exit
from deploy.sandbox.gateway.app import create_app
from deploy.sandbox.gateway.callbacks import Callbacks
from deploy.sandbox.gateway.ledger import Ledger
from deploy.sandbox.gateway.settings import read_settings
from deploy.sandbox.serving import serve, start_logging


def main() -> None:
    """Serve until SIGTERM."""
    settings = settings_or_exit("gateway", lambda: read_settings(os.environ))
    start_logging()
    ledger = Ledger(settings.data_dir)
    callbacks = Callbacks(ledger, settings)
    callbacks.start()
    try:
        serve(create_app(settings, ledger, callbacks), settings.port, "gateway")
    finally:
        callbacks.stop()
        ledger.close()


if __name__ == "__main__":
    main()
