"""The adaptive window: where a batch's window ends, seen from what has come in so far.

It ends early when the burst is a complete answer and its sender has been silent for a while; it waits a little longer
when the last text is as long as a part of a long SMS, for the rest is probably on its way. Both follow from the rows
alone: whoever looks at the same messages comes to the same end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.conf import settings

from batches.models import Batch, Message
from batches.split_parts import GAP, is_full_part, joined
from classification.folding import words
from classification.rulesets.live import live
from classification.safety import is_firm

OFF, SHADOW, ON = "off", "shadow", "on"  # of ADAPTIVE_WINDOW
MOST_LOOKED_AT = 20  # messages of a batch; a longer burst keeps its window

# With one of these behind it, a sentence is not over (English, Filipino, Cebuano).
_UNFINISHED = frozenset(
    {
        *("and", "or", "but", "because", "if", "when", "unless", "although", "though", "since", "with"),
        *("to", "for", "the", "a", "an", "by", "in", "on", "of", "my", "is", "are"),
        *("pero", "kasi", "dahil", "kung", "kapag", "para", "saka", "tapos", "pag", "kaya", "kaso", "sa"),
        *("ng", "ang", "si", "ni", "mga", "basta", "o", "at", "ngunit", "ug", "kay", "apan", "aron", "sang"),
    }
)
_MARKS = (",", ":", ";", "-", "–", "/", "&", "(", "...", "…")


@dataclass(frozen=True)
class End:
    """Where the window ends (UTC), and why there, for people; `why` is empty when it ends as it was planned."""

    at: datetime
    why: str = ""


def planned(batch: Batch) -> datetime:
    """Where the window was to end when the batch opened."""
    return batch.window_ends_at or batch.closes_at


def end_of(messages: Sequence[Message], batch: Batch) -> End:
    """Where the window ends if nothing comes after `messages`, the batch's own so far, in order."""
    end, last = planned(batch), messages[-1]
    came = max(
        last.received_at, batch.opened_at
    )  # one that waited in the spool came in before there was a batch
    if is_full_part(last.text):
        late = min(came, end) + GAP
        return End(late, "the last text is as long as a part of a long SMS") if late > end else End(end)
    early = came + timedelta(seconds=settings.ADAPTIVE_QUIET)
    if early < end and is_complete(joined(messages)):
        return End(early, "a complete answer, and then silence")
    return End(end)


def is_complete(texts: Sequence[str]) -> bool:
    """Whether the rules are sure of one firm answer, nothing is asked, and no sentence is left open."""
    last = texts[-1].strip()
    if any("?" in text for text in texts) or last.endswith(_MARKS) or not words(last):
        return False
    if words(last)[-1] in _UNFINISHED:
        return False
    rules = live().rules
    verdict = rules.read(texts)
    return is_firm(verdict) and verdict.label != rules.lexicon.default and len(verdict.matters) == 1


def would_be(messages: Sequence[Message], batch: Batch) -> dict[str, Any]:
    """What an event tells of a window that was not adapted: where it would have ended, and what it would have missed.

    `saved_seconds` is negative where it would have waited longer; `left_out` counts messages that came after that end.
    """
    seen = messages[:MOST_LOOKED_AT]
    for number, (_, following) in enumerate(pairwise(seen), start=1):
        end = end_of(seen[:number], batch)
        if following.received_at >= end.at:
            break
    else:
        number, end = (
            len(messages),
            end_of(messages, batch) if len(messages) == len(seen) else End(planned(batch)),
        )
    saved = (planned(batch) - end.at).total_seconds()
    told = {"would_end_at": end.at.isoformat(), "saved_seconds": round(saved, 3), "why": end.why}
    return told | {"left_out": len(messages) - number}
