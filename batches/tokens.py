"""What a webhook token is: a high-entropy secret that is stored as its hash, and hidden wherever text is shown.

Django is not needed here, so that the log formatter can use it too.
"""

import re
import secrets
from hashlib import sha256

MARK = "whk_"  # makes a token recognisable to people, to the log formatter and to scanners for leaked secrets
HIDDEN = "[secret]"
SHOWN = 10  # characters of a token that lists show: 6 of its 43 random ones

# An API token is marked by settings.REST_KNOX.
_TOKEN = re.compile(rf"{MARK}[\w-]{{12,}}|api_[0-9a-f]{{32,}}", re.ASCII)
# Whatever stands where a token belongs, also a mistyped or shortened one.
_IN_PATH = re.compile(r"(/api/webhook/+[^/\s]+/+)[^\s\"'<>|]+")


def new_token() -> str:
    """A new token: 32 random bytes (256 bits) in letters that need no escape in a path or a header."""
    return MARK + secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What is stored of a token: its SHA-256 in hex. A plain hash will do, for nobody can guess 256 random bits."""
    return sha256(token.encode("utf-8", "replace")).hexdigest()


def hide_tokens(text: str) -> str:
    """`text` without webhook tokens: neither in a webhook's path nor anywhere else."""
    if MARK in text or "api_" in text:
        text = _TOKEN.sub(HIDDEN, text)
    return _IN_PATH.sub(rf"\g<1>{HIDDEN}", text) if "/api/webhook/" in text else text
