"""Every setting that an operator may give, typed and checked, read from the environment and `.env`.

`.env.example` lists the same variables; a test compares the two.
"""

import os
import re
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import parse_qs, unquote, urlencode, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import dj_database_url
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import validate_email
from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

BASE_DIR = Path(__file__).resolve().parent.parent
ENV_FILE = Path(os.environ.get("ENV_FILE", BASE_DIR / ".env"))
# How a mail server is spoken to, and its usual port: in clear, with STARTTLS, with TLS from the first byte.
EMAIL_SCHEMES = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
REDIS_PATIENCE = {"socket_connect_timeout": "2", "socket_timeout": "4"}


def _split(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _secret_key(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < 32:
        raise ValueError("must have at least 32 characters")
    return value


def _webhook_token(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[A-Za-z0-9._~-]{24,256}", value.get_secret_value()):
        raise ValueError(
            "must have 24 to 256 characters, of A-Z a-z 0-9 . _ ~ - alone, as it may stand in a URL"
        )
    return value


def _networks(value: str) -> str:
    for part in _split(value):
        try:
            ip_network(part, strict=False)
        except ValueError:
            raise ValueError(f"{part} is neither an address nor a network like 10.0.0.0/8") from None
    return value


def _database_url(value: SecretStr) -> SecretStr:
    url = value.get_secret_value()
    if not url.startswith(("sqlite://", "postgres://", "postgresql://")):
        raise ValueError("must begin with sqlite://, postgres:// or postgresql://")
    try:
        name = dj_database_url.parse(url).get("NAME")
    except ValueError:
        raise ValueError("cannot be read as an address: scheme://user:password@host:port/name") from None
    if not name:
        raise ValueError("names no database: scheme://user:password@host:port/name")
    return value


def _postgres_url(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("postgres://", "postgresql://")):
        raise ValueError("must begin with postgres:// or postgresql://")
    return _database_url(value)


def _redis_url(value: SecretStr) -> SecretStr:
    try:
        address = urlsplit(value.get_secret_value())
        readable = address.scheme in ("redis", "rediss") and address.hostname and address.port != 0
    except ValueError:  # a port that is no number, an unfinished [IPv6] address
        readable = False
    if not readable:
        raise ValueError("must be an address like redis://:password@host:port/0 or rediss://…")
    return value


def _fernet_keys(value: SecretStr) -> SecretStr:
    try:
        for key in _split(value.get_secret_value()):
            Fernet(key)
    except ValueError:
        raise ValueError("must hold Fernet keys (32 random bytes in URL-safe base64), with commas") from None
    return value


def _web_url(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return value


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("is no time zone of the IANA database") from None
    return value


def _email_url(value: SecretStr) -> SecretStr:
    try:
        address = urlsplit(value.get_secret_value())
        readable = address.scheme in EMAIL_SCHEMES and address.hostname and address.port != 0
    except ValueError:
        readable = False
    if not readable or address.path.strip("/"):
        raise ValueError("must be an address like smtp+tls://user:password@host:587, smtps://… or smtp://…")
    return value


def _email_addresses(value: str) -> str:
    for part in _split(value):
        try:
            validate_email(part)
        except DjangoValidationError:
            raise ValueError(f"{part} is no e-mail address") from None
    return value


SecretKey = Annotated[SecretStr, AfterValidator(_secret_key)]
ErasureKey = Annotated[SecretStr, AfterValidator(_secret_key)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
# Lists are written with commas ("a,b"); as_list() splits them.
CommaList = str
WebhookToken = Annotated[SecretStr, AfterValidator(_webhook_token)]
NetworkList = Annotated[CommaList, AfterValidator(_networks)]
# Addresses that may hold a password are secrets as a whole.
DatabaseUrl = Annotated[SecretStr, AfterValidator(_database_url)]
PostgresUrl = Annotated[SecretStr, AfterValidator(_postgres_url)]
RedisUrl = Annotated[SecretStr, AfterValidator(_redis_url)]
FernetKeys = Annotated[SecretStr, AfterValidator(_fernet_keys)]
WebUrl = Annotated[str, AfterValidator(_web_url)]
EmailUrl = Annotated[SecretStr, AfterValidator(_email_url)]
EmailAddresses = Annotated[CommaList, AfterValidator(_email_addresses)]


class Environment(BaseSettings):
    """The environment as the rest of the project sees it. Times are in seconds."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE,
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
        validate_default=False,  # an empty default means "not used" and need not look like an address
    )

    # The web site
    django_secret_key: SecretKey = Field(examples=["a random text of 50 or more characters"])
    django_debug: bool = Field(False, examples=["false"])
    allowed_hosts: CommaList = Field("localhost,127.0.0.1,[::1]", examples=["sms.example.org,localhost"])
    csrf_trusted_origins: CommaList = Field("", examples=["https://sms.example.org"])
    https: bool = Field(False, examples=["true"])
    trusted_proxies: NetworkList = Field("", examples=["127.0.0.1,10.0.0.0/8"])
    credentials_keys: FernetKeys = Field(
        SecretStr(""), examples=["what `manage.py rotate_credentials --new-key` prints"]
    )
    host: str = Field("127.0.0.1", examples=["0.0.0.0"])  # noqa: S104  an example  # nosec B104
    port: int = Field(8000, ge=1, le=65535, examples=["8000"])
    web_processes: int = Field(1, ge=1, le=64, examples=["2"])
    web_threads: int = Field(8, ge=1, le=128, examples=["8"])
    metrics_token: WebhookToken = Field(SecretStr(""), examples=["24-or-more-random-letters-and-digits"])

    # How long what people wrote is kept
    message_keep_days: int = Field(0, ge=0, le=36_500, examples=["90"])
    erasure_key: ErasureKey = Field(SecretStr(""), examples=["a random text of 50 or more characters"])
    tasks_keep_days: int = Field(30, ge=1, le=3650, examples=["30"])

    # Where rows and tasks live
    database_url: DatabaseUrl = Field(
        SecretStr("sqlite:///db.sqlite3"), examples=["postgres://user:password@localhost:5432/sms"]
    )
    database_pooler_url: PostgresUrl = Field(
        SecretStr(""), examples=["postgres://user:password@localhost:6432/sms"]
    )
    report_database_url: PostgresUrl = Field(
        SecretStr(""), examples=["postgres://user:password@replica.example.org:5432/sms"]
    )
    redis_url: RedisUrl = Field(SecretStr(""), examples=["redis://localhost:6379/0"])
    workers: int = Field(4, ge=1, le=64, examples=["4"])

    # Receiving and batching
    consolidation_window: int = Field(60, ge=1, le=3600, examples=["60"])
    default_region: str = Field("PH", pattern=r"^[A-Z]{2}$", examples=["PH"])
    provider_time_zone: TimeZone = Field("Asia/Manila", examples=["Asia/Manila"])
    webhook_max_bytes: int = Field(1_048_576, ge=1024, examples=["1048576"])
    webhook_max_messages: int = Field(500, ge=1, le=2000, examples=["500"])
    webhook_token: WebhookToken = Field(SecretStr(""), examples=["24-or-more-random-letters-and-digits"])
    webhook_open: bool = Field(False, examples=["false"])
    webhook_failures_per_minute: int = Field(20, ge=1, examples=["20"])
    api_requests_per_minute: int = Field(300, ge=1, le=100_000, examples=["300"])
    ingest_sender_per_minute: int = Field(30, ge=1, examples=["30"])
    ingest_channel_per_minute: int = Field(6000, ge=1, examples=["6000"])
    rejected_keep_rows: int = Field(1000, ge=0, examples=["1000"])
    rejected_keep_days: int = Field(30, ge=1, examples=["30"])
    spool_path: str = Field("run/spool.sqlite3", examples=["/var/lib/smsconsolidator/spool.sqlite3"])
    spool_max_bytes: int = Field(268_435_456, ge=65_536, examples=["268435456"])
    spool_max_messages: int = Field(100_000, ge=1, examples=["100000"])
    batch_lease_seconds: float = Field(60, gt=0, examples=["60"])
    batch_max_attempts: int = Field(3, ge=1, le=20, examples=["3"])
    adaptive_window: Literal["off", "shadow", "on"] = Field("off", examples=["shadow"])
    adaptive_quiet_seconds: float = Field(10, ge=2, le=600, examples=["10"])

    # Classifying
    classification_mode: Literal["rules", "llm_then_rules", "rules_then_llm", "shadow"] = Field(
        "llm_then_rules", examples=["llm_then_rules"]
    )
    classification_memory: bool = Field(False, examples=["true"])
    classification_review_sample: float = Field(0.02, ge=0, le=1, examples=["0.02"])
    openai_api_key: SecretStr = Field(SecretStr(""), examples=["sk-…"])
    openai_kind: Literal["chat", "responses", "decisions"] = Field("chat", examples=["chat"])
    openai_model: str = Field("gpt-5.6-luna", examples=["gpt-5.6-luna"])
    openai_base_url: WebUrl = Field("", examples=["http://localhost:11434/v1"])
    openai_timeout: float = Field(8, gt=0, le=20, examples=["8"])
    openai_deadline: float = Field(15, gt=0, le=30, examples=["15"])
    openai_breaker_failures: int = Field(5, ge=0, le=1000, examples=["5"])
    openai_breaker_seconds: float = Field(30, ge=1, le=600, examples=["30"])
    openai_temperature: float | None = Field(None, ge=0, le=2, examples=["0"])
    openai_reasoning_effort: Literal[
        "default", "none", "minimal", "low", "medium", "high", "xhigh", "max"
    ] = Field("none", examples=["low"])
    openai_mask: bool = Field(True, examples=["true"])

    # Replying
    sms_auto_reply_enabled: bool = Field(False, examples=["true"])
    sms_auto_reply_text: str = Field("", max_length=1600, examples=["Thank you, we will call you."])
    opt_out_scope: Literal["channel", "account"] = Field("channel", examples=["account"])
    opt_out_text: str = Field(
        "You will get no more automatic replies. Text START to resume.",
        min_length=1,
        max_length=480,
        examples=["Example Clinic: you will get no more automatic replies. Text START to resume."],
    )
    opt_in_text: str = Field(
        "You will get automatic replies again. Text STOP to end them.",
        min_length=1,
        max_length=480,
        examples=["Example Clinic: you will get automatic replies again. Text STOP to end them."],
    )
    help_text: str = Field(
        "Texts to this number are answered automatically. Text STOP to get no more automatic replies, START to resume.",
        min_length=1,
        max_length=480,
        examples=["Example Clinic, (02) 8123 4567. Text STOP to get no more automatic replies."],
    )
    sms_sender: Literal["", "console", "smsmobileapi", "smsgate", "memory"] = Field(
        "", examples=["smsmobileapi"]
    )
    sms_mobile_api_key: SecretStr = Field(SecretStr(""), examples=["the key of your SMSMobileAPI account"])
    sms_mobile_api_url: WebUrl = Field(
        "https://api.smsmobileapi.com/sendsms/", examples=["https://api.smsmobileapi.com/sendsms/"]
    )
    sms_max_segments: int = Field(3, ge=1, le=10, examples=["3"])
    sms_segment_price: Decimal | None = Field(None, ge=0, le=1_000_000, examples=["0.50"])
    sms_currency: str = Field("PHP", pattern=r"^[A-Z]{3}$", examples=["PHP"])
    sms_timeout: float = Field(10, gt=0, le=20, examples=["10"])
    sms_sends_per_minute: float = Field(0, ge=0, le=60_000, examples=["30"])
    reply_expires_minutes: float = Field(360, gt=0, le=10_080, examples=["360"])
    stale_after_minutes: float = Field(60, gt=0, le=525_600, examples=["60"])
    stale_policy: Literal["answer", "hold", "skip"] = Field("hold", examples=["hold"])
    quiet_policy: Literal["answer", "hold", "drop"] = Field("answer", examples=["hold"])
    quiet_from: time = Field(time(21), examples=["21:00"])
    quiet_until: time = Field(time(7), examples=["07:00"])
    sender_replies_per_minute: int = Field(1, ge=0, le=1000, examples=["1"])
    sender_replies_per_hour: int = Field(6, ge=0, le=10_000, examples=["6"])
    sender_replies_per_day: int = Field(20, ge=0, le=100_000, examples=["20"])
    repeated_texts: int = Field(3, ge=0, le=100, examples=["3"])
    mute_hours: float = Field(24, gt=0, le=8760, examples=["24"])
    breaker_replies_per_minute: int = Field(600, ge=0, le=1_000_000, examples=["600"])
    automatic_phrases: CommaList = Field("", examples=["this is a robot,ako po ay robot"])
    supersede_unsent: bool = Field(True, examples=["true"])
    follow_up_minutes: float = Field(60, ge=0, le=10_080, examples=["60"])
    follow_up_unchanged: Literal["answer", "record"] = Field("answer", examples=["answer"])
    sms_gate_url: WebUrl = Field(
        "https://api.sms-gate.app/3rdparty/v1", examples=["http://192.168.1.20:8080"]
    )
    sms_gate_user: str = Field("", examples=["the user name that the app shows"])
    sms_gate_password: SecretStr = Field(SecretStr(""), examples=["the password that the app shows"])
    sms_gate_device_id: str = Field("", examples=["the device id that the app shows"])

    # The daily report
    report_email_to: EmailAddresses = Field("", examples=["ana@example.org,ben@example.org"])
    report_email_at: str = Field("07:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["07:00"])
    report_time_zone: TimeZone = Field("", examples=["Asia/Manila"])
    email_url: EmailUrl = Field(SecretStr(""), examples=["smtp+tls://user:password@mail.example.org:587"])
    email_from: EmailAddresses = Field("", examples=["sms@example.org"])

    # Logs
    log_format: Literal["text", "json"] = Field("text", examples=["json"])
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", examples=["INFO"])
    log_mask: bool = Field(False, examples=["true"])

    # Watching (requirements-watch.txt)
    sentry_dsn: SecretStr = Field(SecretStr(""), examples=["https://key@sentry.example.org/1"])
    sentry_environment: str = Field("production", pattern=r"^[^\s/]{1,64}$", examples=["production"])
    otel_exporter_otlp_endpoint: WebUrl = Field("", examples=["http://localhost:4318"])
    otel_exporter_otlp_headers: SecretStr = Field(SecretStr(""), examples=["authorization=Bearer%20…"])
    otel_service_name: str = Field("smsconsolidator", min_length=1, examples=["smsconsolidator"])
    otel_traces_sampler_arg: float = Field(1, ge=0, le=1, examples=["0.1"])

    def as_list(self, name: str) -> list[str]:
        """The comma list called `name`, split."""
        value = getattr(self, name)
        return list(_split(value.get_secret_value() if isinstance(value, SecretStr) else value))

    def redis_url_with_patience(self) -> str:
        """The address with the time-outs (seconds) that it does not give itself: a silent Redis must hold nobody up.

        Reading takes a second by itself (BLPOP).
        """
        url = self.redis_url.get_secret_value()
        given = parse_qs(urlsplit(url).query)
        missing = {name: value for name, value in REDIS_PATIENCE.items() if name not in given}
        return f"{url}{'&' if given else '?'}{urlencode(missing)}" if missing else url

    def secrets(self) -> list[str]:
        """Every configured text that no log line may show: keys, and the passwords inside addresses.

        A password shorter than 8 characters may be an everyday word: it counts only as it stands in an
        address.
        """
        keys = (
            self.django_secret_key,
            self.erasure_key,
            self.openai_api_key,
            self.sms_mobile_api_key,
            self.sms_gate_password,
            self.webhook_token,
            self.metrics_token,
            self.sentry_dsn,
            self.otel_exporter_otlp_headers,
        )
        found = {key.get_secret_value() for key in keys}
        found |= set(_split(self.credentials_keys.get_secret_value()))
        for url in (
            self.database_url,
            self.database_pooler_url,
            self.report_database_url,
            self.redis_url,
            self.email_url,
        ):
            password = urlsplit(url.get_secret_value()).password or ""
            found |= {f":{password}@"} if password else set()
            found |= {text for text in (password, unquote(password)) if len(text) >= 8}
        return sorted(found - {""}, key=len, reverse=True)


@dataclass(frozen=True)
class MailServer:
    """What EMAIL_URL says; `host` is empty where there is none. `sender` is whom mails are from."""

    host: str
    port: int
    user: str
    password: str
    starttls: bool
    tls: bool
    sender: str


def mail_server(env: Environment) -> MailServer:
    """The mail server, and EMAIL_FROM or what stands for it."""
    url = urlsplit(env.email_url.get_secret_value())
    user, host = unquote(url.username or ""), url.hostname or ""
    return MailServer(
        host,
        url.port or EMAIL_SCHEMES.get(url.scheme, 25),
        user,
        unquote(url.password or ""),
        starttls=url.scheme == "smtp+tls",
        tls=url.scheme == "smtps",
        sender=env.email_from or (user if "@" in user else f"smsconsolidator@{host or 'localhost'}"),
    )


def public_address(env: Environment) -> str:
    """The address that a browser on this machine, or on the network when HOST listens on all, can use."""
    host = env.host
    if host in ("0.0.0.0", "::"):  # noqa: S104  recognised, not bound  # nosec B104
        names = [name for name in env.as_list("allowed_hosts") if not name.startswith((".", "*", "["))]
        host = next((name for name in names if name not in ("localhost", "127.0.0.1")), "127.0.0.1")
    host = f"[{host}]" if ":" in host else host
    return f"https://{host}" if env.https else f"http://{host}:{env.port}"


def load() -> Environment:
    """Read and check the environment.

    Raises ImproperlyConfigured with one line for each wrong value: its name, what is wrong, an example.
    """
    try:
        return Environment()
    except ValidationError as error:
        problems = "\n".join(_explain(dict(item)) for item in error.errors())
        raise ImproperlyConfigured(f"The settings cannot be used:\n{problems}") from None
    except UnicodeDecodeError:
        raise ImproperlyConfigured(f"{ENV_FILE} is not UTF-8 text") from None


def _explain(error: dict[str, Any]) -> str:
    name = str(error["loc"][0])
    field = Environment.model_fields[name]
    problem = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "missing":
        problem = f"is missing; set it in the environment or in {ENV_FILE}"
    example = f"{name.upper()}={field.examples[0] if field.examples else ''}"
    return f"  {name.upper()}: {problem}{_given(name, field, error)}. Example: {example}"


def _given(name: str, field: FieldInfo, error: dict[str, Any]) -> str:
    """The value as given and where, never a secret's."""
    if error["type"] == "missing":
        return ""
    place = "in the environment" if name.upper() in os.environ else f"in {ENV_FILE.name}"
    secret = field.annotation is SecretStr or SecretStr in get_args(field.annotation)
    return f" (given {place})" if secret else f" (given {place}: {str(error['input'])[:80]!r})"
