"""Settings that would make replies vanish without anybody noticing."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from replies.policy import too_long
from replies.segments import count, in_words

TEXTS = ("SMS_AUTO_REPLY_TEXT", "OPT_OUT_TEXT", "OPT_IN_TEXT", "HELP_TEXT")

NO_KEY = Warning(
    "SMS_SENDER is smsmobileapi but SMS_MOBILE_API_KEY is not set: the replies of every channel without a key of its"
    " own are refused.",
    hint="Set SMS_MOBILE_API_KEY, give each channel its key in the admin, or set SMS_SENDER=console to print replies.",
    id="replies.W003",
)
GATE_NOT_SET_UP = Error(
    "SMS_SENDER is smsgate but SMS_GATE_USER, SMS_GATE_PASSWORD or SMS_GATE_DEVICE_ID is not set:"
    " every reply would be refused.",
    hint="Set all three, as the app shows them, or SMS_SENDER=console to print replies.",
    id="replies.E002",
)
PRINTED = Warning(
    "SMS_AUTO_REPLY_ENABLED is true but SMS_MOBILE_API_KEY is not set: replies are printed, not sent.",
    hint="Set SMS_MOBILE_API_KEY to send them, or SMS_AUTO_REPLY_ENABLED=false.",
    id="replies.W001",
)
IN_MEMORY = Warning(
    "SMS_SENDER is memory: replies stay in the process and reach nobody.",
    hint="That sender is for tests. Use SMS_SENDER=console or SMS_SENDER=smsmobileapi.",
    id="replies.W002",
)


@register
def sender_can_send(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001 (Django's signature)
    """Whether the sender that is set up can do what the settings promise."""
    sender, key = settings.SMS_SENDER, settings.SMS_MOBILE_API_KEY
    if sender == "smsmobileapi" and not key:
        return [NO_KEY]
    if sender == "smsgate" and not (
        settings.SMS_GATE_USER and settings.SMS_GATE_PASSWORD and settings.SMS_GATE_DEVICE_ID
    ):
        return [GATE_NOT_SET_UP]
    if sender == "console" and not key and settings.SMS_AUTO_REPLY_ENABLED:
        return [PRINTED]
    return [IN_MEMORY] if sender == "memory" else []


@register
def texts_are_short_enough(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """replies.W004: a text is longer than a reply may be, so none that says it is ever sent."""
    return [found for name in TEXTS for found in _too_long(name, getattr(settings, name))]


def _too_long(name: str, text: str) -> Iterator[CheckMessage]:
    segments = count(text).segments
    if problem := too_long(segments):
        hint = f"Shorten it, or raise SMS_MAX_SEGMENTS. It takes {in_words(segments, text)}."
        yield Warning(f"{name} is never sent. {problem}", hint=hint, id="replies.W004")
