"""Ways to send a text; SMS_SENDER names the one in use."""

from functools import cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from replies.senders.base import Account, Sender

SENDERS = {
    "console": "replies.senders.console.ConsoleSender",
    "memory": "replies.senders.memory.MemorySender",
    "smsgate": "replies.senders.smsgate.SmsGateSender",
    "smsmobileapi": "replies.senders.smsmobileapi.SmsMobileApiSender",
}

ENVIRONMENT = Account()


def get_sender(account: Account = ENVIRONMENT) -> Sender:
    """The account's sender, which is the one that SMS_SENDER names where the account names none.

    Raises ImproperlyConfigured when there is none of that name.
    """
    return _load(account.provider or settings.SMS_SENDER)


def provider_choices() -> list[tuple[str, str]]:
    """What a channel may be set to. The sender for tests reaches nobody, so nobody may choose it."""
    return [(name, name) for name in SENDERS if name != "memory"]


@cache
def _load(name: str) -> Sender:
    if name not in SENDERS:
        raise ImproperlyConfigured(f"SMS_SENDER: {name!r} is not one of {', '.join(sorted(SENDERS))}.")
    sender: Sender = import_string(SENDERS[name])()
    return sender
