"""Senders' addresses: one spelling for one number."""

import re
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

from batches.choices import SenderKind

SHORT_CODE = re.compile(r"\d{3,8}")
ADDRESS_PREFIX = re.compile(r"(?:tel|sms|whatsapp):", re.IGNORECASE)


@dataclass(frozen=True)
class Sender:
    """Who wrote: `address` is E.164 for numbers and the sender as it came for everything else."""

    address: str
    kind: SenderKind


@lru_cache(maxsize=10_000)
def normalise(raw: str, region: str) -> Sender:
    """The sender behind `raw`; numbers without a country are read as numbers of `region` (ISO 3166).

    Only numbers that the numbering plan knows (ITU-T E.164, by libphonenumber's data) are rewritten: what cannot be
    read with certainty is kept as it came, so that two different senders are never merged.
    """
    number = _e164(ADDRESS_PREFIX.sub("", raw.strip(), count=1), region)
    if number:
        return Sender(number, SenderKind.NUMBER)
    if SHORT_CODE.fullmatch(raw.strip()):
        return Sender(raw, SenderKind.SHORT_CODE)
    return Sender(raw, SenderKind.ALPHANUMERIC if any(c.isalpha() for c in raw) else SenderKind.UNKNOWN)


def _e164(address: str, region: str) -> str | None:
    if any(character.isalpha() for character in address):
        return None  # libphonenumber reads vanity numbers ("1-800-FLOWERS"); a sender's name is not one
    try:
        number = phonenumbers.parse(address, region)
    except phonenumbers.NumberParseException:
        return None
    if number.extension or not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
