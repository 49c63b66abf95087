"""Where the model is."""

from urllib.parse import urlsplit

from django.conf import settings

OPENAI_URL = "https://api.openai.com/v1"
THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}


def base_url() -> str:
    """The server's address. Always given: an OPENAI_BASE_URL that is empty would leave the package without one."""
    return str(settings.OPENAI_BASE_URL or OPENAI_URL)


def is_openai(url: str) -> bool:
    """Whether this is OpenAI's own server (of any region), not one that speaks its protocol."""
    host = _host(url)
    return host == "openai.com" or host.endswith(".openai.com")


def is_this_machine(url: str) -> bool:
    """Whether the server runs beside us: a proxy in front of OpenAI, or a stand-in."""
    return _host(url) in THIS_MACHINE


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
