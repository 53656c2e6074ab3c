"""What the mailbox needs to know, from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.sandbox.environment import Environment


@dataclass(frozen=True)
class Settings:
    """Where the mailbox listens and keeps its letters."""

    data_dir: Path
    smtp_port: int
    http_port: int


def read_settings(variables: Mapping[str, str]) -> Settings:
    """The settings in `variables`. Raises BadEnvironment with every problem."""
    env = Environment(variables)
    settings = Settings(
        data_dir=env.folder("SANDBOX_DATA_DIR"),
        smtp_port=env.port("SANDBOX_SMTP_PORT"),
        http_port=env.port("SANDBOX_MAILBOX_PORT"),
    )
    different = settings.smtp_port != settings.http_port or not settings.smtp_port
    env.must(different, "SANDBOX_SMTP_PORT and SANDBOX_MAILBOX_PORT are the same port")
    env.check()
    return settings
