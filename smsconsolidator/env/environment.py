"""All groups of settings as one."""

from urllib.parse import unquote, urlsplit

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from smsconsolidator.env.classifying import Classifying
from smsconsolidator.env.keeping import Keeping
from smsconsolidator.env.logs import Logs
from smsconsolidator.env.paths import ENV_FILE
from smsconsolidator.env.receiving import Receiving
from smsconsolidator.env.replying import Replying
from smsconsolidator.env.report import Report
from smsconsolidator.env.storage import Storage
from smsconsolidator.env.values import split
from smsconsolidator.env.watching import Watching
from smsconsolidator.env.website import WebSite


# The last base's fields come first: what is wrong is told group by group as in .env.example.
class Environment(
    Watching, Logs, Report, Replying, Classifying, Receiving, Storage, Keeping, WebSite, BaseSettings
):
    """The environment as the rest of the project sees it. Times are in seconds."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE,
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
        validate_default=False,  # an empty default means "not used" and need not look like an address
    )

    def as_list(self, name: str) -> list[str]:
        """The comma list called `name`, split."""
        value = getattr(self, name)
        return list(split(value.get_secret_value() if isinstance(value, SecretStr) else value))

    def secrets(self) -> list[str]:
        """Every configured text that no log line may show: keys, and the passwords inside addresses."""
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
        addresses = (
            self.database_url,
            self.database_pooler_url,
            self.report_database_url,
            self.redis_url,
            self.email_url,
        )
        found = {key.get_secret_value() for key in keys} | set(self.as_list("credentials_keys"))
        found.update(*(_password(address.get_secret_value()) for address in addresses))
        return sorted(found - {""}, key=len, reverse=True)


def _password(address: str) -> set[str]:
    """How the address's password may be written.

    One shorter than 8 characters may be an everyday word: it counts only as it stands in an address.
    """
    password = urlsplit(address).password or ""
    written = {f":{password}@"} if password else set()
    return written | {text for text in (password, unquote(password)) if len(text) >= 8}
