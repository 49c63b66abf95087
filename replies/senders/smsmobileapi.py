"""SMSMobileAPI: a phone behind a cloud API (https://smsmobileapi.com/doc).

The provider's own package is not used: it puts the key, the number and the text into a URL, knows no time-out
and returns errors that quote that URL. The API has no idempotency key, so a call without a clear answer is
unknown.
"""

import json
from typing import Any

from django.conf import settings

from classification.findings import Finding, problem
from replies.senders.base import SendResult, accepted, refused, unknown
from replies.senders.examining import reachable
from replies.senders.http import Provider, by_status


class SmsMobileApiSender:
    """Posts a form to SMS_MOBILE_API_URL with the account's key, within SMS_TIMEOUT seconds over all."""

    name = "smsmobileapi"
    idempotent = False

    def __init__(self) -> None:
        self._provider = Provider("SMS_MOBILE_API_URL", _judge)

    def send(self, to: str, body: str, *, reference: str, key: str = "") -> SendResult:  # noqa: ARG002 (no idempotency key)
        key = key or settings.SMS_MOBILE_API_KEY
        if not key:
            return refused("no_key", "SMS_MOBILE_API_KEY is not set, and the channel has no key of its own.")
        form = {"apikey": key, "recipients": to, "message": body, "sendsms": "1", "sendwa": "0"}
        return self._provider.post(settings.SMS_MOBILE_API_URL, key, settings.SMS_TIMEOUT, data=form)

    def examine(self, *, key: str = "") -> Finding:
        """Reachability alone: what could be read with the key is the inbox, and the key would stand in the URL."""
        if not (key or settings.SMS_MOBILE_API_KEY):
            return problem(
                "SMS_MOBILE_API_KEY is not set", "Set it, or give each channel its key in the admin."
            )
        return reachable(settings.SMS_MOBILE_API_URL, "SMS_MOBILE_API_URL")


def _judge(status: int, text: str) -> SendResult:
    return _judge_body(text) if 200 <= status < 300 else by_status(status, text)


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
