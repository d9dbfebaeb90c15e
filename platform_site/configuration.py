"""`configs/platform_config.yaml` as typed settings, loaded once by the Django settings."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

ROOT: Final = Path(__file__).resolve().parent.parent
CONFIG_FILE: Final = ROOT / "configs" / "platform_config.yaml"

type Positive = Annotated[int, Field(gt=0)]
type Seconds = Annotated[float, Field(gt=0)]
type Rate = Annotated[str, Field(pattern=r"^\d+/(s|sec|min|hour|day)$")]


class ConfigurationError(Exception):
    """The configuration cannot be used; the text names each key."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Paths(_Section):
    """Where things lie; relative paths start at the checkout."""

    var: Path
    strategies: Path


class MarketData(_Section):
    """The store of market data."""

    lock_timeout_seconds: Seconds
    unreferenced_file_hours: Seconds


class Fetch(_Section):
    """Requests to venues for public data."""

    timeout_seconds: Seconds
    attempts: Positive
    demo_venues: tuple[str, ...]
    demo_decision_seconds: Seconds
    demo_days: Positive


class Backtest(_Section):
    """Defaults of a run."""

    cash: Annotated[Decimal, Field(gt=0)]
    fee_rate: Annotated[Decimal, Field(ge=0, lt=1)]
    slippage_bps: Annotated[Decimal, Field(ge=0, lt=10_000)]


class Compute(_Section):
    """Jobs that run in processes of their own, and the leases of those who run them."""

    engines: tuple[str, ...]
    cpu_set: tuple[Annotated[int, Field(ge=0)], ...]
    jobs_at_once: Positive
    job_memory_mb: Positive
    job_seconds: Seconds
    silence_seconds: Seconds
    idle_seconds: Seconds
    heartbeat_seconds: Seconds
    lease_seconds: Seconds
    recovery_seconds: Seconds

    @model_validator(mode="after")
    def _outlives_two_heartbeats(self) -> Self:
        if self.lease_seconds <= 2 * self.heartbeat_seconds:
            raise ValueError(
                f"lease_seconds is {self.lease_seconds:g}, must be more than two heartbeats of"
                f" {self.heartbeat_seconds:g} s: one may come late"
            )
        return self


class Broker(_Section):
    """The broker that a developer's machine starts for itself."""

    port: Annotated[int, Field(gt=0, lt=65_536)]
    memory_mb: Positive


class Api(_Section):
    """Limits of the API."""

    page_size: Positive
    max_page_size: Positive
    max_bars_per_request: Positive
    anonymous_rate: Rate
    user_rate: Rate
    login_rate: Rate
    token_days: Positive
    idempotency_days: Positive


class Web(_Section):
    """The web process."""

    host: str
    port: Annotated[int, Field(gt=0, lt=65_536)]
    workers: Positive
    threads: Positive


class PlatformConfig(BaseSettings):
    """The whole file; `ASSAY_SECTION__KEY` in the environment overrides one key."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix="ASSAY_",
        env_nested_delimiter="__",
    )

    paths: Paths
    market_data: MarketData
    fetch: Fetch
    backtest: Backtest
    compute: Compute
    broker: Broker
    api: Api
    web: Web

    @classmethod
    def settings_customise_sources(  # noqa: PLR0917 - the library's signature
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file."""
        return env_settings, init_settings

    def resolve(self, path: Path) -> Path:
        """Return a path of the configuration, absolute."""
        return path if path.is_absolute() else ROOT / path


def load_configuration(path: Path = CONFIG_FILE) -> PlatformConfig:
    """Read and check the configuration.

    Raises
    ------
    ConfigurationError
        If the file is missing or not YAML, or a key is unknown, missing or of
        the wrong type; every such key is named with what is wrong.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as e:
        raise ConfigurationError(f"cannot read the configuration: {e}") from e
    try:
        return PlatformConfig(**(content or {}))
    except ValidationError as e:
        keys = "; ".join(
            f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"
            for error in e.errors()
        )
        raise ConfigurationError(f"{path.name}: {keys}") from e
