"""What every provider's parser gives: messages in one form, and what it could not read."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from batches.choices import Command

_SURROGATE = re.compile("[\ud800-\udfff]")
LONGEST_ID = 255  # characters
DIGEST = 16  # hexadecimal digits: 64 bits keep apart whatever comes by chance
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class InboundSms:
    """One SMS as the provider told it. `sent_at` is UTC or None where the provider's time cannot be read.

    `received_at` (UTC) is ours: when it came in, of a message that has waited since; None: it is stored at once.
    `command` is what the provider itself has taken the message for (Twilio's OptOutType, Plivo's MessageIntent), which
    holds whatever the text says; None: it did not say so, and our own keywords decide.
    """

    provider_message_id: str
    sender_raw: str
    text: str
    sent_at: datetime | None
    sent_at_raw: str
    payload: str
    received_at: datetime | None = None
    command: Command | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """One message of a delivery that cannot be used: which one, its field, and what is wrong."""

    index: int
    field: str
    reason: str

    def as_dict(self) -> dict[str, Any]:
        return {"index": self.index, "field": self.field, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One parsed webhook body; `refused_items` are the raw items behind `refusals`."""

    messages: Sequence[InboundSms]
    refusals: Sequence[Refusal]
    refused_items: Sequence[Any]

    @property
    def size(self) -> int:
        """How many messages the body held, good and bad."""
        return len(self.messages) + len(self.refused_items)


class Malformed(ValueError):
    """The body as a whole cannot be used. `field` is empty where no single one is to blame."""

    def __init__(self, reason: str, field: str = "", status: int = 400) -> None:
        super().__init__(reason)
        self.field = field
        self.status = status


def not_blank(value: str) -> str:
    """`value` as it is. Raises ValueError where there is nothing in it, or white space alone."""
    if not value.strip():
        raise ValueError("must not be blank")
    return value


def storable(text: str) -> str:
    """`text` with what no database can hold made visible: NUL as U+2400, a lone surrogate as U+FFFD."""
    if text.isascii() and "\0" not in text:
        return text
    return _SURROGATE.sub("\ufffd", text).replace("\0", "\u2400")


def storable_id(text: str) -> str:
    """The same for an identifier, where two that differ must not become one: escaped as in JSON, and a digest of it.

    Escapes alone may be another's very text. With the digest only who computes it makes a text that is the same. One
    that is longer than LONGEST_ID stays as it is, to be refused.
    """
    if len(text) > LONGEST_ID or not _UNSTORABLE.search(text):
        return text
    visible = _UNSTORABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{visible[: LONGEST_ID - DIGEST - 1]}#{digest[:DIGEST]}"
