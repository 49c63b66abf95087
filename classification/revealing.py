"""Showing what strangers wrote: everything escaped, and what has no shape made visible.

It lives in the lowest application so that all others can build on it.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

# Unicode's categories without a shape: control, format (direction marks among them), surrogate, private,
# unassigned, line and paragraph separators.
_SHAPELESS = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# Letters by category that print as nothing (Default_Ignorable_Code_Point in Unicode's DerivedCoreProperties.txt).
_BLANK_LETTERS = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"
_PLAIN = "\n\t"
_JOINER = "\u200d"
_MARK = '<code class="unseen" title="{}">{}</code>'


def reveal(text: Any) -> SafeString:
    """`text` as HTML, isolated from its surroundings' writing direction.

    Characters that nobody can see become their marked code (U+202E). Line breaks, tabs and the joiner inside an
    emoji stay as they are.
    """
    text = str(text).replace("\r\n", "\n")
    if text.isascii() and text.isprintable():
        return format_html("<bdi>{}</bdi>", text)
    return format_html("<bdi>{}</bdi>", format_html_join("", "{}", ((part,) for part in _parts(text))))


def spelled(text: str) -> str:
    """`text` for where there is no markup: what nobody can see becomes [U+202E]."""
    text = text.replace("\r\n", "\n")
    pairs = zip(" " + text, text, strict=False)
    return "".join(f"[U+{ord(char):04X}]" if _unseen(char, before) else char for before, char in pairs)


def _parts(text: str) -> Iterator[str | SafeString]:
    seen = ""
    for before, character in zip(" " + text, text, strict=False):
        if _unseen(character, before):
            yield seen
            yield format_html(_MARK, unicodedata.name(character, "no name"), f"U+{ord(character):04X}")
            seen = ""
        else:
            seen += character
    yield seen


def _unseen(character: str, before: str) -> bool:
    if character == _JOINER:
        return unicodedata.category(before) not in ("So", "Sk", "Mn")  # emoji, skin tone, emoji style
    if character in _PLAIN:
        return False
    return character in _BLANK_LETTERS or unicodedata.category(character) in _SHAPELESS


def one_line(text: str, limit: int = 80) -> SafeString:
    """The beginning of `text` for a table's cell, revealed."""
    line = re.sub(r"\s+", " ", text[: limit + 1]).strip()
    return reveal(line[:limit] + "…" if len(text) > limit else line)


def revealed(field: str, title: str) -> Callable[[Any], SafeString]:
    """A column or read-only field of the admin that shows a model's field revealed."""

    @admin.display(description=title, ordering=field)
    def show(row: Any) -> SafeString:
        return reveal(getattr(row, field) or "–")

    return show
