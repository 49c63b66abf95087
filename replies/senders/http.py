"""One HTTP call to a provider: bounded in time and bytes, and clear about whether anything can have been sent."""

import os
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import requests
import urllib3
from requests import exceptions as rx

from classification import retry_after
from classification.deadline import call_with_deadline
from replies.senders.base import SendResult, refused, unknown
from replies.senders.redaction import redact

MAX_BODY = 64 * 1024  # bytes of an answer that are read
MAX_EXCERPT = 500  # characters of it that are kept
MAX_IDLE = 5.0  # seconds after which a kept connection may have been dropped without our noticing
RETRY_LATER = {408, 425, 429}
MOVED = {301, 307, 308}  # nothing was processed at the address that we called

NOT_CONNECTED = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.ProxyError,  # only raised while there is no connection to the proxy
)

# What a status and a body mean.
Judge = Callable[[int, str], SendResult]


class Provider:
    """Posts to one provider; keeps a connection open for each thread. `address` is the setting's name, for people."""

    def __init__(self, address: str, judge: Judge) -> None:
        self._address = address
        self._judge = judge
        self._kept = _Kept()

    def post(self, url: str, secret: str, seconds: float, **request: Any) -> SendResult:
        """One POST within `seconds` over all; `request` goes to requests. `secret` is in no part of the result."""
        result = self._call(lambda session: self._post(session, url, seconds, request), seconds)
        # Cut last: half a secret would not be recognised.
        return replace(
            result,
            provider_message_id=redact(result.provider_message_id, secret),
            error=redact(result.error, secret)[:MAX_EXCERPT],
            response=redact(result.response, secret)[:MAX_EXCERPT],
        )

    def _call(self, call: Callable[[requests.Session], SendResult], seconds: float) -> SendResult:
        session = self._kept.take()
        try:
            result = call_with_deadline(seconds, lambda: call(session))
        except TimeoutError:
            return unknown("timeout", f"No complete answer within {seconds:g} s.")
        except (rx.RequestException, urllib3.exceptions.HTTPError) as error:
            return self._failure(error)
        self._kept.put(session)
        return result

    def _post(
        self, session: requests.Session, url: str, seconds: float, request: dict[str, Any]
    ) -> SendResult:
        """Connecting gets a third of the time: a host's second address must still have its turn."""
        deadline = time.monotonic() + seconds
        timeouts = (seconds / 3, seconds)
        with session.post(url, timeout=timeouts, allow_redirects=False, stream=True, **request) as answer:
            text = _read(answer, deadline).decode("utf-8", "replace")
            return replace(
                self._meaning(answer.status_code, text),
                http_status=answer.status_code,
                response=text,
                retry_after=retry_after.seconds(answer.headers.get("Retry-After", "")),
            )

    def _meaning(self, status: int, text: str) -> SendResult:
        """What the provider says of itself first; then what the standard says of the status (RFC 9110)."""
        if status in MOVED:
            return refused(
                "redirected", f"{self._address} has moved (HTTP {status}); redirects are not followed."
            )
        return self._judge(status, text)

    def _failure(self, error: Exception) -> SendResult:
        """What a call without an answer means: was anything sent?"""
        cause = _cause(error)
        if isinstance(error, rx.InvalidURL | rx.MissingSchema | rx.InvalidSchema):
            return refused("bad_url", f"{self._address} is not a usable address.")
        if _never_connected(cause):
            return refused("not_connected", f"No connection, nothing was sent: {cause}", retryable=True)
        if isinstance(error, rx.Timeout):
            return unknown("timeout", f"The provider did not answer in time: {cause}")
        return unknown("connection_lost", f"The connection broke during the call: {cause}")


def by_status(status: int, text: str) -> SendResult:
    """What a status outside 2xx means where the provider says nothing else of it."""
    if 400 <= status < 500:
        return refused(f"http_{status}", f"HTTP {status}: {text}", retryable=status in RETRY_LATER)
    return unknown(f"http_{status}", f"HTTP {status}: {text}")


class _Kept(threading.local):
    """This thread's session, kept between calls for its open connection."""

    session: requests.Session | None = None
    pid = 0
    used_at = 0.0

    def take(self) -> requests.Session:
        """The kept session, or a new one: after a fork (the socket is the parent's too) or an idle spell."""
        session, self.session = self.session, None
        fresh = self.pid == os.getpid() and time.monotonic() - self.used_at < MAX_IDLE
        return session if session and fresh else requests.Session()

    def put(self, session: requests.Session) -> None:
        self.session, self.pid, self.used_at = session, os.getpid(), time.monotonic()


def _read(answer: requests.Response, deadline: float) -> bytes:
    """The body as far as it came, bounded in bytes; a broken one is judged by what there is.

    Raises TimeoutError after the deadline: what has not ended by then is no answer.
    """
    body = bytearray()
    try:
        while len(body) < MAX_BODY:
            if time.monotonic() > deadline:
                raise TimeoutError
            part = answer.raw.read1(MAX_BODY - len(body), decode_content=True)
            if not part:
                break
            body += part
    except (TimeoutError, urllib3.exceptions.ReadTimeoutError):
        raise TimeoutError from None
    except (urllib3.exceptions.HTTPError, OSError):
        return bytes(body)
    return bytes(body)


def _never_connected(cause: object) -> bool:
    """Refused, unreachable, no such name, no proxy, or a certificate not trusted: before the request is sent."""
    if isinstance(cause, urllib3.exceptions.SSLError):
        return any(isinstance(inner, ssl.SSLCertVerificationError) for inner in cause.args)
    return isinstance(cause, NOT_CONNECTED)


def _cause(error: Exception) -> object:
    """The urllib3 error that requests has wrapped, once or twice; its text names the host, never the form."""
    inner = error.args[0] if error.args else error
    return inner.reason if isinstance(inner, urllib3.exceptions.MaxRetryError) else inner
