"""Every setting that an operator may give, typed and checked, read from the environment and `.env`.

`.env.example` lists the same variables; a test compares the two.
"""

import os
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from django.core.exceptions import ImproperlyConfigured
from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

BASE_DIR = Path(__file__).resolve().parent.parent


def _split(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _engines(value: str) -> str:
    unknown = [name for name in _split(value) if name not in ("openai", "rules")]
    if unknown or not _split(value):
        raise ValueError("must name one or more of: openai, rules")
    return value


# Lists are written with commas ("a,b"); as_list() splits them.
CommaList = str
EngineList = Annotated[CommaList, AfterValidator(_engines)]


class Environment(BaseSettings):
    """The environment as the rest of the project sees it. Times are in seconds."""

    model_config = SettingsConfigDict(
        env_file=os.environ.get("ENV_FILE", str(BASE_DIR / ".env")),
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    # The web site
    django_secret_key: SecretStr = Field(min_length=32, examples=["a random text of 50 or more characters"])
    django_debug: bool = Field(False, examples=["false"])
    allowed_hosts: CommaList = Field("localhost,127.0.0.1,[::1]", examples=["sms.example.org,localhost"])
    csrf_trusted_origins: CommaList = Field("", examples=["https://sms.example.org"])
    https: bool = Field(False, examples=["true"])
    host: str = Field("127.0.0.1", examples=["0.0.0.0"])
    port: int = Field(8000, ge=1, le=65535, examples=["8000"])
    web_processes: int = Field(1, ge=1, le=64, examples=["2"])
    web_threads: int = Field(8, ge=1, le=128, examples=["8"])

    # Where rows and tasks live
    database_url: str = Field(
        f"sqlite:///{BASE_DIR / 'db.sqlite3'}",
        pattern=r"^(sqlite|postgres|postgresql)://",
        examples=["postgres://user:password@localhost:5432/sms"],
    )
    redis_url: str = Field("", pattern=r"^(rediss?://.*)?$", examples=["redis://localhost:6379/0"])
    workers: int = Field(4, ge=1, le=64, examples=["4"])

    # Receiving and batching
    consolidation_window: int = Field(60, ge=1, le=3600, examples=["60"])
    default_region: str = Field("PH", pattern=r"^[A-Z]{2}$", examples=["PH"])
    webhook_max_bytes: int = Field(1_048_576, ge=1024, examples=["1048576"])
    webhook_max_messages: int = Field(500, ge=1, le=5000, examples=["500"])
    rejected_keep_rows: int = Field(1000, ge=0, examples=["1000"])
    rejected_keep_days: int = Field(30, ge=1, examples=["30"])
    batch_lease_seconds: float = Field(60, gt=0, examples=["60"])
    batch_max_attempts: int = Field(3, ge=1, le=20, examples=["3"])

    # Classifying
    classification_engines: EngineList = Field("openai,rules", examples=["openai,rules"])
    openai_api_key: SecretStr = Field(SecretStr(""), examples=["sk-…"])
    openai_model: str = Field("gpt-5.6-luna", examples=["gpt-5.6-luna"])
    openai_base_url: str = Field("", pattern=r"^(https?://.+)?$", examples=["http://localhost:11434/v1"])
    openai_timeout: float = Field(8, gt=0, le=20, examples=["8"])
    openai_temperature: float | None = Field(None, ge=0, le=2, examples=["0"])

    # Replying
    sms_auto_reply_enabled: bool = Field(False, examples=["true"])
    sms_auto_reply_text: str = Field("", max_length=1600, examples=["Thank you, we will call you."])
    sms_sender: Literal["", "console", "smsmobileapi", "memory"] = Field("", examples=["smsmobileapi"])
    sms_mobile_api_key: SecretStr = Field(SecretStr(""), examples=["the key of your SMSMobileAPI account"])
    sms_mobile_api_url: str = Field(
        "https://api.smsmobileapi.com/sendsms/", pattern=r"^https?://.+", examples=["https://api.smsmobileapi.com/sendsms/"]
    )
    sms_timeout: float = Field(10, gt=0, le=20, examples=["10"])

    # Logs
    log_format: Literal["text", "json"] = Field("text", examples=["json"])
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", examples=["INFO"])
    log_mask: bool = Field(False, examples=["true"])

    def as_list(self, name: str) -> list[str]:
        """The comma list called `name`, split."""
        return list(_split(getattr(self, name)))


def load() -> Environment:
    """Read and check the environment.

    Raises ImproperlyConfigured with one paragraph for each wrong value: its name, what is wrong, an example.
    """
    try:
        return Environment()
    except ValidationError as error:
        problems = "\n".join(_explain(dict(item)) for item in error.errors())
        raise ImproperlyConfigured(f"The settings cannot be used:\n{problems}") from None


def _explain(error: dict[str, Any]) -> str:
    name = str(error["loc"][0])
    field = Environment.model_fields[name]
    return f"  {name.upper()}: {error['msg']}{_given(name, field)}. Example: {name.upper()}={_example(field)}"


def _example(field: FieldInfo) -> str:
    return str(field.examples[0]) if field.examples else ""


def _given(name: str, field: FieldInfo) -> str:
    """The value as given, never a secret's (a database URL holds a password)."""
    secret = field.annotation is SecretStr or SecretStr in get_args(field.annotation) or name.endswith("_url")
    value = os.environ.get(name.upper())
    return "" if secret or value is None else f" (given: {value!r})"
