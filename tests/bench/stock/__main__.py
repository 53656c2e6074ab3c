"""Runs one stock service: `python -m tests.bench.stock intake`, its configuration in the environment."""

import tests.bench.stock.patched  # noqa: F401 – first

# isort: split
import os
import sys
from importlib import import_module

from kombu import pools
from nameko.runners import ServiceRunner


def main(name: str) -> None:
    """Serve until the process is ended."""
    workers, connections = int(os.environ["STOCK_WORKERS"]), int(os.environ["STOCK_CONNECTIONS"])
    pools.set_limit(connections)
    runner = ServiceRunner(
        {
            "AMQP_URI": os.environ["MOTCUA_AMQP_URI"],
            "MONGO_URI": os.environ["MOTCUA_MONGO_URI"],
            "GATEWAY_SECRET": os.environ["PAYMENT_VNPAY_SECRET"],
            "SMTP_HOST": os.environ["MOTCUA_SMTP_HOST"],
            "SMTP_PORT": int(os.environ["MOTCUA_SMTP_PORT"]),
            "WEB_SERVER_ADDRESS": os.environ["STOCK_WEB_ADDRESS"],
            "max_workers": workers,
        }
    )
    runner.add_service(getattr(import_module(f"tests.bench.stock.{name}"), name.title()))
    runner.start()
    runner.wait()


main(sys.argv[1])
