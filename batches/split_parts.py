"""Parts of one long SMS that a gateway passes on as separate messages.

A part of a concatenated SMS is as long as a part can be: 153 septets or 67 UTF-16 units behind the header that joins
them, 160 or 70 without it (3GPP TS 23.040). Gateways count a little differently, so a few less count as well.
"""

from collections.abc import Sequence
from datetime import timedelta

from batches.models import Message
from replies.segments import Encoding, count

FULL = {Encoding.GSM7: range(150, 161), Encoding.UCS2: range(64, 71)}  # units
GAP = timedelta(seconds=15)  # between two parts, at most
_ENDS = (".", "!", "?", "…")


def is_full_part(text: str) -> bool:
    """Whether the text is as long as a part, and does not end like a sentence: more of it may follow."""
    length = count(text)
    return length.units in FULL[length.encoding] and not text.rstrip().endswith(_ENDS)


def goes_on(part: Message, following: Message) -> bool:
    """Whether `following`, the same sender's next message, is the rest of `part`."""
    return is_full_part(part.text) and following.received_at - part.received_at <= GAP


def joined(messages: Sequence[Message]) -> list[str]:
    """The texts of messages in order, with those that are parts of one put together without a line break."""
    texts = list[str]()
    before: Message | None = None
    for message in messages:
        if before is not None and goes_on(before, message):
            texts[-1] += message.text
        else:
            texts.append(message.text)
        before = message
    return texts
