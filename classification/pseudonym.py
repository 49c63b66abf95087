"""What stands for a number that was erased. It lives in the lowest application so that all others can build on it."""

import hmac

from django.conf import settings

PREFIX = "erased-"
LENGTH = 24  # hexadecimal digits, 96 bits


def pseudonym(number: str) -> str:
    """The same for the same number (E.164), for as long as ERASURE_KEY stays; without the key, nobody tells whose.

    HMAC-SHA-256, cut. Phone numbers are few enough to be tried one by one, so a plain hash would hide nothing.
    """
    digest = hmac.digest(settings.ERASURE_KEY.encode(), number.encode(), "sha256")
    return PREFIX + digest.hex()[:LENGTH]


def known_as(number: str) -> list[str]:
    """What rows about the number may call it: itself, or its pseudonym since it was erased."""
    return [number, pseudonym(number)]
