"""Ways to send a text; SMS_SENDER names the one in use."""

from functools import cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from replies.senders.base import Sender

SENDERS = {
    "console": "replies.senders.console.ConsoleSender",
    "memory": "replies.senders.memory.MemorySender",
    "smsmobileapi": "replies.senders.smsmobileapi.SmsMobileApiSender",
}


def get_sender() -> Sender:
    """The sender that SMS_SENDER names.

    Raises ImproperlyConfigured when there is none of that name.
    """
    return _load(settings.SMS_SENDER)


@cache
def _load(name: str) -> Sender:
    if name not in SENDERS:
        raise ImproperlyConfigured(f"SMS_SENDER: {name!r} is not one of {', '.join(sorted(SENDERS))}.")
    sender: Sender = import_string(SENDERS[name])()
    return sender
