"""A whole system for what is said of all that is in it, or heard of all that it does; it ends with these tests."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from deploy.local.stack import Stack
from services.cli.stack import declare_topology, is_ready
from tests.conftest import IMPATIENT, ROOT
from tests.integration.collector import Collector, collecting


@dataclass
class Installation:
    """A whole system, and the collector that it tells of each step."""

    stack: Stack
    collector: Collector


@pytest.fixture(scope="package")
def installation() -> Iterator[Installation]:
    """One that no other test harms: for what is said of all that is in it, or heard of all that it does."""
    run_dir = ROOT / ".run" / f"own-{os.getpid()}"
    with collecting() as collector:
        env = {**IMPATIENT, "MOTCUA_OTLP_ENDPOINT": collector.address}
        stack = Stack(run_dir, env=env, before_services=declare_topology, ready=is_ready)
        try:
            stack.up()
            yield Installation(stack, collector)
        finally:
            stack.wipe()
            shutil.rmtree(run_dir, ignore_errors=True)
