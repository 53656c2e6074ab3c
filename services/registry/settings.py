"""What registry needs from its environment."""

from pathlib import Path

from pydantic import Field

from services.chassis.settings import CallerSettings


class RegistrySettings(CallerSettings):
    """The settings of registry."""

    catalogue_dir: Path | None = Field(default=None, description="a catalogue folder to publish when a process starts")
