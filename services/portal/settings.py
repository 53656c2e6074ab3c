"""What the portal is told by its environment."""

from pydantic import Field

from services.chassis.settings import CallerSettings, RateLimit


class PortalSettings(CallerSettings):
    """As every service; and where people sign in, where files go, and what sessions are signed with."""

    portal_url: str = Field(pattern=r"^https?://[^/\s]+$", description="what browsers call the portal by")
    intake_url: str = Field(
        pattern=r"^https?://", description="intake's HTTP door: files, and its calls without broker"
    )
    secret: str = Field(min_length=32, repr=False, description="signs session cookies; the same in every process")
    oidc_issuer: str = Field(pattern=r"^https?://[^\s]+$", description="the OpenID provider")
    oidc_client_id: str = Field(min_length=1)
    oidc_client_secret: str = Field(min_length=1, repr=False)
    api_clients: tuple[str, ...] = Field(default=(), description="other front ends whose people's tokens the API takes")
    session_minutes: int = Field(default=30, ge=1, le=1440, description="a session ends so long after a visit")
    session_hours: int = Field(default=12, ge=1, le=72, description="and after so long whatever happens")
    proxies: int = Field(default=0, ge=0, le=5, description="proxies in front whose X-Forwarded-For is believed")
    lookup_limit: RateLimit = Field(default="12/minute,120/hour", description="public look-ups from one address")
    verify_limit: RateLimit = Field(default="30/minute", description="licences checked from one address")
    sign_in_limit: RateLimit = Field(default="60/minute", description="sign-ins begun from one address")
    rpc_lines: int = Field(
        default=40,
        ge=5,
        le=200,
        description="connections to the broker of one process, a fifth of them for each service",
    )
    rpc_seconds: float = Field(default=5, gt=0, le=30)

    @property
    def is_secure(self) -> bool:
        """Whether browsers come over TLS; then cookies go no other way."""
        return self.portal_url.startswith("https:")
