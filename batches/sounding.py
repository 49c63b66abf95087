"""Texts that are no command and yet sound like one who wants no more texts: a person decides about them.

Erring costs a look here, and a text that somebody did not want there, so the phrases are generous. But words that only
stand near each other are not enough: "we have got to stop this bill" asks nothing of us.
"""

import re
from collections.abc import Mapping, Sequence

from batches.choices import Command
from classification.folding import words

# What people put around a word without changing its meaning; "na" (already) is part of some keywords.
PARTICLES = frozenset(
    {
        *(
            "po",
            "ho",
            "opo",
            "lang",
            "nga",
            "naman",
            "salamat",
            "please",
            "pls",
            "plz",
            "plss",
            "kindly",
            "now",
        ),
        *("thanks", "thank", "you", "ty", "tnx", "thx", "sorry", "ok", "okay", "hi", "hello", "hey"),
        *("sir", "maam", "mam"),
    }
)

# Fragments, over words in lower case without accents and marks.
_STOP = r"\b(?<!bus )(?<!next )(?<!last )stop"
_NEVER = r"\b(?:do not|dont|never|quit|cease) (?:ever |please |pls )?"
_TEXT = r"(?:text|txt|message|msg|contact|sms)(?:ing)?"
_TEXTS = r"(?:texts|texting|txting|messages|messaging|msgs?|sms)"
_ALL = r"(?:(?:all|any|the|these|this|those|your|more|with|me) ){0,3}"
_LIST = r"(?:list|lists|contacts|group|texts|messages|system|database|records)"
_NUMBER = r"(?:number|no|contact)"
_LITTLE = (  # Filipino's small words
    r"(?:(?:na|po|ho|mo|nyo|niyo|ninyo|kayo|ka|ko|ako|akong|ng|nang|ang|yung|mga|mag|pag|sana|lang|please|pls) ){0,8}"
)
_MAGTEXT = r"(?:(?:mag|nag|pag|ma|maka|i) ?)?(?:te)?(?:text|txt|message|msg|mensahe|sms|send|padala|chat)"
_GET = rf"(?:(?:makatanggap|tumanggap|matanggap|makareceive|mareceive) {_LITTLE})?"
PHRASES = [
    rf"{_STOP} {_ALL}{_TEXTS}\b",
    rf"{_STOP} (?:(?:text|message|msg|send|spam|contact|call|bother)(?:ing)?) (?:me|us|this|na|po)\b",
    r"\bstop (?:sending|contacting|calling|spamming|bothering|replying|notifying)\b",
    r"^stop \d+$",
    rf"{_NEVER}{_TEXT}(?= (?:me|us|this|my|anymore|again)\b|$)",
    r"\bunsub(?:scribe|scribed)?\b",
    r"\bopt(?:ed|ing)? (?:me )?out\b|\boptout\b",
    rf"\b(?:remove|delete|take) (?:me|my (?:name|{_NUMBER})|this number) (?:from|off|out of) {_ALL}{_LIST}\b",
    rf"\b(?:remove|delete|block|lose|forget) (?:my|this) {_NUMBER}\b",
    rf"\bno more {_TEXTS}\b",
    rf"\b(?:dont|do not|no longer) (?:want|wish|like) (?:to (?:get|receive|have) )?{_ALL}{_TEXTS}\b",
    r"\bleave me alone\b",
    rf"\b(?:wag|huwag|hwag) {_LITTLE}{_MAGTEXT}",
    rf"\b(?:tigil|tigilan|itigil|hinto|ihinto|tama na) {_LITTLE}{_MAGTEXT}",
    rf"\b(?:ayaw|ayoko|ayko) {_LITTLE}{_GET}{_MAGTEXT}",
    rf"\b(?:tanggalin|alisin|burahin|pakitanggal|pakialis|pakidelete) {_LITTLE}(?:number|numero)\b",
]
_PHRASE = re.compile("|".join(PHRASES))


def sounds_like_stop(texts: Sequence[str], heard: Mapping[str, Command]) -> bool:
    """Whether somebody may be asking for no more texts, though in no message of nothing but a keyword.

    `heard` is the channel's vocabulary. A phrase may be spread over several messages.
    """
    each = [words(text) for text in texts]
    spread = " ".join(word for one in each for word in one)
    candidates = [*(" ".join(one) for one in each), spread]
    return any(_is_dressed_up(one, heard) for one in each) or any(map(_PHRASE.search, candidates))


def _is_dressed_up(message: Sequence[str], heard: Mapping[str, Command]) -> bool:
    """Whether it is a stop word with nothing but particles around it."""
    kept = [word for word in message if word not in PARTICLES]
    forms = {"".join(kept), "".join(word for word in kept if word != "na")}
    return any(heard.get(form) == Command.STOP for form in forms)
