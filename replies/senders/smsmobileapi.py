"""SMSMobileAPI: a phone behind a cloud API (https://smsmobileapi.com/doc).

The provider's own package is not used: it puts the key, the number and the text into a URL, knows no time-out
and returns errors that quote that URL. The API has no idempotency key, so a call without a clear answer is
unknown.
"""

import json
import os
import ssl
import threading
import time
from dataclasses import replace
from typing import Any

import requests
import urllib3
from django.conf import settings
from requests import exceptions as rx

from replies.senders.base import SendResult, accepted, refused, unknown
from replies.senders.deadline import call_with_deadline
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


class SmsMobileApiSender:
    """Posts a form to SMS_MOBILE_API_URL with SMS_MOBILE_API_KEY, within SMS_TIMEOUT seconds over all."""

    name = "smsmobileapi"

    def __init__(self) -> None:
        self._kept = _Kept()

    def send(self, to: str, body: str, *, reference: str) -> SendResult:  # noqa: ARG002 (no idempotency key)
        key = settings.SMS_MOBILE_API_KEY
        if not key:
            return refused("no_key", "SMS_MOBILE_API_KEY is not set.")
        form = {"apikey": key, "recipients": to, "message": body, "sendsms": "1", "sendwa": "0"}
        return _without(key, self._call(form))

    def _call(self, form: dict[str, str]) -> SendResult:
        session = self._kept.take()
        seconds = settings.SMS_TIMEOUT
        try:
            result = call_with_deadline(seconds, lambda: _post(session, form, seconds))
        except TimeoutError:
            return unknown("timeout", f"No complete answer within {seconds:g} s.")
        except (rx.RequestException, urllib3.exceptions.HTTPError) as error:
            return _failure(error)
        self._kept.put(session)
        return result


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


def _post(session: requests.Session, form: dict[str, str], seconds: float) -> SendResult:
    """One call. Connecting gets a third of the time: a host's second address must still have its turn."""
    deadline = time.monotonic() + seconds
    timeouts = (seconds / 3, seconds)
    url = settings.SMS_MOBILE_API_URL
    with session.post(url, data=form, timeout=timeouts, allow_redirects=False, stream=True) as answer:
        text = _read(answer, deadline).decode("utf-8", "replace")
        return replace(_judge(answer.status_code, text), http_status=answer.status_code, response=text)


def _without(key: str, result: SendResult) -> SendResult:
    """The result as it may be kept. Cut last: half a key would not be recognised."""
    return replace(
        result,
        provider_message_id=redact(result.provider_message_id, key),
        error=redact(result.error, key)[:MAX_EXCERPT],
        response=redact(result.response, key)[:MAX_EXCERPT],
    )


def _read(answer: requests.Response, deadline: float) -> bytes:
    """The body as far as it came, bounded in bytes and time; a broken one is judged by what there is."""
    body = bytearray()
    try:
        while len(body) < MAX_BODY and time.monotonic() < deadline:
            part = answer.raw.read1(MAX_BODY - len(body), decode_content=True)
            if not part:
                break
            body += part
    except (urllib3.exceptions.HTTPError, OSError):
        return bytes(body)
    return bytes(body)


def _judge(status: int, text: str) -> SendResult:
    if 200 <= status < 300:
        return _judge_body(text)
    if status in MOVED:
        return refused(
            "redirected", f"SMS_MOBILE_API_URL has moved (HTTP {status}); redirects are not followed."
        )
    if 400 <= status < 500:
        return refused(f"http_{status}", f"HTTP {status}: {text}", retryable=status in RETRY_LATER)
    return unknown(f"http_{status}", f"HTTP {status}: {text}")


def _judge_body(text: str) -> SendResult:
    """HTTP 200 tells nothing: `result.error` is 0 and `result.sent` is "1" when the phone has the message."""
    result = _result(text)
    if result is None or not {"error", "sent"} <= result.keys():
        return unknown("unreadable_answer", f"The answer is not in the documented form: {text}")
    if result["error"] not in (0, "0", None, ""):
        return refused("provider_error", f"result.error: {result['error']} ({_note(result)})")
    if result["sent"] not in (1, "1"):
        return refused("not_sent", f"result.sent: {result['sent']} ({_note(result)})")
    return accepted(str(result.get("id") or ""))


def _result(text: str) -> dict[str, Any] | None:
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return None
    result = answer.get("result") if isinstance(answer, dict) else None
    return result if isinstance(result, dict) else None


def _note(result: dict[str, Any]) -> str:
    return str(result.get("note") or "no note")


def _failure(error: Exception) -> SendResult:
    """What a call without an answer means: was anything sent?"""
    cause = _cause(error)
    if isinstance(error, rx.InvalidURL | rx.MissingSchema | rx.InvalidSchema):
        return refused("bad_url", "SMS_MOBILE_API_URL is not a usable address.")
    if _never_connected(cause):
        return refused("not_connected", f"No connection, nothing was sent: {cause}", retryable=True)
    if isinstance(error, rx.Timeout):
        return unknown("timeout", f"The provider did not answer in time: {cause}")
    return unknown("connection_lost", f"The connection broke during the call: {cause}")


def _never_connected(cause: object) -> bool:
    """Refused, unreachable, no such name, no proxy, or a certificate not trusted: before the form is sent."""
    if isinstance(cause, urllib3.exceptions.SSLError):
        return any(isinstance(inner, ssl.SSLCertVerificationError) for inner in cause.args)
    return isinstance(cause, NOT_CONNECTED)


def _cause(error: Exception) -> object:
    """The urllib3 error that requests has wrapped, once or twice; its text names the host, never the form."""
    inner = error.args[0] if error.args else error
    return inner.reason if isinstance(inner, urllib3.exceptions.MaxRetryError) else inner
