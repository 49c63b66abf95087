"""Languages by their codes, as templates, channels and senders name them."""

import re

NAMES = {
    "en": "English",
    "tl": "Filipino",
    "ceb": "Cebuano",
    "ilo": "Ilocano",
    "hil": "Hiligaynon",
    "war": "Waray",
    "pam": "Kapampangan",
    "es": "Spanish",
}
LONGEST = 8  # letters, with room for a name that is refused in words
HELP = "en, tl (or fil), ceb, ilo, hil, war, pam, or another language's code (ISO 639)."

_CODE = re.compile(r"[a-z]{2,3}")
_SAME = {"fil": "tl"}  # Filipino is Tagalog's standard form, and the rule sets call both tl


def language_code(text: str) -> str:
    """`text` as the code that is stored; empty stays empty. Raises ValueError for what is no code."""
    code = text.strip().lower()
    if code and not _CODE.fullmatch(code):
        raise ValueError(f"{text.strip()!r} is no language's code: write {HELP}")
    return _SAME.get(code, code)


def language_name(code: str) -> str:
    """Its name for people; of a language that has none here, the code."""
    return NAMES.get(code, code)
