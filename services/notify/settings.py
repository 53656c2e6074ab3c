"""The settings of notify."""

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from services.chassis.settings import Settings


class NotifySettings(Settings):
    """Where letters are handed over, and in whose name."""

    smtp_host: str = Field(min_length=1)
    smtp_port: int = Field(ge=1, le=65535)
    smtp_starttls: bool = False
    smtp_user: str | None = None
    smtp_password: SecretStr | None = Field(default=None, validate_default=True)
    smtp_timeout_seconds: float = Field(default=5, gt=0, le=60, description="for each step of a conversation")
    sender_address: str = Field(default="khong-tra-loi@motcua.example.vn", pattern=r"^[!-?A-~]+@[a-z0-9.-]+$")
    sender_name: str = Field(default="Cổng dịch vụ công", max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")
    claim_seconds: float = Field(default=30, gt=0, le=600, description="how long one attempt to send keeps others off")

    @property
    def sender_domain(self) -> str:
        """The domain that message ids and the greeting carry."""
        return self.sender_address.rpartition("@")[2]

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
