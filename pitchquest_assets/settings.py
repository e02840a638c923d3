"""Every environment variable, validated in one place."""

from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from pitchquest_assets.errors import SettingsError


class Settings(BaseSettings):
    """The settings in force; a variable is PITCHQUEST_ and the field's name in upper case."""

    model_config = SettingsConfigDict(
        env_prefix="PITCHQUEST_", env_file=".env", env_ignore_empty=True, extra="ignore"
    )

    home: Path = Field(Path(".pitchquest"), description="folder of the database, objects, reports")
    models: Path | None = Field(None, description="folder with model files; default HOME/models")
    downloads: Literal["on", "off"] = Field("on", description="off: never fetch model weights")
    model_hub_timeout_seconds: float = Field(3.0, gt=0, description="wait for a hub")
    model_hub: str | None = Field(
        None, pattern="^https?://", description="mirror asked instead of the models' own hosts"
    )
    transcriber: Literal["auto", "captions", "whisper", "pocketsphinx", "off"] = "auto"
    whisper_model: str = Field("base.en", description="size, see `pitchquest models list`")

    max_size_mb: float = Field(2_000, gt=0)
    max_duration_seconds: float = Field(3_600, gt=0)
    max_pixels: int = Field(3840 * 2160, gt=0, description="width × height of a picture")
    max_decode_seconds: float = Field(600, gt=0, description="CPU seconds to spend on one decode")
    max_frames: int = Field(50, ge=1)
    max_frames_per_second: float = Field(1.0, gt=0)
    frame_width_px: int = Field(640, ge=64)

    supabase_url: str | None = Field(None, validation_alias="SUPABASE_URL")
    supabase_key: SecretStr | None = Field(None, validation_alias="SUPABASE_KEY")
    database_url: SecretStr | None = Field(None, validation_alias="DATABASE_URL")

    @cached_property
    def home_path(self) -> Path:
        """PITCHQUEST_HOME as an absolute path."""
        return self.home.expanduser().absolute()

    @cached_property
    def models_path(self) -> Path:
        """The folder with model files, absolute."""
        return (self.models or self.home_path / "models").expanduser().absolute()


def load_settings() -> Settings:
    """The settings from the environment and `.env`.

    Raises:
        SettingsError: a variable has a value that makes no sense; the sentence names it.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).upper()
        name = name if name.startswith(("SUPABASE", "DATABASE")) else f"PITCHQUEST_{name}"
        raise SettingsError(f"{name} is not usable: {first['msg']}.") from error
