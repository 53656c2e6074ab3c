"""What intake needs to be told besides what every service needs."""

from pydantic import Field

from services.chassis.settings import Settings


class IntakeSettings(Settings):
    """`intake_url` is where applicants reach intake's HTTP door; the rest has a sensible default."""

    intake_url: str = Field(pattern=r"^https?://[^\s/]")
    answer_hours: int = Field(
        default=8, ge=1, le=200, description="office hours for the first answer (NĐ 45/2020, art. 11)"
    )
    upload_max_bytes: int = Field(
        default=50 * 1024 * 1024,
        ge=1024,
        le=100 * 1024 * 1024,
        description="the largest file, whatever the catalogue lets a paper have (`max_bytes`)",
    )
    upload_ticket_seconds: int = Field(default=1800, ge=10, le=86_400)
    upload_unclaimed_seconds: int = Field(default=86_400, ge=60)
    upload_sweep_seconds: float = Field(default=600, gt=0)
    tally_seconds: float = Field(default=15, gt=0, le=3600, description="how often dossiers are counted for the board")
    draft_days: int = Field(default=30, ge=1, le=365, description="how long a draft is kept after it was last saved")
