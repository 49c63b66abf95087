"""Cleaning what strangers wrote: the texts before a model reads them, a server's words before they are stored."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any, TypedDict

from classification.phone_number import PHONE_NUMBER

# A conversation longer than this is cut: the last texts hold the decision, and a flood must not cost a fortune.
MAX_TEXTS = 10
MAX_CHARACTERS = 1000

# Control, format (direction marks among them), surrogate, private and unassigned characters.
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn"}
# A line break means something in a text, and emoji are built with the zero-width joiner.
_KEPT = "\n\u200d"
_LARGEST_COUNT = 2**31 - 1
# What tells who somebody is or opens something, and not whether he agrees. In this order: an address holds numbers.
_PERSONAL = (
    (re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE), "[link]"),
    (re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}"), "[e-mail]"),
    (PHONE_NUMBER, "[number]"),
    (re.compile(r"\b(?=[A-Z-]*\d)(?=[\d-]*[A-Z])[A-Z\d-]{6,}\b|\b\d{6}\b"), "[code]"),
)


def visible(text: str, limit: int) -> str:
    """`text` without invisible characters, at most `limit` characters long."""
    kept = (c for c in text if c in _KEPT or unicodedata.category(c) not in _INVISIBLE)
    return "".join(kept)[:limit]


def readable(text: str) -> str:
    """`text` as a model reads it: nothing invisible, one form for each character (NFKC), MAX_CHARACTERS at most."""
    return unicodedata.normalize("NFKC", visible(text, MAX_CHARACTERS))[:MAX_CHARACTERS]


def last_readable(texts: Sequence[str]) -> list[str]:
    """The texts that a model is given: the last ones, each readable."""
    return [readable(text) for text in texts[-MAX_TEXTS:]]


def masked(text: str) -> str:
    """`text` with links, e-mail addresses, phone numbers and codes replaced by what they are."""
    for pattern, name in _PERSONAL:
        text = pattern.sub(name, text)
    return text


def _count(value: Any) -> int | None:
    """`value` if a column of counts can hold it."""
    return value if isinstance(value, int) and 0 <= value <= _LARGEST_COUNT else None


class Tokens(TypedDict):
    """What a call cost, in tokens."""

    input_tokens: int | None
    output_tokens: int | None


def billed(usage: Any) -> Tokens:
    """The tokens of an answer's `usage`, as far as the server gives them; chat completions call them otherwise."""
    return {
        "input_tokens": _count(getattr(usage, "input_tokens", getattr(usage, "prompt_tokens", None))),
        "output_tokens": _count(getattr(usage, "output_tokens", getattr(usage, "completion_tokens", None))),
    }
