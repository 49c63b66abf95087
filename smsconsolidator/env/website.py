"""The web site: where it is reached, and the keys that it signs and encrypts with."""

from pydantic import Field, SecretStr

from smsconsolidator.env.group import Group
from smsconsolidator.env.values import (
    CommaList,
    FernetKeys,
    HostList,
    NetworkList,
    SecretKey,
    WebhookToken,
    split,
)


class WebSite(Group):
    django_secret_key: SecretKey = Field(examples=["a random text of 50 or more characters"])
    django_debug: bool = Field(False, examples=["false"])
    allowed_hosts: HostList = Field("localhost,127.0.0.1,[::1]", examples=["sms.example.org,localhost"])
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
    """The address for phones and browsers: with HTTPS the proxy's in front of the service, else the service's own."""
    if env.https:
        return f"https://{_public_name(env) or _own_host(env)}"
    return f"http://{_own_host(env)}:{env.port}"


def _own_host(env: WebSite) -> str:
    """As a browser on this machine, or on the network when HOST is all addresses, writes it."""
    if env.host in ("0.0.0.0", "::"):  # noqa: S104  recognised, not bound  # nosec B104
        return _public_name(env) or "127.0.0.1"
    return f"[{env.host}]" if ":" in env.host else env.host


def _public_name(env: WebSite) -> str:
    """The first of ALLOWED_HOSTS that is no pattern and not this machine alone; empty when there is none."""
    names = [name for name in split(env.allowed_hosts) if not name.startswith((".", "*", "["))]
    return next((name for name in names if name not in ("localhost", "127.0.0.1")), "")
