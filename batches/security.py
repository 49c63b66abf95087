"""System checks of settings that would let strangers in. `manage.py check` runs them, and every start does."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as CheckWarning
from django.db import DatabaseError, transaction

from batches.credentials import CredentialsUnreadable, decrypt
from batches.hosts import is_local, is_loopback
from batches.models import Channel

LEAST_CHARACTERS = 8  # different ones, in a secret that nobody guesses

DEBUG_FOR_OTHERS = Error(
    "DJANGO_DEBUG is true and others can reach the service: its error pages show source code and people's messages.",
    hint="Set DJANGO_DEBUG=false, or let only this machine in (HOST=127.0.0.1 and local ALLOWED_HOSTS).",
    id="batches.E003",
)
GUESSABLE_KEY = Error(
    "DJANGO_SECRET_KEY can be guessed: whoever does signs himself in.",
    hint='Take a random one: python -c "import secrets; print(secrets.token_urlsafe(48))"',
    id="batches.E004",
)
ANY_HOST = CheckWarning(
    "ALLOWED_HOSTS is *: a forged Host header decides which address the service's links lead to.",
    hint="Name the hosts that the service answers to.",
    id="batches.W001",
)
IN_CLEAR = CheckWarning(
    "HTTPS is false although ALLOWED_HOSTS has a public name: passwords and messages travel readable.",
    hint="Put a proxy that speaks HTTPS in front, and set HTTPS=true.",
    id="batches.W002",
)
ONE_ADDRESS = CheckWarning(
    "HTTPS is true but TRUSTED_PROXIES is empty: everybody seems to come from the proxy, so a stranger's failed log-ins"
    " lock out the administrator too.",
    hint="Set TRUSTED_PROXIES to the address of the proxy, such as 127.0.0.1.",
    id="batches.W003",
)
ORIGIN_IN_CLEAR = CheckWarning(
    "HTTPS is true but CSRF_TRUSTED_ORIGINS trusts an address without it.",
    hint="Write it with https://",
    id="batches.W004",
)


@register(Tags.security)
def check_exposure(**_kwargs: Any) -> list[CheckMessage]:
    """batches.E003, W001 to W004: what is open to whom."""
    hosts, https = settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT
    open_to_others = not all(map(is_loopback, [*hosts, settings.HOST]))
    in_clear = not https and not all(map(is_local, hosts))
    plain = any(origin.startswith("http://") for origin in settings.CSRF_TRUSTED_ORIGINS)
    return [
        message
        for message, holds in (
            (DEBUG_FOR_OTHERS, settings.DEBUG and open_to_others),
            (ANY_HOST, "*" in hosts),
            (IN_CLEAR, in_clear),
            (ONE_ADDRESS, https and not settings.TRUSTED_PROXIES),
            (ORIGIN_IN_CLEAR, https and plain),
        )
        if holds
    ]


@register(Tags.security)
def check_secret_key(**_kwargs: Any) -> list[CheckMessage]:
    """batches.E004: Django tells the same, but only where --deploy is given."""
    key = settings.SECRET_KEY
    guessable = len(set(key)) < LEAST_CHARACTERS or key.startswith(("django-insecure-", "change"))
    return [GUESSABLE_KEY] if guessable else []


@register(Tags.database)
def check_credentials(databases: Iterable[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """batches.E005: credentials that no key decrypts, so that no reply of their channels could be sent.

    Asked with the database at hand: by `migrate`, and so at every start, and by `check --database default`.
    """
    if "default" not in (databases or []):
        return []
    unreadable = [slug for slug, stored in _stored() if not _readable(stored)]
    if not unreadable:
        return []
    return [
        Error(
            f"No key of CREDENTIALS_KEYS decrypts the credentials of: {', '.join(unreadable)}",
            hint="Add the key that they were saved with, or save them again in the admin.",
            id="batches.E005",
        )
    ]


def _stored() -> list[tuple[str, str]]:
    try:
        with transaction.atomic():
            return list(Channel.objects.exclude(credentials="").values_list("slug", "credentials"))
    except DatabaseError:  # before the first migration there is nothing to read
        return []


def _readable(stored: str) -> bool:
    try:
        decrypt(stored)
    except CredentialsUnreadable:
        return False
    return True
