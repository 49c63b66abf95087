"""What a channel says about replies, and the numbers that are ours."""

import logging
from dataclasses import dataclass
from time import monotonic

from django.db import DatabaseError, InterfaceError

from batches.models import Channel
from replies.case import Terms

log = logging.getLogger(__name__)

BELIEVED = 2.0  # seconds for which a process believes what it has read


@dataclass(frozen=True)
class _Known:
    numbers: frozenset[str]
    read_at: float


# Replaced whole, and without a lock: two threads that look at the same time read the same thing twice.
_known: _Known | None = None


def terms_of(channel: Channel) -> Terms:
    """The channel's terms, and its own over the settings'."""
    return Terms(
        enabled=channel.replies_enabled,
        region=channel.number_region,
        own_numbers=own_numbers(),
        short_codes=channel.answer_short_codes,
        provider_confirms=channel.provider_confirms_stop,
        quiet=channel.quiet_hours,
        voice=channel.voice,
    )


def own_numbers() -> frozenset[str]:
    """The numbers of every channel (E.164), at most BELIEVED seconds old."""
    global _known
    if _known is None or monotonic() - _known.read_at >= BELIEVED:
        try:
            _known = _Known(_read(), monotonic())
        except (DatabaseError, InterfaceError) as error:
            if _known is None:
                raise
            log.warning("Our own numbers cannot be read: %(error)s", {"error": type(error).__name__})
    return _known.numbers


def forget() -> None:
    """Read them anew."""
    global _known
    _known = None


def _read() -> frozenset[str]:
    written = Channel.objects.exclude(own_numbers="").values_list("own_numbers", flat=True)
    return frozenset(number for one in written for number in one.split())
