"""Cleaning what strangers wrote: the texts before a model reads them, a server's words before they are stored."""

import unicodedata
from typing import Any, TypedDict

# Control, format (direction marks among them), surrogate, private and unassigned characters.
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn"}
# A line break means something in a text, and emoji are built with the zero-width joiner.
_KEPT = "\n\u200d"
_LARGEST_COUNT = 2**31 - 1


def visible(text: str, limit: int) -> str:
    """`text` without invisible characters, at most `limit` characters long."""
    kept = (c for c in text if c in _KEPT or unicodedata.category(c) not in _INVISIBLE)
    return "".join(kept)[:limit]


def _count(value: Any) -> int | None:
    """`value` if a column of counts can hold it."""
    return value if isinstance(value, int) and 0 <= value <= _LARGEST_COUNT else None


class Tokens(TypedDict):
    """What a call cost, in tokens."""

    input_tokens: int | None
    output_tokens: int | None


def billed(usage: Any) -> Tokens:
    """The tokens of a chat completion's `usage`, as far as the server gives them."""
    return {
        "input_tokens": _count(getattr(usage, "prompt_tokens", None)),
        "output_tokens": _count(getattr(usage, "completion_tokens", None)),
    }
