"""What a text is as SMS: its alphabet, its length, its parts (3GPP TS 23.038 and 23.040).

A text whose characters are all in the GSM alphabet goes out in septets, any other as a whole in UTF-16. One SMS has
room for 160 or 70 of these units; the parts of a longer text have 153 or 67 each, for a header joins them. National
shift tables are left to the provider, and so is what it may replace itself: then a text costs less than is said here.

The counter beside a reply in the admin (static/replies/segments.js) does the same with the same tables.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")  # an escape and a character: two septets, which one part holds together
GSM = BASIC | EXTENSION

# What `gsm_safe` writes instead, where it is more than a letter without its accent. The peso sign becomes its
# currency's code; a bullet becomes an asterisk, which nobody reads as a minus.
SUBSTITUTES = {
    **dict.fromkeys("‘’‚‛′‹›´`ʼ", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("•‣▪●◦·", "*"),
    **dict.fromkeys(["\t", "\u00a0", *map(chr, range(0x2000, 0x200B)), "\u202f", "\u205f", "\u3000"], " "),
    **dict.fromkeys("\u2028\u2029", "\n"),
    **dict.fromkeys("\u00ad\u200b\u200e\u200f\u2060\ufeff", ""),  # nothing to see; the joiners inside an emoji stay
    "…": "...",
    "→": "->",
    "×": "x",
    "₱": "PHP",
    "™": "(TM)",
    "©": "(C)",
    "®": "(R)",
}  # fmt: skip
_LETTER = re.compile("[A-Za-z]")
_LOOSE_ACCENTS = re.compile("(?<=[A-Za-z])[\u0300-\u036f]+")


class Encoding(StrEnum):
    """How a text travels. All of it travels one way."""

    GSM7 = "GSM-7"
    UCS2 = "UCS-2"


MISFITS_SHOWN = 10
LIMITS = {Encoding.GSM7: (160, 153), Encoding.UCS2: (70, 67)}  # units in one SMS, and in each of several


@dataclass(frozen=True)
class Segments:
    """`units` are septets or UTF-16 units, without what is left empty at a part's end; `segments` are billed."""

    encoding: Encoding
    units: int
    segments: int


def count(text: str) -> Segments:
    """What it takes to send `text`; an empty one takes nothing."""
    encoding = encoding_of(text)
    return Segments(encoding, _units(text, encoding), len(parts(text)))


def parts(text: str) -> list[str]:
    """`text` as it is split: as much as fits goes into each part, and no character is divided."""
    encoding = encoding_of(text)
    whole, each = LIMITS[encoding]
    if _units(text, encoding) <= whole:
        return [text] if text else []
    found, used = [""], 0
    for char in text:
        size = _size(char, encoding)
        if used + size > each:
            found.append("")
            used = 0
        found[-1] += char
        used += size
    return found


def room(text: str) -> int:
    """How many more places (septets or UTF-16 units) the last segment of `text` has."""
    encoding, split = encoding_of(text), parts(text)
    whole, each = LIMITS[encoding]
    return (each if len(split) > 1 else whole) - (_units(split[-1], encoding) if split else 0)


def encoding_of(text: str) -> Encoding:
    """GSM-7 where all of `text` is in its alphabet, else UCS-2 for the whole of it (3GPP TS 23.038)."""
    return Encoding.GSM7 if GSM.issuperset(text) else Encoding.UCS2


def misfits(text: str) -> list[str]:
    """The characters that make all of `text` travel in UCS-2, each once, as they come."""
    return [char for char in dict.fromkeys(text) if char not in GSM]


def in_words(segments: int, text: str) -> str:
    """So many segments, and what in `text` makes it travel in UCS-2, if anything does."""
    named = misfits_named(text)
    return f"{segments} (UCS-2 for {named})" if named else str(segments)


def misfits_named(text: str) -> str:
    """The characters that make all of `text` travel in UCS-2, for people; what cannot be seen by its code."""
    found = misfits(text)
    shown = [f"U+{ord(char):04X}" if char.isspace() or not char.isprintable() else char for char in found]
    return " ".join(shown[:MISFITS_SHOWN]) + (" …" if len(shown) > MISFITS_SHOWN else "")


def gsm_safe(text: str) -> str:
    """`text` in the GSM alphabet as far as that changes no meaning: for a person who asks for it and sees what comes.

    Quotes, dashes, spaces, bullets and a few signs are replaced, letters lose accents that the alphabet has not.
    Everything else stays (emoji, other scripts, fractions), and `misfits` tells of it.
    """
    return _LOOSE_ACCENTS.sub("", "".join(_safe(char) for char in unicodedata.normalize("NFC", text)))


def _safe(char: str) -> str:
    if char in GSM:
        return char
    letter = unicodedata.normalize("NFD", char)[0]
    return SUBSTITUTES.get(char, letter if _LETTER.fullmatch(letter) else char)


def _units(text: str, encoding: Encoding) -> int:
    return sum(_size(char, encoding) for char in text)


def _size(char: str, encoding: Encoding) -> int:
    if encoding is Encoding.GSM7:
        return 2 if char in EXTENSION else 1
    return 2 if char > "\uffff" else 1
