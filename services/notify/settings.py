"""The settings of notify."""

import base64
import binascii
from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field, FilePath, SecretStr, ValidationInfo, field_validator

from services.chassis.settings import CallerSettings

_STEPS = (
    15  # three on a line that proves closed; connect, greeting, EHLO, TLS twice, EHLO, AUTH twice, the letter's four
)
_Wait = Annotated[float, Field(ge=0, le=604_800, allow_inf_nan=False)]
_KEY_BYTES = 32
_BROKER_SECONDS = 840  # a minute less than RabbitMQ's consumer_timeout, for what is written before and after


class NotifySettings(CallerSettings):
    """Where letters are handed over, and in whose name."""

    smtp_host: str = Field(min_length=1)
    smtp_port: int = Field(ge=1, le=65535)
    smtp_starttls: bool = False
    smtp_user: str | None = None
    smtp_password: SecretStr | None = Field(default=None, validate_default=True)
    smtp_timeout_seconds: float = Field(default=30, gt=0, le=60, description="for each step of a conversation")
    smtp_answer_timeout_seconds: float = Field(
        default=300,
        gt=0,
        le=600,
        validate_default=True,
        description="for the answer to a whole letter, which is scanned and stored before",
    )
    put_off_hours: float = Field(default=48, gt=0, le=240, description="how long a letter is tried that is put off")
    sender_address: str = Field(default="khong-tra-loi@motcua.example.vn", pattern=r"^[!-?A-~]+@[a-z0-9.-]+$")
    sender_name: str = Field(default="Cổng dịch vụ công", max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")
    claim_seconds: float = Field(default=30, gt=0, le=600, description="how long a dead sender's letter is left to him")

    webhook_schedule: tuple[_Wait, ...] = Field(
        default=(0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400),
        min_length=1,
        max_length=20,
        description="seconds before each try of a webhook; after the last it is given up",
    )
    webhook_timeout_seconds: float = Field(default=15, gt=0, le=60, description="for a whole try of a webhook")
    webhook_at_once: int = Field(
        default=4, ge=1, le=32, description="tries under way at each receiver, of each process"
    )
    webhook_keys: tuple[SecretStr, ...] = Field(
        default=(),
        max_length=10,
        description="encrypt the secrets of webhooks: the first key; all decrypt; without one there are no webhooks",
    )
    webhook_ca: FilePath | None = Field(
        default=None, description="certificates (PEM) that receivers of webhooks may have; none: the public ones"
    )
    webhook_loopback: bool = Field(
        default=False, description="for a sandbox: webhooks may go to this machine, over http too"
    )

    @property
    def sender_domain(self) -> str:
        """The domain that message ids and the greeting carry."""
        return self.sender_address.rpartition("@")[2]

    @property
    def longest_sending(self) -> timedelta:
        """How long one attempt may last, every step taking its time."""
        return timedelta(seconds=_STEPS * self.smtp_timeout_seconds + self.smtp_answer_timeout_seconds)

    @field_validator("webhook_keys")
    @classmethod
    def _of_fernet(cls, keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(_length(key.get_secret_value()) != _KEY_BYTES for key in keys):
            raise ValueError(f"a key is {_KEY_BYTES} bytes in URL-safe base64 (openssl rand -base64 32 | tr +/ -_)")
        return keys

    @field_validator("smtp_answer_timeout_seconds")
    @classmethod
    def _before_the_broker_loses_patience(cls, seconds: float, info: ValidationInfo) -> float:
        if _STEPS * info.data.get("smtp_timeout_seconds", 0) + seconds > _BROKER_SECONDS:
            raise ValueError(
                f"with {_STEPS} steps of SMTP_TIMEOUT_SECONDS before, it is longer than a message may be in hand"
            )
        return seconds

    @field_validator("smtp_user", "smtp_password")
    @classmethod
    def _in_ascii(cls, value: Any) -> Any:
        said = value.get_secret_value() if isinstance(value, SecretStr) else value
        if said and not said.isascii():
            raise ValueError("letters beyond ASCII cannot be sent when the mail server asks who it is")
        return value

    @field_validator("smtp_user")
    @classmethod
    def _never_in_clear(cls, user: str | None, info: ValidationInfo) -> str | None:
        if user and not info.data.get("smtp_starttls"):
            raise ValueError("a user needs SMTP_STARTTLS, so that the password does not travel in clear")
        return user

    @field_validator("smtp_password")
    @classmethod
    def _goes_with_user(cls, password: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if bool(password) != bool(info.data.get("smtp_user")):
            raise ValueError("SMTP_USER and SMTP_PASSWORD are given together or not at all")
        return password


def _length(key: str) -> int:
    try:
        return len(base64.urlsafe_b64decode(key))
    except (binascii.Error, ValueError):
        return 0
