"""Settings that would break the promises are refused before the service starts; open doors are pointed out."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as CheckWarning
from django.db import connection

from batches.hosts import is_local, is_loopback


@register()
def check_times(**_kwargs: Any) -> list[CheckMessage]:
    """batches.E002: call time-out < task time-out < lease, or work is taken from somebody who is still at it."""
    calls = settings.OPENAI_DEADLINE + settings.SMS_TIMEOUT  # both bound a call as a whole, retries included
    send_in_time = settings.SMS_TIMEOUT < settings.BATCH_LEASE_SECONDS / 2  # a send's own lease
    if calls < settings.TASK_TIMEOUT < settings.BATCH_LEASE_SECONDS and send_in_time:
        return []
    return [
        Error(
            f"OPENAI_DEADLINE and SMS_TIMEOUT allow {calls:g} s, a task may take {settings.TASK_TIMEOUT} s, and the"
            f" lease is {settings.BATCH_LEASE_SECONDS} s: each must be less than the next",
            hint="Lower the time-outs or raise BATCH_LEASE_SECONDS.",
            id="batches.E002",
        )
    ]


@register()
def check_open_webhook(**_kwargs: Any) -> list[CheckMessage]:
    """batches.W005: messages are taken from people whom nobody knows."""
    warning = open_webhook()
    hint = "WEBHOOK_OPEN=false, and a token for each phone or provider: manage.py webhook_token default"
    return [CheckWarning(warning, hint=hint, id="batches.W005")] if warning else []


def open_webhook() -> str:
    """What is to be said about WEBHOOK_OPEN, plainly; empty when it is off."""
    if not settings.WEBHOOK_OPEN:
        return ""
    if is_loopback(settings.HOST):
        return "WEBHOOK_OPEN=true: whoever reaches this server may post messages without a token"
    return (
        f"WEBHOOK_OPEN=true and HOST={settings.HOST}: everybody on the network may post messages without a token,"
        " and have this service reply to any number they name"
    )


@register()
def check_addresses_in_clear(**_kwargs: Any) -> list[CheckMessage]:
    """batches.W006: keys and texts cross the internet in clear. A gateway in one's own network is often plain HTTP."""
    return [
        CheckWarning(
            f"{name} is http:// to a public host: keys, numbers and texts travel in clear",
            hint="Write https://, or reach the host by a private address.",
            id="batches.W006",
        )
        for name in ("OPENAI_BASE_URL", "SMS_MOBILE_API_URL", "SMS_GATE_URL")
        if _is_public_in_clear(getattr(settings, name))
    ]


def _is_public_in_clear(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and bool(parts.hostname) and not is_local(parts.hostname or "")


@register()
def check_report_mail(**_kwargs: Any) -> list[CheckMessage]:
    """batches.E010: the report is to be mailed and there is no server; batches.W010: its password travels in clear."""
    if settings.REPORT_EMAIL_TO and not settings.EMAIL_HOST:
        hint = "EMAIL_URL=smtp+tls://user:password@host:587, or no REPORT_EMAIL_TO."
        return [Error("REPORT_EMAIL_TO is set and EMAIL_URL is not", hint=hint, id="batches.E010")]
    clear = not (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL)
    if settings.EMAIL_HOST_PASSWORD and clear and not is_loopback(settings.EMAIL_HOST):
        hint = "Write smtp+tls:// (STARTTLS) or smtps://."
        return [CheckWarning("EMAIL_URL sends its password in clear", hint=hint, id="batches.W010")]
    return []


@register(Tags.database)
def check_encoding(databases: Iterable[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """batches.E006: a database that cannot hold every SMS. PostgreSQL makes one in SQL_ASCII where no locale is set."""
    if "default" not in (databases or []) or connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_encoding")
        [encoding] = cursor.fetchone()
    if encoding == "UTF8":
        return []
    hint = "Make it anew: createdb --encoding UTF8 --template template0 NAME"
    return [Error(f"The database's encoding is {encoding}, not UTF8", hint=hint, id="batches.E006")]
