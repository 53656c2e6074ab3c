"""Settings from the environment only: one frozen object a service, every problem reported at once.

A variable is looked up as `<SERVICE>_<NAME>` first, then as `MOTCUA_<NAME>`, so that one service can differ. One that
is empty counts as left out.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

Chosen = TypeVar("Chosen", bound="Settings")
_BROKERS = r"^(amqp://[^;]+(;amqp://[^;]+)*|amqps://[^;]+(;amqps://[^;]+)*)$"
Rung = Annotated[float, Field(ge=0.001, le=86_400, allow_inf_nan=False)]


def _countable(limit: str) -> str:
    """A limit that cannot be read would let every request through: the limiter only logs it."""
    from limits import parse_many  # for the few processes that are told another limit than the default

    try:
        parse_many(limit)
    except ValueError:
        raise ValueError("write it like 12/minute,120/hour") from None
    return limit


RateLimit = Annotated[str, AfterValidator(_countable)]


class Settings(BaseModel):
    """What every service needs. Subclasses add their own; `service` is given by the code, the rest by the operator."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    service: str
    amqp_uri: str = Field(pattern=_BROKERS, repr=False, description="'one;another' for several brokers of one cluster")
    mongo_uri: str = Field(pattern=r"^mongodb://", repr=False)
    actor_keys: Path = Field(
        description="the public keys (JWKS) of those who may say who acts; read again when it changes"
    )
    actor_leeway_seconds: int = Field(default=300, ge=0, le=900, description="how far clocks may be apart")
    retry_ladder: tuple[Rung, ...] = Field(default=(1, 5, 30, 300, 1800, 14400), min_length=1)
    prefetch: int = Field(default=32, ge=1, le=200)
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = Field(default=None, ge=0, le=65_535)
    metrics_dir: Path | None = None
    otlp_endpoint: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s/]",
        repr=False,
        description="where traces go, such as http://127.0.0.1:4318; none: nowhere",
    )
    trace_ratio: float = Field(default=1, ge=0, le=1, description="the share of new traces that is recorded")
    relay_batch: int = Field(default=200, ge=1, le=2000)
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")

    @property
    def database_name(self) -> str:
        """The service's own database."""
        return f"motcua_{self.service}"


class CallerSettings(Settings):
    """What a service needs besides that calls others."""

    actor_key: Path = Field(description="the private key (JWK) under which it calls other services")


class BadSettings(Exception):
    """One line for each variable that is missing or wrong."""


def read_settings(kind: type[Chosen], service: str, environment: Mapping[str, str] | None = None) -> Chosen:
    """The settings of `service`. Raises BadSettings with every problem at once, never with a value."""
    given = os.environ if environment is None else environment
    values: dict[str, Any] = {"service": service}
    for name in (name for name in kind.model_fields if name not in values):
        if value := find_given(service, name, given):
            values[name] = _split(kind, name, value)
    try:
        return kind(**values)
    except ValidationError as error:
        raise BadSettings("\n".join(_line(service, problem) for problem in error.errors())) from None


def find_given(service: str, name: str, environment: Mapping[str, str]) -> str | None:
    """What is given for one setting of `service`, as it is written; None or nothing when it is left out."""
    return environment.get(f"{service.upper()}_{name.upper()}") or environment.get(f"MOTCUA_{name.upper()}")


def parts_of(value: str) -> tuple[str, ...]:
    """What stands between the commas of a setting that has several values."""
    return tuple(part.strip() for part in value.split(",") if part.strip())


def settings_or_exit(kind: type[Chosen], service: str) -> Chosen:
    """The settings of `service`, or a list of what is wrong on standard error and exit code 2."""
    try:
        return read_settings(kind, service)
    except BadSettings as error:
        sys.exit(f"{service} cannot start, its settings are wrong:\n{error}")


def _split(kind: type[Settings], name: str, value: str) -> Any:
    annotation = str(kind.model_fields[name].annotation)
    if annotation.startswith("tuple"):
        return parts_of(value)
    return Path(value) if "Path" in annotation else value


def _line(service: str, problem: Any) -> str:
    name = "_".join(str(part) for part in problem["loc"][:1]).upper()
    return f"  {service.upper()}_{name} or MOTCUA_{name}: {problem['msg']}"
