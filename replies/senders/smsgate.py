"""SMS Gateway for Android (https://sms-gate.app): an app that makes a phone a gateway, by its cloud or directly.

The message's `id` is ours, and the server takes each (id, device) once: a repetition is answered with 409. So a call
without a clear answer can be repeated without a second SMS, as long as the device is named; without one, the server
would choose any (https://docs.sms-gate.app, "Message ID").
"""

import json

from django.conf import settings

from classification.findings import Finding, ok, problem, warning
from replies.senders.base import SendResult, accepted, refused
from replies.senders.examining import Answer, get
from replies.senders.http import Provider, by_status

DUPLICATE = 409
# The queue is full, the phone is offline: the server says so before it takes the message.
BUSY = 503
NOT_SET_UP = "SMS_GATE_USER, SMS_GATE_PASSWORD or SMS_GATE_DEVICE_ID is not set"


class SmsGateSender:
    """Posts to SMS_GATE_URL as SMS_GATE_USER, within SMS_TIMEOUT seconds over all."""

    name = "smsgate"
    idempotent = True

    def __init__(self) -> None:
        self._provider = Provider("SMS_GATE_URL", _judge)

    def send(self, to: str, body: str, *, reference: str, key: str = "") -> SendResult:
        password = key or settings.SMS_GATE_PASSWORD
        if not _is_set_up(password):
            return refused("not_set_up", f"{NOT_SET_UP}.")
        message = {
            "id": reference,
            "deviceId": settings.SMS_GATE_DEVICE_ID,
            "textMessage": {"text": body},
            "phoneNumbers": [to],
            "ttl": int(settings.REPLY_EXPIRES_AFTER),  # seconds: a phone that was off sends no stale replies
        }
        url = f"{settings.SMS_GATE_URL.rstrip('/')}/messages"
        return self._provider.post(
            url, password, settings.SMS_TIMEOUT, json=message, auth=(settings.SMS_GATE_USER, password)
        )

    def examine(self, *, key: str = "") -> Finding:
        """The account's devices are listed, ours among them (GET /devices)."""
        password = key or settings.SMS_GATE_PASSWORD
        if not _is_set_up(password):
            return problem(NOT_SET_UP, "Set all three.")
        url = f"{settings.SMS_GATE_URL.rstrip('/')}/devices"
        return _examined(get(url, password, auth=(settings.SMS_GATE_USER, password)))


def _is_set_up(password: str) -> bool:
    return bool(password and settings.SMS_GATE_USER and settings.SMS_GATE_DEVICE_ID)


def _examined(answer: Answer) -> Finding:
    where = settings.SMS_GATE_URL
    if not answer.status:
        return problem(
            f"{where} cannot be reached: {answer.text}", "Look at SMS_GATE_URL and at this machine's way out."
        )
    if answer.status in (401, 403):
        return problem(
            f"{where} does not take the account (HTTP {answer.status})",
            "Copy user and password from the app.",
        )
    if answer.status != 200:
        told = f"{where} is reachable; it lists no devices (HTTP {answer.status}), so the account cannot be tried"
        return warning(told, "Send one reply to yourself.")
    if settings.SMS_GATE_DEVICE_ID not in _devices(answer.text):
        return problem(
            f"{where} takes the account, but knows no device SMS_GATE_DEVICE_ID", "Copy the id from the app."
        )
    return ok(f"{where} takes the account and knows the device ({answer.milliseconds} ms)")


def _devices(text: str) -> set[str]:
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError):
        return set()
    return (
        {str(one.get("id")) for one in listed if isinstance(one, dict)} if isinstance(listed, list) else set()
    )


def _judge(status: int, text: str) -> SendResult:
    if 200 <= status < 300:
        return accepted(_id(text))
    if status == DUPLICATE:
        return accepted("")  # an earlier attempt got through
    if status == BUSY:
        return refused("busy", f"HTTP {status}: {text}", retryable=True)
    return by_status(status, text)


def _id(text: str) -> str:
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    return str(answer.get("id") or "") if isinstance(answer, dict) else ""
