"""One look at a provider without sending anything, for `manage.py doctor`."""

import ssl
from dataclasses import dataclass
from time import perf_counter
from urllib.parse import urlsplit, urlunsplit

import requests
import urllib3

from classification.deadline import call_with_deadline
from classification.findings import Finding, ok, problem, warning
from replies.senders.redaction import redact

SECONDS = 8.0
READ_SECONDS = 4.0  # for one read, as for the connection
MAX_BODY = 256 * 1024  # bytes


@dataclass(frozen=True)
class Answer:
    """What came back; `status` is 0 where nothing did, and then `text` says why."""

    status: int
    text: str
    milliseconds: int = 0


def get(url: str, secret: str = "", auth: tuple[str, str] | None = None) -> Answer:  # nosec B107
    """One GET within SECONDS over all; `secret` is in no part of the answer."""
    start = perf_counter()
    try:
        status, text = call_with_deadline(SECONDS, lambda: _get(url, auth))
    except TimeoutError:
        return Answer(0, f"no answer within {SECONDS:g} s")
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        return Answer(0, redact(_reason(error), secret) if secret else _reason(error))
    took = round((perf_counter() - start) * 1000)
    return Answer(status, redact(text, secret) if secret else text, took)


def reachable(url: str, name: str) -> Finding:
    """Whether the provider's server answers at all, at its root: it has nothing that could be read with the key."""
    parts = urlsplit(url)
    answer = get(urlunsplit((parts.scheme, parts.netloc, "/", "", "")))
    if not answer.status:
        return problem(
            f"{parts.netloc} cannot be reached: {answer.text}",
            f"Look at {name} and at this machine's way out.",
        )
    told = f"{parts.netloc} is reachable ({answer.milliseconds} ms); whether it takes the key is only seen by sending"
    if parts.scheme == "https":
        return ok(told)
    return warning(f"{told}. The key travels readable: it is http", f"Write {name} with https://")


def _get(url: str, auth: tuple[str, str] | None) -> tuple[int, str]:
    with requests.get(url, timeout=READ_SECONDS, allow_redirects=False, auth=auth, stream=True) as answer:
        return answer.status_code, answer.raw.read(MAX_BODY, decode_content=True).decode("utf-8", "replace")


def _reason(error: Exception) -> str:
    """What lies at the bottom, which names no header and no path."""
    cause: object = next((below for below in error.args if isinstance(below, Exception)), error)
    cause = getattr(cause, "reason", cause)
    for below in getattr(cause, "args", ()):
        if isinstance(below, ssl.SSLCertVerificationError):
            return f"its certificate is not accepted: {below.verify_message}"
        if isinstance(below, ssl.SSLError):
            return f"no TLS is spoken there: {below.reason}"
    return f"{type(error).__name__} ({type(cause).__name__})"
