"""What a process has counted of those who write too fast."""

from cachetools import TTLCache

from batches import limits


def begin_anew() -> None:
    """As in a process that has just started, or in this one a minute later."""
    limits._channels, limits._senders = limits.Rates(), limits.Rates()
    limits._flagged = TTLCache(limits._flagged.maxsize, limits._flagged.ttl)
