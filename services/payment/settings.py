"""The settings of payment."""

from pydantic import Field, SecretStr

from services.chassis.settings import CallerSettings


class PaymentSettings(CallerSettings):
    """What an operator may set: the gateway, the terms of payment, how often to look after money, the receipts."""

    vnpay_url: str = Field(pattern=r"^https?://", description="the gateway's pay page")
    vnpay_api_url: str = Field(pattern=r"^https?://", description="the gateway's merchant API (querydr, refund)")
    vnpay_tmn_code: str = Field(pattern=r"^[A-Za-z0-9]{8}$", description="our terminal")
    vnpay_secret: SecretStr = Field(min_length=16, description="the secret shared with the gateway")
    return_hosts: tuple[str, ...] = Field(
        default=(), description="hosts a payer may be sent back to; none: any host by https, this machine by http"
    )
    pay_days: float = Field(default=10, gt=0, le=365, description="calendar days to pay what was asked for")
    attempt_minutes: int = Field(default=15, ge=5, le=60, description="how long a pay page stays open")
    query_after_seconds: float = Field(default=120, ge=0.1, description="silence before the gateway is asked")
    give_up_minutes: float = Field(default=15, ge=0, description="after its end a silent attempt counts as failed")
    timer_seconds: float = Field(default=10, ge=0.1, le=3600, description="between two looks at what is due")
    receipt_template: str = Field(default="01BLP0-001", pattern=r"^0[12]BLP\d-\d{3}$")
    receipt_letters: str = Field(default="AA", pattern=r"^[A-Z]{2}$", description="the letters of a receipt serial")
