"""Text without secrets: every log line, error page and report to another service passes here."""

import json
from collections.abc import Collection
from functools import lru_cache
from html import escape

from batches.credentials import revealed
from batches.tokens import HIDDEN, hide_tokens
from replies.senders.redaction import in_base64


def without_secrets(text: str, secrets: Collection[str]) -> str:
    """`text` without `secrets` (the environment's), what was decrypted in this process, and webhook tokens."""
    for form in _forms(revealed().union(secrets)):
        if form in text:
            text = text.replace(form, HIDDEN)
    return hide_tokens(text)


def visible(text: str) -> str:
    """`text` in one line: control, bidi and zero-width characters are written as their escapes."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


@lru_cache(maxsize=8)
def _forms(secrets: frozenset[str]) -> list[str]:
    """Each secret as it is, and as visible(), repr(), JSON, HTML or base64 writes it; the longest first."""
    plain = secrets | {form for secret in secrets for form in in_base64(secret)}
    quoted = {form for text in plain for form in (text, visible(text), *_quoted(text))}
    return sorted((quoted | {escape(form) for form in quoted}) - {""}, key=len, reverse=True)


def _quoted(text: str) -> tuple[str, str, str]:
    return repr(text)[1:-1], json.dumps(text)[1:-1], text.replace('"', '\\"')
