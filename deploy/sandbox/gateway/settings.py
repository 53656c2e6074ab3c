"""What the gateway needs to know, from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.sandbox.environment import Environment

# VNPAY calls back at most ten times, five minutes apart.
MOST_TRIES = 10
DEFAULT_DELAYS = "0" + ",300" * (MOST_TRIES - 1)


@dataclass(frozen=True)
class Settings:
    """The one merchant the gateway serves, and where it listens and keeps its ledger."""

    tmn_code: str
    secret: str
    ipn_url: str
    data_dir: Path
    port: int
    ipn_delays: tuple[float, ...]


def read_settings(variables: Mapping[str, str]) -> Settings:
    """The settings in `variables`. Raises BadEnvironment with every problem."""
    env = Environment(variables)
    settings = Settings(
        tmn_code=env.text("SANDBOX_GATEWAY_TMN_CODE", r"[A-Za-z0-9]{8}", "8 letters or digits"),
        secret=env.text("SANDBOX_GATEWAY_SECRET", r"[!-~]{16,128}", "16 to 128 visible ASCII characters"),
        ipn_url=env.url("SANDBOX_GATEWAY_IPN_URL"),
        data_dir=env.folder("SANDBOX_DATA_DIR"),
        port=env.port("SANDBOX_GATEWAY_PORT"),
        ipn_delays=env.seconds("SANDBOX_IPN_DELAYS", DEFAULT_DELAYS, MOST_TRIES),
    )
    env.check()
    return settings
