"""What registry needs from its environment."""

from pathlib import Path

from pydantic import Field

from services.chassis.settings import CallerSettings, RateLimit


class RegistrySettings(CallerSettings):
    """The settings of registry."""

    catalogue_dir: Path | None = Field(default=None, description="a catalogue folder to publish when a process starts")
    proxies: int = Field(default=0, ge=0, le=5, description="proxies before its door whose X-Forwarded-For is believed")
    verify_limit: RateLimit = Field(default="30/minute", description="holders compared for one address, at its door")
