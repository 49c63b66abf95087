"""Texts with everything left out that does not matter when words are compared.

It lives in the lowest application so that all others can build on it.
"""

import unicodedata

_APOSTROPHES = dict.fromkeys(map(ord, "'’‘ʼ`´"))


def _plain(text: str) -> str:
    """Compatibility forms resolved (NFKD), caseless; accents are characters of their own then."""
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())


def fold(text: str) -> str:
    """Its letters and digits alone: "Ｓ-T.O-P! 🛑" and "stôp" are "stop"."""
    return "".join(character for character in _plain(text) if character.isalnum())


def words(text: str) -> list[str]:
    """Its words, folded; an apostrophe joins what it stands between."""
    plain = _plain(text.translate(_APOSTROPHES))
    bare = (character for character in plain if not unicodedata.combining(character))
    return "".join(character if character.isalnum() else " " for character in bare).split()
