"""The web site: where it is reached, and the keys that it signs and encrypts with."""

from pydantic import Field, SecretStr

from smsconsolidator.env.group import Group
from smsconsolidator.env.values import CommaList, FernetKeys, NetworkList, SecretKey, WebhookToken, split


class WebSite(Group):
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


def public_address(env: WebSite) -> str:
    """The address that a browser on this machine, or on the network when HOST listens on all, can use."""
    host = env.host
    if host in ("0.0.0.0", "::"):  # noqa: S104  recognised, not bound  # nosec B104
        names = [name for name in split(env.allowed_hosts) if not name.startswith((".", "*", "["))]
        host = next((name for name in names if name not in ("localhost", "127.0.0.1")), "127.0.0.1")
    host = f"[{host}]" if ":" in host else host
    return f"https://{host}" if env.https else f"http://{host}:{env.port}"
