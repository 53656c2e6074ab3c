"""Runs one of the stock services: `python -m tests.chaos.control intake`, its servers in the environment."""

import eventlet

eventlet.monkey_patch()

import os  # noqa: E402 – nameko wants everything patched before it is imported
import sys  # noqa: E402

from nameko.runners import ServiceRunner  # noqa: E402

from tests.chaos.control import services  # noqa: E402


def main(name: str) -> None:
    """Serve until the process is ended."""
    uris = {"AMQP_URI": os.environ["MOTCUA_AMQP_URI"], "MONGO_URI": os.environ["MOTCUA_MONGO_URI"]}
    runner = ServiceRunner(uris)
    runner.add_service(getattr(services, name.title()))
    runner.start()
    runner.wait()


main(sys.argv[1])
