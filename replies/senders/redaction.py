"""Secrets do not leave the place where they are used."""

import json
import re
from base64 import b64encode
from functools import lru_cache
from html import escape
from urllib.parse import quote, quote_plus

REDACTED = "[redacted]"
URL_SAFE = str.maketrans("+/", "-_")
LEAST = 4  # characters of base64: fewer stand in any text


def redact(text: str, secret: str) -> str:
    """`text` without `secret`, also where it is quoted encoded (URL, JSON, HTML, base64) or in another case."""
    return _pattern(secret).sub(REDACTED, text)


def in_base64(secret: str) -> set[str]:
    """What of `secret` stands in base64 wherever it lies in what was encoded, as behind a user's name (RFC 7617).

    Its first and last character may be missing: they share a byte's bits with what is beside them.
    """
    raw = {secret.encode(), secret.encode("latin-1", "replace")}  # that is how it is sent
    found = {_core(one, before) for one in raw for before in range(3)}
    found |= {core.translate(URL_SAFE) for core in found}
    return {form for core in found if len(core) >= LEAST for form in (core, core.replace("/", "\\/"))}


def _core(secret: bytes, before: int) -> str:
    """The characters that the secret alone decides where so many bytes are before it."""
    text = b64encode(bytes(before) + secret).decode()
    return text[(before * 8 + 5) // 6 : (before + len(secret)) * 8 // 6]


@lru_cache(maxsize=32)
def _pattern(secret: str) -> re.Pattern[str]:
    in_json = json.dumps(secret)[1:-1]
    forms = {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        in_json,
        in_json.replace("/", "\\/"),
        escape(secret),
    }
    encoded = in_base64(secret)
    encoded |= {quote(form, safe=safe) for form in encoded for safe in ("", "/")}
    # With the character on either side, which holds bits of the secret, and in the case in which it can be decoded.
    base64 = f"(?-i:[A-Za-z0-9+/_-]?(?:{_any(encoded)})[A-Za-z0-9+/_-]?(?:=|%3D)*)"
    return re.compile(f"{_any(forms)}|{base64}" if encoded else _any(forms), re.IGNORECASE)


def _any(forms: set[str]) -> str:
    return "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
