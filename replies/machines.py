"""Texts that no person wrote: automatic answers, failed deliveries, verification codes. English and Filipino.

Two machines that answer each other never end, and a code is meant for nobody but a person. A text that only mentions
such a thing ("sorry, out of office po ako, can't make it") is a person's, so the phrases are those of machines.
"""

import re
from collections.abc import Sequence

from django.conf import settings

from classification.folding import words

LONGEST = 1000  # characters of a text that are looked at

# Over words in lower case without accents and marks; an apostrophe joins what it stands between.
_MESSAGE = r"(?:message|msg|text|text message|sms|email|reply|response|notification|mensahe)"
_REPLY = r"(?:reply|respond|answer|text back|mag ?reply|i ?reply|sumagot|tumugon|mag ?text)"
_HERE = r"(?:(?:to |sa )?(?:this|ito|itong|mensaheng ito|numerong ito|number na ito)|dito|rito)"
_PLEASE = r"(?:please |pls |kindly )?"
_NOT = r"(?:do not|dont|never)"
_WAG = r"(?:huwag|wag|hwag)"
_LITTLE = r"(?:po |na |ninyo |ninyong |nyo |mo |mong |kang |kayong |sana )*"
_DONE = r"(?:delivered|sent|received|processed)"
AUTOMATIC = [
    rf"\b(?:automatic|automated|auto ?generated|(?:computer|system) generated) {_MESSAGE}\b",
    r"\bauto ?(?:reply|response|responder)\b|\bautomatically (?:generated|sent)\b",
    rf"\b{_NOT} {_REPLY} (?:directly )?{_HERE}\b|^{_PLEASE}(?:do not|dont) reply$",
    r"\bno ?reply (?:number|message|sms|address)\b",
    rf"\brepl(?:y|ies) (?:to this (?:{_MESSAGE}|number) )?(?:is|are|will) not (?:be )?(?:read|monitored)\b",
    r"\b(?:number|line|mailbox|inbox|account) is (?:not monitored|unmonitored|not attended|unattended)\b",
    r"\bunmonitored (?:number|mailbox|inbox|line|account)\b",
    r"\b(?:out of (?:the )?office|away from (?:the|my) (?:office|desk|phone)) (?:until|from|with|and will)\b",
    rf"^out of (?:the )?office\b(?: {_MESSAGE}\b)?",
    r"\bim driving (?:right now|with|at the moment)\b.*\b(?:ill|i will|focus|disturb)\b",
    r"\b(?:thank you|thanks) for (?:contacting|messaging|texting|reaching out|your (?:message|text|inquiry))\b"
    r".*\b(?:get back to you|respond|reply to you|business hours|as soon as)\b",
    rf"\b{_WAG} {_LITTLE}{_REPLY} {_LITTLE}{_HERE}\b|^{_PLEASE}{_WAG} {_LITTLE}{_REPLY}$",
    rf"\b(?:awtomatik|awtomatikong|otomatikong|automatic na|automated na) (?:{_MESSAGE}|sagot|tugon)\b",
    rf"\bhindi (?:po )?(?:na)?(?:binabasa|minomonitor|sinasagot|namomonitor) .{{0,20}}(?:sagot|tugon|reply|{_HERE})",
    r"\bsalamat (?:po )?sa (?:pag ?(?:text|mensahe|message|kontak)|(?:iyong|inyong) (?:mensahe|text|message))\b"
    r".*\b(?:babalikan|sasagutin|tutugon|sasagot)\b",
]
FAILED = [
    rf"\b{_MESSAGE} (?:to \w+ )?(?:could|can|was|is|has) ?not (?:be |been )?{_DONE}\b|\b{_MESSAGE} not {_DONE}\b",
    rf"\b{_MESSAGE} (?:\w+ ){{0,4}}undeliver(?:ed|able)\b|\bundeliver(?:ed|able) {_MESSAGE}\b",
    rf"\b(?:unable|failed) to (?:deliver|send) (?:your |the |this )?{_MESSAGE}\b|\b{_MESSAGE} (?:sending )?failed\b",
    r"\bdelivery (?:has )?(?:failed|failure|status notification|report)\b",
    r"\bmessage blocking is active\b|\bservice access denied\b|\b(?:mailbox|inbox) (?:is )?full\b",
    r"\b(?:number|subscriber) (?:you (?:have )?(?:dialed|texted|called) )?(?:is )?"
    r"(?:not in service|cannot be reached|not reachable|does not exist)\b",
    r"\bhindi (?:po )?(?:na|mai?)(?:i?padala|ihatid) (?:po )?ang (?:iyong |inyong )?(?:mensahe|text|message)\b",
    r"\b(?:your|iyong|inyong) (?:\w+ )?(?:load|balance) (?:is|ay|has)\b",
    r"\bkulang (?:na )?(?:po )?ang (?:iyong|inyong) load\b",
]
_CODE = (
    r"(?:otp|pin|passcode|password|kodigo|(?:\w+ )?(?:verification|security|login|log in|access|confirmation|"
    r"authentication|activation|2fa|one time) (?:code|pin|password|passcode))"
)
_YOUR = r"(?:your|ur|ang iyong|ang inyong|iyong|inyong)"
_SHARE = r"(?:share|give|disclose|forward|ibahagi|ibigay|ipagsabi|i ?share)"
_DIGITS = r"(?:\w )?\d{3,8}"
CODES = [
    rf"\b{_YOUR} (?:\w+ ){{0,3}}(?:{_CODE}|code) (?:is |ay |no |for \w+ is )?{_DIGITS}\b",
    rf"\b{_DIGITS} (?:is|ay|ang) (?:the )?(?:{_YOUR} )?(?:\w+ ){{0,4}}(?:{_CODE}|code)\b",
    rf"\b(?:{_CODE}|code) (?:is |ay )?{_DIGITS}\b.*\b(?:expires?|valid|minutes?|mins|minuto|{_SHARE})\b",
    rf"\b(?:use|enter|gamitin|ilagay) (?:ang )?(?:code |otp |pin )?{_DIGITS} (?:to|as|para) (?:\w+ )?"
    r"(?:verify|log|sign|confirm|your|activate|iyong|mag)",
    rf"\b(?:{_NOT}|{_WAG}) {_LITTLE}{_SHARE}\b.*\b(?:{_CODE}|code)\b.*\b{_DIGITS}\b",
]
_AUTOMATIC = re.compile("|".join(AUTOMATIC + FAILED))
_CODES = re.compile("|".join(CODES))
# What gateways hand on when they cannot read the body themselves, and what they put in place of a picture.
_ENCRYPTED = re.compile(
    r"\s*(?:\$aes-256-cbc/|-----BEGIN PGP MESSAGE-----|\?OTR[:?]|U2FsdGVkX1[0-9A-Za-z+/=]{20,}\s*$)"
)
_MEDIA = re.compile(
    r"\s*[<(\[]?\s*(?:mms|image|photo|picture|video|audio|voice (?:message|note)|sticker|gif|media|attachment|file"
    r"|multimedia message)(?: (?:message|omitted|received|attached))?\s*[>)\]]\s*"
    r"|\s*(?:<media omitted>|\ufffc+|\[no text\]|\(no (?:text|subject)\))\s*",
    re.IGNORECASE,
)


def has_code(texts: Sequence[str]) -> bool:
    """Whether one of them hands over a verification code."""
    return any(_CODES.search(_said(text)) for text in texts)


def is_automatic(texts: Sequence[str]) -> bool:
    """Whether a machine wrote one of them: an automatic answer, or word of a delivery that failed.

    AUTOMATIC_PHRASES holds an operator's own phrases.
    """
    own = [f" {_said(phrase)} " for phrase in settings.AUTOMATIC_PHRASES]
    said = [_said(text) for text in texts]
    return any(_AUTOMATIC.search(one) or any(phrase in f" {one} " for phrase in own) for one in said)


def is_unreadable(text: str) -> bool:
    """Whether there is nothing in it to read: no text, one that is encrypted, or a word in place of a picture."""
    return not text.strip() or bool(_ENCRYPTED.match(text) or _MEDIA.fullmatch(text))


def _said(text: str) -> str:
    """Its beginning in plain words: machines say at once that they are some, and patterns take their time."""
    return " ".join(words(text[:LONGEST]))
