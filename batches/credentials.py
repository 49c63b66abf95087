"""Secrets at rest: what a channel needs for its provider is kept encrypted (Fernet: AES-128-CBC with HMAC-SHA256).

CREDENTIALS_KEYS holds the keys: the first one encrypts, all of them decrypt. No field decrypts by itself, so that no
loaded row, form, error page or pickle holds a secret by accident.
"""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

NO_KEYS = (
    "CREDENTIALS_KEYS is not set, so nothing can be encrypted."
    " Set it to what `manage.py rotate_credentials --new-key` prints."
)

# What this process has had in clear, for the log to leave out; see smsconsolidator/secrecy.py.
_revealed: set[str] = set()


class CredentialsUnreadable(Exception):
    """None of CREDENTIALS_KEYS decrypts it: the key is lost, or CREDENTIALS_KEYS is not set."""


class CredentialsNotStorable(Exception):
    """There is no key to encrypt with."""


def encrypt(secret: str) -> str:
    """`secret` as it may be stored. Raises CredentialsNotStorable."""
    _revealed.add(secret)
    return _keys().encrypt(secret.encode()).decode()


def decrypt(stored: str) -> str:
    """The secret in clear; from here on no log line of this process shows it. Raises CredentialsUnreadable."""
    try:
        secret = _keys().decrypt(stored).decode()
    except (InvalidToken, CredentialsNotStorable):
        raise CredentialsUnreadable("No key of CREDENTIALS_KEYS decrypts these credentials.") from None
    _revealed.add(secret)
    return secret


def rotate(stored: str) -> str:
    """The same secret, encrypted with the first key. Raises CredentialsUnreadable."""
    return encrypt(decrypt(stored))


def revealed() -> frozenset[str]:
    """Every secret that this process has had in clear."""
    return frozenset(_revealed)


def _keys() -> MultiFernet:
    if not settings.CREDENTIALS_KEYS:
        raise CredentialsNotStorable(NO_KEYS)
    return MultiFernet([Fernet(key) for key in settings.CREDENTIALS_KEYS])
