"""The settings of routing."""

from pydantic import Field

from services.chassis.settings import CallerSettings


class RoutingSettings(CallerSettings):
    """What an operator may set: the terms that no procedure names, and how often the clocks are looked at."""

    answer_hours: int = Field(default=8, ge=1, le=80, description="office hours for the first answer")
    respond_days: int = Field(default=30, ge=1, le=180, description="calendar days to answer a supplement request")
    risk_days: int = Field(default=2, ge=1, le=30, description="working days ahead in which what falls due is at risk")
    clock_seconds: float = Field(default=30, ge=0.1, le=3600, description="between two looks at the legal clocks")
