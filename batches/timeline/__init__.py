"""A batch's story for people: messages, events, verdicts, replies and calls as one list in order of time.

Most rows have an event that was written in the same transaction. Each such pair becomes one entry: the event says
who did it and when, the row says what. A row without an event (or an event without a row) stands alone, for then
something went wrong that is worth seeing: a call whose outcome came after somebody had given it up, for example.
"""

from batches.timeline.entry import Entry
from batches.timeline.story import MAX_MESSAGES, timeline

__all__ = ["MAX_MESSAGES", "Entry", "timeline"]
